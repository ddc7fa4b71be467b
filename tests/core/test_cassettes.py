"""Exchanges written from providers' documentation, a folder each: `cassettes/<provider>/<endpoint>-<case>`.

What a codec has no transform for passes as it is, here as there.

`client.json` is what the caller asks, `upstream.json` what must be sent for it, `upstream.http`,
`upstream.sse` or `upstream.bin` the very bytes of the answer, `reply.json` or `reply.sse` what the caller
must get. `SOURCE` names the documentation. `context.json`, where there is one, sets fields of the context.
Forms have their fields in `client.json` and their files in `files.json`; what is no JSON is told in base64,
with its type.
"""

from __future__ import annotations

import copy
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from forms_called import parts_of

import openai_client
from gatewaymw.core.endpoints import ENDPOINTS, OPENAI
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.values import Part

FOLDER = Path(__file__).parent.parent / "cassettes"
CASES = sorted(path.parent for path in FOLDER.glob("*/*/client.json"))


NAMES = {
    **{"images": "images/generations", "edits": "images/edits"},
    **{"speech": "audio/speech", "transcriptions": "audio/transcriptions"},
}
"""Endpoints whose name no folder can begin with."""


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def codec(folder: Path) -> Codec:
    """How the case's endpoint is spoken by its provider."""
    provider, name = PROVIDERS[folder.parent.name], folder.name.partition("-")[0]
    endpoint = ENDPOINTS[NAMES.get(name, name)]
    chosen = provider.by_model.get(endpoint)
    route = chosen(load(folder / "client.json")["model"]) if chosen else provider.routes[endpoint]
    return route.codec


def asked_of(folder: Path, codec: Codec, body: Any, context: Context) -> Encoded:
    if codec.form is None:
        return codec.request(body, context) if codec.request else Encoded(body)
    files = [
        Part(row["name"], b64decode(row["data"]), row["filename"], row["content_type"])
        for row in load(folder / "files.json")
    ]
    made = codec.form(parts_of(body.items(), *files), context)
    if isinstance(made, Encoded):
        return made
    return Encoded({part.name: part.filename or part.data.decode() for part in made.parts}, made.dropped)


def context(folder: Path) -> Context:
    body = load(folder / "client.json")
    told = load(folder / "context.json") if (folder / "context.json").exists() else {}
    usage = (body.get("stream_options") or {}).get("include_usage", False)
    return Context(
        provider=folder.parent.name,
        model=body["model"],
        created=1_700_000_000,
        id="gateway-own-id",
        stream=body.get("stream", False),
        include_usage=usage,
        request=body,
        **told,
    )


def whole(folder: Path, codec: Codec) -> Any:
    """What the caller gets for an answer that is one body, be it an error."""
    head, _, body = (folder / "upstream.http").read_bytes().partition(b"\r\n\r\n")
    status, given = int(head.split()[1]), json.loads(body)
    before = copy.deepcopy(given)
    if status >= 400:
        assert codec.error
        made = codec.error(given, status, context(folder))
    else:
        made = codec.response(given, context(folder)) if codec.response else given
        if codec.media:
            data, kind = codec.media(given, context(folder))
            told = {"content_type": kind, "data": b64encode(data).decode()}
            made = json.loads(data) if kind == "application/json" else told
        if folder.name.startswith("chat-"):
            openai_client.completion(made)
    assert given == before
    return made


def events(folder: Path) -> Path:
    """The stream, as text or in a binary framing."""
    return next((path for path in folder.glob("upstream.*") if path.suffix in (".sse", ".bin")), folder)


def streamed(folder: Path, codec: Codec) -> bytes:
    """What the caller gets for a stream."""
    stream = codec.stream
    if stream is None:
        return events(folder).read_bytes()
    framer, state, out = stream.framer(), stream.start, b""
    for frame in framer.feed(events(folder).read_bytes()) + framer.close():
        if (event := stream.decode(frame)) is None:
            continue
        before = copy.deepcopy(event)
        try:
            state, chunks = stream.step(state, event, context(folder))
        except UpstreamError as error:
            return out + OPENAI.event(error)
        assert event == before
        for chunk in chunks:
            openai_client.chunk(chunk)
            out += OPENAI.chunk(chunk)
    assert stream.ended(state)
    return out + OPENAI.done


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_documented_exchange_is_translated_both_ways(folder: Path) -> None:
    spoken, asked = codec(folder), load(folder / "client.json")
    before = copy.deepcopy(asked)
    sent = asked_of(folder, spoken, asked, context(folder))
    assert asked == before
    assert asked_of(folder, spoken, asked, context(folder)) == sent
    assert sent.body == load(folder / "upstream.json")
    assert (folder / "SOURCE").read_text().strip()
    if events(folder) != folder:
        assert streamed(folder, spoken) == (folder / "reply.sse").read_bytes()
        assert streamed(folder, spoken) == streamed(folder, spoken)
    else:
        assert whole(folder, spoken) == load(folder / "reply.json")
        assert whole(folder, spoken) == whole(folder, spoken)


def test_there_are_exchanges_to_translate() -> None:
    assert len(CASES) >= 7
