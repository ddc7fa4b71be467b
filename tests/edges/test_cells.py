"""Each promise of the matrix of providers, kept: OpenAI's SDK in front, the provider's own words behind.

Over real sockets on both sides. What the SDK reads and what the provider is asked are those of a documented
exchange; which promises there are comes from the registry.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import BadRequestError, OpenAI
from sites import SERVERS, Site, opened

import openai_client
from cells import (
    CELLS,
    CHAT,
    EDIT,
    EMBED,
    HEADLINE,
    HOMES,
    IMAGE,
    PNG,
    SPEECH,
    STREAM,
    TRANSCRIBE,
    TRANSLATE,
    VARY,
    Cell,
    place,
)
from cells_files import FILES, PICTURE, SAMPLES, SOUND, SUNRISE, File
from gatewaymw.core.providers import PROVIDERS, some
from gatewaymw.core.providers.features import taking, ways
from openai_client import Read
from upstream import Seen


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Site]:
    with opened(SERVERS[request.param]) as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    return server.cleared()


def expected(cell: Cell, path: str, site: Site) -> dict[str, Any]:
    """Script the upstream for a cell; give what the SDK is to ask."""
    body = cell.body
    site.upstream.script(place(cell.provider, path, body["model"]).partition("?")[0], cell.script)
    return body


def check_asked(cell: Cell, path: str, site: Site) -> None:
    """That the provider was asked at its own address, with its own credential, in its own words."""
    check_addressed(cell.provider, path, cell.body["model"], site.seen)
    assert site.seen.json == cell.read("upstream.json")


def check_addressed(provider: str, path: str, model: str, seen: Seen) -> None:
    name, pattern = HOMES[provider].credential
    assert seen.target == place(provider, path, model)
    assert re.fullmatch(pattern, seen.header(name) or "")
    assert "unused" not in str(seen.headers)


def of(*features: str, streamed: bool) -> list[Any]:
    chosen = [cell for cell in CELLS if cell.feature in features and cell.streamed is streamed]
    return [pytest.param(cell, id=cell.id) for cell in chosen]


# ── chats ────────────────────────────────────────────────────────────────

CHATS = ("chat", "streaming", "tools", "vision", "audio")


def check_read(cell: Cell, got: Read) -> None:
    """That the SDK read what is expected, by the table and by the whole of the exchange's reply."""
    reply = openai_client.read(cell.reply, "delta" if cell.streamed else "message")
    calls = [(call["name"], call["arguments"]) for call in got.calls]
    if isinstance(cell.want, str):
        assert (got.text, calls, got.finish) == (cell.want, [], "stop")
    else:
        assert (calls, got.finish) == (cell.want, "tool_calls")
    assert (got.text, got.reasoning, got.model) == (reply.text, reply.reasoning, reply.model)
    assert got.usage == reply.usage


def chat(site: Site, cell: Cell, body: dict[str, Any]) -> Any:
    named = {name: body[name] for name in ("model", "messages", "stream") if name in body}
    rest = {name: value for name, value in body.items() if name not in named}
    return site.sdk(cell.provider).chat.completions.create(**named, extra_body=rest)


@pytest.mark.parametrize("cell", of(*CHATS, streamed=False))
def test_a_chat(cell: Cell, site: Site) -> None:
    answer = chat(site, cell, expected(cell, CHAT, site))
    check_read(cell, openai_client.read([answer.model_dump(exclude_unset=True)], "message"))
    check_asked(cell, CHAT, site)


def words(chunks: list[dict[str, Any]]) -> list[str]:
    """The text, as it was cut into chunks."""
    said = (choice["delta"].get("content") for each in chunks for choice in each["choices"])
    return [each for each in said if each]


@pytest.mark.parametrize("cell", of(*CHATS, streamed=True))
def test_a_streamed_chat(cell: Cell, site: Site) -> None:
    stream = chat(site, cell, expected(cell, STREAM, site))
    chunks = [each.model_dump(exclude_unset=True) for each in stream]
    check_read(cell, openai_client.read(chunks, "delta"))
    assert words(chunks) == words(cell.reply)
    check_asked(cell, STREAM, site)


