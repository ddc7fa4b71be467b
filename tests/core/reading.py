"""How an OpenAI client puts a chat answer together, when it comes from a provider that leaves things out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class Reading(NamedTuple):
    """Of the first choice: its text, its calls with parsed arguments, why it ended; tokens in and out."""

    text: str
    calls: list[dict[str, Any]]
    finish: str | None
    tokens: tuple[int | None, int | None]


def read(bodies: Iterable[dict[str, Any]], where: str) -> Reading:
    """A whole answer (`where` is "message") or all chunks of a stream ("delta")."""
    text, finish = "", None
    calls: dict[int, list[str]] = {}
    usage: dict[str, Any] = {}
    for body in bodies:
        usage = body.get("usage") or usage
        for choice in first(body):
            turn = choice.get(where) or {}
            content = turn.get("content") or ""
            assert isinstance(content, str), "an OpenAI client expects text"
            text += content
            finish = choice.get("finish_reason") or finish
            collect(calls, turn.get("tool_calls") or (), where)
    parsed = [{"name": name, "arguments": json.loads(given or "{}")} for name, given in calls.values()]
    return Reading(text, parsed, finish, (usage.get("prompt_tokens"), usage.get("completion_tokens")))


def first(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [choice for choice in body.get("choices") or () if choice.get("index", 0) == 0]


def collect(calls: dict[int, list[str]], pieces: Iterable[dict[str, Any]], where: str) -> None:
    """Pieces of calls: a stream's belong together by their index, which must be there."""
    for position, piece in enumerate(pieces):
        held = calls.setdefault(piece["index"] if where == "delta" else position, ["", ""])
        held[0] = piece["function"].get("name") or held[0]
        held[1] += piece["function"].get("arguments") or ""
