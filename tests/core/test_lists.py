"""Lists of models: any provider's as OpenAI's, and those of several services as one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import call, group, ok, provider, status, target, world
from openai.types import Model

from gatewaymw.core import json
from gatewaymw.core.dialects.catalogue import listed, listing, shown
from gatewaymw.core.endpoints import CHAT, MODEL, MODELS
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.model import Context, Route
from gatewaymw.core.plan import Breaker, Credential, Target
from gatewaymw.core.routing import catalogue
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.likes import key_of
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Call, Failure, Secret

CONTEXT = Context(provider="acme")
ROW = {"id": "a", "object": "model", "created": 0, "owned_by": "acme"}

# ── any shape ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        ([{"id": "a"}], {}),
        (["a"], {}),
        ({"data": [{"id": "a"}], "has_more": True}, {"has_more": True}),
        ({"models": [{"name": "a"}], "object": "models"}, {}),
        ({"models": [{"model": "a"}]}, {}),
        ({"result": [{"model_id": "a"}], "success": True}, {"success": True}),
        ({"data": {"models": [{"id": "a"}], "total": 1}, "code": 0}, {"total": 1, "code": 0}),
        ({"data": [{"id": "a"}, {"id": ""}, 7, None, {}]}, {}),
    ],
)
def test_lists_of_any_shape_are_openais(body: Any, beside: dict[str, Any]) -> None:
    before = copy.deepcopy(body)
    made = listed(body, CONTEXT)
    assert body == before
    (row,) = made["data"]
    assert {name: row[name] for name in ROW} == ROW
    assert {name: value for name, value in made.items() if name != "data"} == {"object": "list", **beside}


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({"created": 1_700_000_000}, 1_700_000_000),
        ({"created": 1_700_000_000.9}, 1_700_000_000),
        ({"created": 1_700_000_000_123}, 1_700_000_000),
        ({"created": "1700000000"}, 1_700_000_000),
        ({"created": "2023-11-14T22:13:20Z"}, 1_700_000_000),
        ({"created": "2023-11-14T22:13:20"}, 1_700_000_000),
        ({"created_at": "2023-11-14T23:13:20+01:00"}, 1_700_000_000),
        ({"created": None, "createdAt": 1_700_000_000}, 1_700_000_000),
        ({"created": "some day", "created_at": 1_700_000_000}, 1_700_000_000),
        *(({"created": 10**14}, 0), ({"created": 10**400}, 0), ({"created": float("inf")}, 0)),
        ({"created": {}}, 0),
        ({"created": [1]}, 0),
        ({}, 0),
    ],
)
def test_the_time_is_seconds_since_1970(told: dict[str, Any], seconds: int) -> None:
    assert shown({"id": "a", **told}, CONTEXT)["created"] == seconds


def test_what_else_is_told_of_a_model_stays() -> None:
    row = {"id": 7, "object": "engine", "owned_by": None, "pricing": {"prompt": "1"}, "name": "Seven"}
    assert shown(row, CONTEXT) == {**row, **ROW, "id": "7"}
    assert shown({**ROW, "owned_by": "them", "x": 1}, CONTEXT) == {**ROW, "owned_by": "them", "x": 1}


@pytest.mark.parametrize("body", [{}, {"data": None}, "list", None, 7, {"data": {}}, {"models": "a"}])
def test_what_holds_no_list_is_none(body: Any) -> None:
    with pytest.raises(KeyError):
        listed(body, CONTEXT)


def test_a_model_without_a_name_is_none() -> None:
    with pytest.raises(KeyError):
        shown({"object": "model"}, CONTEXT)


def test_an_error_within_a_200_is_one() -> None:
    with pytest.raises(UpstreamError, match="no key"):
        listed({"error": {"message": "no key"}, "data": []}, CONTEXT)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ROWS = st.dictionaries(
    st.sampled_from(["id", "name", "created", "created_at", "object", "owned_by", "x"]), ANY
)


@given(st.lists(ROWS, max_size=4))
def test_whatever_a_row_holds_it_becomes_a_model_or_is_left_out(rows: list[dict[str, Any]]) -> None:
    made = listing()({"data": rows}, CONTEXT)["data"]
    for row in made:
        Model.model_validate(row, strict=True)
    assert listing()(made, CONTEXT)["data"] == made
    kept = [row for row in rows if any(row.get(name) not in (None, "") for name in ("id", "name"))]
    assert len(made) <= len(kept)


# ── several services ─────────────────────────────────────────────────────

LIST = call(endpoint=MODELS)


def listing_of(*names: str) -> bytes:
    return json.dumps({"data": [{"id": name} for name in names]})


def service(name: str, *, lists: bool = True, **more: Any) -> Target:
    routes = {CHAT: Route("/chat"), **({MODELS: Route("/models")} if lists else {})}
    return target(f"config.{name}", provider=provider(name, routes=routes, needs_key=False), **more)


def told(reply: Reply) -> tuple[list[str], tuple[str, ...]]:
    assert reply.status == 200, reply.body
    rows: list[dict[str, Any]] = json.loads(reply.body)["data"]
    return [Model.model_validate(row, strict=True).id for row in rows], reply.warnings


def test_each_service_is_asked_once() -> None:
    here = world(ok(listing_of("a", "b")), ok(listing_of("a")))
    tree = group("fallback", service("x"), group("loadbalance", service("y"), service("x")))
    reply = here.run(run(tree, LIST, here.env()))
    assert told(reply) == (["@x/a", "@x/b", "@y/a"], ())
    assert [sent.request.url for sent in here.sent] == [
        "https://x.example/models",
        "https://y.example/models",
    ]
    assert (reply.attempts, reply.target) == (2, None)
    again = here.run(run(tree, LIST, here.env()))
    assert told(again) == told(reply) and len(here.sent) == 2


def test_the_same_provider_elsewhere_is_another_service() -> None:
    here = world(ok(listing_of("a")), ok(listing_of("b", "a")))
    tree = group("fallback", service("x"), service("x", base_url="https://other.example"))
    assert told(here.run(run(tree, LIST, here.env()))) == (["@x/a", "@x/b"], ())


def test_one_service_of_a_key_goes_by_its_name() -> None:
    here = world(ok(listing_of("a")), ok(listing_of("b")))
    tree = group("fallback", service("x", key_name="house"), service("y"))
    assert told(here.run(run(tree, LIST, here.env()))) == (["@house/a", "@y/b"], ())


def test_one_service_alone_is_left_as_it_is() -> None:
    here = world(status(500), ok(listing_of("a")))
    reply = here.run(run(group("fallback", service("x"), service("x")), LIST, here.env()))
    assert (reply.status, reply.body) == (200, listing_of("a"))


def test_models_that_the_config_settles_on() -> None:
    settled = {"overrides": {"model": "mine"}}
    tree = group(
        "fallback", service("x", lists=False, **settled), service("y", **settled), service("z", lists=False)
    )
    here = world()
    reply = here.run(run(tree, LIST, here.env()))
    assert told(reply) == (["@x/mine", "@y/mine"], ("z has no list of models",))
    one = here.run(run(tree.children[0], one_of("mine"), here.env()))
    assert json.loads(one.body)["id"] == "mine"
    assert here.run(run(tree.children[0], one_of("other"), here.env())).status == 404


def test_nobody_with_a_list() -> None:
    here = world()
    tree = group("fallback", service("x", lists=False), service("y", lists=False))
    assert told(here.run(run(tree, LIST, here.env()))) == (
        [],
        ("x has no list of models", "y has no list of models"),
    )


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        (status(500), "500 failed"),
        (Failure("timeout", "late", 408, "upstream_timeout"), "408 upstream_timeout"),
        (ok(b"<html>"), "502 upstream_invalid_response"),
    ],
)
def test_who_fails_is_left_out_and_named(outcome: Any, why: str) -> None:
    here = world(outcome, ok(listing_of("a")))
    reply = here.run(run(group("fallback", service("x"), service("y")), LIST, here.env()))
    assert told(reply) == (["@y/a"], (f"x was left out: {why}",))


def test_a_list_that_cannot_be_read_is_a_failure() -> None:
    here = world(ok(b'{"models": 7}'), ok(b"{}"))
    reply = here.run(run(group("fallback", service("x"), service("y")), LIST, here.env()))
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (502, "upstream_invalid_response")
    assert reply.warnings == tuple(f"{name} was left out: its list cannot be read" for name in "xy")
    assert (reply.attempts, reply.again) == (2, True)


def test_more_pages_are_told_of() -> None:
    here = world(ok(b'{"data": [{"id": "a"}], "has_more": true}'), ok(listing_of("b")))
    reply = here.run(run(group("fallback", service("x"), service("y")), LIST, here.env()))
    assert told(reply)[1] == ("x has more models than it lists at once",)


def test_how_many_are_asked_and_listed() -> None:
    names = [f"s{number}" for number in range(catalogue.MOST + 2)]
    each = catalogue.ROWS // catalogue.MOST + 1
    here = world(*[ok(listing_of(*map(str, range(each)))) for _ in range(catalogue.MOST)])
    reply = here.run(run(group("fallback", *map(service, names)), LIST, here.env()))
    ids, warnings = told(reply)
    assert (len(here.sent), len(ids)) == (catalogue.MOST, catalogue.ROWS)
    more = each * catalogue.MOST - catalogue.ROWS
    assert warnings == (
        f"the list has {catalogue.ROWS} models at most: {more} were left out",
        "2 more were not asked for their models",
    )


def test_a_list_waits_for_nobody_longer_than_ten_seconds() -> None:
    here = world(ok(listing_of("a")), ok(listing_of("b")))
    here.run(run(group("fallback", service("x"), service("y")), LIST, here.env()))
    assert {sent.request.timeout for sent in here.sent} == {catalogue.PATIENCE}
    assert {sent.request.limit for sent in here.sent} == {MODELS.limit}


def test_all_whose_breakers_are_open_are_asked_after_all() -> None:
    rule = Breaker(failures=1)
    tree = group("fallback", service("x", breaker=rule), service("y", breaker=rule))
    here = world(status(500), status(500), ok(listing_of("a")), status(503))
    assert here.run(run(tree, LIST, here.env())).status == 500
    assert told(here.run(run(tree, LIST, here.env())))[0] == ["@x/a"]


# ── one model ────────────────────────────────────────────────────────────


def one_of(name: str) -> Call:
    return replace(LIST, endpoint=MODEL, path=f"/models/{name}", body={"model": name})


@pytest.mark.parametrize(
    ("given", "shared"),
    [(Credential(Secret("sk")), True), (Credential(source="env:KEY"), True), (Credential(source=len), False)],
)
def test_a_kept_list_is_everybodys_but_where_a_function_may_give_each_a_key(
    given: Credential, shared: bool
) -> None:
    leaf = target(credential=given)
    ann, bob = (
        Call(endpoint=MODELS, method="GET", path="/models", principal=name) for name in ("ann", "bob")
    )
    assert (key_of(leaf, ann) == key_of(leaf, bob)) is shared
    assert key_of(leaf, ann) == key_of(leaf, replace(ann))


def test_one_model_out_of_the_lists_of_several() -> None:
    here = world(ok(listing_of("a")), ok(listing_of("b")))
    tree = group("fallback", service("x"), service("y"))
    found = here.run(run(tree, one_of("@y/b"), here.env()))
    assert json.loads(found.body) == {"id": "@y/b", "object": "model", "created": 0, "owned_by": "y"}
    missing = here.run(run(tree, one_of("c"), here.env()))
    error = json.loads(missing.body)["error"]
    assert (missing.status, error["code"], error["param"]) == (404, "model_not_found", "model")


def test_one_model_of_who_only_lists_them() -> None:
    here = world(ok(listing_of("a")), status(401))
    assert json.loads(here.run(run(service("x"), one_of("a"), here.env())).body) == {"id": "a"}
    assert here.run(run(service("y"), one_of("a"), here.env())).status == 401
    odd = world(ok(b"[]"))
    assert odd.run(run(service("z"), one_of("a"), odd.env())).status == 404


def test_a_model_is_told_by_the_name_it_was_asked_by() -> None:
    reply = Reply(status=200, body=b'{"id": "a", "x": 1}')
    assert json.loads(catalogue.called(reply, "@x/a").body) == {"id": "@x/a", "x": 1}
    for untouched in (
        replace(reply, status=404),
        replace(reply, body=b"[]"),
        replace(reply, body=b'{"id":"@x/a"}'),
    ):
        assert catalogue.called(untouched, "@x/a") is untouched
    assert catalogue.called(reply, "a") is reply
