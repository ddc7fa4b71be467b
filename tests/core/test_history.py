"""What clients send back of earlier answers: blocks put together, ids that fit, fields that stay behind."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

import cohered
import conversed
import gemini
import pytest
from claude import ask, encoded, refused, turns, user
from hypothesis import given
from hypothesis import strategies as st
from machine import call, target, world

from gatewaymw.core import json
from gatewaymw.core.dialects.history import OURS, fitting, plain, thoughtless, told
from gatewaymw.core.model import Codec, Context, Encoded, Route
from gatewaymw.core.routing.encode import encode

Json = dict[str, Any]
HOME, AWAY = Context(provider="p"), Context(provider="p", home=False)


def assistant(content: Any = None, **fields: Any) -> Json:
    return {"role": "assistant", "content": content, **fields}


SIGNED = {"type": "thinking", "thinking": "Hm, well.", "signature": "s"}


def pieces(*deltas: tuple[int, Json]) -> list[Json]:
    return [{"index": index, "delta": delta} for index, delta in deltas]


# ── blocks ───────────────────────────────────────────────────────────────


def test_the_deltas_of_a_stream_are_the_blocks_they_make() -> None:
    """One by one, or as the SDK has put them together: a place may come more than once."""
    given = pieces(
        (0, {"type": "thinking", "thinking": "", "signature": ""}),
        (0, {"thinking": "Hm, "}),
        (2, {"type": "text", "text": "Yes", "marks": ["a"]}),
        (0, {"thinking": "well.", "type": "thinking"}),
        (0, {"signature": "s"}),
        (2, {"text": ".", "marks": ["b"], "kind": {"of": "x"}, "odd": 1}),
        (2, {"kind": {"of": "y", "to": 1}, "odd": "2"}),
    )
    assert [block for _, block in told(given, "at")] == [
        SIGNED,
        {"type": "text", "text": "Yes.", "marks": ["a", "b"], "kind": {"of": "xy", "to": 1}, "odd": "2"},
    ]
    whole = [SIGNED, {"text": "a"}]
    assert told(whole, "at") == [("at[0]", SIGNED), ("at[1]", {"text": "a"})]


def test_a_block_among_deltas_and_one_without_its_place() -> None:
    mixed = [SIGNED, {"delta": {"text": "a"}}, {"delta": {"text": "b"}}]
    assert told(mixed, "at") == [
        ("at[0]", SIGNED),
        ("at[1]", {"text": "a"}),
        ("at[2]", {"text": "b"}),
    ]


def test_what_a_stream_numbers_in_its_lists_has_no_numbers_any_more() -> None:
    """Nor has what the SDK has put together by them."""
    results = [{"toolResult": {"content": [{"index": n, "text": text}]}} for n, text in enumerate("ab")]
    cited = [{"citations": [{"index": n, "title": text}]} for n, text in enumerate("ab")]
    given = pieces(
        (0, {"text": "x", "citations": []}), (0, cited[0]), (0, cited[1]), *((1, r) for r in results)
    )
    given += pieces((2, {"thinking": [{"index": 0, "text": "h"}, 5]}), (3, results[0]))
    assert [block for _, block in told(given, "at")] == [
        {"text": "x", "citations": [{"title": "a"}, {"title": "b"}]},
        {"toolResult": {"content": [{"text": "a"}, {"text": "b"}]}},
        {"thinking": [{"text": "h"}, 5]},
        {"toolResult": {"content": [{"text": "a"}]}},
    ]


PAGE = {
    **{"type": "web_search_result_location", "url": "https://x.example", "title": "X", "cited_text": "b"},
    "encrypted_index": "e",
}
WEB = {"title": "X", "location": {"web": {"url": "https://x.example"}}}
LOST = ("messages[].content_blocks[].citations",)


def cited(note: Json, **start: Any) -> Json:
    """A turn whose one block cites, as a stream tells it."""
    blocks = pieces((0, {"text": "b", **start}), (0, {"citations": [{"index": 0, **note}]}))
    return {"role": "assistant", "content": "b", "content_blocks": blocks}


def test_citations_of_a_stream_go_back_to_whom_they_are_of() -> None:
    amazons, own = cited(WEB), cited(PAGE, type="text")
    made = conversed.ask(messages=[conversed.user("a"), amazons])
    said = {"citationsContent": {"content": [{"text": "b"}], "citations": [WEB]}}
    assert (made.body["messages"][1]["content"], made.dropped) == ([said], ())
    alone = {**amazons, "content": None, "content_blocks": [{"index": 0, "delta": {"citations": [WEB]}}]}
    made = conversed.ask(messages=[conversed.user("a"), alone])
    assert made.body["messages"][1]["content"] == [{"citationsContent": {"citations": [WEB]}}]
    back = ask(messages=[user("a"), own])
    block = {"type": "text", "text": "b", "citations": [PAGE]}
    assert (back.body["messages"][1]["content"], back.dropped) == ([block], ())
    assert ask(messages=[user("a"), amazons]).dropped == LOST
    assert conversed.ask(messages=[conversed.user("a"), own]).dropped == LOST
    assert cohered.ask(messages=[cohered.user("a"), own]).dropped == LOST
    assert gemini.ask(messages=[user("a"), own]).dropped == LOST


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.text(max_size=3)), max_size=9))
def test_no_piece_of_a_text_is_lost(said: list[tuple[int, str, str]]) -> None:
    given = pieces(*((index, {name: text}) for index, name, text in said))
    before = copy.deepcopy(given)
    made = [block for _, block in told(given, "at")]
    assert given == before
    for name in "ab":
        places = list(dict.fromkeys(index for index, _, _ in said))
        for place, block in zip(places, made, strict=True):
            assert block.get(name, "") == "".join(t for i, n, t in said if (i, n) == (place, name))


def test_anthropics_own_tools_get_their_input_back() -> None:
    use = {"type": "server_tool_use", "id": "u", "name": "web_search", "input": {}}
    given = pieces((0, use), (0, {"partial_json": '{"query":'}), (0, {"partial_json": ' "x"}'}))
    said = turns(user("a"), assistant("b", content_blocks=given))
    assert said[1]["content"][0] == {**use, "input": {"query": "x"}}
    broken = pieces((0, use), (0, {"partial_json": '{"query'}))
    error = refused(messages=[user("a"), assistant("b", content_blocks=broken)])
    assert error.param == "messages[1].content_blocks[0].partial_json"


def test_amazons_own_tools_too() -> None:
    use = {"toolUse": {"toolUseId": "u", "name": "nova_grounding", "type": "server_tool_use", "input": ""}}
    given = pieces((0, use), (0, {"toolUse": {"input": '{"q": 1}'}}), (1, {"text": "b"}))
    said = conversed.turns(
        conversed.user("a"), {"role": "assistant", "content_blocks": given}, model=conversed.NOVA
    )
    assert said[1]["content"] == [{"toolUse": {**use["toolUse"], "input": {"q": 1}}}, {"text": "b"}]


@pytest.mark.parametrize(
    ("block", "made"),
    [
        ({"text": "a"}, [{"type": "text", "text": "a"}]),
        ({"reasoningContent": {"redactedContent": "cmVk"}}, [{"type": "redacted_thinking", "data": "cmVk"}]),
        ({"reasoningContent": {"reasoningText": {"text": "Hm, well.", "signature": "s"}}}, [SIGNED]),
        ({"reasoningContent": {"reasoningText": {"text": "Hm."}}}, []),
        ({"reasoningContent": {}}, []),
        ({"citationsContent": {}}, []),
        ({"type": "thinking", "thinking": "Hm."}, []),
        ({"type": "image_url", "image_url": {}}, []),
        ({"type": "text", "text": "a", "thought_signature": "g"}, [{"type": "text", "text": "a"}]),
    ],
)
def test_claude_knows_its_thoughts_whoever_carried_them(block: Json, made: list[Json]) -> None:
    said = encoded({"model": "claude-sonnet-4-5", "messages": [user("a"), assistant(content_blocks=[block])]})
    assert [each for turn in said.body["messages"][1:] for each in turn["content"]] == made
    kept = bool(made) and "thought_signature" not in block
    assert bool(said.dropped) != kept


@pytest.mark.parametrize(
    ("model", "signed", "unsigned"),
    [(conversed.CLAUDE, 1, 0), (conversed.NOVA, 0, 0), ("openai.gpt-oss-120b-1:0", 0, 1), ("arn:own", 1, 1)],
)
def test_a_model_of_bedrocks_gets_the_thoughts_it_takes(model: str, signed: int, unsigned: int) -> None:
    for more, taken in (({"signature": "s"}, signed), ({}, unsigned)):
        block = {"reasoningContent": {"reasoningText": {"text": "Hm.", **more}}}
        asked = [conversed.user("a"), {"role": "assistant", "content": "b", "content_blocks": [block]}]
        made = conversed.ask(model, messages=asked)
        assert made.body["messages"][1]["content"] == [*([block] if taken else []), {"text": "b"}]
        assert made.dropped == (() if taken else ("messages[].content_blocks",))


def test_a_thought_for_claude_is_a_string() -> None:
    block = {"type": "thinking", "thinking": 5, "signature": "s"}
    turn = {"role": "assistant", "content": "b", "content_blocks": [block]}
    error = conversed.refused(messages=[conversed.user("a"), turn])
    assert error.param == "messages[1].content_blocks[0].thinking"
    untold = {**block, "thinking": ""}
    said = conversed.turns(conversed.user("a"), {**turn, "content_blocks": [untold]})
    assert said[1]["content"][0]["reasoningContent"]["reasoningText"] == {"text": "", "signature": "s"}


def test_geminis_signature_stays_behind() -> None:
    block = {"type": "text", "text": "b", "thought_signature": "g"}
    turn = {"role": "assistant", "content_blocks": [block]}
    for made, said in (
        (conversed.ask(messages=[conversed.user("a"), turn]), [{"text": "b"}]),
        (cohered.ask(messages=[cohered.user("a"), turn]), [{"type": "text", "text": "b"}]),
    ):
        assert made.body["messages"][1]["content"] == said
        assert made.dropped


def test_a_loop_that_no_word_of_the_user_began_is_judged_as_one() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    loop = [assistant(tool_calls=[call]), {"role": "tool", "tool_call_id": "c", "content": "5"}]
    own = {"type": "enabled", "budget_tokens": 2000}
    assert ask(thinking=own, messages=loop).dropped == ("thinking",)
    again = [
        assistant(tool_calls=[{**call, "id": "d"}]),
        {"role": "tool", "tool_call_id": "d", "content": "5"},
    ]
    thought = [assistant(content_blocks=[SIGNED], tool_calls=[call]), loop[1], *again]
    assert ask(thinking=own, messages=[user("a"), *thought]).dropped == ()


# ── OpenAI's dialect ─────────────────────────────────────────────────────

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
UNTOUCHED: list[Any] = [
    None,
    "x",
    [],
    ["x", {"role": 5}, {"role": "user", "content": "a", "citations": [1]}],
    [{"role": "assistant", "content": "a", "tool_calls": [CALL, 5], "refusal": None, "reasoning": "r"}],
    [{"role": "assistant", "tool_calls": "x"}, {"role": "tool", "tool_call_id": 5}],
    [{"role": "assistant", "tool_calls": [{"id": 5, "function": 5}]}, {"role": "tool", "tool_call_id": "c"}],
]


@pytest.mark.parametrize("request_", [plain, thoughtless])
@pytest.mark.parametrize("messages", UNTOUCHED, ids=str)
def test_where_nothing_is_foreign_the_body_is_itself(request_: Any, messages: Any) -> None:
    body = {"model": "m", "messages": messages}
    assert request_(body, HOME).body is body


def test_what_others_said_of_a_turn_stays_behind() -> None:
    function = {**CALL["function"], "thought_signature": "g"}  # type: ignore[dict-item]
    made = {**CALL, "function": function, "caller": {"type": "x"}}
    turn = {"role": "assistant", "content": None, "tool_calls": [made], **{name: [1] for name in OURS}}
    body = {"model": "m", "messages": [{**turn, "reasoning_content": "Hm.", "name": "n"}]}
    before = copy.deepcopy(body)
    bare = {"role": "assistant", "content": None, "tool_calls": [CALL], "name": "n"}
    sent = plain(body, HOME)
    assert body == before
    assert sent.body == {"model": "m", "messages": [bare]}
    assert sent.dropped == (
        "messages[].tool_calls[].caller",
        "messages[].tool_calls[].function.thought_signature",
        *("messages[].citations", "messages[].content_blocks", "messages[].images"),
        *("messages[].reasoning_content", "messages[].tool_plan"),
    )


def test_a_thought_is_refused_by_who_has_none_at_home() -> None:
    turn = {"role": "assistant", "content": "a", "reasoning_content": "Hm."}
    body = {"messages": [turn]}
    gone = Encoded({"messages": [{"role": "assistant", "content": "a"}]}, ("messages[].reasoning_content",))
    assert thoughtless(body, HOME) == gone
    assert thoughtless(body, AWAY).body is body
    assert plain(body, HOME).body is body


def test_ids_that_are_too_long_still_find_their_results() -> None:
    long = "i" * 41
    messages = [
        {"role": "assistant", "content": "", "tool_calls": [{**CALL, "id": long}]},
        {"role": "tool", "tool_call_id": long, "content": "5"},
    ]
    sent = plain({"messages": messages}, HOME)
    one, other = sent.body["messages"]
    assert one["tool_calls"][0]["id"] == other["tool_call_id"]
    assert len(other["tool_call_id"]) == 40
    assert sent.dropped == ()


@given(st.text(max_size=50), st.integers(1, 64))
def test_an_id_fits(id: str, length: int) -> None:
    shape = re.compile(f"[a-zA-Z0-9]{{1,{length}}}")
    made = fitting(id, shape, length)
    assert shape.fullmatch(made)
    assert (made is id) == bool(shape.fullmatch(id))
    assert fitting(id, shape, length) == made


@pytest.mark.parametrize("foreign", [False, True])
def test_a_body_that_is_itself_goes_on_in_its_own_bytes(foreign: bool) -> None:
    turn = {"role": "assistant", "content": "a"} | ({"content_blocks": [SIGNED]} if foreign else {})
    body = {"model": "m", "messages": [turn]}
    asked = replace(call(body), raw=b" " + json.dumps(body))
    route, env = Route("/chat", Codec(request=plain)), world().env()
    dropped, payload, *_ = encode(route, target(), asked, body, HOME, env)
    assert (payload == asked.raw) == (not foreign)
    assert dropped == (("messages[].content_blocks",) if foreign else ())
    assert b"content_blocks" not in payload or not foreign
    renamed = target(overrides={"model": "n"})
    _, payload, *_ = encode(route, renamed, asked, {**body, "model": "n"}, HOME, env)
    assert json.loads(payload)["model"] == "n"
