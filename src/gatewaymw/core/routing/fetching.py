"""Files that a client gives by their addresses, for providers that take bytes only: fetched, or refused.

Whoever sends a request chooses these addresses, so each is dialled as guardedly as a host that a caller
names: public addresses alone, whoever the caller is, and no redirect is followed. The files of a request are
fetched side by side, each once however often it is named, and anew for each target that takes bytes only.
What cannot be fetched is the client's to mend: a 4xx that names the place, and nothing of what was found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ..commands import Flow, all_of, close, read, send
from ..dialects.media import base64, media_type, pictured
from ..errors import BadRequest, GatewayError, TooLarge, Unsupported
from ..model import Codec, Link, Step
from ..values import Answer, Call, Env, Failure, Fetching, Request

HEADERS: Mapping[str, str] = {
    "user-agent": "gatewaymw",
    "accept": "image/png,image/jpeg,image/gif,image/webp,application/pdf",
    "accept-encoding": "identity",
}
PDF = "application/pdf"
VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Types by which a server says that it does not know."""
WORDS: Mapping[str, str] = {
    "timeout": "took too long",
    "connect": "could not be reached",
    "broken": "broke off, or did not speak HTTP as it should",
    "refused": "is at no public address",
}
Found: TypeAlias = str | GatewayError


def fetched(
    codec: Codec, provider: str, call: Call, body: Mapping[str, Any], env: Env
) -> Flow[Mapping[str, Any]]:
    """The body with data URIs where the addresses of files were; itself where there are none.

    Raises Unsupported where the operator lets nothing be fetched, BadRequest and TooLarge for what cannot be.
    """
    links = tuple(codec.links(body)) if codec.links else ()
    if not links:
        return body
    if call.fetching is None:
        raise unfetched(links[0], provider)
    wanted = by_address(links, call.fetching.max_count)
    expires = min(call.deadline, env.now() + call.fetching.timeout)
    requests = {url: request(link, call.fetching) for url, link in wanted.items()}
    found = yield from all_of(
        *(fetch(made, wanted[url], call.fetching, expires, env) for url, made in requests.items())
    )
    known = dict(zip(requests, found, strict=True))
    for link in links:
        body = put(body, link.steps, data_uri(link, known[link.url]))
    return body


def by_address(links: Sequence[Link], most: int) -> dict[str, Link]:
    """The first link to each file. Raises BadRequest for more files than may be."""
    wanted: dict[str, Link] = {}
    for link in links:
        wanted.setdefault(link.url, link)
    if len(wanted) > most:
        raise BadRequest(
            f"the request names {len(wanted)} files to be fetched, where {most} may be;"
            " send some of them as data URIs",
            param=links[-1].path,
            code="too_many_media",
        )
    return wanted


def unfetched(link: Link, provider: str) -> Unsupported:
    return Unsupported(
        f"{link.path}: {provider} takes files as bytes only, and this gateway fetches none; send the file"
        " itself as a data URI (data:image/png;base64,…), or let the operator of the gateway set fetch_media",
        param=link.path,
        code="media_not_fetched",
    )


def request(link: Link, settings: Fetching) -> Request:
    """The request for a file. Raises GatewayError where its host may not be called."""
    return Request("GET", settings.check(link.url, link.path), HEADERS, guarded=True)


def fetch(made: Request, link: Link, settings: Fetching, expires: float, env: Env) -> Flow[Found]:
    """One file as a data URI; or why there is none, for errors of one flow would end those beside it."""
    seconds = max(expires - env.now(), 0.001)
    timed = Request("GET", made.url, made.headers, timeout=seconds, idle=seconds, guarded=True)
    outcome = yield from send(timed, stream=True, errors=True)
    if isinstance(outcome, Failure):
        return unread(link, outcome)
    assert outcome.stream is not None
    data = (
        (yield from read_all(outcome.stream, settings.max_bytes, expires, env))
        if outcome.status == 200
        else b""
    )
    yield from close(outcome.stream)
    if outcome.status != 200:
        return answered(link, outcome.status)
    if isinstance(data, Failure):
        return unread(link, data)
    if len(data) > settings.max_bytes:
        return TooLarge(
            f"{link.path}: the file is longer than the {settings.max_bytes} bytes that are fetched",
            param=link.path,
            code="media_too_large",
        )
    return typed(link, outcome, data)


def read_all(stream: int, limit: int, expires: float, env: Env) -> Flow[bytes | Failure]:
    """A body up to its end, or to a little more than the limit."""
    data = bytearray()
    while len(data) <= limit:
        if (left := expires - env.now()) <= 0:
            return Failure("timeout")
        piece = yield from read(stream, left)
        if isinstance(piece, Failure):
            return piece
        if not piece:
            break
        data += piece
    return bytes(data)


# ── what came ────────────────────────────────────────────────────────────


def unread(link: Link, failure: Failure) -> BadRequest:
    code = "media_not_permitted" if failure.kind == "refused" else "media_fetch_failed"
    return BadRequest(f"{link.path}: what it leads to {WORDS[failure.kind]}", param=link.path, code=code)


def answered(link: Link, status: int) -> BadRequest:
    said = f"{link.path}: the file cannot be fetched, its host answers {status}"
    if 300 <= status < 400:
        said += "; redirects are not followed: send the address where the file is"
    return BadRequest(said, param=link.path, code="media_fetch_failed")


def typed(link: Link, answer: Answer, data: bytes) -> Found:
    """The data URI of a file that is what it is said to be."""
    said = media_type(answer.headers.get("content-type", ""))
    kind = kind_of(data)
    if not kind or (said != kind and said not in VAGUE):
        return unlike(link)
    return f"data:{kind};base64,{base64(data)}"


def kind_of(data: bytes) -> str:
    """What kind of file its first bytes tell of; empty for those that are not taken."""
    return PDF if data.startswith(b"%PDF-") else pictured(data)


def unlike(link: Link) -> BadRequest:
    kinds = "a PNG, JPEG, GIF or WebP image" + (" or a PDF" if link.document else "")
    return BadRequest(
        f"{link.path} must lead to {kinds}, and to one that its host calls by its type",
        param=link.path,
        code="media_type_unsupported",
    )


def data_uri(link: Link, found: Found) -> str:
    """What was found, at one of the places where it is wanted. Raises what went wrong."""
    if isinstance(found, GatewayError):
        raise found
    if found.startswith(f"data:{PDF}") and not link.document:
        raise unlike(link)
    return found


def put(value: Any, steps: tuple[Step, ...], new: str) -> Any:
    """A copy of the value with something else where the steps lead."""
    if not steps:
        return new
    step, *rest = steps
    inner = put(value[step], tuple(rest), new)
    if isinstance(value, list):
        return [inner if index == step else each for index, each in enumerate(value)]
    return {**value, step: inner}
