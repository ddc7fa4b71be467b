"""AUTH-01: one reading of the path decides; what is no path of the gateway's is the host's, at both edges."""

from __future__ import annotations

from typing import Any

import pytest
from counted import EDGES, Counted, Edge

from callers import HELLO
from gatewaymw import Facts

edges = pytest.mark.parametrize("edge", EDGES.values(), ids=list(EDGES))
OWN = {"provider": "openai", "api_key": "sk-operators-own"}
NAMED = {"x-gateway-provider": "openai", "authorization": "Bearer sk-callers-own"}


async def page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"].encode(), "more_body": False})


def page_wsgi(environ: Any, start_response: Any) -> Any:
    start_response("418 Host", [("content-type", "text/plain")])
    return [environ["PATH_INFO"].encode("latin-1")]


HOSTS = {"asgi": page, "wsgi": page_wsgi}


class Asked:
    """An authoriser that remembers what it was told."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def __call__(self, facts: Facts) -> Any:
        self.paths.append(facts.path)
        return "me"


def mounted(edge: Edge, upstream: Counted, auth: Asked, **options: Any) -> Any:
    name = next(name for name, each in EDGES.items() if each is edge)
    return edge.app(upstream, OWN, host=HOSTS[name], auth=auth, **options)


ODD = [
    "/v1",
    "/v1/",
    "//v1/chat/completions",
    "/V1/chat/completions",
    "/v1/Chat/Completions",
    "/v1//chat/completions",
    "/v1/./chat/completions",
    "/v1/../v1/chat/completions",
    "/v1/x/../chat/completions",
    "/v1/..",
    "/v1/../admin",
    "/v1%2fchat/completions",
    "/v1/chat%2fcompletions",
    "/v1/chat/completions/",
    "/v1/chat/completions;x=1",
    "/v1/chat/completions?x=1",  # as a path, which a server would have to have decoded
    "/v1/chat/completions\x00",
    "/v1\\chat\\completions",
    "/v1x/chat/completions",
    "/api/v1/chat/completions",
    "/http://x/v1/chat/completions",
]


@edges
@pytest.mark.parametrize("path", ODD)
def test_auth_01_an_odd_path_is_the_hosts(edge: Edge, path: str) -> None:
    upstream, auth = Counted(), Asked()
    answer = edge.ask(mounted(edge, upstream, auth), path)
    assert (answer.status, answer.body) == (418, path.encode())
    assert (auth.paths, upstream.seen) == ([], [])


@edges
@pytest.mark.parametrize("path", [path for path in ODD if "//" in path or "/." in path])
def test_auth_01_naming_a_provider_makes_no_odd_path_the_gateways(edge: Edge, path: str) -> None:
    upstream, auth = Counted(), Asked()
    answer = edge.ask(mounted(edge, upstream, auth), path, HELLO, NAMED)
    assert (answer.status, auth.paths, upstream.seen) == (418, [], [])


@edges
@pytest.mark.parametrize(
    "path", ["/v1/chat%2fcompletions", "/v1/files/a%2e%2e", "/v1/a\\..\\b", "/v1/Chat/é", "/v1/a?b#c"]
)
def test_auth_01_a_path_of_the_providers_is_told_and_sent_as_one(edge: Edge, path: str) -> None:
    upstream, auth = Counted(), Asked()
    wire = path.encode().decode("latin-1") if edge is EDGES["wsgi"] else path
    assert edge.ask(mounted(edge, upstream, auth), wire, HELLO, NAMED).status == 200
    assert auth.paths == [path]
    [sent] = upstream.seen
    assert (sent.url.host, sent.url.path, sent.url.query) == ("api.openai.com", path, b"")


@edges
@pytest.mark.parametrize("host", ["x/v1/public?", "x/other#", "evil.test", "[::1", "", "a@b:99999"])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/other"])
def test_auth_01_the_host_header_has_no_say(edge: Edge, host: str, path: str) -> None:
    upstream, auth = Counted(), Asked()
    answer = edge.ask(mounted(edge, upstream, auth), path, HELLO, {"host": host, "x-forwarded-prefix": "/v1"})
    ours = path.startswith("/v1")
    assert (answer.status, auth.paths) == ((200, [path]) if ours else (418, []))
    assert [sent.headers["host"] for sent in upstream.seen] == ["api.openai.com"] * ours


def test_auth_01_a_path_without_its_slash_is_the_hosts() -> None:
    upstream, auth = Counted(), Asked()
    edge = EDGES["asgi"]
    assert edge.ask(mounted(edge, upstream, auth), "v1/chat/completions").status == 418
    assert (auth.paths, upstream.seen) == ([], [])


MOUNTS = {
    "asgi": [
        ("/api", "/api/v1/chat/completions", True),
        ("/api/", "/api/v1/chat/completions", True),
        ("/v1", "/v1/v1/chat/completions", True),
        ("/api", "/api/chat/completions", False),
        ("/api", "/apiv1/chat/completions", False),
        ("/api", "/api//v1/chat/completions", False),
        ("/api", "/other/v1/chat/completions", False),
        ("/v1", "/v1/chat/completions", False),
    ],
    "wsgi": [
        ("/api", "/v1/chat/completions", True),
        ("/v1", "/v1/chat/completions", True),
        ("/v1", "/chat/completions", False),
        ("/api", "/api/v1/chat/completions", False),
        ("/api", "//v1/chat/completions", False),
    ],
}
ROWS = [(name, *row) for name, rows in MOUNTS.items() for row in rows]


@pytest.mark.parametrize(("name", "root", "path", "ours"), ROWS)
def test_auth_01_below_a_mount(name: str, root: str, path: str, ours: bool) -> None:
    upstream, auth, edge = Counted(), Asked(), EDGES[name]
    place = {"root_path": root} if name == "asgi" else {"SCRIPT_NAME": root}
    answer = edge.ask(mounted(edge, upstream, auth), path, **place)
    whole = path if name == "asgi" else root + path
    assert (answer.status, auth.paths) == ((200, [whole]) if ours else (418, []))
    assert len(upstream.seen) == ours


@edges
@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "HEAD", "DELETE"])
def test_auth_01_another_method_is_the_hosts(edge: Edge, method: str) -> None:
    upstream, auth = Counted(), Asked()
    assert edge.ask(mounted(edge, upstream, auth), body=b"", method=method).status == 418
    assert (auth.paths, upstream.seen) == ([], [])


@edges
def test_auth_01_the_path_itself_is_the_gateways(edge: Edge) -> None:
    upstream, auth = Counted(), Asked()
    assert edge.ask(mounted(edge, upstream, auth)).status == 200
    assert auth.paths == ["/v1/chat/completions"]
