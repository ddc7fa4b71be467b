"""The query language of conditions: what each operator says, and what is refused."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.routing.conditions import MAX_CLAUSES, MAX_DEPTH, compile_query, number
from gatewaymw.core.values import Call


def regex(pattern: str) -> Callable[[str], bool]:
    try:
        search = re.compile(pattern).search
    except re.error as error:
        raise ValueError("is no pattern") from error
    return lambda text: search(text) is not None


def call(body: Any = None, **metadata: str) -> Call:
    return Call(endpoint=CHAT, method="POST", path="/chat/completions", body=body or {}, metadata=metadata)


BODY = {
    "model": "gpt-4o",
    "temperature": 0.5,
    "max_tokens": 100,
    "seed": "42",
    "stream": True,
    "stop": None,
    "response_format": {"type": "json_object"},
    "messages": [{"role": "system"}, {"role": "user", "content": [{"type": "text"}]}],
    "a\ud800": 10**400,
}
CALL = call(BODY, plan="pro", **{"user.tier": "7", "empty": ""})


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"metadata.plan": "pro"},
        {"metadata.user.tier": "7"},
        {"metadata.empty": ""},
        {"params.model": "gpt-4o", "metadata.plan": "pro"},
        {"params.stop": None},
        {"params.max_tokens": 100.0},
        {"params.stream": True},
        {"params.response_format.type": "json_object"},
        {"params.response_format": {"$eq": {"type": "json_object"}}},
        {"params.messages.0.role": "system"},
        {"params.messages.1.content.0.type": "text"},
        {"url.pathname": "/v1/chat/completions"},
        {"params.temperature": {"$gt": 0, "$lte": 0.5}},
        {"params.temperature": {"$gte": 0.5, "$lt": "0.75"}},
        {"params.seed": {"$gt": 41}},
        {"metadata.plan": {"$ne": "free"}},
        {"metadata.nothing": {"$ne": "free"}},
        {"metadata.nothing": {"$nin": ["free"]}},
        {"params.max_tokens": {"$ne": "100"}},
        {"params.max_tokens": {"$in": ["x", 100]}},
        {"metadata.plan": {"$in": ["pro", "team"]}},
        {"metadata.plan": {"$nin": ["free", 1]}},
        {"params.model": {"$regex": "4o$"}},
        {"$or": [{"metadata.plan": "free"}, {"metadata.plan": "pro"}]},
        {"$and": [{"metadata.plan": "pro"}, {"$or": [{"params.stream": False}, {"params.seed": "42"}]}]},
    ],
)
def test_r10_a_query_that_holds(query: Any) -> None:
    assert compile_query(query, regex)(CALL) is True


@pytest.mark.parametrize(
    "query",
    [
        {"metadata.plan": "free"},
        {"metadata.nothing": "pro"},
        {"metadata.nothing": None},
        {"params.model": "gpt-4o", "metadata.plan": "free"},
        {"params.stream": 1},
        {"params.max_tokens": "100"},
        {"params.max_tokens": True},
        {"params.model.name": "gpt-4o"},
        {"params.messages.7.role": "user"},
        {"params.messages.-1.role": "user"},
        {"params.messages.²": "user"},
        {"params.messages.12345678901": "user"},
        {"params.response_format.kind": "json_object"},
        {"params.temperature": {"$gt": 0, "$lt": 0.5}},
        {"params.stream": {"$gt": 0}},
        {"params.model": {"$gt": 0}},
        {"params.nothing": {"$lt": 10}},
        {"params.nothing": {"$gte": 0}},
        {"params.response_format": {"$lt": 10}},
        {"params.a\ud800": {"$gt": 0}},
        {"metadata.nothing": {"$in": ["x"]}},
        {"params.stream": {"$in": [1, "x"]}},
        {"params.max_tokens": {"$in": ["100"]}},
        {"metadata.plan": {"$nin": ["pro"]}},
        {"params.max_tokens": {"$regex": "100"}},
        {"params.nothing": {"$regex": ".*"}},
        {"params.model": {"$regex": "^4o", "$eq": "gpt-4o"}},
        {"params.model": {"$regex": "gpt", "$eq": "other"}},
        {"$or": [{"metadata.plan": "pro"}], "metadata.plan": "free"},
        {"$and": [{"metadata.plan": "pro"}], "metadata.plan": "free"},
        {"$and": [{"metadata.plan": "pro"}, {"metadata.plan": "free"}]},
        {"$or": [{"metadata.plan": "x"}, {"metadata.plan": "free"}]},
    ],
)
def test_a_query_that_does_not_hold(query: Any) -> None:
    assert compile_query(query, regex)(CALL) is False


def test_the_prefix_of_the_gateway_is_part_of_the_pathname() -> None:
    test = compile_query({"url.pathname": {"$regex": "^/ai/v2/chat"}}, regex, prefix="/ai/v2")
    assert test(CALL) and not compile_query({"url.pathname": "/chat/completions"}, regex)(CALL)


@pytest.mark.parametrize(
    ("query", "path", "words"),
    [
        ("metadata.plan", "query", "object"),
        ({"metadata.plan": {"$equals": 1}}, "query.metadata.plan", "unknown operator"),
        ({"metadata.plan": {"$get": 1}}, "query.metadata.plan", "did you mean"),
        ({"metadata.plan": {}}, "query.metadata.plan", "no operator"),
        ({"metadata.plan": ["pro"]}, "query.metadata.plan", "$in"),
        ({"metadata.plan": {"$in": "pro"}}, "query.metadata.plan.$in", "list"),
        ({"params.n": {"$gt": "many"}}, "query.params.n.$gt", "number"),
        ({"params.n": {"$gt": True}}, "query.params.n.$gt", "number"),
        ({"params.n": {"$lt": "9" * 65}}, "query.params.n.$lt", "number"),
        ({"params.n": {"$regex": "("}}, "query.params.n.$regex", "pattern"),
        ({"params.n": {"$regex": 1}}, "query.params.n.$regex", "pattern"),
        ({"$or": []}, "query.$or", "list"),
        ({"$and": {"metadata.plan": "pro"}}, "query.$and", "list"),
        ({"$and": "metadata"}, "query.$and", "list"),
        ({"$or": [{"metadata.plan": "pro"}, 1]}, "query.$or[1]", "object"),
        ({"$not": []}, "query.$not", "conditions read"),
        ({"plan": "pro"}, "query.plan", "conditions read"),
        ({"metadata.": "pro"}, "query.metadata.", "conditions read"),
        ({"headers.host": "pro"}, "query.headers.host", "conditions read"),
        ({"x" * 65: "pro"}, "query", "conditions read"),
        ({7: "pro"}, "query", "conditions read"),
    ],
)
def test_what_is_no_query_is_refused_by_its_path(query: Any, path: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        compile_query(query, regex)
    assert caught.value.path == path


def test_a_query_may_be_nested_so_deep_and_no_deeper() -> None:
    query: dict[str, Any] = {"metadata.plan": "pro"}
    for _ in range(MAX_DEPTH - 1):
        query = {"$and": [query]}
    assert compile_query(query, regex)(CALL)
    with pytest.raises(ConfigError, match="deep"):
        compile_query({"$or": [query]}, regex)


def test_a_query_may_have_so_many_clauses_and_no_more() -> None:
    """Each path is one, and each operator."""
    half = MAX_CLAUSES // 2
    query = {f"metadata.k{index}": {"$ne": "x"} for index in range(half)}
    assert compile_query(query, regex)(CALL)
    for more in ({"metadata.more": 1}, {"metadata.k0": {"$ne": "x", "$eq": "y"}}):
        with pytest.raises(ConfigError, match="clauses"):
            compile_query({**query, **more}, regex)


@pytest.mark.parametrize(("value", "expected"), [(1, 1.0), ("1.5", 1.5), (" 2 ", 2.0), (-0.5, -0.5)])
def test_numbers_and_what_spells_them(value: Any, expected: float) -> None:
    assert number(value) == expected


@pytest.mark.parametrize("value", [True, None, "", "x", "1x", [], {}, 10**400, "1" * 65])
def test_all_else_is_no_number(value: Any) -> None:
    assert math.isnan(number(value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
OPERATORS = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex"])
PATHS = st.sampled_from(["metadata.k", "params.a", "params.a.b", "params.a.0", "url.pathname"])
CLAUSES = st.dictionaries(OPERATORS, JSON, min_size=1, max_size=3) | JSON


@given(st.dictionaries(PATHS | st.text(max_size=8), CLAUSES, max_size=3) | JSON, JSON, st.text(max_size=5))
def test_any_query_compiles_or_is_refused_and_then_never_raises(query: Any, value: Any, text: str) -> None:
    try:
        test = compile_query(query, regex)
    except ConfigError:
        return
    assert test(call({"a": value}, k=text)) in (True, False)


@given(st.dictionaries(PATHS, JSON.filter(lambda v: not isinstance(v, list | dict)), max_size=3), JSON)
def test_r9_clauses_are_anded_however_they_are_written(query: dict[str, Any], value: Any) -> None:
    apart = {"$and": [{key: item} for key, item in query.items()] or [{}]}
    spelled = {key: {"$eq": item} for key, item in query.items()}
    subject = call({"a": value}, k="x")
    results = {compile_query(form, regex)(subject) for form in (query, apart, spelled)}
    assert len(results) == 1
