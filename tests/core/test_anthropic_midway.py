"""Instructions in the midst of a conversation: Anthropic's own host takes them there of newer models
(https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from claude import CONTEXT, legal, user
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.dialects.anthropic import request, untiered
from gatewaymw.core.model import Context, Encoded

Json = dict[str, Any]
Encode = Callable[[Json, Context], Encoded]

NEW, OLD = "claude-opus-5-5", "claude-opus-4-7"


def assistant(said: str, **beside: Any) -> Json:
    return {"role": "assistant", "content": said, **beside}


def system(said: str, role: str = "system") -> Json:
    return {"role": role, "content": said}


def sent(*messages: Json, model: str = NEW, encode: Encode = request) -> tuple[str, list[tuple[str, str]]]:
    """What is said before, and who says what then."""
    body = encode({"model": model, "messages": list(messages)}, CONTEXT).body
    legal(body)
    return spelled(body.get("system", [])), [
        (turn["role"], spelled(turn["content"])) for turn in body["messages"]
    ]


def spelled(blocks: list[Json]) -> str:
    return " ".join(block["text"] if block["type"] == "text" else block["type"] for block in blocks)


def test_they_stand_after_the_turn_of_the_user_that_they_follow() -> None:
    said = sent(system("A"), user("b"), system("C", "developer"), assistant("d"), user("e"))
    assert said == ("A", [("user", "b"), ("system", "C"), ("assistant", "d"), ("user", "e")])


@pytest.mark.parametrize(
    "messages",
    [
        [system("C"), user("d"), system("E")],
        [user("d"), system("C"), system("E")],
        [system("C"), system("E"), user("d")],
    ],
)
def test_or_after_the_one_that_they_precede(messages: list[Json]) -> None:
    said = sent(user("a"), assistant("b"), *messages)
    assert said == ("", [("user", "a"), ("assistant", "b"), ("user", "d"), ("system", "C E")])


def test_results_of_tools_are_such_a_turn() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = {"role": "tool", "tool_call_id": "c", "content": "r"}
    said = sent(user("a"), assistant("", tool_calls=[call]), system("B"), result)
    assert said[1] == [("user", "a"), ("assistant", "tool_use"), ("user", "tool_result"), ("system", "B")]


def test_tools_may_change_midway() -> None:
    change = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "f"}}
    said = sent(user("a"), {"role": "system", "content": [change]})
    assert said == ("", [("user", "a"), ("system", "tool_removal")])


def test_they_come_first_where_no_user_speaks() -> None:
    assert sent(user("a"), assistant("b"), system("C")) == ("C", [("user", "a"), ("assistant", "b")])
    said = sent(user("a"), assistant("b"), system("C"), assistant("d"))
    assert said == ("C", [("user", "a"), ("assistant", "b d")])


def test_and_where_the_model_or_the_host_takes_none_midway() -> None:
    messages = [user("a"), system("B"), assistant("c"), user("d")]
    first = ("B", [("user", "a"), ("assistant", "c"), ("user", "d")])
    assert sent(*messages, model=OLD) == first
    assert sent(*messages, model="another") == first
    assert sent(*messages, encode=untiered) == first
    assert sent(*messages)[0] == ""


def test_an_answer_that_says_nothing_parts_no_turns() -> None:
    assert sent(user("a"), system("B"), assistant(" "), user("c"))[1] == [("user", "a c"), ("system", "B")]


WORDS = st.text("abc ", max_size=3)
MESSAGES = st.builds(
    lambda role, said: {"role": role, "content": said},
    st.sampled_from(["user", "assistant", "system", "developer"]),
    WORDS,
)


@given(st.lists(MESSAGES, max_size=9))
def test_wherever_they_stand_it_is_allowed_and_no_word_is_lost(messages: list[Json]) -> None:
    before, turns = sent(user("x"), *messages)
    roles = [role for role, _ in turns]
    for index, role in enumerate(roles):
        if role == "system":
            assert roles[index - 1] == "user"
            assert roles[index + 1 : index + 2] in ([], ["assistant"])
    others = [role for role in roles if role != "system"]
    assert others == ["user" if index % 2 == 0 else "assistant" for index in range(len(others))]
    told = "".join([before, *(said for _, said in turns)]).replace(" ", "")
    given = "".join(["x", *(message["content"] for message in messages)]).replace(" ", "")
    assert sorted(told) == sorted(given)
