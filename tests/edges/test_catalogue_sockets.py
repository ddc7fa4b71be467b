"""The catalogue over real sockets: OpenAI's SDK, as strict as it can be, in front of a running gateway, and
the words of a provider's documentation behind it.

`tests/core/test_catalogue.py` plays each exchange within the process. Here one is played for each way of
speaking that there is: for each set of transforms, and of those that change answers, with and without
thoughts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from openai import APIError, APIStatusError, OpenAI
from sites import SERVERS, Site

from exchanges import EXCHANGES, KEY, Exchange
from gatewaymw.core.providers import PROVIDERS
from openai_client import read, said
from recorded import amazon
from servers import serving
from upstream import Script, Upstream, chunked, listening, whole

# ── which, and how they are called ───────────────────────────────────────


def spoken(exchange: Exchange) -> tuple[str, ...]:
    """The way an exchange is spoken: its endpoint, and the transforms between the client and the provider."""
    provider = PROVIDERS[exchange.provider]
    chosen = provider.by_model.get(exchange.endpoint)
    route = chosen(exchange.asks["model"]) if chosen else provider.routes[exchange.endpoint]
    codec = route.codec
    parts = (codec.request, codec.form, codec.response, codec.media, codec.stream, codec.error)
    thinks = "thinks" if "reasoning" in exchange.row["reads"] and codec.stream else ""
    return (exchange.endpoint.name, thinks, *map(called, parts))


def has_an_end(exchange: Exchange) -> bool:
    """Whether a provider's streams say that they are over, or only stop."""
    stream = PROVIDERS[exchange.provider].routes[exchange.endpoint].codec.stream
    return stream is None or stream.last is None


def called(part: Any) -> str:
    function = getattr(part, "step", part)
    function = getattr(function, "func", function)
    return f"{function.__module__}.{function.__qualname__}" if function else ""


def one_of_each(way: Callable[[Exchange], object]) -> list[Exchange]:
    """The first exchange of each way, of those that OpenAI's SDK has a call for and that take one call."""
    found: dict[object, Exchange] = {}
    for exchange in EXCHANGES:
        if exchange.endpoint.name in CALLS and "follows" not in exchange.row:
            found.setdefault(way(exchange), exchange)
    return list(found.values())


def create(call: Callable[..., Any], exchange: Exchange, **more: Any) -> Any:
    """The SDK's own call: what it has a name for by that name, what is the provider's own beside it."""
    known = signature(call).parameters
    named = {name: value for name, value in exchange.asks.items() if name in known}
    return call(**{**named, **more}, extra_body={k: v for k, v in exchange.asks.items() if k not in known})


def chat(sdk: OpenAI, exchange: Exchange) -> Any:
    answer = create(sdk.chat.completions.create, exchange)
    return said(read([answer.model_dump(exclude_unset=True)], "message"))


def complete(sdk: OpenAI, exchange: Exchange) -> Any:
    answer = create(sdk.completions.create, exchange)
    usage = {"usage": [answer.usage.prompt_tokens, answer.usage.completion_tokens]} if answer.usage else {}
    return {"text": answer.choices[0].text, "finish": answer.choices[0].finish_reason, **usage}


def embed(sdk: OpenAI, exchange: Exchange) -> Any:
    how = exchange.asks.get("encoding_format", "float")  # left to itself, the SDK asks for base64
    answer = create(sdk.embeddings.create, exchange, encoding_format=how)
    return {"vectors": [each.embedding for each in answer.data], "usage": answer.usage.prompt_tokens}


def paint(sdk: OpenAI, exchange: Exchange) -> Any:
    answer = create(sdk.images.generate, exchange)
    rows = [each.model_dump(exclude_none=True) for each in answer.data or ()]
    return {"images": [{name: row[name] for name in ("url", "b64_json") if name in row} for row in rows]}


def speak(sdk: OpenAI, exchange: Exchange) -> Any:
    answer = create(sdk.audio.speech.create, exchange)
    return {"text": answer.content.decode("latin-1")}


