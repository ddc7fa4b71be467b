"""The check that changes a request: a prefix for what is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .findings import found
from .model import Finding, Given, Subject
from .parameters import flag, text
from .registry import check


@check(
    "default.addPrefix",
    text("prefix", required=True),
    text("applyToRole", "whose first message it is put before (user)", default="user"),
    flag("addToExisting", "to that message (true), or as a message of its own", True),
    flag("onlyIfEmpty", "only where nobody of that role has spoken"),
    words="always; the request is changed, where it is a chat, of messages or of a prompt",
)
def add_prefix(subject: Subject, given: Given) -> Finding:
    body = prefixed(subject.body, given) if subject.kind == "input" else None
    words = "the prefix was added" if body is not None else "there was nothing to add the prefix to"
    made = found(True, words, applyToRole=given["applyToRole"])
    return Finding(True, None, made.data, body)


def prefixed(body: Mapping[str, Any], given: Given) -> Mapping[str, Any] | None:
    """The body with the prefix; None where it is to stay as it is, or no place for one is known."""
    messages, prompt = body.get("messages"), body.get("prompt")
    if isinstance(messages, list):
        return _chat(body, messages, given)
    if prompt and (isinstance(prompt, str) or _texts(prompt)):
        return {**body, "prompt": joined(given["prefix"], prompt)}
    return None


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _chat(body: Mapping[str, Any], messages: list[Any], given: Given) -> Mapping[str, Any] | None:
    prefix, role = given["prefix"], given["applyToRole"]
    if role == "system" and (system := body.get("system")):  # Messages has its system prompt apart
        if given["onlyIfEmpty"]:
            return None
        return {**body, "system": joined(prefix, system)}
    at = next(
        (i for i, each in enumerate(messages) if isinstance(each, Mapping) and each.get("role") == role), -1
    )
    if at >= 0 and given["onlyIfEmpty"]:
        return None
    new = {"role": role, "content": prefix}
    if at < 0:
        return {**body, "messages": [new, *messages] if role == "system" else [*messages, new]}
    if not given["addToExisting"]:
        return {**body, "messages": [*messages[:at], new, *messages[at:]]}
    changed = {**messages[at], "content": joined(prefix, messages[at].get("content"))}
    return {**body, "messages": [*messages[:at], changed, *messages[at + 1 :]]}


def joined(prefix: str, content: Any) -> Any:
    """A content with a prefix: a text, a list of texts each of which is a prompt, or a list of parts."""
    if isinstance(content, str):
        return prefix + content
    if not isinstance(content, list):
        return prefix
    if content and _texts(content):
        return [prefix + each for each in content]
    return [{"type": "text", "text": prefix}, *content]