# ── vectors and images ───────────────────────────────────────────────────


@pytest.mark.parametrize("cell", of("embeddings", streamed=False))
def test_embeddings(cell: Cell, site: Site) -> None:
    answer = site.sdk(cell.provider).embeddings.create(**expected(cell, EMBED, site))
    assert answer.data[0].embedding == pytest.approx(cell.want)
    [reply] = cell.reply
    assert len(answer.data) == len(reply["data"])
    assert answer.usage.prompt_tokens == reply["usage"]["prompt_tokens"]
    check_asked(cell, EMBED, site)


@pytest.mark.parametrize("cell", of("images", streamed=False))
def test_images(cell: Cell, site: Site) -> None:
    answer = site.sdk(cell.provider).images.generate(**expected(cell, IMAGE, site))
    assert answer.data and [each.b64_json for each in answer.data] == [cell.want]
    check_asked(cell, IMAGE, site)


# ── sound, and images made of images ─────────────────────────────────────


def deprecated(make: Callable[[], Any]) -> Any:
    """Call what OpenAI's SDK warns of."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return make()


def listen(site: Site, file: File) -> None:
    speech = site.sdk(file.provider).audio.speech
    asked: Any = {"model": file.model, "input": "Hello", "response_format": "wav", **file.more}
    with speech.with_streaming_response.create(**asked) as live:
        pieces = b"".join(live.iter_bytes())
    for got in (pieces, speech.create(**asked).content):
        assert got.startswith(b"RIFF")
        assert got.endswith(SAMPLES)


def transcribe(site: Site, file: File) -> None:
    sound = ("call.wav", SOUND, "audio/wav")
    audio = site.sdk(file.provider).audio
    assert audio.transcriptions.create(model=file.model, file=sound, **file.more).text == SUNRISE


def translate(site: Site, file: File) -> None:
    audio, sound = site.sdk(file.provider).audio, ("call.wav", SOUND, "audio/wav")
    answer = deprecated(lambda: audio.translations.create(model=file.model, file=sound))
    assert answer.text == SUNRISE


def edit(site: Site, file: File) -> None:
    images, picture = site.sdk(file.provider).images, ("a.png", PICTURE, "image/png")
    answer = images.edit(model=file.model, image=picture, prompt="Now at night")
    assert answer.data and [each.b64_json for each in answer.data] == [PNG]


def vary(site: Site, file: File) -> None:
    images, picture = site.sdk(file.provider).images, ("a.png", PICTURE, "image/png")
    answer = deprecated(lambda: images.create_variation(model=file.model, image=picture))
    assert answer.data and [each.b64_json for each in answer.data] == [PNG]


DO = {SPEECH: listen, TRANSCRIBE: transcribe, TRANSLATE: translate, EDIT: edit, VARY: vary}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.id)
def test_a_file(file: File, site: Site) -> None:
    where = place(file.provider, file.path, file.model).partition("?")[0]
    site.upstream.script(where, file.script)
    DO[file.path](site, file)
    for seen in site.upstream.seen:
        check_addressed(file.provider, file.path, file.model, seen)
        assert [piece for piece in file.said if piece not in seen.body] == []


# ── what is not to be had ────────────────────────────────────────────────

REFUSED = [
    *[("anthropic", path) for path in (EMBED, IMAGE, EDIT, VARY, SPEECH, TRANSCRIBE, TRANSLATE)],
    *[("azure-openai", VARY), ("azure-ai", VARY)],
    *[("bedrock", path) for path in (VARY, SPEECH, TRANSCRIBE, TRANSLATE)],
    *[("google", VARY), ("google", TRANSLATE), ("vertex-ai", VARY), ("vertex-ai", TRANSLATE)],
    *[("cohere", path) for path in (IMAGE, EDIT, VARY, SPEECH, TRANSLATE)],
]


def call(sdk: OpenAI, path: str) -> Any:
    """The SDK's own call of an endpoint."""
    sound, picture = ("call.wav", SOUND, "audio/wav"), ("a.png", PICTURE, "image/png")
    return {
        EMBED: lambda: sdk.embeddings.create(model="m", input="Hello"),
        IMAGE: lambda: sdk.images.generate(model="m", prompt="A cat"),
        EDIT: lambda: sdk.images.edit(model="m", image=picture, prompt="A cat"),
        VARY: lambda: deprecated(lambda: sdk.images.create_variation(model="m", image=picture)),
        SPEECH: lambda: sdk.audio.speech.create(model="m", input="Hello", voice="alloy"),
        TRANSCRIBE: lambda: sdk.audio.transcriptions.create(model="m", file=sound),
        TRANSLATE: lambda: deprecated(lambda: sdk.audio.translations.create(model="m", file=sound)),
    }[path]()


