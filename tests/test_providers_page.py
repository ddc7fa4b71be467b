"""docs/providers.md is what the registry says, and each of its examples asks what it is an example of."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from callers import ask_wsgi, nothing_wsgi
from gatewaymw import WSGIGateway
from gatewaymw.core.endpoints import ENDPOINTS
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.drivers import identity

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "providers.md"
TEXT = PAGE.read_text(encoding="utf-8")
ADDRESSES = ("URL", "ENDPOINT", "HOST")


def test_the_page_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "providers.py"))["text"]()
    assert made == TEXT, "`python docs/providers.py` writes it anew"
    assert re.findall(r"^## (.*)$", TEXT, re.MULTILINE) == sorted(PROVIDERS)


class Example(NamedTuple):
    provider: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    body: str


def sampled(variable: re.Match[str]) -> str:
    """What a variable of an example holds."""
    return "https://host.example/v1" if variable[1].endswith(ADDRESSES) else "sample"


def examples() -> Iterator[Example]:
    for name, text in re.findall(r"^## (\S+)\n.*?```bash\n(.*?)```", TEXT, re.MULTILINE | re.DOTALL):
        text = re.sub(r"\$([A-Z_0-9]+)", sampled, text)
        words = shlex.split(text.replace("\\\n", " "))
        assert words[:2] == ["curl", "-s"] and words[2].startswith("http://127.0.0.1:8787/v1/")
        given: dict[str, list[str]] = {"-H": [], "-F": [], "-d": []}
        for flag, value in zip(words[3::2], words[4::2], strict=True):
            given[flag].append(value)
        headers = dict(value.split(": ", 1) for value in given["-H"])
        form = dict(value.split("=", 1) for value in given["-F"])
        yield Example(name, urlsplit(words[2]).path, headers, form, "".join(given["-d"]))


EXAMPLES = list(examples())


def asked(example: Example) -> tuple[Any, list[httpx.Request]]:
    """What the gateway makes of it, and what goes out."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={})

    headers, body = example.headers, example.body.encode()
    if example.form:
        files = {name: ("a.bin", b"bytes") for name, value in example.form.items() if value.startswith("@")}
        data = {name: value for name, value in example.form.items() if name not in files}
        made = httpx.Request("POST", "http://host.example", data=data, files=files)
        headers, body = {**headers, "content-type": made.headers["content-type"]}, made.read()
    with httpx.Client(transport=httpx.MockTransport(answer)) as client:
        app = WSGIGateway(nothing_wsgi, http_client=client, trusted_custom_hosts=["host.example"])
        method = "POST" if example.body or example.form else "GET"
        return ask_wsgi(app, example.path, body, headers, REQUEST_METHOD=method), sent


@pytest.fixture
def exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cloud is asked what a key is good for: it is its own token."""
    monkeypatch.setattr(identity, "library", lambda kind, settings: lambda: identity.Found(settings))


def test_each_provider_has_one() -> None:
    assert [example.provider for example in EXAMPLES] == sorted(PROVIDERS)


@pytest.mark.usefixtures("exchanged")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.provider)
def test_an_example_asks_its_provider_for_what_it_serves(example: Example) -> None:
    provider = PROVIDERS[example.provider]
    served = [endpoint.path for endpoint in ENDPOINTS.values() if endpoint in provider.routes]
    assert example.path.removeprefix("/v1") in served or (example.path, served) == ("/v1/PATH", [])
    answer, sent = asked(example)
    if provider.base_url.startswith("mock:"):
        assert answer.status == 200
        return
    assert sent, answer.body
    own = re.sub(r"\{\w+\}", "sample", provider.base_url)
    assert not own.startswith("https://") or sent[0].url.host == urlsplit(own).hostname
    if provider.needs_key:
        assert "sample" in str([*sent[0].headers.values(), sent[0].url])
