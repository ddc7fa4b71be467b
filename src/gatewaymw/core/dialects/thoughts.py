"""Thoughts that a model writes into its text, between tags at its beginning: `<think>…</think>`.

Reasoning models do so where the server does not part the two
(https://huggingface.co/deepseek-ai/DeepSeek-R1#usage-recommendations).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from ..values import JSON
from .history import THOUGHT


class Inside(NamedTuple):
    """Where the text of a choice is: before anything was said, in a thought, or after it."""

    at: str = "before"
    held: str = ""
    """What may be the beginning of a tag."""


Tagged: TypeAlias = Mapping[int, Inside]


def closing(tag: str) -> str:
    return f"</{tag[1:]}"


def split(message: JSON, tag: str) -> JSON:
    """A whole message with its thoughts apart from its text."""
    content = message.get("content")
    if not isinstance(content, str) or not content.lstrip().startswith(tag):
        return message
    thought, _, text = content.lstrip().removeprefix(tag).partition(closing(tag))
    return {**message, "content": text.lstrip(), THOUGHT: thought.strip("\n")}


def spread(tagged: Tagged, chunk: JSON, tag: str) -> tuple[Tagged, JSON]:
    """A chunk with thoughts and text in fields of their own, and what is known by then."""
    choices = []
    for choice in chunk.get("choices") or ():
        place = choice.get("index") or 0
        state, choice = parted(tagged.get(place, Inside()), choice, tag)
        tagged = {**tagged, place: state}
        choices.append(choice)
    return tagged, {**chunk, "choices": choices}


def parted(state: Inside, choice: JSON, tag: str) -> tuple[Inside, JSON]:
    delta = choice.get("delta") or {}
    content, last = delta.get("content"), bool(choice.get("finish_reason"))
    if state == Inside("after") or not (isinstance(content, str) or (last and state.held)):
        return state, choice
    state, thought, text = read(state, content or "", tag)
    if last and state.held:
        state, thought, text = flushed(state, thought, text)
    delta = {name: value for name, value in delta.items() if name != "content"}
    if thought:
        delta[THOUGHT] = thought
    if text or not thought:
        delta["content"] = text
    return state, {**choice, "delta": delta}


def read(state: Inside, words: str, tag: str) -> tuple[Inside, str, str]:
    """What the next words add to the thought and to the text."""
    words = state.held + words
    if state.at == "before":
        begun = words.lstrip()
        if not begun.startswith(tag):
            return (
                (Inside("before", words), "", "") if tag.startswith(begun) else (Inside("after"), "", words)
            )
        state, words = Inside("in"), begun.removeprefix(tag).lstrip("\n")
    if state.at == "gap":
        rest = words.lstrip()
        return (Inside("after") if rest else Inside("gap")), "", rest
    return within(words, tag)


def within(words: str, tag: str) -> tuple[Inside, str, str]:
    end = closing(tag)
    thought, found, rest = words.partition(end)
    if found:
        text = rest.lstrip()
        return (Inside("after") if text else Inside("gap")), thought, text
    held = beginning(words, end)
    return Inside("in", held), words.removesuffix(held) if held else words, ""


def beginning(words: str, tag: str) -> str:
    """The longest end of the words that a tag may begin with."""
    sizes = range(min(len(tag) - 1, len(words)), 0, -1)
    return next((tag[:size] for size in sizes if words.endswith(tag[:size])), "")


def flushed(state: Inside, thought: str, text: str) -> tuple[Inside, str, str]:
    """The stream ends: what was held is no tag."""
    if state.at == "in":
        return Inside("in"), thought + state.held, text
    return Inside("after"), thought, text + state.held
