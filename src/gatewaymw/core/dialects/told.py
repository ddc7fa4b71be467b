"""How the answers of those who speak OpenAI's dialect differ from OpenAI's, each difference by its name.

A row names the differences its provider documents (`providers.compatible`), and nothing else is done to an
answer. Where it names none, answers pass byte for byte, but for lists of models, which have as many shapes as
there are providers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from ..endpoints import CHAT, COMPLETE, EMBED, IMAGE, MODEL, MODELS, Endpoint
from ..model import Change, Codec, Context, Stream
from ..values import JSON, NOTHING
from .catalogue import LISTED, SHOWN
from .cousins import Progress, choicewise, complete, finished, progress
from .history import THOUGHT
from .thoughts import Tagged, split, spread

Usage = Literal["", "choice", "each"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The differences of one provider's answers."""

    finish: Mapping[str, str | int] = NOTHING
    """Its finish reasons → OpenAI's, or for one that is a failure the status it counts as."""
    thoughts: str = ""
    """Where a model's thoughts are: the field of a message (`reasoning`), or `<think>` for tags that the
    text begins with. They are told as `reasoning_content`; a field of its own stays beside it."""
    usage: Usage = ""
    """Where a stream counts tokens: within the last `choice`, or with `each` chunk what there was by then."""
    lacks: bool = False
    """It leaves out what OpenAI's clients require: `id`, `object`, `created`, `model`, an `index`. A name
    of its own for an `object`, and a finish reason or a role of no letters, count as left out; so does a
    fraction of a second in `created`, which is whole in OpenAI's."""

    def __bool__(self) -> bool:
        return self != Told()

    @property
    def field(self) -> str:
        """The field of a message that thoughts come in; empty where they come otherwise."""
        return self.thoughts if self.thoughts.isalpha() else ""

    @property
    def tag(self) -> str:
        """The tag that thoughts begin with; empty where they come otherwise."""
        return "" if self.field else self.thoughts


def telling(told: Told, endpoint: Endpoint) -> Codec:
    """The codec that the differences make of an endpoint's answers; one that changes nothing where they do
    not concern it."""
    if endpoint in CATALOGUE:
        return CATALOGUE[endpoint]
    if endpoint in FILLED:
        return Codec(response=FILLED[endpoint]) if told.lacks else Codec()
    if endpoint is not CHAT:
        told = replace(told, thoughts="")
    if endpoint not in OBJECTS or not told:
        return Codec()
    return Codec(response=changed(told, endpoint, "message"), stream=streamed(told, endpoint))


# ── chats and text completions ───────────────────────────────────────────

OBJECTS: Mapping[Endpoint, tuple[str, str]] = {
    CHAT: ("chat.completion", "chat.completion.chunk"),
    COMPLETE: ("text_completion", "text_completion"),
}
"""What OpenAI calls a whole answer, and a chunk of one."""


def changed(told: Told, endpoint: Endpoint, where: str) -> Change:
    """What is done to a whole answer (`where` is "message") or to a chunk ("delta"). Raises UpstreamError
    where it is none."""
    finish, field, tag = finished(told.finish), told.field, told.tag
    object = OBJECTS[endpoint][where == "delta"]

    def change(body: JSON, context: Context) -> JSON:
        body = finish(body, context)
        choices: list[JSON] = body.get("choices") or []
        if told.lacks:
            body = identified(body, object, context)
            choices = [placed(choice, index) for index, choice in enumerate(choices)]
        if field:
            choices = [{**choice, where: named(choice.get(where), field)} for choice in choices]
        elif tag and where == "message":
            choices = [{**choice, where: split(choice.get(where) or {}, tag)} for choice in choices]
        return {**body, "choices": choices} if choices else body

    return change


def named(turn: JSON | None, name: str) -> JSON:
    """A message or delta with its thoughts under the name that all dialects have for them here."""
    turn = turn or {}
    thought = turn.get(name)
    return {**turn, THOUGHT: thought} if isinstance(thought, str) and THOUGHT not in turn else turn


def identified(body: JSON, object: str, context: Context) -> JSON:
    """A body with what tells answers apart, where the provider does not say it."""
    given = {name: value for name, value in body.items() if value is not None}
    known = {"id": context.id, "object": object, "created": context.created, "model": context.model}
    made = {**known, **given, "object": object}
    if isinstance(made["created"], float):
        made["created"] = int(made["created"])
    return made


