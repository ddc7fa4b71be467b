"""The servers under test: how each is started, and how it is asked. All of them listen on loopback only."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from peers.install import nginx
from peers.places import BENCH, HERE, KEPT, ROOT, python_of, python_of_ours
from peers.traffic import ANSWERS, CLIENTS, MODES, Cell

HELD = "sk-held-by-the-operator"
PROVIDERS = {"identity": "openai", "translated": "anthropic"}
"""Whose dialect the upstream speaks in each mode, by the name that all gateways have for it."""


class Place(NamedTuple):
    """Where one server is to run."""

    port: int
    upstream: int
    mode: str
    folder: Path
    """For files of its own."""

    @property
    def provider(self) -> str:
        return f"http://127.0.0.1:{self.upstream}"


class Peer(NamedTuple):
    """A server under test, and what is asked of it."""

    title: str
    part: str
    """What has to be installed for it; empty for what the project itself brings."""
    command: Callable[[Place], list[str]]
    path: str = "/v1/chat/completions"
    model: str = "bench-{answer}"
    headers: Callable[[Place], dict[str, str]] = lambda place: {}
    environment: Callable[[Place], dict[str, str]] = lambda place: {}
    port: Callable[[Place], int] = lambda place: place.port
    """Where it listens: 0 while that is not known."""
    shared: bool = True
    """Whether one process serves both modes."""
    modes: tuple[str, ...] = MODES
    answers: tuple[str, ...] = ANSWERS
    clients: tuple[int, ...] = CLIENTS
    slow: bool = False
    """Takes milliseconds for a request: it is measured in few and long rounds, and by fewer clients."""
    startup: float = 30.0
    """Seconds until the first answer, at most."""

    def takes(self, cell: Cell) -> bool:
        """Whether a cell is measured here."""
        small = cell.size == "1 KB" and not cell.streams
        many = 64 if self.slow and not small else 256
        return (
            cell.mode in self.modes
            and cell.answer in self.answers
            and cell.clients in self.clients
            and cell.clients <= many
        )

    def model_for(self, mode: str, answer: str) -> str:
        return self.model.format(mode=mode, answer=answer)


# ── this project ─────────────────────────────────────────────────────────


def ours_environment(place: Place) -> dict[str, str]:
    """This checkout is what is measured, whatever is installed."""
    return {"UPSTREAM": place.provider, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(BENCH)])}


def served(place: Place) -> list[str]:
    """The gateway as a server of its own, which is what the others are."""
    config = {"provider": PROVIDERS[place.mode], "api_key": HELD, "custom_host": f"{place.provider}/v1"}
    made = [python_of_ours(), "-m", "gatewaymw", "serve", "--port", str(place.port), "--no-access-log"]
    return [*made, "--config", written(place, "config.json", json.dumps({"config": config}))]


def uvicorn(place: Place, app: str = "") -> list[str]:
    """The gateway in an app that has nothing else; or another app."""
    made = [python_of_ours(), "-m", "uvicorn", f"peers.ours:{app or place.mode}", "--host", "127.0.0.1"]
    return [*made, "--port", str(place.port), "--no-access-log", "--log-level", "warning"]


def gunicorn(app: str) -> Callable[[Place], list[str]]:
    def command(place: Place) -> list[str]:
        made = [python_of_ours(), "-m", "gunicorn", "--worker-class", "gthread", "--threads", "16"]
        made += ["--bind", f"127.0.0.1:{place.port}", "--keep-alive", "60", "--log-level", "error"]
        return [*made, "--no-control-socket", f"peers.ours:{app.format(mode=place.mode)}"]

    return command


def over_wsgi(title: str, app: str, modes: tuple[str, ...]) -> Peer:
    """One worker of 16 threads."""
    return Peer(
        title,
        "",
        gunicorn(app),
        environment=ours_environment,
        shared=False,
        modes=modes,
        answers=("whole", "burst"),
        clients=(1, 16),
    )


# ── the others ───────────────────────────────────────────────────────────

NGINX = """\
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_max_body_size 4m;
  client_body_buffer_size 512k;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000000;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer sk-held-by-the-operator";
      proxy_buffering off;
    }}
  }}
}}
"""


def written(place: Place, name: str, text: str) -> str:
    path = place.folder / name
    path.write_text(text)
    return str(path)


def nginx_command(place: Place) -> list[str]:
    text = NGINX.format(folder=place.folder, port=place.port, upstream=place.upstream)
    return [nginx(), "-p", str(place.folder), "-c", written(place, "nginx.conf", text)]


def portkey_command(place: Place) -> list[str]:
    script = KEPT / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    made = ["node", "--require", str(HERE / "loopback.cjs"), str(script)]
    return [*made, f"--port={place.port}", "--headless"]


def portkey_headers(place: Place) -> dict[str, str]:
    provider = PROVIDERS[place.mode]
    key = {"x-api-key": "sk-bench"} if provider == "anthropic" else {}
    return {"x-portkey-provider": provider, "x-portkey-custom-host": f"{place.provider}/v1", **key}


TENSORZERO = """\
[gateway]
observability.enabled = false
disable_pseudonymous_usage_analytics = true
"""
TENSORZERO_MODEL = """
[models."{mode}-{answer}"]
routing = ["upstream"]

