"""Text completions over a provider's chat, for those who have no such endpoint, or only a legacy one that
takes no model of today.

https://platform.openai.com/docs/api-reference/completions: the prompt is what the user says, the answer what
is said to it. A chat answers a prompt, it does not go on with it: what only makes sense of a text that is
gone on with (`echo`, `suffix`) is left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..endpoints import CHAT
from ..errors import BadRequest, Unsupported
from ..model import Batch, Codec, Context, Encoded, Route, Stream
from ..values import JSON
from .fields import array, text
from .told import Told, streamed

Body = Mapping[str, Any]

IDLE: Mapping[str, tuple[Any, ...]] = {
    "best_of": (1,),
    "echo": (False,),
    "logprobs": (),
    "suffix": ("",),
}
"""What a chat cannot do of completions, and the values of each that ask for nothing."""
CHATS = (
    *("messages", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"),
    *("modalities", "audio", "web_search_options", "top_logprobs"),
)
"""What chats have and completions do not, which have no place for what it would bring."""
MOST = 128
"""Prompts of one call, each of which is a request of its own."""


def completing(chat: Codec) -> Codec:
    """The codec of completions that a chat's makes. Parameters that both endpoints have mean the same; a
    provider's own go on to its chat."""
    return Codec(
        request=requesting(chat),
        response=responding(chat),
        stream=streaming(chat.stream or streamed(Told(), CHAT)),
        error=chat.error,
        batch=Batch(cut, joined),
    )


def completions(chat: Route) -> Route:
    """The same of a route: what a chat is asked for it is asked for at the chat's address."""
    return Route(chat.path, completing(chat.codec), chat.method)


# ── requests ─────────────────────────────────────────────────────────────


def requesting(chat: Codec) -> Callable[[Body, Context], Encoded]:
    def request(body: Body, context: Context) -> Encoded:
        lost = tuple(name for name in body if asks(name, body[name]))
        said = spoken(body)
        if chat.request is None:
            return Encoded(said, lost)
        made = chat.request(said, chatting(context, said))
        return Encoded(made.body, tuple(dict.fromkeys(lost + made.dropped)))

    return request


def asks(name: str, value: Any) -> bool:
    """Whether a parameter asks for something that a chat cannot give a completion."""
    return value is not None and (name in CHATS or (name in IDLE and value not in IDLE[name]))


def spoken(body: Body) -> JSON:
    """The chat request: the prompt as a message, what both have as it is. Raises BadRequest, Unsupported."""
    kept = {name: value for name, value in body.items() if name not in ("prompt", *CHATS, *IDLE)}
    return {**kept, "messages": [{"role": "user", "content": only(body.get("prompt"))}]}


def only(prompt: Any) -> str:
    """The one prompt, which may stand in a list. Raises BadRequest, and Unsupported for tokens."""
    given = prompts(prompt)
    if len(given) != 1:
        raise BadRequest("prompt must be one text here; send one at a time", param="prompt")
    return text(given[0], "prompt")


def prompts(prompt: Any) -> list[Any]:
    """The prompts, each a text as far as can be told. Raises BadRequest, and Unsupported for tokens."""
    given = [prompt] if isinstance(prompt, str) else array(prompt, "prompt")
    if not given:
        raise BadRequest("prompt must not be empty", param="prompt")
    if any(isinstance(each, int | list) for each in given):
        raise Unsupported("prompt: this model is asked in text, not in token ids", param="prompt")
    return given


def chatting(context: Context, said: Body) -> Context:
    """What the chat's transforms may know: their own request."""
    return replace(context, request=said)


def told(context: Context) -> Context:
    """The same of a request that was sent, for what is answered."""
    return chatting(context, spoken(context.request) if context.request else {})


def written(text: str, reason: str | None, context: Context) -> JSON:
    """A completion of one text, or a chunk of one, for those who write without a chat."""
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
    told = {"id": context.id, "object": "text_completion", "created": context.created}
    return {**told, "model": context.model, "choices": [choice]}


# ── several prompts ──────────────────────────────────────────────────────


