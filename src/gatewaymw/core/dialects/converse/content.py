"""The parts of a message, as Converse's content blocks.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html: a block is an object of
one field, which says what it is. Blocks that are Converse's own already (`guardContent`, `searchResult`, a
`document` with citations) pass as they are, where their place takes them. A cache breakpoint becomes a block
of its own: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ...errors import BadRequest, Unsupported
from ...values import JSON
from ..calls import arguments
from ..fields import mapping, text, wrong
from ..history import cited, told
from ..media import Media, data_uri, is_data
from .files import attached, filed, linked, nameable
from .models import Family

Part: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class Reading:
    """What is known of a request while its messages are read, and what its reading finds."""

    family: Family
    lost: list[str] = field(default_factory=list)
    """Names of what cannot be carried."""
    names: set[str] = field(default_factory=set)
    """Names of the documents so far."""
    called: dict[str, str] = field(default_factory=dict)
    """The tools called so far, by the ids of the calls."""


Maker: TypeAlias = Callable[[Part, str, Reading], Part | None]
"""(part, its path, what is read) → block; None where the part says nothing."""


@dataclass(frozen=True, slots=True)
class Place:
    """What may be said in one place: OpenAI's parts by their `type`, and Converse's own blocks."""

    name: str
    """Which cache points these are."""
    makers: Mapping[str, Maker]
    own: frozenset[str] = frozenset()
    inside: bool = False
    """The blocks go into another, where no cache point may stand: it stands behind that one."""


def blocks(content: Any, path: str, place: Place, reading: Reading) -> list[Part]:
    """The blocks of a message's content, a string or parts. Raises BadRequest, Unsupported.

    Text without a visible character is left out: Bedrock refuses it, and nothing is lost.
    """
    if isinstance(content, str):
        return [{"text": content}] if content.strip() else []
    if not isinstance(content, list):
        raise wrong(content, path, "a string or an array of parts")
    made: list[Part] = []
    for index, each in enumerate(content):
        part = mapping(each, f"{path}[{index}]")
        if (block := made_of(part, f"{path}[{index}]", place, reading)) is not None:
            made.append(block)
        if not place.inside:
            made += point(part, made, place, reading, "messages[].content[]")
    return made


def made_of(part: Part, path: str, place: Place, reading: Reading) -> Part | None:
    kind = part.get("type")
    if kind is None and (own := next((name for name in place.own if name in part), None)):
        return itself(part, own, path, reading)
    maker = place.makers.get(kind) if isinstance(kind, str) else None
    if maker is None:
        raise BadRequest(f"{path}.type must be one of {', '.join(place.makers)}", param=f"{path}.type")
    return maker(part, path, reading)


def itself(part: Part, own: str, path: str, reading: Reading) -> Part | None:
    """A block of Converse's own, without what else stands beside its one field."""
    if own == "text":
        return words(part["text"], f"{path}.text")
    inner = mapping(part[own], f"{path}.{own}")
    if own != "document":
        return {own: inner}
    return {own: {**inner, "name": nameable(str(inner.get("name") or ""), reading.names)}}


# ── cache points ─────────────────────────────────────────────────────────


def point(part: Part, before: list[Part], place: Place, reading: Reading, where: str) -> list[Part]:
    """The cache point a part asks for, after the blocks before it; named as lost where none may stand."""
    name = "cache_control" if part.get("cache_control") is not None else "prompt_cache_breakpoint"
    mark = part.get(name)
    if mark is None:
        return []
    last: Part = before[-1] if before else {"cachePoint": None}
    if place.name not in reading.family.caches or "cachePoint" in last or "reasoningContent" in last:
        reading.lost.append(f"{where}.{name}")
        return []
    made: JSON = {"type": "default"}
    if ttl := lifetime(mark, name):
        if reading.family.lasting:
            made["ttl"] = ttl
        elif ttl != "5m":
            reading.lost.append(f"{where}.{name}.ttl")
    # Between a cache point and a document that is no PDF some text must stand.
    gap: list[Part] = [{"text": "\n"}] if last.get("document", {}).get("format", "pdf") != "pdf" else []
    return [*gap, {"cachePoint": made}]


def lifetime(mark: Any, name: str) -> Any:
    """How long is asked for: OpenAI's breakpoints for 30 minutes at the least, where Bedrock has 5 and 60."""
    if name == "prompt_cache_breakpoint":
        return "1h"
    return mark.get("ttl") if isinstance(mark, Mapping) else None


# ── what makes a block of a part ─────────────────────────────────────────


def spoken(part: Part, path: str, reading: Reading) -> Part | None:
    return words(part.get("text"), f"{path}.text")


def refused(part: Part, path: str, reading: Reading) -> Part | None:
    return words(part.get("refusal"), f"{path}.refusal")


def words(value: Any, path: str) -> Part | None:
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    return {"text": value} if value.strip() else None


def image(part: Part, path: str, reading: Reading) -> Part:
    path = f"{path}.image_url"
    given = part.get("image_url")
    if isinstance(given, str):
        return titled(linked(given, "", "", path), part, reading)
    spec = mapping(given, path)
    if spec.get("detail") not in (None, "auto"):
        reading.lost.append("messages[].content[].image_url.detail")
    return titled(linked(text(spec.get("url"), f"{path}.url"), "", "", f"{path}.url"), part, reading)