def hear(sdk: OpenAI, exchange: Exchange) -> Any:
    [(_, text)] = exchange.row["files"].items()
    sound = ("call.wav", text.encode(), "audio/wav")
    answer = create(sdk.audio.transcriptions.create, exchange, file=sound)
    return {"text": answer if isinstance(answer, str) else answer.text}


CALLS: Mapping[str, Callable[[OpenAI, Exchange], Any]] = {
    "chat": chat,
    "completions": complete,
    "embeddings": embed,
    "images/generations": paint,
    "audio/speech": speak,
    "audio/transcriptions": hear,
}
WAYS = one_of_each(spoken)
KINDS = one_of_each(lambda exchange: (exchange.endpoint, exchange.row.get("stream_type")))
"""A handful: for the second server."""
SAID = {"asgi": WAYS, "wsgi": KINDS}
PLAYED = [pytest.param(server, each, id=f"{server}-{each.id}") for server in SAID for each in SAID[server]]
STREAMED = [
    pytest.param(server, each, id=f"{server}-{each.id}")
    for server in SAID
    for each in SAID[server]
    if "stream" in each.row
]

BROKEN = [
    pytest.param(server, each, ending, id=f"{server}-{each.id}-{ending}")
    for server in SAID
    for each in SAID[server]
    if "stream" in each.row
    for ending in (("end", "reset") if has_an_end(each) else ("reset",))
]

# ── the server ───────────────────────────────────────────────────────────


class Scripts(dict[str, list[Script]]):
    """What is answered below the first step of a path, which is the provider's name."""

    def get(self, path: str, default: Any = None) -> Any:
        return super().get("/".join(path.split("/")[:2]), default)


@contextmanager
def opened(server: str) -> Iterator[Site]:
    """A server with the gateway in it, to each provider of the catalogue that is played."""
    with listening(made=Upstream(scripts=Scripts())) as upstream:
        env = {"HOST_CONFIG": json.dumps(config(upstream.url, SAID[server]))}
        with (
            serving(SERVERS[server], env, Path(__file__).parent) as url,
            OpenAI(
                base_url=f"{url}/v1", api_key="unused", max_retries=0, _strict_response_validation=True
            ) as client,
        ):
            yield Site(client, upstream)


def config(url: str, played: list[Exchange]) -> dict[str, Any]:
    pages = {each.provider: each.page for each in played}
    conditions = [{"query": {"metadata.plan": name}, "then": name} for name in pages]
    targets = [
        {
            **{"name": name, "provider": name, "custom_host": f"{url}/{name}", "api_key": KEY},
            **(page.get("options") or {}),
        }
        for name, page in pages.items()
    ]
    return {"strategy": {"mode": "conditional", "conditions": conditions}, "targets": targets}


@pytest.fixture(scope="module")
def sites() -> Iterator[Mapping[str, Site]]:
    with opened("asgi") as asgi, opened("wsgi") as wsgi:
        yield {"asgi": asgi, "wsgi": wsgi}


def scripted(site: Site, exchange: Exchange, script: Script) -> OpenAI:
    """The upstream answers with the script; the SDK, its calls routed to the exchange's provider."""
    site.cleared().upstream.script(f"/{exchange.provider}", script)
    return site.sdk(exchange.provider)


def check_asked(site: Site, exchange: Exchange, stream: bool = False) -> None:
    """That one call came, at the provider's own path, with its key and in its own words."""
    row, seen = exchange.row, site.seen
    wanted = row.get("streams_at", row["url"]) if stream else row["url"]
    home, path = f"/{exchange.provider}", urlsplit(seen.target).path
    assert path.startswith(home) and urlsplit(wanted).path.endswith(path.removeprefix(home))
    assert urlsplit(seen.target).query == urlsplit(wanted).query
    keyed = {name: value for name, value in seen.headers if KEY in value}
    assert keyed == exchange.page.get("auth", {"authorization": f"Bearer {KEY}"})
    assert "unused" not in str(seen.headers)
    if exchange.endpoint.name in ("chat", "completions"):
        sends = row.get("sends", exchange.asks) | ({"stream": True} if stream else {})
        assert seen.json == (row.get("streams", sends) if stream else sends)