@pytest.mark.parametrize(("provider", "path"), REFUSED, ids=[f"{who}{path}" for who, path in REFUSED])
def test_an_endpoint_that_is_not_to_be_had(provider: str, path: str, site: Site) -> None:
    with pytest.raises(BadRequestError) as caught:
        call(site.sdk(provider), path)
    able = some(name for name in PROVIDERS if path in str(ways(PROVIDERS[name])))
    assert caught.value.code == "unsupported"
    assert f"{path} is not supported by {provider}; it is by {able}" in caught.value.message
    assert "openai" in able and not site.upstream.seen


UNHEARD = {
    "anthropic": "claude-sonnet-4-5",
    "azure-ai": "claude-sonnet-4-5",
    "vertex-ai": "anthropic/claude-sonnet-4-5",
    "cohere": "command-a-03-2025",
}
"""Those who hear nothing in a chat, with these of their models."""


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("provider", UNHEARD)
def test_sound_in_a_chat_with_a_model_that_hears_nothing(provider: str, stream: bool, site: Site) -> None:
    part = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    said: Any = [{"role": "user", "content": [{"type": "text", "text": "What is said?"}, part]}]
    with pytest.raises(BadRequestError) as caught:
        site.sdk(provider).chat.completions.create(
            model=UNHEARD[provider], messages=said, stream=stream, max_tokens=9
        )
    error = caught.value
    assert error.param == "messages[0].content[1].input_audio"
    assert (
        f"send its transcript as text (input_audio is passed on to {some(taking('input_audio'))})"
        in error.message
    )
    assert "openai" in error.message
    assert not site.upstream.seen


def test_each_cell_without_a_promise_has_a_test() -> None:
    paths = {path for _, path in REFUSED}
    lacking = {(name, path) for name in HEADLINE for path in paths if path not in str(ways(PROVIDERS[name]))}
    assert {*REFUSED} == lacking
    deaf = {name for name in HEADLINE if "input_audio" not in ways(PROVIDERS[name])["audio"]}
    assert deaf <= UNHEARD.keys()
    chats = ("chat", "streaming", "tools", "vision")
    assert all(ways(PROVIDERS[name])[feature] for name in HEADLINE for feature in chats)


# ── none is forgotten ────────────────────────────────────────────────────


def test_each_promise_has_a_test() -> None:
    """By each way a feature is had, and of chats both whole and streamed."""
    promised = {(name, way) for name in HEADLINE for how in ways(PROVIDERS[name]).values() for way in how}
    chats = {(name, way) for name, way in promised if not way.startswith("/")}
    whole = {(cell.provider, cell.way) for cell in CELLS if not cell.streamed}
    streamed = {(cell.provider, cell.way) for cell in CELLS if cell.streamed}
    assert whole | streamed | {(file.provider, file.path) for file in FILES} == promised
    assert streamed == chats
    assert whole >= {(name, way) for name, way in chats if way != "stream"}