[models."{mode}-{answer}".providers.upstream]
type = "{provider}"
model_name = "bench-{answer}"
api_base = "{base}"
api_key_location = "env::BENCH_KEY"
"""


def tensorzero_command(place: Place) -> list[str]:
    models = [
        TENSORZERO_MODEL.format(mode=mode, answer=answer, provider=provider, base=f"{place.provider}/v1/")
        for mode, provider in PROVIDERS.items()
        for answer in (*ANSWERS, "slow")
    ]
    config = written(place, "tensorzero.toml", TENSORZERO + "".join(models))
    told = written(place, "port", "")
    return [str(python_of("tensorzero")), str(HERE / "tensorzero_server.py"), config, told]


def tensorzero_port(place: Place) -> int:
    """It takes a free port by itself."""
    return int((place.folder / "port").read_text() or 0)


def litellm_command(place: Place) -> list[str]:
    bases = {"identity": f"{place.provider}/v1", "translated": place.provider}
    models = [
        {
            "model_name": f"{mode}-{answer}",
            "litellm_params": {
                "model": f"{provider}/bench-{answer}",
                "api_base": bases[mode],
                "api_key": "sk-bench",
            },
        }
        for mode, provider in PROVIDERS.items()
        for answer in (*ANSWERS, "slow")
    ]
    config = written(place, "litellm.yaml", json.dumps({"model_list": models}))  # JSON is YAML
    made = [str(python_of("litellm").with_name("litellm")), "--config", config, "--host", "127.0.0.1"]
    return [*made, "--port", str(place.port), "--num_workers", "1"]


PEERS = {
    "gatewaymw": Peer("gatewaymw", "", served, environment=ours_environment, shared=False),
    "host": Peer(
        "gatewaymw, in an app", "", uvicorn, environment=ours_environment, shared=False, clients=(16, 64)
    ),
    "floor": Peer(
        "its transport alone",
        "",
        lambda place: uvicorn(place, "passing"),
        environment=ours_environment,
        modes=("identity",),
    ),
    "nginx": Peer("nginx", "nginx", nginx_command, modes=("identity",)),
    "tensorzero": Peer(
        "TensorZero",
        "tensorzero",
        tensorzero_command,
        path="/openai/v1/chat/completions",
        model="tensorzero::model_name::{mode}-{answer}",
        environment=lambda place: {"BENCH_KEY": "sk-bench"},
        port=tensorzero_port,
    ),
    "portkey": Peer(
        "Portkey",
        "portkey",
        portkey_command,
        headers=portkey_headers,
        environment=lambda place: {"NODE_ENV": "production"},
    ),
    "litellm": Peer(
        "LiteLLM",
        "litellm",
        litellm_command,
        model="{mode}-{answer}",
        environment=lambda place: {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
        },
        slow=True,
        startup=120.0,
    ),
    "wsgi": over_wsgi("gatewaymw, WSGI", "wsgi_{mode}", MODES),
    "wsgi_httpx": over_wsgi("httpx, WSGI", "wsgi_httpx", ("identity",)),
}
