"""Exchanges written from providers' documentation, a folder each: `cassettes/<provider>/<endpoint>-<case>`.

`client.json` is what the caller asks, `upstream.json` what must be sent for it, `upstream.http`,
`upstream.sse` or `upstream.bin` the very bytes of the answer, `reply.json` or `reply.sse` what the caller
must get. `SOURCE` names the documentation. `context.json`, where there is one, sets fields of the context.
"""

from __future__ import annotations

import copy
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import openai_client
from gatewaymw.core.endpoints import ENDPOINTS, OPENAI
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Codec, Context
from gatewaymw.core.providers.registry import PROVIDERS

FOLDER = Path(__file__).parent.parent / "cassettes"
CASES = sorted(path.parent for path in FOLDER.glob("*/*/client.json"))


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def codec(folder: Path) -> Codec:
    """How the case's endpoint is spoken by its provider."""
    import_module(f"gatewaymw.core.providers.{folder.parent.name}")
    endpoint = ENDPOINTS[folder.name.partition("-")[0]]
    return PROVIDERS[folder.parent.name].routes[endpoint].codec


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
        assert codec.response
        made = codec.response(given, context(folder))
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
    assert stream
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
    assert spoken.request
    sent = spoken.request(asked, context(folder))
    assert asked == before
    assert spoken.request(asked, context(folder)) == sent
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
