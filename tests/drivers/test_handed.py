"""Clients the host hands in: httpx's and httpx2's, for threads and event loops, real ones and mocked ones."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from callers import HELLO, STREAMED, Answer, ask, ask_wsgi, nothing, nothing_wsgi
from carriers import trusting_nobody
from gatewaymw import ASGIGateway, ConfigError, Gateway, WSGIGateway
from gatewaymw.core.values import Request
from gatewaymw.drivers.handed import Handed
from upstream import Script, Upstream, chunked, closed_port, raw, whole

FAMILIES = {"httpx": httpx, "httpx2": httpx2}
CHAT = "/a/chat/completions"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
DONE = b"data: [DONE]\n\n"
Asked = Callable[..., Answer]


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> ModuleType:
    return FAMILIES[request.param]


@pytest.fixture(params=["asyncio", "trio", "thread"])
def asked(request: pytest.FixtureRequest, family: Any, upstream: Upstream) -> Asked:
    """Asks a gateway that sends by a handed client; `client` are that client's own settings."""

    def ask_it(
        body: Any = HELLO, target: Any = None, client: Any = None, headers: Any = None, **options: Any
    ) -> Answer:
        whom = {
            "provider": "openai",
            "api_key": "sk-house",
            "custom_host": f"{upstream.url}/a",
            **(target or {}),
        }
        settings = {"trust_env": False, "verify": trusting_nobody(), **(client or {})}
        options = {"auth": "public", **options}
        if request.param == "thread":
            with family.Client(**settings) as made:
                answer = ask_wsgi(
                    WSGIGateway(nothing_wsgi, whom, http_client=made, **options), body=body, headers=headers
                )
                assert not made.is_closed
                return answer
        return anyio.run(evented, family, whom, settings, options, body, headers, backend=request.param)

    return ask_it


async def evented(family: Any, whom: Any, settings: Any, options: Any, body: Any, headers: Any) -> Answer:
    async with family.AsyncClient(**settings) as made:
        app = ASGIGateway(nothing, whom, http_client=made, **options)
        answer = await ask(app, body=body, headers=headers)
        await app.gateway.aclose()
        assert not made.is_closed
        return answer


def test_a_whole_answer(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, whole({"id": "x"}, x_request_id="r1"))
    answer = asked(headers={"cookie": "s=1", "accept": "text/x"})
    assert (answer.status, answer.json, answer.headers["x-request-id"]) == (200, {"id": "x"}, "r1")
    [seen] = upstream.seen
    assert seen.json == HELLO
    assert seen.header("authorization") == "Bearer sk-house"
    assert (seen.header("accept"), seen.header("cookie")) == (None, None)
    assert (seen.header("user-agent"), seen.header("accept-encoding")) == ("gatewaymw", "identity")


def test_the_clients_own_headers_go_too(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, whole({}))
    asked(client={"headers": {"x-team": "blue", "user-agent": "theirs"}})
    assert (upstream.seen[0].header("x-team"), upstream.seen[0].header("user-agent")) == ("blue", "gatewaymw")


def test_a_key_in_latin_1(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, whole({}))
    assert asked(target={"api_key": "sk-größe"}).status == 200
    assert upstream.seen[0].header("authorization") == "Bearer sk-größe"


def test_a_stream(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([EVENT, 0.02, EVENT, DONE]))
    assert asked(STREAMED).body == EVENT + EVENT + DONE


def test_a_stream_given_up_before_it_was_shown(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([b'data: {"error":{"message":"no"}}\n\n', *[EVENT] * 50], "stall"))
    assert asked(STREAMED).status == 502
    upstream.wait(lambda: upstream.seen[0].gone)


