"""Each provider and endpoint of the catalogue: what is asked of it, and what OpenAI's clients read in its
answers, errors and streams, by the types of the official SDK without any leniency."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from machine import World, world
from openai.types import Completion, CreateEmbeddingResponse, ImagesResponse, Model, ModerationCreateResponse
from openai.types.audio import Transcription

import openai_client
from cells import HEADLINE
from every import every
from exchanges import EXCHANGES, FILES, KEY, Exchange, page
from gatewaymw.config import Book, compile_config
from gatewaymw.core.form import encode
from gatewaymw.core.model import Provider
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Call, Part, Request
from recorded import amazon

BOOK = Book({}, held=True, providers=PROVIDERS)
MAIN = every(EXCHANGES, lambda exchange: exchange.id)


STREAMED = [exchange for exchange in EXCHANGES if "stream" in exchange.row]
STREAMS = every(STREAMED, lambda exchange: exchange.id)


# ── asking ───────────────────────────────────────────────────────────────


def target(exchange: Exchange) -> Target:
    options = {"api_key": KEY, **(exchange.page.get("options") or {})}
    made = compile_config({"provider": exchange.provider, **options}, BOOK).root
    assert isinstance(made, Target)
    return made


def call(exchange: Exchange, stream: bool = False) -> Call:
    endpoint, body = exchange.endpoint, exchange.asks | ({"stream": True} if stream else {})
    path = endpoint.path.format(model=body.get("model", ""))
    if endpoint.body == "none":
        return Call(
            endpoint=endpoint, method=endpoint.method, path=path, body=body if "{" in endpoint.path else {}
        )
    if endpoint.body == "json":
        return Call(endpoint=endpoint, method="POST", path=path, raw=json.dumps(body).encode(), body=body)
    parts = tuple(Part(name, str(value).encode()) for name, value in body.items())
    for name, text in (exchange.row.get("files") or {}).items():
        parts += (Part(name, text.encode(), f"{name}.bin", "application/octet-stream"),)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    raw = encode(parts, "b")
    return Call(endpoint=endpoint, method="POST", path=path, headers=headers, raw=raw, body=body, parts=parts)


def asked(exchange: Exchange, *answers: Answer, stream: bool = False, **reads: Any) -> tuple[Reply, World]:
    here = world(*answers, **reads)
    return here.run(run(target(exchange), call(exchange, stream), here.env())), here


def whole(exchange: Exchange) -> Answer:
    body, kind = exchange.answer
    return Answer(200, {"content-type": kind}, body if isinstance(body, bytes) else json.dumps(body).encode())


def following(exchange: Exchange) -> list[dict[str, Any]]:
    """The calls after the first."""
    calls: list[dict[str, Any]] = exchange.row.get("follows", [])
    return calls


def said_in(call: Mapping[str, Any]) -> Answer:
    return Answer(200, {"content-type": "application/json"}, json.dumps(call["answer"]).encode())


def answered(exchange: Exchange) -> tuple[Reply, World]:
    if exchange.endpoint.answer == "bytes" and open_body(exchange):
        body = whole(exchange)
        opened = Answer(200, body.headers, stream=1)
        return asked(exchange, opened, reads={1: [body.body]})
    return asked(exchange, whole(exchange), *map(said_in, following(exchange)))


def open_body(exchange: Exchange) -> bool:
    return codec_media(PROVIDERS[exchange.provider], exchange) is None


def codec_media(provider: Provider, exchange: Exchange) -> Any:
    chosen = provider.by_model.get(exchange.endpoint)
    route = chosen(exchange.asks.get("model", "")) if chosen else provider.routes[exchange.endpoint]
    return route.codec.media


def check_asked(exchange: Exchange, request: Request, dropped: tuple[str, ...], stream: bool = False) -> None:
    row = exchange.row
    method = row.get("method", exchange.endpoint.method)
    url = row.get("streams_at", row["url"]) if stream else row["url"]
    assert (request.method, request.url) == (method, url)
    assert carried(request) == exchange.page.get("auth", {"authorization": f"Bearer {KEY}"})
    assert [*dropped] == row.get("drops", [])
    if "form" in row:
        assert [piece for piece in row["form"] if piece.encode() not in request.body] == []
    elif exchange.endpoint.method == "POST":
        sends = row.get("sends", exchange.asks) | ({"stream": True} if stream else {})
        assert json.loads(request.body) == (row.get("streams", sends) if stream else sends)


def carried(request: Request) -> dict[str, str]:
    """The headers with the key."""
    return {name: value for name, value in request.headers.items() if KEY in value}


def check_followed(exchange: Exchange, requests: list[Request]) -> None:
    for call, request in zip(following(exchange), requests, strict=True):
        assert (request.method, request.url) == (call.get("method", "GET"), call["url"])
        assert carried(request) == exchange.page.get("auth", {"authorization": f"Bearer {KEY}"})
        assert (json.loads(request.body) if request.body else None) == call.get("sends")


def body_of(reply: Reply, here: World) -> bytes:
    return here.pour(reply) if isinstance(reply, Live) else reply.body


def pieces(exchange: Exchange) -> list[bytes]:
    """A stream as it comes: text, or in Amazon's messages, cut in the middle."""
    whole = exchange.row["stream"].encode()
    if "parts" not in exchange.row:
        return [whole]
    cut = len(whole) // 2
    return [amazon(exchange.row["parts"], piece) for piece in (whole[:cut], whole[cut:])]


