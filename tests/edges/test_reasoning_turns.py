"""Thoughts, signed, and tools over several turns: OpenAI's official SDK, a real server, providers that judge.

The SDK's user sends back the message as it came, or as the SDK has put a stream together; a provider whose
rules the next request breaks answers 400, as it would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

import legal
import rules
from players import PLAYERS, SAID, TOOL, Player
from rules import Json, Ledger
from servers import serving
from upstream import Script, Upstream, chunked, listening, whole

SIGNED = ("anthropic", "bedrock-claude", "google", "vertex-gemini", "vertex-claude", "azure-claude")
ASKED: Any = {"role": "user", "content": "How is the weather in Paris and in Oslo?"}
MORE: Any = {"role": "user", "content": "And tomorrow?"}
ALL = {**PLAYERS, "openai": replace(PLAYERS["openai"], rule=rules.relayed)}
"""The players, none at its own address."""
EFFORT: Any = {"reasoning_effort": "medium", "max_completion_tokens": 8000}


class Judge(Upstream):
    """An upstream that plays one provider at each path, named by the path's first step."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger, self.number = Ledger(), 0
        self.failing = ""
        self.faults: list[str] = []

    def answer(self, path: str) -> Script:
        name, body = path.split("/")[1], self.seen[-1].json
        if name == self.failing:
            return whole({"error": {"message": "out of order"}}, 500)
        player = ALL[name]
        if faults := [*player.rule(body, self.ledger), *untyped(player, body)]:
            self.faults += faults
            return whole({"error": {"type": "invalid_request_error", "message": faults[0]}}, 400)
        self.number += 1
        made = player.answer(not answering(body), self.number, self.ledger)
        if "tream" in path or body.get("stream"):
            return chunked(player.stream(made), kind=player.kind)
        return whole(made)


def untyped(player: Player, body: Json) -> list[str]:
    try:
        legal.CHECKS[player.checked](body)
    except legal.Illegal as fault:
        return [str(fault)]
    return []


def answering(body: Json) -> bool:
    """Whether the last message brings results of calls."""
    last = (body.get("contents") or body["messages"])[-1]
    said = json.dumps(last)
    return last["role"] == "tool" or any(
        word in said for word in ('"tool_result"', "toolResult", "functionResponse")
    )


def config(url: str) -> Json:
    """A plan for each provider alone, strict or not; for each that falls back to OpenAI or to Claude."""

    def target(name: str, strict: bool) -> Json:
        host = {"custom_host": f"{url}/{name}", "strict_open_ai_compliance": strict}
        return {
            key: value for key, value in PLAYERS[name].target.items() if key != "azure_foundry_url"
        } | host

    targets: list[Json] = []
    for name in (*SIGNED, "openai"):
        for strict in (True, False):
            made = target(name, strict)
            targets.append({**made, "name": f"{name}-{strict}"})
            for other in ("openai", "anthropic"):
                both = [made, target(other, strict)]
                named = {"name": f"{name}-{strict}-{other}", "strategy": {"mode": "fallback"}}
                targets.append({**named, "targets": both})
    conditions = [{"query": {"metadata.plan": each["name"]}, "then": each["name"]} for each in targets]
    return {"strategy": {"mode": "conditional", "conditions": conditions}, "targets": targets}


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[OpenAI, Judge]]:
    judge = Judge()
    with listening(made=judge):
        env = {"HOST_CONFIG": json.dumps(config(judge.url))}
        with (
            serving(("uvicorn", "host:asgi", "--port", "0"), env, Path(__file__).parent) as url,
            OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as sdk,
        ):
            yield sdk, judge


class Talk:
    """One client, who keeps the messages."""

    def __init__(self, site: tuple[OpenAI, Judge], stream: bool) -> None:
        self.sdk, self.judge = site
        self.judge.ledger, self.judge.faults, self.judge.failing = Ledger(), [], ""
        self.judge.seen.clear()
        self.stream, self.messages = stream, list[Any]()

    def say(self, plan: str, *messages: Any) -> Any:
        """What is answered; it is the next of the messages then."""
        self.messages += messages
        asked: Any = {"model": "m", "messages": self.messages, "tools": [TOOL], **EFFORT}
        headers = {"x-gateway-metadata": json.dumps({"plan": plan})}
        sdk = self.sdk.with_options(default_headers=headers)
        if self.stream:
            with sdk.chat.completions.stream(**asked) as stream:
                message: Any = stream.get_final_completion().choices[0].message
        else:
            message = sdk.chat.completions.create(**asked).choices[0].message
        assert self.judge.faults == []
        self.messages.append(message.model_dump(exclude_none=True))
        return message

    @property
    def last(self) -> str:
        return self.judge.seen[-1].body.decode()


def results(message: Any) -> list[Any]:
    return [{"role": "tool", "tool_call_id": each.id, "content": "5 degrees"} for each in message.tool_calls]


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def talk(site: tuple[OpenAI, Judge], request: pytest.FixtureRequest) -> Talk:
    return Talk(site, request.param)


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "loose"])
@pytest.mark.parametrize("name", SIGNED)
def test_a_talk_goes_on(talk: Talk, name: str, strict: bool) -> None:
    plan = f"{name}-{strict}"
    asked = talk.say(plan, ASKED)
    assert len(asked.tool_calls) == 2
    assert talk.say(plan, *results(asked)).content == SAID
    talk.say(plan, MORE)
    ledger = talk.judge.ledger
    given = [*(signature for _, signature in sorted(ledger.thoughts)), *ledger.veiled, *ledger.calls]
    back = [json.dumps(signature)[1:-1] in talk.last for signature in given]
    # The last answer's own have not been sent back yet.
    assert back.count(True) == (0 if strict else len(given) * 2 // 3)


MOVES = [("google", "anthropic"), ("openai", "anthropic"), *((name, "openai") for name in SIGNED)]


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "loose"])
@pytest.mark.parametrize(("name", "other"), MOVES)
def test_a_talk_moves_by_fallback(talk: Talk, name: str, other: str, strict: bool) -> None:
    asked = talk.say(f"{name}-{strict}", ASKED)
    talk.judge.failing = name
    talk.say(f"{name}-{strict}-{other}", *results(asked))
    assert talk.judge.seen[-1].target.startswith(f"/{other}/")
    talk.judge.failing = ""
    talk.say(f"{name}-{strict}", MORE)