FAULTS: dict[str, tuple[Script, int, str]] = {
    "closed": (raw(), 502, "upstream_broken"),
    "reset": (raw(ending="reset"), 502, "upstream_broken"),
    "no HTTP": (raw(b"SSH-2.0\r\n\r\n"), 502, "upstream_protocol"),
    "half a body": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"), 502, "upstream_broken"),
    "silence": (raw(ending="stall"), 408, "timeout"),
    "redirect": (whole(b"", 302, location="http://127.0.0.1:1/"), 502, "upstream_redirect"),
    "compressed": (whole(b"x", content_encoding="gzip"), 502, "upstream_encoding"),
    "429": (whole({"error": {"message": "m", "code": "slow"}}, 429), 429, "slow"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_as_those_of_our_own_pool(fault: str, asked: Asked, upstream: Upstream) -> None:
    script, status, code = FAULTS[fault]
    upstream.script(CHAT, script)
    patience = 300 if fault == "silence" else 10_000
    answer = asked(target={"request_timeout": patience}, client={"follow_redirects": True})
    assert (answer.status, answer.error["code"]) == (status, code)


def test_nobody_there(asked: Asked, upstream: Upstream) -> None:
    answer = asked(target={"custom_host": closed_port()})
    assert (answer.status, answer.error["code"]) == (502, "upstream_unreachable")
    upstream.script("TLS", raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    answer = asked(target={"custom_host": upstream.url.replace("http:", "https:")})
    assert (answer.status, answer.error["code"]) == (502, "upstream_tls")


def test_a_stream_may_be_silent_for_longer_than_its_head(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([EVENT, 1.2, EVENT, DONE]))
    assert asked(STREAMED, {"request_timeout": 1000}).body == EVENT + EVENT + DONE


def test_a_stream_that_breaks(asked: Asked, upstream: Upstream) -> None:
    upstream.script(CHAT, chunked([EVENT], "close"))
    answer = asked(STREAMED)
    assert answer.body.startswith(EVENT)
    assert b"upstream_broken" in answer.body


def test_a_host_that_a_caller_chose_is_refused(asked: Asked) -> None:
    """Such a client resolves and dials by itself, where no guard can look."""
    chosen = {
        "x-gateway-provider": "openai",
        "x-gateway-custom-host": "https://model.example",
        "x-api-key": "k",
    }
    answer = asked(headers=chosen, trusted_custom_hosts=["*"])
    assert (answer.status, answer.error["code"]) == (400, "invalid_host")


# ── mock transports ──────────────────────────────────────────────────────


def test_a_mock_transport(asked: Asked, family: Any, upstream: Upstream) -> None:
    got: list[Any] = []

    def answer(request: Any) -> Any:
        got.append((str(request.url), request.content))
        return family.Response(200, json={"id": "mocked"})

    assert asked(client={"transport": family.MockTransport(answer)}).json == {"id": "mocked"}
    assert got == [
        (f"{upstream.url}{CHAT}", b'{"model": "m", "messages": [{"role": "user", "content": "Hello"}]}')
    ]


def test_a_mock_transport_that_streams(asked: Asked, family: Any) -> None:
    def answer(request: Any) -> Any:
        return family.Response(200, headers={"content-type": "text/event-stream"}, content=EVENT + DONE)

    assert asked(STREAMED, client={"transport": family.MockTransport(answer)}).body == EVENT + DONE


def test_a_mock_transport_that_fails(asked: Asked, family: Any) -> None:
    def answer(request: Any) -> Any:
        raise family.ConnectError("no", request=request)

    assert asked(client={"transport": family.MockTransport(answer)}).error["code"] == "upstream_unreachable"


# ── what is no client ────────────────────────────────────────────────────


@pytest.mark.parametrize("what", [object(), httpx, httpx.Response(200), "http://proxy"])
def test_what_is_no_client_is_refused_at_once(what: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        Gateway({"provider": "mock"}, http_client=what)
    assert caught.value.path == "http_client"


def test_a_client_of_ones_own_making(family: Any, upstream: Upstream) -> None:
    class Mine(family.Client):  # type: ignore[misc]
        pass

    upstream.script(CHAT, whole({"id": "x"}))
    whom = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    with Mine(trust_env=False) as client:
        assert ask_wsgi(WSGIGateway(nothing_wsgi, whom, http_client=client, auth="public")).status == 200


def test_the_mock_provider_needs_no_client(family: Any) -> None:
    def answer(request: Any) -> Any:
        raise AssertionError

    with family.Client(transport=family.MockTransport(answer)) as client:
        app = WSGIGateway(nothing_wsgi, {"provider": "mock"}, http_client=client)
        assert ask_wsgi(app).status == 200


@pytest.mark.parametrize(("version", "told"), [(b"HTTP/2", "200"), (b"HTTP/1.1", None)])
def test_an_answer_in_http_2_says_so(version: bytes, told: str | None, family: Any) -> None:
    def answer(request: Any) -> Any:
        return family.Response(200, extensions={"http_version": version})

    with family.Client(transport=family.MockTransport(answer)) as client:
        opened = Handed(client).send(Request("GET", "https://models.example/v1/models"))
        opened.body.close()
    assert opened.headers.get(":status") == told