# ── reading ──────────────────────────────────────────────────────────────


def chat(body: Any) -> dict[str, Any]:
    openai_client.completion(body)
    return openai_client.said(openai_client.read([body], "message"))


def completed(body: Any) -> dict[str, Any]:
    made = Completion.model_validate_json(json.dumps(body), strict=True)
    usage = {"usage": [made.usage.prompt_tokens, made.usage.completion_tokens]} if made.usage else {}
    return {"text": made.choices[0].text, "finish": made.choices[0].finish_reason, **usage}


def vectors(body: Any) -> dict[str, Any]:
    made = CreateEmbeddingResponse.model_validate_json(json.dumps(body), strict=True)
    return {"vectors": [each.embedding for each in made.data], "usage": made.usage.prompt_tokens}


def images(body: Any) -> dict[str, Any]:
    made = ImagesResponse.model_validate_json(json.dumps(body), strict=True)
    rows = [each.model_dump(exclude_none=True) for each in made.data or ()]
    return {"images": [{name: row[name] for name in ("url", "b64_json") if name in row} for row in rows]}


def listed(body: Any) -> dict[str, Any]:
    assert body["object"] == "list"
    return {"ids": [Model.model_validate_json(json.dumps(row), strict=True).id for row in body["data"]]}


def one(body: Any) -> dict[str, Any]:
    return {"id": Model.model_validate_json(json.dumps(body), strict=True).id}


def transcript(body: Any) -> dict[str, Any]:
    """What sound costs each tells in its own way: clients are given it as it came."""
    rest = {name: value for name, value in body.items() if name != "usage"}
    return {"text": Transcription.model_validate_json(json.dumps(rest)).text}


def moderated(body: Any) -> dict[str, Any]:
    made = ModerationCreateResponse.model_validate_json(json.dumps(body))
    return {"flagged": [each.flagged for each in made.results]}


def ranks(body: Any) -> dict[str, Any]:
    assert body["object"] == "list" and body["model"]
    rows = [
        (row["index"], row["relevance_score"], (row.get("document") or {}).get("text"))
        for row in body["results"]
    ]
    told = [[each for each in row if each is not None] for row in rows]
    usage = body["usage"].get("prompt_tokens", body["usage"].get("search_units"))
    return {"ranks": told, "usage": usage}


READ: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "chat": chat,
    "completions": completed,
    "embeddings": vectors,
    "images/generations": images,
    "images/edits": images,
    "images/variations": images,
    "models": listed,
    "model": one,
    "audio/transcriptions": transcript,
    "audio/translations": transcript,
    "moderations": moderated,
    "rerank": ranks,
}
"""What is compared with `reads`, by endpoint. Of chats only what is there: a text, thoughts, calls as
`[{name: arguments}]`, the finish reason, tokens in and out. Sound is compared byte by byte."""


