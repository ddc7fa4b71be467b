"""The mock's faults, and the values it makes for schemas."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mocked import chat, chunks, document, post
from pydantic import BaseModel, Field

from gatewaymw.core.errors import BadRequest
from gatewaymw.core.mock import FAULTS
from gatewaymw.core.mock.schema import fitting

GOOD = chat("one two", model="mock-echo", stream=True)


def streamed(fault: str) -> Any:
    return chat("one two", model=f"mock-{fault}", stream=True)


# ── faults ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (418, "invalid_request_error"),
        (503, "server_error"),
        (529, "overloaded_error"),
    ],
)
def test_a_status(status: int, kind: str) -> None:
    script = chat("x", model=f"mock-status-{status}", stream=True)
    error = document(script, status)["error"]
    assert (error["type"], error["code"]) == (kind, f"mock_{status}")
    assert "retry-after" not in script.headers


def test_a_rate_limit_says_when_to_come_again() -> None:
    assert chat("x", model="mock-status-429").headers["retry-after"] == "1"
    assert chat("x", model="mock-status-429+retry-after-7").headers["retry-after"] == "7"
    assert chat("x", model="mock-status-503+retry-after-7").headers["retry-after"] == "7"


@pytest.mark.parametrize(("word", "seconds"), [("300ms", 0.3), ("2s", 2.0)])
def test_slowness(word: str, seconds: float) -> None:
    slow, dripping = streamed(f"slow-{word}"), streamed(f"drip-{word}")
    assert (slow.wait, {wait for wait, _ in slow.steps}) == (pytest.approx(seconds), {0.0})
    assert (dripping.wait, [wait for wait, _ in dripping.steps]) == (0.0, [pytest.approx(seconds)] * 7)


def test_a_page_and_nothing() -> None:
    page = streamed("html")
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.body.startswith(b"<!doctype html>")
    bad = streamed("slow-1s+html+status-502")
    assert (bad.status, bad.headers["content-type"], bad.wait) == (502, "text/html; charset=utf-8", 1.0)
    assert streamed("empty").steps == ()
    assert streamed("empty").ending == "end"


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize(("word", "ending"), [("cut", "cut"), ("end", "end"), ("stall", "stall")])
def test_a_stream_that_ends_too_soon(word: str, ending: str, count: int) -> None:
    script = streamed(f"{word}-after-{count}")
    assert script.ending == ending
    assert len(script.steps) == count
    texts = [json.loads(data[6:])["choices"] for _, data in script.steps]
    assert texts == [event["choices"] for event in chunks(GOOD)[:count]]


@pytest.mark.parametrize("count", [0, 2])
def test_an_error_within_a_stream(count: int) -> None:
    script = streamed(f"error-after-{count}")
    *_, last = (json.loads(data[6:]) for _, data in script.steps)
    assert len(script.steps) == count + 1
    assert last["error"]["type"] == "server_error"


def test_something_unreadable_within_a_stream() -> None:
    script = streamed("malformed-after-2")
    with pytest.raises(ValueError, match=r"Unterminated|Invalid"):
        json.loads(script.steps[2][1][6:])
    assert len(script.steps) == len(GOOD.steps) + 1
    assert script.steps[-1] == GOOD.steps[-1]


def test_of_a_whole_answer_bytes_are_counted() -> None:
    whole = chat("one two", model="mock-cut-after-10")
    assert (len(whole.body), whole.ending) == (10, "cut")
    assert chat("x", model="mock-stall-after-0").steps == ()
    assert document(chat("x", model="mock-error-after-5"))["error"]["code"] == "mock_error"
    with pytest.raises(ValueError):
        json.loads(chat("x", model="mock-malformed-after-9").body)


def test_faults_work_at_every_endpoint_that_names_a_model() -> None:
    assert post("/embeddings", model="mock-status-500", input="a").status == 500
    assert post("/audio/speech", model="mock-cut-after-3", input="a").ending == "cut"
    assert post("/moderations", model="mock-html", input="a").headers["content-type"].startswith("text/html")


def test_faults_can_be_joined_with_each_other_and_with_tools() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
    script = chat("x", model="mock-tool+drip-20ms+cut-after-2", tools=[tool], stream=True)
    assert script.ending == "cut"
    assert [wait for wait, _ in script.steps] == [pytest.approx(0.02)] * 2
    assert b'"tool_calls"' in script.steps[1][1]


@pytest.mark.parametrize(
    "model", ["mock-queer", "mock-status-200", "mock-cut-after-x", "gpt", "mock-", "a-status-500"]
)
def test_any_other_name_is_an_echo_of_that_name(model: str) -> None:
    got = document(chat("x", model=model))
    assert (got["model"], got["choices"][0]["message"]["content"]) == (model, "You said: x")


def test_the_table_for_the_documentation_holds_what_it_says() -> None:
    for fault in FAULTS:
        assert fault.pattern.fullmatch(fault.example.removeprefix("mock-"))
        assert fault.meaning
        script, good = chat("one two", model=fault.example, stream=True), chat("one two", stream=True)
        assert (script.status, script.headers, script.steps, script.ending, script.wait) != (
            *(good.status, good.headers, good.steps),
            *(good.ending, good.wait),
        )


@given(st.lists(st.sampled_from([each.example.removeprefix("mock-") for each in FAULTS]), max_size=4))
def test_joined_faults_always_make_an_answer_that_can_be_played(words: list[str]) -> None:
    script = chat("one two", model=f"mock-{'+'.join(words)}", stream=True)
    assert 200 <= script.status < 600
    assert all(data and wait >= 0 for wait, data in script.steps)
    assert script.ending in ("end", "cut", "stall")


# ── schemas ──────────────────────────────────────────────────────────────


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Leaf(BaseModel):
    name: Annotated[str, Field(min_length=6, max_length=8)]
    size: Annotated[int, Field(gt=3, lt=9, multiple_of=4)]


class Tree(BaseModel):
    colour: Colour
    leaves: Annotated[list[Leaf], Field(min_length=2)]
    pair: tuple[int, str]
    either: Leaf | int
    maybe: float | None
    kind: Literal["tree"]
    weight: Annotated[float, Field(gt=1, lt=2)]
    when: datetime
    day: date
    id: UUID
    flag: bool
    other: dict[str, int]
    child: Tree | None = None


def test_values_fit_the_schemas_of_pydantic_models() -> None:
    made = Tree.model_validate(fitting(Tree.model_json_schema()))
    assert len(made.leaves) == 2
    assert made.child is not None


BOUNDS = st.integers(-1_000, 1_000)


@given(BOUNDS, st.integers(0, 50), st.booleans(), st.sampled_from((None, 1, 2, 5)))
def test_numbers_keep_their_bounds(low: int, room: int, exclusive: bool, step: int | None) -> None:
    names = ("exclusiveMinimum", "exclusiveMaximum") if exclusive else ("minimum", "maximum")
    span = 2 * (step or 1) + room
    schema: dict[str, Any] = {names[0]: low, names[1]: low + span} | ({"multipleOf": step} if step else {})
    for kind in ("integer", "number"):
        value = fitting({"type": kind, **schema})
        assert low < value < low + span if exclusive else low <= value <= low + span
        assert not step or math.fmod(value, step) == 0


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (None, None),
        (True, None),
        ({}, "mock"),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 1),
        ({"type": ["null"]}, None),
        ({"const": [1]}, [1]),
        ({"properties": {"a": {}}}, {"a": "mock"}),
        ({"items": {"type": "boolean"}}, [True]),
        ({"type": "object", "required": ["a"]}, {"a": "mock"}),
        ({"type": "string", "minLength": 6}, "mockxx"),
        ({"type": "string", "maxLength": 2}, "mo"),
        ({"type": "array", "maxItems": 0}, []),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"const": 2}], "items": False}, [1, 2]),
        ({"type": "number", "minimum": 3, "maximum": 1}, 1),
        ({"type": "integer", "minimum": 1.5, "maximum": 1.6}, 1),
        ({"type": "number", "exclusiveMinimum": 1e300}, 1),
        ({"type": "number", "minimum": 10, "multipleOf": 0.3}, pytest.approx(10.2)),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"oneOf": [True]}, "mock"),
        (
            {
                "allOf": [
                    {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                    {"properties": {"b": {"type": "boolean"}}, "required": ["b"]},
                ]
            },
            {"a": 1, "b": True},
        ),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 7}}}, 7),
        ({"$ref": "#/nowhere/at/all"}, "mock"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "mock"),
        ({"type": "martian"}, None),
    ],
)
def test_values_of_single_schemas(schema: Any, value: Any) -> None:
    assert fitting(schema) == value


def test_a_schema_that_needs_itself_comes_to_an_end() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"n": {"$ref": "#/$defs/n"}}}
    looped = {"$ref": "#/$defs/n", "$defs": {"n": node}}
    assert fitting(looped) == {"n": {"n": {"n": {"n": {}}}}}
    node["required"] = ["n"]
    assert fitting(looped)["n"]["n"]["n"]["n"]["n"]["n"]
    node["properties"]["m"], node["required"] = {"$ref": "#/$defs/n"}, ["n", "m"]
    with pytest.raises(BadRequest, match="more than 5000 values"):
        fitting(looped)


WORDS = (
    "type",
    "properties",
    "items",
    "minimum",
    "multipleOf",
    "minLength",
    "anyOf",
    "allOf",
    "$ref",
    "enum",
)
NOISE = st.recursive(
    st.none() | st.integers(-3, 3) | st.sampled_from(("object", "array", "integer", "#/properties")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(WORDS), NOISE))
def test_any_schema_gives_a_value_or_a_refusal(schema: dict[str, Any]) -> None:
    parameters = {"name": "f", "parameters": schema}
    script = chat("x", model="mock-tool", tools=[{"type": "function", "function": parameters}])
    assert script.status in (200, 400)
