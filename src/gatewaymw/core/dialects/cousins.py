"""The dialects of those who speak OpenAI's, give or take: their small deviations, made alike.

What they are is said with each provider (`providers.compatible`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from ..errors import UpstreamError
from ..model import Change, Codec, Context, Encoded, Stream
from ..values import JSON, NOTHING
from .history import THOUGHT, Manners, mannered
from .openai import stream_fault

S = TypeVar("S")
Step: TypeAlias = Callable[[S, Any, Context], tuple[S, tuple[JSON, ...]]]

# ── requests ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """How a provider's requests differ from OpenAI's."""

    rename: Mapping[str, str] = NOTHING
    """OpenAI's name of a parameter → the provider's."""
    without: frozenset[str] = frozenset()
    """Parameters it refuses. What they said is lost, so they are reported."""
    implied: frozenset[str] = frozenset()
    """Parameters it refuses because it does what they ask anyway: nothing is lost."""
    defaults: Mapping[str, Any] = NOTHING
    """Parameters it insists on, where the client gives none."""
    roles: Mapping[str, str] = NOTHING
    """OpenAI's name of a message's role → the provider's."""
    turns: frozenset[str] = frozenset()
    """Fields of messages it refuses, reported as `messages[].name`."""
    manners: Manners | None = None
    """What it takes of an earlier turn, where that is not everything."""
    thoughts: str = ""
    """The field of a message that its own thoughts come back in, where that is another than ours."""

    def __bool__(self) -> bool:
        return self != Delta()


def adapted(delta: Delta) -> Callable[[Mapping[str, Any], Context], Encoded]:
    """The request transform that a difference makes. Of two names for one parameter the newer wins:
    the older is reported as dropped, where it says another thing."""

    def request(body: Mapping[str, Any], context: Context) -> Encoded:
        renamed = {name for name in delta.rename if body.get(name) is not None}
        beaten = {delta.rename[name] for name in renamed} & body.keys()
        gone = delta.without | delta.implied | delta.rename.keys() | beaten
        out = {name: value for name, value in body.items() if name not in gone}
        out |= {delta.rename[name]: body[name] for name in body if name in renamed}
        out |= {name: value for name, value in delta.defaults.items() if out.get(name) is None}
        other = {name for name in beaten if out.get(name) != body[name]}
        dropped = tuple(name for name in body if name in delta.without | other and body[name] is not None)
        messages = body.get("messages")
        if (delta.roles or delta.turns or delta.thoughts) and isinstance(messages, list):
            out["messages"] = [turn(message, delta) for message in messages]
            dropped += tuple(f"messages[].{name}" for name in sorted(delta.turns) if any_has(messages, name))
        if delta.manners is None:
            return Encoded(body if out == body else out, dropped)
        mild = mannered(out, delta.manners)
        return Encoded(mild.body, tuple(dict.fromkeys(dropped + mild.dropped)))

    return request


def turn(message: Any, delta: Delta) -> Any:
    """One message, as the provider takes it; what is no message is for the provider to refuse."""
    if not isinstance(message, dict):
        return message
    role = message.get("role")
    renamed = {"role": delta.roles.get(role, role)} if isinstance(role, str) else {}
    if delta.thoughts and THOUGHT in message:
        renamed |= {delta.thoughts: message.get(delta.thoughts) or message[THOUGHT]}
        message = {name: value for name, value in message.items() if name != THOUGHT}
    return {name: value for name, value in message.items() if name not in delta.turns} | renamed


def any_has(messages: list[Any], name: str) -> bool:
    return any(isinstance(message, dict) and message.get(name) for message in messages)


# ── answers ──────────────────────────────────────────────────────────────


def checked(body: JSON, context: Context) -> JSON:
    """An answer that is none: some providers report errors within a 200. Raises UpstreamError."""
    if fault := stream_fault(body):
        raise fault
    return body


CHECKED = Codec(response=checked)


def finished(reasons: Mapping[str, str | int]) -> Change:
    """A change that puts OpenAI's finish reasons for the provider's own. A reason that stands for a failure
    is given the status it counts as; the answer or stream is an error then."""

    def change(body: JSON, context: Context) -> JSON:
        choices = checked(body, context).get("choices") or ()
        if not any(choice.get("finish_reason") in reasons for choice in choices):
            return body
        return {**body, "choices": [ended(choice, reasons, context) for choice in choices]}

    return change


def ended(choice: JSON, reasons: Mapping[str, str | int], context: Context) -> JSON:
    reason = choice.get("finish_reason")
    meant = reasons.get(reason, reason) if isinstance(reason, str) else reason
    if isinstance(meant, int):
        message = f"{context.provider} gave up on the answer: {reason}"
        raise UpstreamError(message, status=meant, code=reason)
    return {**choice, "finish_reason": meant}


class Progress(NamedTuple):
    """Which of a stream's choices have begun and which have ended."""

    begun: frozenset[int] = frozenset()
    ended: frozenset[int] = frozenset()


def progress(state: Progress, chunk: JSON) -> Progress:
    for choice in chunk.get("choices") or ():
        index = choice.get("index") or 0
        if index not in state.begun:
            state = state._replace(begun=state.begun | {index})
        if choice.get("finish_reason"):
            state = state._replace(ended=state.ended | {index})
    return state


def complete(state: Progress) -> bool:
    return bool(state.begun) and state.begun == state.ended


def nothing_more(state: S, context: Context) -> tuple[JSON, ...]:
    return ()


def choicewise(start: S, step: Step[S], ended: Callable[[S], bool], **more: Any) -> Stream[S]:
    """A stream of those who may have no terminal marker: it has ended well once each choice that was asked
    for has its reason, or with fewer after a `[DONE]`, or where HTTP itself says that the body is whole."""
    return Stream(start=start, step=step, ended=ended, by_choice=True, last=nothing_more, **more)