def read_whole(exchange: Exchange, reply: Reply, here: World) -> Any:
    got = body_of(reply, here)
    read = READ.get(exchange.endpoint.name)
    return {"text": got.decode("latin-1")} if read is None else read(json.loads(got))


def read_stream(exchange: Exchange, text: str) -> dict[str, Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    chunks = [json.loads(line) for line in lines[:-1]]
    assert not any("error" in each for each in chunks), chunks[-1]
    if exchange.endpoint.name == "chat":
        _ = [openai_client.chunk(each) for each in chunks]
        return openai_client.said(openai_client.read(chunks, "delta"))
    _ = [Completion.model_validate_json(json.dumps(ending(each))) for each in chunks]
    spoken = [choice for each in chunks for choice in each["choices"]]
    ends = [choice["finish_reason"] for choice in spoken if choice.get("finish_reason")]
    return {"text": "".join(choice.get("text") or "" for choice in spoken), "finish": ends[-1]}


def ending(chunk: dict[str, Any]) -> dict[str, Any]:
    """A chunk of text with the reason that the SDK's type wants in each, though OpenAI tells none before the
    last (https://platform.openai.com/docs/api-reference/completions/object)."""
    choices = [{**each, "finish_reason": each.get("finish_reason") or "stop"} for each in chunk["choices"]]
    return {**chunk, "choices": choices}


# ── the tests ────────────────────────────────────────────────────────────


@MAIN
def test_what_is_asked_and_what_is_read(exchange: Exchange) -> None:
    reply, here = answered(exchange)
    assert reply.status == 200, reply.body
    check_asked(exchange, here.sent[0].request, reply.dropped)
    check_followed(exchange, [each.request for each in here.sent[1:]])
    assert read_whole(exchange, reply, here) == exchange.row["reads"]


@STREAMS
def test_a_stream(exchange: Exchange) -> None:
    kind = exchange.row.get("stream_type", "text/event-stream")
    answer = Answer(200, {"content-type": kind, "transfer-encoding": "chunked"}, stream=1)
    reads, opens = {1: pieces(exchange)}, exchange.row.get("opens")
    before = [said_in(opens)] if opens else []
    reply, here = asked(exchange, *before, answer, stream=True, reads=reads)
    assert [each.request.url for each in here.sent[1:]] == ([opens["url"]] if opens else [])
    assert reply.status == 200, reply.body
    check_asked(exchange, here.sent[0].request, reply.dropped, stream=True)
    got = read_stream(exchange, body_of(reply, here).decode())
    assert got == exchange.row.get("streamed", exchange.row["reads"])


@MAIN
def test_an_error(exchange: Exchange) -> None:
    wanted = exchange.row.get("error") or exchange.page["error"]
    body = wanted["body"]
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    reply, _ = asked(exchange, Answer(wanted["status"], {"content-type": "application/json"}, raw))
    assert reply.status == wanted["status"]
    error = json.loads(reply.body)["error"]
    assert {"message", "type", "param", "code"} <= error.keys()
    told = {name: error[name] for name in ("message", "type", "code") if name in wanted}
    assert told and told == {name: wanted[name] for name in told}


# ── none is forgotten ────────────────────────────────────────────────────


def test_each_provider_has_its_exchanges() -> None:
    """But for those of `tests/cassettes`, and the mock."""
    known = {name for name in PROVIDERS if name not in (*HEADLINE, "mock") and PROVIDERS[name].routes}
    assert known == {path.stem for path in FILES}


@every(FILES, lambda path: path.stem)
def test_each_endpoint_has_its_exchange(path: Any) -> None:
    provider, told = PROVIDERS[path.stem], page(path)
    assert told["source"].startswith("https://")
    assert told["kind"] in ("documented", "recorded", "described")
    served = {endpoint.name: endpoint for endpoint in provider.routes}
    assert told["endpoints"].keys() == served.keys()
    for name in ("chat", "completions"):
        refused = told["endpoints"].get(name, {}).get("whole_only", False)
        assert name not in served or ("stream" in told["endpoints"][name]) is not refused


def test_the_tests_would_notice_a_forgotten_provider() -> None:
    assert {"groq", "together-ai", "ollama"} <= {path.stem for path in FILES}
