"""Whatever is sent to us, only the errors that are declared come of it, and soon.

Each transform is fed the exchanges of `cassettes/` with something changed in them, each reader bytes of any
kind. `make fuzz` looks a hundred times further.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import changed, damaged, pieces
from targets import CASSETTES, NAMES, TARGETS, headers, host, only

from gatewaymw.core.endpoints import ENDPOINTS, OPENAI
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.model import Codec, Context
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.passthrough import Passthrough
from gatewaymw.core.routing.pipeline import ODD, Passage, Translation

CASES = sorted(path.parent for path in CASSETTES.glob("*/*/client.json"))
ENDPOINT = {
    **{"images": "images/generations", "edits": "images/edits"},
    **{"speech": "audio/speech", "transcriptions": "audio/transcriptions"},
}


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def codec_of(folder: Path) -> Codec:
    provider, name = PROVIDERS[folder.parent.name], folder.name.partition("-")[0]
    endpoint = ENDPOINTS[ENDPOINT.get(name, name)]
    chosen = provider.by_model.get(endpoint)
    return (chosen(read(folder / "client.json")["model"]) if chosen else provider.routes[endpoint]).codec


def context_of(folder: Path, body: Any) -> Context:
    told = read(folder / "context.json") if (folder / "context.json").exists() else {}
    return Context(provider=folder.parent.name, model=str(body.get("model")), request=body, id="x", **told)


def exchange(draw: st.DataObject, *names: str) -> Path:
    """One of those that have such a file."""
    found = [folder for folder in CASES if any((folder / name).exists() for name in names)]
    return draw.draw(st.sampled_from(found))


@given(st.data())
def test_requests_of_clients_raise_refusals_only(draw: st.DataObject) -> None:
    folder = exchange(draw, "client.json")
    codec, body = codec_of(folder), changed(read(folder / "client.json"), draw)
    with only(GatewayError):
        if codec.request:
            codec.request(body, context_of(folder, body))
    with only(GatewayError):
        tuple(codec.links(body)) if codec.links else ()


@given(st.data())
def test_answers_raise_what_is_caught_only(draw: st.DataObject) -> None:
    folder = exchange(draw, "upstream.http")
    codec, client = codec_of(folder), read(folder / "client.json")
    body = changed(json.loads((folder / "upstream.http").read_bytes().partition(b"\r\n\r\n")[2]), draw)
    context = context_of(folder, client)
    for turn in (codec.response, codec.media):
        with only(GatewayError, *ODD):
            if turn is not None:
                turn(body, context)
    with only(GatewayError, *ODD):
        if codec.error:
            codec.error(body, 500, context)


def whole_events(out: bytes) -> list[Any]:
    """What a client reads of what was written for it. Raises ValueError where it cannot."""
    assert out.endswith(b"\n\n")
    blocks = [block.removeprefix(b"data: ") for block in out.split(b"\n\n")[:-1]]
    return [json.loads(block) for block in blocks if block != b"[DONE]"]


@given(st.data())
def test_streams_raise_nothing_and_end_in_words_that_can_be_read(draw: st.DataObject) -> None:
    folder = exchange(draw, "upstream.sse", "upstream.bin")
    codec, [file] = codec_of(folder), [each for each in folder.glob("upstream.*") if each.suffix != ".json"]
    context = context_of(folder, read(folder / "client.json"))
    way: Passage = (
        Translation(codec.stream, context, OPENAI) if codec.stream else Passthrough(context, OPENAI)
    )
    out = b""
    with only():
        for piece in pieces(damaged(file.read_bytes(), draw), draw):
            out += b"" if way.over else way.feed(piece)
        out += way.close()
    assert (way.over and out.endswith(b"data: [DONE]\n\n")) or not codec.stream
    if codec.stream:
        assert whole_events(out) is not None


TEXT = st.text(max_size=40) | st.sampled_from(["{}", "[]", "null", '{"a":', "9" * 400, "\x00", "﻿{}"])


@given(st.dictionaries(st.sampled_from(NAMES), TEXT, max_size=5))
def test_headers_raise_refusals_only(given: dict[str, str]) -> None:
    headers(given)


WORDS = "https:// http:// api.example .wild.example 127.0.0.1 [::1] : 443 / @ # ? \\ % .. 。 user".split()


@given(st.lists(st.sampled_from([*WORDS, " "]) | st.text(max_size=3), max_size=7).map("".join))
def test_addresses_raise_refusals_only(text: str) -> None:
    host(text)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=max(120, settings().max_examples))
@given(draw=st.data())
def test_bytes_of_any_kind_raise_what_is_declared_only(name: str, draw: st.DataObject) -> None:
    """What is searched further, led by coverage, by `make fuzz`."""
    target = TARGETS[name]
    good = st.sampled_from(tuple(target.seeds()))
    target.play(damaged(draw.draw(good), draw) if draw.draw(st.booleans()) else draw.draw(st.binary()))


@pytest.mark.parametrize("name", TARGETS)
def test_there_are_inputs_to_begin_with(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        TARGETS[name].play(seed)


@pytest.mark.parametrize("folder", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_exchanges_as_they_are_do_not_raise(folder: Path) -> None:
    codec, body = codec_of(folder), read(folder / "client.json")
    if codec.request:
        assert codec.request(body, context_of(folder, body)).body
