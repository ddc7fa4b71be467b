"""What the gateway asks of Anthropic, beside what Anthropic's own SDK asks for the same.

The SDK (https://platform.claude.com/docs/en/cli-sdks-libraries/overview) is handed a transport that keeps
its request and answers with a message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import httpx2
import pytest
from anthropic import Anthropic
from anthropic.types.beta import BetaStopReason
from anthropic.types.beta import message_create_params as beta
from anthropic.types.message_create_params import MessageCreateParamsBase
from anthropic.types.stop_reason import StopReason
from anthropic_calls import HOLDS, OLD, SAYS, Person, Pet, Row, asks, creates
from anthropic_tools import CALLS, ITS_OWN, THINKS
from ours import KEY, ours, where

from gatewaymw.core.dialects.anthropic import request
from gatewaymw.core.dialects.anthropic.request import KNOWN
from gatewaymw.core.dialects.anthropic.response import FINISH
from gatewaymw.core.model import Context

Json = dict[str, Any]

PERSON = Person(name="A", age=1, tags=["x"], born="2000-01-01", pet=Pet(called="B", kind=None))
CONTEXT = Context(provider="anthropic", model=OLD, created=1_700_000_000, id="own")
SAID: list[Json] = [{"type": "text", "text": PERSON.model_dump_json(), "citations": None}]
COUNTS = {"input_tokens": 1, "output_tokens": 1}
MESSAGE: Json = {
    **{"id": "msg_1", "type": "message", "role": "assistant", "model": OLD, "content": SAID},
    **{"stop_reason": "end_turn", "stop_sequence": None, "usage": COUNTS},
}
EVENTS: list[Json] = [
    {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": COUNTS},
    {"type": "message_stop"},
]


def theirs(call: Callable[[Anthropic], object]) -> httpx2.Request:
    """The request that the SDK makes."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        if not json.loads(request.content).get("stream"):
            return httpx2.Response(200, json=MESSAGE)
        events = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in EVENTS)
        return httpx2.Response(200, text=events, headers={"content-type": "text/event-stream"})

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as http:
        call(Anthropic(api_key=KEY, base_url="https://api.anthropic.com", http_client=http, max_retries=0))
    (request,) = sent
    return request


def blocks(body: Any) -> Any:
    """A body in which all content is told in blocks.

    A string is shorthand for one block of text, says the reference of `messages`
    (https://platform.claude.com/docs/en/api/messages/create).
    """
    if isinstance(body, list):
        return [blocks(each) for each in body]
    if not isinstance(body, dict):
        return body
    made = {name: blocks(value) for name, value in body.items()}
    said = {name: made[name] for name in ("system", "content") if isinstance(made.get(name), str)}
    return made | {name: [{"type": "text", "text": value}] for name, value in said.items()}


ROWS = [*SAYS, *HOLDS, *CALLS, *THINKS, *ITS_OWN]
EACH = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])


@EACH
def test_a_body_is_what_the_sdk_sends(row: Row) -> None:
    sent, made = theirs(row.call), ours("anthropic", row.body, headers=row.headers)
    assert blocks(json.loads(made.body)) == blocks(json.loads(sent.content))


@EACH
def test_it_goes_where_the_sdk_sends_it_with_the_headers_that_are_required(row: Row) -> None:
    """`?beta=true` is the SDK's alone: a header turns betas on
    (https://platform.claude.com/docs/en/api/beta-headers)."""
    sent, made = theirs(row.call), ours("anthropic", row.body, headers=row.headers)
    path, query = where(str(sent.url))
    assert (made.method, where(made.url)) == (sent.method, (path, []))
    assert query in ([], [("beta", "true")])
    for name in ("content-type", "anthropic-beta"):
        assert made.headers.get(name) == sent.headers.get(name)
    # The reference wants one of the two (https://platform.claude.com/docs/en/api/overview).
    assert made.headers["x-api-key"] == KEY
    assert sent.headers["authorization"] == f"Bearer {KEY}"


def test_the_version_of_the_api_is_the_one_that_takes_sampling_unless_a_client_asks_for_another() -> None:
    """The SDK's is newer, and refuses temperature, top_p and top_k of every model
    (https://platform.claude.com/docs/en/api/migration-2026-10-21); else it takes what the older one does."""
    latest = theirs(creates()).headers["anthropic-version"]
    assert latest >= "2026-10-21"
    assert ours("anthropic", asks()).headers["anthropic-version"] == "2023-06-01"
    chosen = ours("anthropic", asks(), headers={"anthropic-version": latest})
    assert chosen.headers["anthropic-version"] == latest


def test_every_parameter_of_the_sdk_is_known() -> None:
    """Those that it sends as headers are not asked of bodies."""
    headers = {"betas", "user_profile_id", "workspace_id"}
    assert {
        *MessageCreateParamsBase.__annotations__,
        *beta.MessageCreateParamsBase.__annotations__,
    } - headers <= KNOWN


def test_every_reason_to_stop_of_the_sdk_is_known() -> None:
    assert {*get_args(StopReason), *get_args(BetaStopReason)} == {*FINISH}


def test_nothing_of_these_calls_is_lost() -> None:
    for row in ROWS:
        assert request(row.body, CONTEXT).dropped == (), row.name
