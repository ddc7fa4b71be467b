"""Conditions that ask which text a field is are looked up: what they choose is what asking in order would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from books import OPERATOR
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.config import compile_config
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.plan import Group
from gatewaymw.core.routing.conditions import compile_query
from gatewaymw.core.values import Call

PATHS = st.sampled_from(["params.model", "params.user", "metadata.plan", "url.pathname"])
TEXTS = st.sampled_from(["a", "b", "c", "/v1/chat/completions"])
CLAUSES = TEXTS | st.builds(lambda text: {"$eq": text}, TEXTS) | st.builds(lambda text: {"$ne": text}, TEXTS)
OTHERS = st.sampled_from([1, None, {"$in": ["a", "b"]}, {"$eq": "a", "$ne": "b"}, {"$eq": 1}])
QUERIES = st.dictionaries(PATHS, CLAUSES, min_size=1, max_size=1) | st.dictionaries(
    PATHS, CLAUSES | OTHERS, min_size=1, max_size=2
)
VALUES = TEXTS | st.sampled_from([1, True, None, ["a"], {"a": "b"}])


def call(model: Any, user: Any, plan: str | None) -> Call:
    metadata = {} if plan is None else {"plan": plan}
    body = {"model": model, "user": user}
    return Call(endpoint=CHAT, method="POST", path="/chat/completions", body=body, metadata=metadata)


def in_order(queries: list[Mapping[str, Any]], what: Call) -> int | None:
    tests = (compile_query(query, lambda pattern: lambda text: pattern in text) for query in queries)
    return next((index for index, test in enumerate(tests) if test(what)), None)


@given(st.lists(QUERIES, min_size=1, max_size=8), st.builds(call, VALUES, VALUES, st.none() | TEXTS))
def test_the_first_that_holds_is_chosen(queries: list[Mapping[str, Any]], what: Call) -> None:
    targets = [{"provider": "openai", "name": f"t{index}"} for index in range(len(queries))]
    conditions = [{"query": query, "then": f"t{index}"} for index, query in enumerate(queries)]
    strategy = {"mode": "conditional", "conditions": conditions}
    root = compile_config({"strategy": strategy, "targets": targets}, OPERATOR).root
    assert isinstance(root, Group) and root.choose is not None
    assert root.choose(what) == in_order(queries, what)
