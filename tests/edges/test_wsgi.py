"""The WSGI edge, under the standard library's validator: what it leaves alone, and who closes what."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import pytest

from callers import HELLO, PATH, STREAMED, ask_wsgi, environ, nothing_wsgi, open_wsgi
from gatewaymw import Facts, WSGIGateway
from gatewaymw.core.routing.pipeline import Broken
from gatewaymw.core.values import NOTHING
from upstream import Script, Upstream, chunked, raw, whole

CHAT = "/a/chat/completions"
OK = whole({"id": "x"})
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":null}]}\n\n'
Mounted = Callable[..., WSGIGateway]


@pytest.fixture
def mounted(upstream: Upstream) -> Iterator[Mounted]:
    """Makes gateways whose only target is the upstream, and closes them."""
    made: list[WSGIGateway] = []

    def make(*answers: Script, app: Any = nothing_wsgi, target: Any = NOTHING, **options: Any) -> WSGIGateway:
        upstream.script(CHAT, *answers)
        whom = {"provider": "openai", "api_key": "sk-house", "custom_host": f"{upstream.url}/a", **target}
        made.append(WSGIGateway(app, whom, **{"auth": "public", **options}))
        return made[-1]

    yield make
    for edge in made:
        edge.gateway.close()


def mock(app: Any = nothing_wsgi, **options: Any) -> WSGIGateway:
    return WSGIGateway(app, {"provider": "mock"}, **options)


# ── what is not the gateway's ────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/v1"),
        ("POST", "/v1/unknown"),
        ("GET", PATH),
        ("OPTIONS", PATH),
        ("POST", f"/{PATH}"),
        ("POST", PATH.upper()),
    ],
)
def test_all_else_gets_the_very_same_objects(method: str, path: str) -> None:
    got: list[Any] = []
    answer: list[bytes] = []

    def app(*args: Any) -> Any:
        got.extend(args)
        return answer

    def start_response(*args: Any) -> Any:
        raise AssertionError

    env = environ(path, REQUEST_METHOD=method)
    before = dict(env)
    assert mock(app)(env, start_response) is answer
    assert [id(each) for each in got] == [id(env), id(start_response)]
    assert env == before


def test_below_a_script_name() -> None:
    seen: list[Facts] = []

    def auth(facts: Facts) -> str:
        seen.append(facts)
        return "me"

    app = mock(auth=auth)
    answer = ask_wsgi(app, "/v1/models", b"", REQUEST_METHOD="GET", SCRIPT_NAME="/api")
    assert answer.json["object"] == "list"
    assert seen[0].path == "/api/v1/models"
    assert seen[0].native["SCRIPT_NAME"] == "/api"


def test_mounted_by_werkzeugs_dispatcher() -> None:
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    app = DispatcherMiddleware(nothing_wsgi, {"/llm": mock()})
    assert ask_wsgi(app, "/llm/v1/models", b"", REQUEST_METHOD="GET").status == 200


def test_a_name_in_a_path_is_utf_8() -> None:
    path = "/v1/models/größe".encode().decode("latin-1")
    answer = ask_wsgi(mock(), path, b"", REQUEST_METHOD="GET")
    assert answer.status in (200, 404)
    assert "größe" in answer.body.decode()


def test_a_query_goes_on_as_an_address_can_hold_it(upstream: Upstream, mounted: Mounted) -> None:
    upstream.script("/a/models", whole({"data": []}))
    query = "after=a%20b&x=\xe9 \x01#y"
    ask_wsgi(mounted(), "/v1/models", b"", REQUEST_METHOD="GET", QUERY_STRING=query)
    assert upstream.seen[0].target == "/a/models?after=a%20b&x=%E9%20%01%23y"


def test_an_answer_without_a_body(upstream: Upstream, mounted: Mounted) -> None:
    upstream.script("/a/files/f1", raw(b"HTTP/1.1 204 No Content\r\n\r\n"))
    target = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    app = mounted(configs={"files": target})
    headers = {"x-gateway-config": "files"}
    answer = ask_wsgi(app, "/v1/files/f1", b"", headers, REQUEST_METHOD="DELETE")
    assert (answer.status, answer.body) == (204, b"")


# ── bodies ───────────────────────────────────────────────────────────────


def input_of(stream: Any, terminated: bool = False) -> dict[str, Any]:
    return {"wsgi.input": stream, "wsgi.input_terminated": terminated}


class Refuses(io.RawIOBase):
    """A body nobody may read."""

    def read(self, size: int = -1) -> bytes:
        raise AssertionError("the body was read")


def test_dos_01_413_by_content_length_reads_nothing() -> None:
    env = environ(headers={"content-length": "2000"}, **input_of(Refuses()))
    answer, pieces = open_wsgi(mock(max_body=1000), env)
    answer.body = b"".join(pieces)
    pieces.close()
    assert (answer.status, answer.error["code"]) == (413, "body_too_large")


def test_dos_01_413_without_a_length_stops_at_the_limit() -> None:
    stream = io.BytesIO(b"x" * 5000)
    env = environ(**input_of(stream, True))
    del env["CONTENT_LENGTH"]
    answer, pieces = open_wsgi(mock(max_body=1000), env)
    pieces.close()
    assert answer.status == 413
    assert stream.tell() == 1001


def body(text: bytes, **more: Any) -> dict[str, Any]:
    env = environ(headers={"content-type": "application/json"}, **{"wsgi.input": io.BytesIO(text), **more})
    del env["CONTENT_LENGTH"]
    return env


JSON = b'{"model": "mock-echo", "messages": [{"role": "user", "content": "Hi"}]}'


def answered(app: Any, env: dict[str, Any]) -> Any:
    answer, pieces = open_wsgi(app, env)
    answer.body = b"".join(pieces)
    pieces.close()
    return answer


def test_a_chunked_body_that_the_server_reads() -> None:
    env = body(JSON, **{"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    assert answered(mock(), env).json["choices"][0]["message"]["content"] == "You said: Hi"


def test_a_chunked_body_that_the_server_leaves_is_411() -> None:
    answer = answered(mock(), body(JSON, HTTP_TRANSFER_ENCODING="chunked"))
    assert answer.status == 411
    assert "content-length" in answer.error["message"]


def test_no_body_at_all() -> None:
    answer = answered(mock(), body(b""))
    assert (answer.status, answer.error["code"]) == (400, "invalid_json")


def test_a_body_shorter_than_it_said(upstream: Upstream, mounted: Mounted) -> None:
    answer = ask_wsgi(mounted(OK), headers={"content-length": "500"})
    assert (answer.status, answer.error["code"]) == (400, "body_incomplete")
    assert upstream.seen == []


class Cut(io.RawIOBase):
    """A client that leaves in the middle."""

    def read(self, size: int = -1) -> bytes:
        raise ConnectionResetError


def test_a_client_that_leaves_in_the_middle_of_its_body(caplog: pytest.LogCaptureFixture) -> None:
    env = environ(headers={"content-length": "500"}, **input_of(Cut()))
    answer = answered(mock(), env)
    assert (answer.status, answer.error["code"]) == (400, "body_incomplete")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("told", ["\xb2", "-1", "1e3", "9" * 40])
def test_lengths_that_are_none(told: str) -> None:
    env = environ(**input_of(Refuses()))
    env["CONTENT_LENGTH"] = told
    pieces = mock()(
        env, lambda status, headers: codes.append(status[:3])
    )  # the validator refuses them itself
    pieces.close()  # type: ignore[attr-defined]
    assert codes.pop() == ("413" if told.isdecimal() else "400")


codes: list[str] = []

# ── closing ──────────────────────────────────────────────────────────────


def idle(app: WSGIGateway) -> bool:
    """Whether no connection of a pool is busy."""
    pools = app.gateway._outbound._pools.values()
    return all("Connections: 0 active" in repr(pool) for pool in pools)


def test_close_closes_the_upstream_of_a_stream_never_iterated(upstream: Upstream, mounted: Mounted) -> None:
    app = mounted(chunked(repeat(EVENT)))
    pieces = app(environ(body=STREAMED), lambda status, headers: None)
    assert upstream.seen[0].gone is None
    pieces.close()  # type: ignore[attr-defined]
    upstream.wait(lambda: upstream.seen[0].gone)
    assert idle(app)


def test_close_closes_the_upstream_of_a_stream_in_the_middle(upstream: Upstream, mounted: Mounted) -> None:
    taken: list[bytes] = []
    app = mounted(chunked([EVENT, lambda: taken, *repeat(EVENT, 50)], "stall"))
    answer, pieces = open_wsgi(app, environ(body=STREAMED))
    assert answer.status == 200
    taken.append(next(iter(pieces)))
    assert taken == [EVENT]
    pieces.close()
    upstream.wait(lambda: upstream.seen[0].gone)
    assert idle(app)


def test_close_may_be_called_twice(upstream: Upstream, mounted: Mounted) -> None:
    app = mounted(chunked([EVENT], "stall"))
    pieces: Any = app(environ(body=STREAMED), lambda status, headers: None)
    pieces.close()
    pieces.close()
    assert idle(app)


def test_a_whole_answer_leaves_its_connection_for_the_next(upstream: Upstream, mounted: Mounted) -> None:
    app = mounted(OK)
    assert [ask_wsgi(app).status for _ in range(3)] == [200, 200, 200]
    assert upstream.connections == 1


def test_a_stream_that_ended_leaves_its_connection_for_the_next(upstream: Upstream, mounted: Mounted) -> None:
    app = mounted(chunked([EVENT, b"data: [DONE]\n\n"]))
    assert [ask_wsgi(app, body=STREAMED).status for _ in range(3)] == [200, 200, 200]
    assert upstream.connections == 1


def test_a_server_whose_start_response_fails_closes_the_upstream(
    upstream: Upstream, mounted: Mounted
) -> None:
    app = mounted(chunked(repeat(EVENT)))

    def start_response(status: str, headers: Any) -> Any:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        app(environ(body=STREAMED), start_response)
    upstream.wait(lambda: upstream.seen[0].gone)
    assert idle(app)


def test_a_body_that_cannot_be_finished_is_raised_to_the_server(upstream: Upstream, mounted: Mounted) -> None:
    upstream.script("/a/audio/speech", chunked([b"RIFF"], "close", kind="audio/wav"))
    env = environ("/v1/audio/speech", {"model": "m", "input": "x", "voice": "y"})
    answer, pieces = open_wsgi(mounted(), env)
    body = iter(pieces)
    assert (answer.status, next(body)) == (200, b"RIFF")
    with pytest.raises(Broken):
        next(body)
    pieces.close()


def test_an_error_of_the_hosts_is_500_without_its_words(
    upstream: Upstream, mounted: Mounted, caplog: pytest.LogCaptureFixture
) -> None:
    async def auth(facts: Facts) -> None:
        raise RuntimeError("the password of the database")

    answer = ask_wsgi(mounted(auth=auth))
    assert (answer.status, answer.error["code"]) == (500, "internal_error")
    assert b"password" not in answer.body
    assert "the password of the database" in caplog.text
    assert upstream.seen == []


def test_a_host_that_ends_the_process_is_not_held_up(mounted: Mounted) -> None:
    def auth(facts: Facts) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        mounted(auth=auth)(environ(body=HELLO), lambda status, headers: None)