def placed(choice: JSON, index: int) -> JSON:
    if choice.get("finish_reason") == "":
        choice = {**choice, "finish_reason": None}
    delta = choice.get("delta")
    if isinstance(delta, dict) and delta.get("role") == "":
        choice = {**choice, "delta": {name: delta[name] for name in delta if name != "role"}}
    return choice if isinstance(choice.get("index"), int) else {**choice, "index": index}


# ── streams ──────────────────────────────────────────────────────────────


class State(NamedTuple):
    """How far a stream is, and the text of each choice that may be the beginning of a tag."""

    progress: Progress = Progress()
    tagged: Tagged = NOTHING


def streamed(told: Told, endpoint: Endpoint) -> Stream[State]:
    """A stream of chunks with the same done to each. It ends well once each choice that began has its finish
    reason, a `[DONE]` after it or not."""
    change = changed(told, endpoint, "delta")
    counted, tag = COUNTED[told.usage], told.tag

    def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
        chunk = change(event, context)
        reached, tagged = progress(state.progress, chunk), state.tagged
        if tag:
            tagged, chunk = spread(tagged, chunk, tag)
        if tag or reached is not state.progress:
            state = State(reached, tagged)
        return state, counted(chunk, complete(reached), context)

    words = b"" if tag or endpoint is not CHAT else b'"content":"'
    return choicewise(State(), step, lambda state: complete(state.progress), words=words)


Counted = Callable[[JSON, bool, Context], tuple[JSON, ...]]


def unchanged(chunk: JSON, last: bool, context: Context) -> tuple[JSON, ...]:
    return (chunk,)


def in_choice(chunk: JSON, last: bool, context: Context) -> tuple[JSON, ...]:
    """Usage within a choice stands in a chunk of its own, where the client asked for it."""
    choices = chunk.get("choices") or ()
    usage = next((choice["usage"] for choice in choices if choice.get("usage")), None)
    if not usage:
        return (chunk,)
    bare = [{name: value for name, value in choice.items() if name != "usage"} for choice in choices]
    return set_apart({**chunk, "choices": bare, "usage": chunk.get("usage") or usage}, context)


def in_each(chunk: JSON, last: bool, context: Context) -> tuple[JSON, ...]:
    """Of counts that grow from chunk to chunk only the last are told."""
    if not chunk.get("usage") or not chunk.get("choices"):
        return (chunk,)
    return set_apart(chunk, context) if last else (without_usage(chunk),)


def set_apart(chunk: JSON, context: Context) -> tuple[JSON, ...]:
    if not context.include_usage:
        return (chunk,)
    return without_usage(chunk), {**chunk, "choices": []}


def without_usage(chunk: JSON) -> JSON:
    return {name: value for name, value in chunk.items() if name != "usage"}


COUNTED: Mapping[Usage, Counted] = {"": unchanged, "choice": in_choice, "each": in_each}


# ── vectors, images, models ──────────────────────────────────────────────


def vectors(body: JSON, context: Context) -> JSON:
    """A list of embeddings with all that OpenAI's has."""
    rows = [{"object": "embedding", **placed(row, index)} for index, row in enumerate(body["data"])]
    usage: JSON = {"prompt_tokens": 0, "total_tokens": 0, **(body.get("usage") or {})}
    return {"model": context.model, **body, "object": "list", "data": rows, "usage": usage}


def images(body: JSON, context: Context) -> JSON:
    """Images with the time, and where tokens are counted all the counts, that OpenAI's clients require,
    whatever list they come in."""
    rows = body.get("data") or body.get("images") or []
    told = [row if isinstance(row, dict) else {"url": row} for row in rows]
    rest = {name: value for name, value in body.items() if name != "images"}
    if usage := rest.get("usage"):
        rest["usage"] = {**NO_TOKENS, **usage}
    return {"created": context.created, **rest, "data": told}


NO_TOKENS: Mapping[str, Any] = {
    **{"input_tokens": 0, "output_tokens": 0, "total_tokens": 0},
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
}


FILLED: Mapping[Endpoint, Change] = {EMBED: vectors, IMAGE: images}
CATALOGUE: Mapping[Endpoint, Codec] = {MODELS: LISTED, MODEL: SHOWN}
"""Nobody's lists are so much like OpenAI's that its clients could do without."""