def cut(body: Body, context: Context) -> tuple[Body, ...]:
    """A body for each prompt, where there are several. Raises BadRequest, Unsupported."""
    given = body.get("prompt")
    if not isinstance(given, list) or len(prompts(given)) < 2:
        return ()
    if len(given) > MOST:
        raise BadRequest(f"prompt: a call may hold {MOST} here; send fewer at a time", param="prompt")
    if context.stream:
        raise Unsupported("prompt: several cannot be streamed here; send one at a time", param="prompt")
    for index, each in enumerate(given):
        text(each, f"prompt[{index}]")
    return tuple({**body, "prompt": each} for each in given)


def joined(answers: tuple[JSON, ...]) -> JSON:
    """One completion of several: their choices in the order of the prompts, their tokens added up."""
    choices = [choice for answer in answers for choice in answer["choices"]]
    made = {**answers[0], "choices": [{**choice, "index": index} for index, choice in enumerate(choices)]}
    counts = [answer["usage"] for answer in answers if answer.get("usage")]
    return {**made, "usage": added(counts)} if counts else made


def added(counts: list[JSON]) -> JSON:
    names = dict.fromkeys(name for each in counts for name in each)
    return {name: total([each[name] for each in counts if each.get(name) is not None]) for name in names}


def total(values: list[Any]) -> Any:
    """The sum of numbers, and of those in objects; what is no number is told once."""
    if all(isinstance(value, dict) for value in values):
        return added(values) if values else None
    return sum(values) if all(isinstance(value, int | float) for value in values) else values[0]


# ── answers ──────────────────────────────────────────────────────────────


def responding(chat: Codec) -> Callable[[JSON, Context], JSON]:
    def response(body: JSON, context: Context) -> JSON:
        """A whole completion. Raises UpstreamError where the chat's answer is none."""
        answer = chat.response(body, told(context)) if chat.response else body
        return completion(answer, "message", context)

    return response


def completion(answer: JSON, where: str, context: Context) -> JSON:
    """What a chat answered, or a chunk of it, as a completion with the same choices."""
    choices = [choice_of(choice, where, context) for choice in answer["choices"]]
    return {**answer, "object": "text_completion", "choices": choices}


def choice_of(choice: JSON, where: str, context: Context) -> JSON:
    """The text of a choice; where strictness is off, what else was said goes with it."""
    turn: JSON = choice.get(where) or {}
    rest = {name: value for name, value in choice.items() if name not in (where, "logprobs")}
    reason = choice.get("finish_reason")
    made = {**rest, "text": turn.get("content") or turn.get("refusal") or "", "logprobs": None}
    if reason not in (None, "stop", "length", "content_filter"):
        made["finish_reason"] = "stop"  # there is no other end of a completion
    if context.strict:
        return made
    return {**beside(turn), **made}


def beside(turn: JSON) -> JSON:
    """What a turn says besides its text: thoughts, blocks, citations."""
    return {
        name: value for name, value in turn.items() if name not in ("role", "content", "refusal") and value
    }


# ── streams ──────────────────────────────────────────────────────────────


class State(NamedTuple):
    """How far the chat's stream is, and what its transform may know."""

    chat: Any
    context: Context | None = None


def streaming(chat: Stream[Any]) -> Stream[State]:
    def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
        within = state.context or told(context)
        reached, chunks = chat.step(state.chat, event, within)
        made = (completion(chunk, "delta", context) for chunk in chunks)
        return State(reached, within), tuple(chunk for chunk in made if tells(chunk))

    def last(state: State, context: Context) -> tuple[JSON, ...]:
        assert chat.last
        return tuple(completion(chunk, "delta", context) for chunk in chat.last(state.chat, context))

    return Stream(
        start=State(chat.start),
        step=step,
        by_choice=chat.by_choice,
        last=last if chat.last else None,
        ended=lambda state: chat.ended(state.chat),
        framer=chat.framer,
        array=chat.array,
        decode=chat.decode,
    )


BARE = frozenset({"index", "text", "logprobs", "finish_reason"})


def tells(chunk: JSON) -> bool:
    """Whether a chunk says anything: a chat's first tells the role alone."""
    return bool(chunk.get("usage")) or any(
        choice["text"] or choice.get("finish_reason") or choice.keys() - BARE for choice in chunk["choices"]
    )
