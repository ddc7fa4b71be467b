"""What CONTRIBUTING.md promises: its three snippets are run, each within ten lines, and called end to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from snippets import snippets

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"
PYTHON = [each.text for each in snippets(CONTRIBUTING) if each.language == "python"]
# A process of its own: providers, strategies and endpoints are registered for good.
PROGRAM = """
import json, sys
import httpx
from werkzeug.test import Client
from gatewaymw import WSGIGateway

{snippet}

sent = []

def upstream(request):
    sent.append({{"url": str(request.url), "key": request.headers.get("authorization"),
                 "body": json.loads(request.content)}})
    return httpx.Response(200, json={{"answered": str(request.url)}})

config, path, metadata, body = json.loads(sys.argv[1])
client = httpx.Client(transport=httpx.MockTransport(upstream))
gateway = WSGIGateway(None, config, auth="public", http_client=client)
headers = {{"x-gateway-metadata": json.dumps(metadata)}}
answer = Client(gateway).post(path, json=body, headers=headers)
told = {{"status": answer.status_code, "body": answer.json, "headers": dict(answer.headers), "sent": sent}}
print(json.dumps(told))
"""
CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


def called(
    snippet: str, config: object, path: str, body: object, metadata: dict[str, str] | None = None
) -> dict[str, Any]:
    given = json.dumps([config, path, metadata or {}, body])
    command = [sys.executable, "-c", PROGRAM.format(snippet=snippet), given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("snippet", PYTHON, ids=["provider", "strategy", "endpoint"])
def test_each_fits_on_ten_lines(snippet: str) -> None:
    assert 1 <= len([line for line in snippet.splitlines() if line.strip()]) < 10


def test_a_provider_is_one_row() -> None:
    config = {"provider": "acme", "api_key": "the key"}
    body = {**CHAT, "max_completion_tokens": 5, "logit_bias": {"1": 2}, "of_its_own": True}
    told = called(PYTHON[0], config, "/v1/chat/completions", body)
    assert told["sent"] == [
        {
            "url": "https://api.acme.example/v1/chat/completions",
            "key": "Bearer the key",
            "body": {**CHAT, "max_tokens": 5, "of_its_own": True},
        }
    ]
    assert told["headers"]["x-gateway-dropped-params"] == "logit_bias"
    assert told["body"] == {"answered": "https://api.acme.example/v1/chat/completions"}


def test_a_strategy_is_one_function() -> None:
    hosts = [f"https://{name}.example" for name in "abcd"]
    targets = [{"provider": "openai", "api_key": "k", "custom_host": host} for host in hosts]
    config = {"strategy": {"mode": "sticky", "by": "team"}, "targets": targets}

    def chosen(team: str) -> str:
        told = called(PYTHON[1], config, "/v1/chat/completions", CHAT, {"team": team, "user": "u1"})
        (sent,) = told["sent"]
        return str(sent["url"])

    # The checksums of these words are 3 and 0, modulo 4.
    assert [chosen("red"), chosen("blue"), chosen("red")] == [
        f"https://{name}.example/chat/completions" for name in "dad"
    ]


def test_an_endpoint_is_one_row() -> None:
    config = {"provider": "sorter", "api_key": "k"}
    body = {"model": "m", "input": "q", "labels": ["a", "b"]}
    told = called(PYTHON[2], config, "/v1/classify", body)
    assert [sent["url"] for sent in told["sent"]] == ["https://api.sorter.example/v1/classify"]
    assert told["body"] == {"answered": "https://api.sorter.example/v1/classify"}
    missing = called(PYTHON[2], config, "/v1/classify", {"model": "m", "input": "q"})
    assert (missing["status"], missing["body"]["error"]["param"]) == (400, "labels")


def test_who_does_not_serve_an_endpoint_says_so() -> None:
    body = {"model": "m", "input": "q", "labels": []}
    told = called(PYTHON[2], {"provider": "openai", "api_key": "k"}, "/v1/classify", body)
    assert told["status"] == 400
    assert told["body"]["error"]["message"] == "/classify is not supported by openai; it is by sorter"
