"""The command line, by real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from gatewaymw.core.endpoints import ENDPOINTS
from gatewaymw.core.providers import PROVIDERS
from promised import FEATURES, PROMISED, had
from servers import Serve

HELLO = {"model": "mock-echo", "messages": [{"role": "user", "content": "Hello"}]}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gatewaymw", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


# ── check, providers, schema ─────────────────────────────────────────────


def test_check_finds_nothing_in_a_good_file(tmp_path: Path) -> None:
    file = tmp_path / "good.json"
    file.write_text('{"provider": "mock", "configs": {"other": {"provider": "openai"}}}')
    done = run("check", str(file))
    assert (done.returncode, done.stdout) == (0, f"{file}: no fault found\n")


def test_check_says_each_fault_on_a_line_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(
        'request_timeout = -1\n[[targets]]\nprovider = "opnai"\n[[targets]]\nprovider = "mock"\nretyr = {}\n'
    )
    done = run("check", str(file))
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert any(line.startswith("config.request_timeout: ") for line in lines)
    assert all(line.startswith("config.") for line in lines)


def test_check_tells_the_nearest_names_of_providers(tmp_path: Path) -> None:
    file = tmp_path / "near.json"
    file.write_text('{"targets": [{"provider": "opnai"}], "strategy": {"mode": "single"}}')
    done = run("check", str(file))
    assert done.returncode == 1
    assert 'config.targets[0].provider: unknown provider "opnai"; did you mean "openai"' in done.stdout


def test_check_names_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    done = run("check", str(tmp_path / "none.json"))
    assert done.returncode == 1
    assert "none.json" in done.stdout


def test_providers_is_a_matrix_of_the_registry() -> None:
    done = run("providers")
    lines = done.stdout.partition("\n\n")[0].splitlines()
    stair, rows = lines[: len(ENDPOINTS)], lines[len(ENDPOINTS) :]
    assert [line.split()[-1] for line in stair] == list(ENDPOINTS)
    assert [row.split()[0] for row in rows] == sorted(PROVIDERS)
    marks = dict(
        zip(ENDPOINTS, next(row for row in rows if row.startswith("anthropic ")).split()[1:], strict=True)
    )
    assert marks["chat"] == "x"
    assert marks["embeddings"] == "."


def test_providers_is_a_matrix_of_features_too() -> None:
    first, *rows = run("providers").stdout.partition("\n\n")[2].splitlines()
    assert first.split() == ["chat", "streaming", "embeddings", "images", "tools", "vision", "audio"]
    marks = {name: "".join(told) for name, *told in map(str.split, rows)}
    assert marks.keys() == PROVIDERS.keys()
    assert (marks["openai"], marks["anthropic"]) == ("xxxxxxx", "xx..xx.")


def test_providers_tells_programs_what_is_promised() -> None:
    told = json.loads(run("providers", "--json").stdout)
    assert {name: told[name]["features"] for name in PROMISED} == {name: had(name) for name in PROMISED}
    assert all(each["features"].keys() == {*FEATURES} for each in told.values())


def test_providers_tells_all_about_one() -> None:
    done = run("providers", "groq")
    for fact in (PROVIDERS["groq"].base_url, "GROQ_API_KEY", "POST /chat/completions", "audio (speech, "):
        assert fact in done.stdout
    told = json.loads(run("providers", "groq", "--json").stdout)
    assert told["groq"]["env_key"] == "GROQ_API_KEY"
    assert told["groq"]["auth"] == [{"header": "authorization", "value": "Bearer <key>", "options": []}]
    assert told["groq"]["paths"]["chat"] == ["/chat/completions"]
    assert "chat" in told["groq"]["endpoints"]


def test_providers_tells_the_options_of_one() -> None:
    told = run("providers", "bedrock").stdout
    assert "aws_region                  x-gateway-aws-region, env:AWS_REGION, required" in told
    assert "authorization: AWS4-HMAC-SHA256 … (by aws_access_key_id, aws_secret_access_key)" in told
    assert "POST /chat/completions         /model/{model}/converse\n" in told


def test_providers_guesses_what_was_meant() -> None:
    done = run("providers", "antropic")
    assert done.returncode == 2
    assert "did you mean anthropic" in done.stderr


def test_a_reader_who_has_seen_enough_gets_no_trace_back() -> None:
    command = f"{sys.executable} -m gatewaymw schema | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=50)
    assert (done.stdout, done.stderr) == ("{", "")


def test_schema_is_json_schema() -> None:
    schema = json.loads(run("schema").stdout)
    assert "targets" in json.dumps(schema)
    assert "$defs" in schema


@pytest.mark.parametrize("words", [(), ("nothing",), ("serve", "--workers", "0")])
def test_wrong_usage_is_told_on_standard_error(words: tuple[str, ...]) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert "usage: gatewaymw" in done.stderr


# ── serve ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config that holds a key."""
    file = tmp_path_factory.mktemp("serve") / "gateway.json"
    keys = {"house": {"provider": "mock", "api_key": "a-key-of-the-house"}}
    file.write_text(json.dumps({"virtual_key": "house", "virtual_keys": keys}))
    return file


