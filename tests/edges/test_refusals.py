"""What is refused, at both edges: in OpenAI's shape, with the field and the remedy, and nothing is sent."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from counted import EDGES, Counted, Edge
from refused import CASES, HELD, OPENAI, brought, several

edges = pytest.mark.parametrize("edge", EDGES.values(), ids=list(EDGES))


@edges
@pytest.mark.parametrize("name", CASES)
def test_refused_with_the_field_and_the_remedy_and_nothing_sent(edge: Edge, name: str) -> None:
    case, upstream = CASES[name], Counted()
    app = edge.app(upstream, case.config, **case.options)
    answer = edge.ask(app, case.path, case.body, case.headers)
    error = answer.error
    assert set(error) == {"message", "type", "param", "code"}
    assert (answer.status, error["param"]) == (case.status, case.param), error
    assert case.code in (None, error["code"])
    assert [word for word in case.words if word not in error["message"]] == [], error
    assert answer.headers["content-type"] == "application/json"
    assert "sk-" not in answer.body.decode()
    assert upstream.seen == []


def test_a_body_that_grows_beyond_the_limit_without_having_said_so() -> None:
    upstream = Counted()
    pieces = [b'{"model": "', *[b"x" * 1000] * 20]
    app = EDGES["asgi"].app(upstream, max_body=5000)
    told = EDGES["asgi"].ask(app, headers=OPENAI, pieces=pieces)
    unsaid: Any = {"wsgi.input_terminated": True, "wsgi.input": BytesIO(b"".join(pieces))}
    app = EDGES["wsgi"].app(upstream, max_body=5000)
    told_wsgi = EDGES["wsgi"].ask(app, headers={**OPENAI, "content-length": ""}, **unsaid)
    for answer in (told, told_wsgi):
        assert (answer.status, answer.error["code"]) == (413, "body_too_large")
        assert "5000 bytes" in answer.error["message"]
    assert upstream.seen == []


# ── and what is not refused ──────────────────────────────────────────────


@edges
def test_what_the_config_adds_need_not_be_sent(edge: Edge) -> None:
    upstream = Counted()
    config = {"provider": "openai", "override_params": {"model": "gpt-4o"}}
    answer = edge.ask(edge.app(upstream), body={"messages": []}, headers=brought(config))
    assert answer.status == 200
    assert json.loads(upstream.seen[0].content) == {"model": "gpt-4o", "messages": []}


@edges
def test_what_only_one_of_two_targets_adds_is_missing(edge: Edge) -> None:
    upstream = Counted()
    adds = {"provider": "openai", "override_params": {"model": "gpt-4o"}}
    config = several("fallback", adds, {"provider": "openai"})
    answer = edge.ask(edge.app(upstream), body={"messages": []}, headers=brought(config))
    assert (answer.status, answer.error["param"], upstream.seen) == (400, "model", [])


@edges
@pytest.mark.parametrize("level", ["full", "named"])
def test_a_config_is_had_by_its_name(edge: Edge, level: Any) -> None:
    upstream = Counted()
    app = edge.app(upstream, configs={"fast": HELD}, auth="public", caller_config=level)
    assert edge.ask(app, headers=brought("fast")).status == 200
    assert [sent.headers["authorization"] for sent in upstream.seen] == ["Bearer sk-operators-own"]


@edges
def test_the_operators_config_is_used_where_callers_say_nothing(edge: Edge) -> None:
    upstream = Counted()
    app = edge.app(upstream, HELD, auth="public", caller_config="none")
    assert edge.ask(app).status == 200
    assert len(upstream.seen) == 1