def pieces(row: Mapping[str, Any]) -> list[bytes]:
    """The events of a stream, each on its way by itself; in Amazon's messages where it comes in those."""
    end = "\n" if "ndjson" in row.get("stream_type", "") else "\n\n"
    events = [event.encode() for event in re.split(f"(?<={end})", row["stream"]) if event.strip()]
    return [amazon(row["parts"], event) for event in events] if "parts" in row else events


# ── the tests ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("server", "exchange"), PLAYED)
def test_a_whole_answer(server: str, exchange: Exchange, sites: Mapping[str, Site]) -> None:
    body, kind = exchange.answer
    sdk = scripted(sites[server], exchange, whole(body, kind=kind))
    assert CALLS[exchange.endpoint.name](sdk, exchange) == exchange.row["reads"]
    check_asked(sites[server], exchange)


@pytest.mark.parametrize(("server", "exchange"), STREAMED)
def test_a_stream(server: str, exchange: Exchange, sites: Mapping[str, Site]) -> None:
    kind = exchange.row.get("stream_type", "text/event-stream")
    sdk = scripted(sites[server], exchange, chunked(pieces(exchange.row), kind=kind))
    wanted = exchange.row.get("streamed", exchange.row["reads"])
    if exchange.endpoint.name == "chat":
        live = create(sdk.chat.completions.create, exchange, stream=True)
        got = said(read([each.model_dump(exclude_unset=True) for each in live], "delta"))
    else:
        live = create(sdk.completions.create, exchange, stream=True)
        choices = [choice for each in live for choice in each.choices]
        ends = [choice.finish_reason for choice in choices if choice.finish_reason]
        got = {"text": "".join(choice.text or "" for choice in choices), "finish": ends[-1]}
    assert got == wanted
    check_asked(sites[server], exchange, stream=True)


@pytest.mark.parametrize(("server", "exchange", "ending"), BROKEN)
def test_a_stream_that_breaks_is_no_answer(
    server: str, exchange: Exchange, ending: Literal["end", "reset"], sites: Mapping[str, Site]
) -> None:
    """Whether its connection is lost or closed as if all had been said."""
    kind = exchange.row.get("stream_type", "text/event-stream")
    said = pieces(exchange.row)[:1]
    sdk = scripted(sites[server], exchange, chunked(said, ending, kind=kind))
    call = sdk.chat.completions if exchange.endpoint.name == "chat" else sdk.completions
    with pytest.raises(APIError):
        _ = [*create(call.create, exchange, stream=True)]


@pytest.mark.parametrize(("server", "exchange"), PLAYED)
def test_an_error(server: str, exchange: Exchange, sites: Mapping[str, Site]) -> None:
    wanted = exchange.row.get("error") or exchange.page["error"]
    body = wanted["body"]
    raw = body.encode() if isinstance(body, str) else body
    sdk = scripted(sites[server], exchange, whole(raw, status=wanted["status"]))
    with pytest.raises(APIStatusError) as caught:
        CALLS[exchange.endpoint.name](sdk, exchange)
    assert caught.value.status_code == wanted["status"]
    told = {name: getattr(caught.value, name) for name in ("type", "code") if name in wanted}
    assert told == {name: wanted[name] for name in told}
    assert wanted.get("message", "") in caught.value.message


def test_all_ways_of_speaking_are_played() -> None:
    """Those with a dialect of their own, and those who only differ a little."""
    assert len(WAYS) >= 35 and {each.endpoint.name for each in WAYS} == CALLS.keys()
    assert {each.endpoint for each in KINDS} == {each.endpoint for each in WAYS}
