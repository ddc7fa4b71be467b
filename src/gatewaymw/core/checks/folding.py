"""The answer that a stream makes, put together from the events that the client gets; and the way back.

Chat and text completions become what they would have been without `stream`
(https://platform.openai.com/docs/api-reference/chat-streaming). Of other streams (Responses, Messages,
generateContent, transcripts) the texts are kept, as `{"text": …}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..endpoints import Client
from ..framing.base import FramingError
from ..framing.sse import SSE
from ..model import decode_json
from ..values import JSON
from .texts import inspected

WHOLE = {"chat.completion.chunk": "chat.completion"}
PIECE = {whole: piece for piece, whole in WHOLE.items()}
NAMES = frozenset({"id", "type", "name", "role", "finish_reason", "native_finish_reason"})
"""Texts of a choice that come whole: the latest counts."""


class Pieces(list[str]):
    """A text that grows. (Added to a text, each piece would copy all before it.)"""


class Indexed(dict[int, JSON]):
    """A list whose items grow, each by its index."""


class Folded:
    """Takes a stream's bytes, in whatever pieces."""

    def __init__(self) -> None:
        self.characters = 0
        """Of all that was said so far."""
        self._framer = SSE()
        self._fields: JSON = {}
        self._choices = Indexed()
        self._text = Pieces()

    def take(self, data: bytes) -> None:
        try:
            frames = self._framer.feed(data)
        except FramingError:  # an event without end, which no client could read either
            return
        for frame in frames:
            try:
                event = decode_json(frame)
            except ValueError:
                continue
            if isinstance(event, dict):
                self._event(event)

    @property
    def body(self) -> JSON:
        """The answer so far."""
        if not self._choices:
            return {**self._fields, "text": "".join(self._text)}
        kind = self._fields.get("object")
        choices = [choice_of(self._choices[index]) for index in sorted(self._choices)]
        return {**self._fields, "object": WHOLE.get(str(kind), kind), "choices": choices}

    def _event(self, event: JSON) -> None:
        if isinstance(choices := event.get("choices"), list):
            told = {name: value for name, value in event.items() if name != "choices" and value is not None}
            self._fields |= told
            self._grow(self._choices, choices)
        elif text := words(event):
            self._text.append(text)
            self.characters += len(text)

    def _grow(self, kept: Indexed, items: list[Any]) -> None:
        for item in items:
            if isinstance(item, dict):
                index = item.get("index")
                self._merge(kept.setdefault(index if isinstance(index, int) else 0, {}), item)

    def _merge(self, kept: JSON, delta: Mapping[str, Any]) -> None:
        for name, value in delta.items():
            before = kept.get(name)
            if isinstance(value, str) and name not in NAMES:
                self.characters += len(value)
                kept[name] = before if isinstance(before, Pieces) else Pieces()
                kept[name].append(value)
            elif isinstance(value, dict):
                kept[name] = before if type(before) is dict else {}
                self._merge(kept[name], value)
            elif isinstance(value, list):
                kept[name] = before if isinstance(before, Indexed) else Indexed()
                self._grow(kept[name], value)
            elif value is not None or name not in kept:
                kept[name] = value


def words(event: JSON) -> str:
    """What an event of another kind of stream adds to its text."""
    delta = event.get("delta")
    if isinstance(delta, str):  # response.output_text.delta, transcript.text.delta
        return delta
    if isinstance(delta, dict):  # content_block_delta
        told = (delta.get(name) for name in ("text", "thinking", "partial_json"))
        return "".join(text for text in told if isinstance(text, str))
    return inspected("output", event, "all") if "candidates" in event else ""


def choice_of(kept: JSON) -> JSON:
    """A choice as a whole answer has it."""
    choice = settled(kept)
    delta = choice.pop("delta", None)
    return choice if delta is None else {**choice, "message": delta}


def settled(value: Any) -> Any:
    if isinstance(value, Pieces):
        return "".join(value)
    if isinstance(value, Indexed):
        items = (settled(value[index]) for index in sorted(value))
        return [{name: inner for name, inner in item.items() if name != "index"} for item in items]
    return {name: settled(inner) for name, inner in value.items()} if isinstance(value, dict) else value


# ── and back ─────────────────────────────────────────────────────────────


def restreamed(body: Mapping[str, Any], client: Client) -> bytes | None:
    """The events that make such an answer; None where it is not known how they look."""
    if not isinstance(body.get("choices"), list):
        return None
    return b"".join(client.chunk(chunk) for chunk in chunks(body)) + client.done


def chunks(body: Mapping[str, Any]) -> Iterator[JSON]:
    shared = {name: value for name, value in body.items() if name not in ("choices", "usage")}
    shared["object"] = PIECE.get(str(body.get("object")), body.get("object"))
    for choice in body["choices"]:
        ends = choice.get("finish_reason")
        first = {name: value for name, value in choice.items() if name != "message"} | {"finish_reason": None}
        if "message" in choice:
            first["delta"] = delta_of(choice["message"])
        yield {**shared, "choices": [first]}
        last: JSON = {"delta": {}} if "message" in choice else {"text": ""}
        yield {**shared, "choices": [{"index": choice.get("index", 0), **last, "finish_reason": ends}]}
    if body.get("usage"):
        yield {**shared, "choices": [], "usage": body["usage"]}


def delta_of(message: Mapping[str, Any]) -> JSON:
    calls = message.get("tool_calls")
    if not isinstance(calls, list):
        return dict(message)
    return {**message, "tool_calls": [{"index": index, **call} for index, call in enumerate(calls)]}
