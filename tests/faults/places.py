"""Where faults are: an upstream that plays them, and addresses where there is none."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from table import PATHS, Case, well

from upstream import Upstream, closed_port, listening

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
HASTY, PATIENT = 400, 3_500
"""Milliseconds for a request: where the fault is that nothing comes, and where a busy machine may be slow."""
SILENT = ("f03", "f07", "f13", "f18")
"""Milliseconds to the first word, for each target."""


class Places(NamedTuple):
    upstream: Upstream
    nowhere: dict[str, str]
    """Addresses by the names that faults give them."""


@contextmanager
def places() -> Iterator[Places]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    with ExitStack() as stack:
        upstream = stack.enter_context(listening())
        untrusted = stack.enter_context(listening(tls))
        nowhere = {
            "dns": "http://no-such-name.invalid",
            "refused": closed_port(),
            "deaf": stack.enter_context(deaf()),
            "untrusted": untrusted.url,
        }
        yield Places(upstream, nowhere)


@contextmanager
def deaf() -> Iterator[str]:
    """An address that takes no more connections: one waits, and nobody accepts it."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def configs(places: Places, played: Iterable[Case]) -> dict[str, Any]:
    """The config of each case by its name; their scripts are set on the way."""
    return {case.name: config(places, case) for case in played}


def config(places: Places, case: Case) -> dict[str, Any]:
    target = at(places, case)
    if not case.fallback:
        return target
    path = f"/well/{case.shape}/{case.mode}"
    places.upstream.script(path + PATHS[case.shape], well(case.shape, case.mode))
    other = {**target, "custom_host": places.upstream.url + path, "request_timeout": PATIENT}
    codes = [400, 408, 429, 500, 502, 503, 504, 529]
    if case.fault.number == "f09":
        codes.remove(400)
    return {"strategy": {"mode": "fallback", "on_status_codes": codes}, "targets": [target, other]}


def at(places: Places, case: Case) -> dict[str, Any]:
    play = case.fault.play
    if isinstance(play, str):
        host = places.nowhere[play]
    else:
        path = f"/{case.name}"
        places.upstream.script(path + PATHS[case.shape], play(case.shape, case.mode))
        host = places.upstream.url + path
    silent = case.fault.number in SILENT and case.fault.status in (408, None)
    timeout = HASTY if silent else PATIENT
    return {"provider": case.shape, "api_key": "sk-house", "custom_host": host, "request_timeout": timeout}