@pytest.fixture(scope="module")
def served(serve: Serve, keyed: Path) -> str:
    return serve("gatewaymw", "serve", "--port", "0", "--config", str(keyed))


def test_serve_on_loopback_serves_the_keys_of_the_config(served: str) -> None:
    answer = httpx.post(served + "/v1/chat/completions", json=HELLO, timeout=40)
    assert answer.json()["choices"][0]["message"]["content"] == "You said: Hello"


def test_serve_answers_an_unknown_path_in_openais_shape(served: str) -> None:
    answer = httpx.get(served + "/chat/completions", timeout=40)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_path"


@pytest.mark.parametrize(
    "headers", [{"origin": "https://attacker.example"}, {"origin": "null"}, {"host": "attacker.example:80"}]
)
def test_serve_refuses_what_a_web_page_sends(served: str, headers: dict[str, str]) -> None:
    answer = httpx.post(served + "/v1/chat/completions", json=HELLO, headers=headers, timeout=40)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "not_local"


def test_serve_takes_pages_of_this_machine(served: str) -> None:
    headers = {"origin": "http://localhost:3000"}
    assert (
        httpx.post(served + "/v1/chat/completions", json=HELLO, headers=headers, timeout=40).status_code
        == 200
    )


def test_serve_trusts_loopback_and_no_other_host(served: str) -> None:
    def sent_to(host: str) -> httpx.Response:
        headers = {"x-gateway-provider": "openai", "x-gateway-custom-host": host, "authorization": "Bearer k"}
        return httpx.post(served + "/v1/chat/completions", json=HELLO, headers=headers, timeout=40)

    refused = sent_to("https://example.com/v1")
    assert refused.status_code in (400, 403)
    assert refused.json()["error"]["code"] == "invalid_host"
    # Port 9 (discard) is where nobody listens: it was dialled, which is what trust means here.
    assert sent_to("http://127.0.0.1:9/v1").json()["error"]["code"] == "upstream_unreachable"


def test_serve_by_several_processes(serve: Serve, keyed: Path) -> None:
    url = serve("gatewaymw", "serve", "--port", "0", "--workers", "2", "--config", str(keyed))
    for _ in range(4):
        assert httpx.post(url + "/v1/chat/completions", json=HELLO, timeout=30).status_code == 200


def test_serve_does_not_offer_held_keys_to_a_network(keyed: Path) -> None:
    done = run("serve", "--port", "0", "--host", "0.0.0.0", "--config", str(keyed))
    assert done.returncode == 2
    assert "this config holds keys" in done.stderr
    assert "a-key-of-the-house" not in done.stderr


def test_serve_names_the_extra_that_uvicorn_comes_with() -> None:
    absent = "import sys; sys.modules['uvicorn'] = None"
    program = f"{absent}; from gatewaymw.cli import main; sys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50)
    assert done.returncode == 2
    assert "pip install 'gatewaymw[serve]'" in done.stderr


def test_serve_names_the_fault_of_a_config(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_text('{"provider": "nobody"}')
    done = run("serve", "--port", "0", "--config", str(file))
    assert done.returncode == 2
    assert done.stderr.startswith("gatewaymw: config.provider: ")