def file(part: Part, path: str, reading: Reading) -> Part:
    return titled(filed(mapping(part.get("file"), f"{path}.file"), f"{path}.file"), part, reading)


def titled(block: JSON, part: Part, reading: Reading) -> Part:
    """A block as it is; a document by a name of its own, and with what its part says for citing it."""
    if "document" not in block:
        return block
    spec = block["document"]
    own = {key: part[key] for key in ("context", "citations") if part.get(key) is not None}
    return {"document": {**spec, "name": nameable(spec["name"], reading.names), **own}}


def audio(part: Part, path: str, reading: Reading) -> Part:
    path = f"{path}.input_audio"
    spec = mapping(part.get("input_audio"), path)
    data = text(spec.get("data"), f"{path}.data")
    if is_data(data):
        return attached(data_uri(data, f"{path}.data"), "", f"{path}.data")
    form = text(spec.get("format"), f"{path}.format").lower().removesuffix("16")  # OpenAI's pcm16 is pcm
    return attached(Media(f"audio/{form}", data), "", f"{path}.format")


def unseen(part: Part, path: str, reading: Reading) -> Part:
    raise Unsupported(f"{path}: Bedrock takes files from the user and from tools only", param=path)


def thought(part: Part, path: str, reading: Reading) -> Part | None:
    """A thought as Anthropic's own API tells it, which is the same model's. Without its signature it is
    another provider's."""
    if reading.family.claude is None or not part.get("signature"):
        reading.lost.append("messages[].content_blocks")
        return None
    said = words_of(part.get("thinking"), f"{path}.thinking")
    return {"reasoningContent": {"reasoningText": {"text": said, "signature": part["signature"]}}}


def veiled(part: Part, path: str, reading: Reading) -> Part | None:
    if reading.family.claude is None:
        reading.lost.append("messages[].content_blocks")
        return None
    return {"reasoningContent": {"redactedContent": text(part.get("data"), f"{path}.data")}}


def words_of(value: Any, path: str) -> str:
    """A string, be it empty: newer models leave their thoughts untold, though signed."""
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    return value


def replayed(block: Part, reading: Reading) -> bool:
    """Whether a model takes a thought of Converse's back: Claude only a signed one, others only one that is
    not, and some none at all."""
    inner = block["reasoningContent"]
    said = inner.get("reasoningText") if isinstance(inner, Mapping) else None
    signed = not isinstance(said, Mapping) or bool(said.get("signature"))
    return reading.family.thoughts in ("any", "signed" if signed else "unsigned")


# ── what each role may say ───────────────────────────────────────────────

SYSTEM = Place("system", {"text": spoken}, frozenset({"text", "guardContent", "cachePoint"}))
MOVING = frozenset({"toolAddition", "toolRemoval"})
"""What adds a tool from here on, or takes it away: only within the conversation
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolAdditionBlock.html)."""
AMONG = Place("system", SYSTEM.makers, SYSTEM.own | MOVING)
"""Instructions as a message of the conversation."""
SEEN = frozenset({"text", "image", "document", "video", "searchResult"})
FILES: Mapping[str, Maker] = {"text": spoken, "image_url": image, "file": file, "input_audio": audio}
USER = Place("messages", FILES, SEEN | {"audio", "guardContent", "cachePoint"})
TOOL = Place("results", FILES, SEEN | {"json"}, inside=True)
THOUGHTS: Mapping[str, Maker] = {"thinking": thought, "redacted_thinking": veiled}
ASSISTANT = Place(
    "messages",
    {"text": spoken, "refusal": refused, **THOUGHTS, "image_url": unseen, "file": unseen},
    frozenset({"text", "cachePoint"}),
)
SAID = frozenset({"text", "reasoningContent", "citationsContent", "toolUse", "toolResult", "image"})
"""What the models say; calls of the client's tools are told apart from it."""


def own(value: Any, path: str, reading: Reading) -> list[Part]:
    """Blocks of an earlier answer (`content_blocks`), as they came, signatures and all.

    Those of another provider are named as lost, but for Anthropic's where the model is Anthropic's.
    """
    kept: list[Part] = []
    for where, part in told(value, path):
        if part.get("thought_signature"):
            reading.lost.append("messages[].content_blocks[].thought_signature")
        if part.get("type") in ("text", *THOUGHTS):
            reading.lost += cited(part)
            block = made_of(part, where, ASSISTANT, reading)
        elif part.get("citations"):
            block = citing(part)
        elif (key := next((name for name in SAID if name in part), None)) == "text":
            block = words(part["text"], f"{where}.text")
        elif key is None or (key == "reasoningContent" and not replayed(part, reading)):
            reading.lost.append("messages[].content_blocks")
            continue
        else:
            block = {key: whole(part[key], f"{where}.{key}")}
        kept += [block] if block is not None else []
    return kept


def citing(part: Part) -> Part:
    """Citations and their text, if any, which a stream tells apart, as the one block they are."""
    said = {"content": [{"text": part["text"]}]} if "text" in part else {}
    return {"citationsContent": {**said, "citations": part["citations"]}}


def whole(value: Any, path: str) -> Any:
    """What a block says; the input of a tool of the maker's own, if it came in pieces of JSON, as a value."""
    given = value.get("input") if isinstance(value, Mapping) else None
    return {**value, "input": arguments(given, f"{path}.input")} if isinstance(given, str) else value
