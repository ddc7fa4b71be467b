"""A conversation of several turns, with thoughts and tools: it goes on where it is, and elsewhere.

The client is OpenAI's SDK: it sends back what it was given, as the SDK has put it together.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from machine import World, call, status
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

import legal
from gatewaymw.config import Book, compile_config
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Live
from gatewaymw.core.routing.strategies import STRATEGIES
from gatewaymw.core.values import Answer, Outcome
from players import PLAYERS, SAID, THOUGHT, TOOL, Player
from rules import Json, Ledger

BOOK = Book(providers=PROVIDERS, modes=tuple(STRATEGIES))
ASKED: Json = {"role": "user", "content": "How is the weather in Paris and in Oslo?"}
MORE: Json = {"role": "user", "content": "And tomorrow?"}


class Talk:
    """A client, and the providers it meets by way of the gateway."""

    def __init__(self, strict: bool, stream: bool) -> None:
        self.strict, self.stream = strict, stream
        self.ledger = Ledger()
        self.messages: list[Json] = []
        self.sent: list[Json] = []
        """The bodies that reached a provider that answered."""
        self.dropped: tuple[str, ...] = ()
        self.number = 0

    def say(self, *messages: Json, to: Player, instead: Player | None = None, **params: Any) -> Json:
        """One request: to a provider, or to the one it falls back to from another that fails."""
        self.messages += messages
        config: Json = {**to.target, "strict_open_ai_compliance": self.strict}
        if instead:
            failing = {**instead.target, "strict_open_ai_compliance": self.strict}
            config = {"strategy": {"mode": "fallback"}, "targets": [failing, config]}
        body = {"model": "m", "messages": self.messages, "tools": [TOOL], **params}
        body |= {"stream": True} if self.stream else {}
        world = World(iter(()))
        world.outcomes = self.outcomes(world, to, instead is not None)
        reply = world.run(run(compile_config(config, BOOK).root, call(body, key=None), world.env()))
        assert reply.status == 200, reply.body
        self.dropped = reply.dropped
        message = heard(pumped(reply, world)) if isinstance(reply, Live) else read(reply.body)
        self.messages.append(message)
        return message

    def outcomes(self, world: World, to: Player, late: bool) -> Iterator[Outcome]:
        if late:
            yield status(500)
        body = json.loads(world.sent[-1].request.body)
        self.sent.append(body)
        faults = list(to.rule(body, self.ledger))
        assert not faults, f"{faults}\n{json.dumps(body, indent=1)}"
        legal.CHECKS[to.checked](body)
        self.number += 1
        whole = to.answer(self.messages[-1]["role"] != "tool", self.number, self.ledger)
        if self.stream:
            world.reads[self.number] = [*to.stream(whole)]
            yield Answer(200, {"content-type": to.kind}, stream=self.number)
        yield Answer(200, {"content-type": "application/json"}, json.dumps(whole).encode())


def pumped(reply: Live, world: World) -> bytes:
    """All that a client is sent of a stream."""
    out = reply.body
    for piece in world.reads[reply.stream]:
        assert isinstance(piece, bytes)
        out += reply.passage.feed(piece)
    return out + reply.passage.close()


def read(body: bytes) -> Json:
    """A whole answer's message, as the SDK's users append it to their messages."""
    message = ChatCompletion.model_validate_json(body).choices[0].message
    return message.model_dump(exclude_none=True)


def heard(stream: bytes) -> Json:
    """The message of a stream, as the SDK puts it together."""
    state: Any = ChatCompletionStreamState()
    for event in stream.decode().split("\n\n"):
        data = event.removeprefix("data: ")
        if data and data != "[DONE]":
            state.handle_chunk(ChatCompletionChunk.model_validate_json(data))
    message: Json = state.get_final_completion().choices[0].message.model_dump(exclude_none=True)
    return message


def results(message: Json) -> list[Json]:
    return [
        {
            "role": "tool",
            "tool_call_id": each["id"],
            "content": f"5 degrees in {each['function']['arguments']}",
        }
        for each in message["tool_calls"]
    ]


EFFORT = {"reasoning_effort": "medium", "max_completion_tokens": 8000}
ways = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])

# ── where it is ──────────────────────────────────────────────────────────


def turns_of(body: Json) -> list[list[Json]]:
    """What the model said, turn by turn, in its own words."""
    key = "contents" if "contents" in body else "messages"
    said = [turn for turn in body[key] if turn["role"] in ("assistant", "model")]
    return [turn.get("parts") or turn["content"] for turn in said]


CLAUDES = ["anthropic", "vertex-claude", "azure-claude"]


def whole_talk(name: str, talk: Talk) -> None:
    to = PLAYERS[name]
    asked = talk.say(ASKED, to=to, **EFFORT)
    assert len(asked["tool_calls"]) == 2
    told = talk.say(*results(asked), to=to, **EFFORT)
    assert told["content"] == SAID
    talk.say(MORE, to=to, **EFFORT)


@ways
@pytest.mark.parametrize("name", CLAUDES)
def test_claude_gets_its_thoughts_back_as_they_were(name: str, stream: bool) -> None:
    talk = Talk(strict=False, stream=stream)
    whole_talk(name, talk)
    for body in talk.sent:
        assert body["thinking"]["type"] == "enabled"
    kinds = [[block["type"] for block in turn] for turn in turns_of(talk.sent[-1])]
    first = ["thinking", "redacted_thinking", "text", "tool_use", "tool_use"]
    assert kinds == [first, ["thinking", "redacted_thinking", "text"]]
    assert talk.dropped == ()


@ways
def test_so_it_does_through_converse(stream: bool) -> None:
    talk = Talk(strict=False, stream=stream)
    whole_talk("bedrock-claude", talk)
    for body in talk.sent:
        assert body["additionalModelRequestFields"]["thinking"]["type"] == "enabled"
    kinds = [[next(iter(block)) for block in turn] for turn in turns_of(talk.sent[-1])]
    thoughts = ["reasoningContent", "reasoningContent"]
    assert kinds == [[*thoughts, "toolUse", "toolUse"], [*thoughts, "text"]]
    assert talk.dropped == ()


@ways
@pytest.mark.parametrize("name", ["google", "vertex-gemini"])
def test_gemini_gets_its_signatures_back_where_they_were(name: str, stream: bool) -> None:
    talk = Talk(strict=False, stream=stream)
    whole_talk(name, talk)
    calls, words = turns_of(talk.sent[-1])
    signatures = [part.get("thoughtSignature") for part in calls if "functionCall" in part]
    assert signatures[0] in talk.ledger.calls and signatures[1:] == [None]
    assert words[-1]["thoughtSignature"] in talk.ledger.calls
    assert "".join(part["text"] for part in words) == SAID
    assert talk.dropped == ()


@ways
@pytest.mark.parametrize("name", PLAYERS)
def test_under_strictness_too_a_talk_goes_on_where_it_is(name: str, stream: bool) -> None:
    talk = Talk(strict=True, stream=stream)
    whole_talk(name, talk)
    assert "content_blocks" not in json.dumps(talk.messages)
    assert "signature" not in json.dumps(talk.messages)


@ways
@pytest.mark.parametrize("name", [*CLAUDES, "bedrock-claude"])
def test_a_budget_that_the_lost_thought_forbids_is_named(name: str, stream: bool) -> None:
    """Until the next turn of the user: then Claude thinks again."""
    talk, to = Talk(strict=True, stream=stream), PLAYERS[name]
    asked = talk.say(ASKED, to=to, **EFFORT)
    assert asked["reasoning_content"] == THOUGHT
    talk.say(*results(asked), to=to, **EFFORT)
    assert talk.dropped == ("reasoning_effort",)
    talk.say(MORE, to=to, **EFFORT)
    assert talk.dropped == ()


# ── and elsewhere ────────────────────────────────────────────────────────

PAIRS = [pytest.param(a, b, id=f"{a}-to-{b}") for a, b in itertools.permutations(PLAYERS, 2)]


@pytest.mark.parametrize(
    ("strict", "stream"), [(True, False), (False, False), (False, True)], ids=["strict", "whole", "streamed"]
)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_talk_moves(one: str, other: str, strict: bool, stream: bool) -> None:
    """By fallback: between calls and their results, between two turns of the user, and back again."""
    talk, first, second = Talk(strict, stream), PLAYERS[one], PLAYERS[other]
    asked = talk.say(ASKED, to=first)
    told = talk.say(*results(asked), to=second, instead=first, **EFFORT)
    assert told["content"] == SAID
    asked = talk.say(MORE, to=first, **EFFORT)
    talk.say(*results(asked), to=first, **EFFORT)
    asked = talk.say(MORE, to=second, instead=first, **EFFORT)
    talk.say(*results(asked), to=second, instead=first, **EFFORT)
    talk.say(MORE, to=first)
