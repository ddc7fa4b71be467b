"""What the gateway asks of Cohere, beside what Cohere's own SDK asks for the same.

Each row is one call: the body that a client of OpenAI's API sends, and the call of the SDK
(https://docs.cohere.com/reference/about) that means the same. The SDK is handed a transport that keeps its
request.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cohere import (
    ClientV2,
)
from cohere.v2.client import V2Client
from cohere_calls import FINDS, SAYS, THINKS, TOOLS, Called, Json, Row
from ours import KEY, ours, where

from gatewaymw.core.dialects.cohere import CHAT as CHATS
from gatewaymw.core.dialects.cohere import EMBED as EMBEDS
from gatewaymw.core.dialects.cohere.embeddings import KNOWN as EMBEDDED
from gatewaymw.core.dialects.cohere.request import KNOWN as CHATTED
from gatewaymw.core.endpoints import EMBED
from gatewaymw.core.model import Context

CONTEXT = Context(provider="cohere", model="command-a-plus", created=1_700_000_000, id="own", strict=False)
ANSWERS: dict[str, Json] = {
    "/v2/chat": {"id": "1", "finish_reason": "COMPLETE", "message": {"role": "assistant", "content": []}},
    "/v2/embed": {"id": "1", "embeddings": {"float": [[0.5]]}, "texts": ["a"]},
    "/v1/models": {"models": []},
    "/v1/models/command-a-plus": {"name": "command-a-plus"},
}
END: Json = {"type": "message-end", "id": "1", "delta": {"finish_reason": "COMPLETE"}}


def theirs(call: Called) -> httpx.Request:
    """The request that the SDK makes."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if request.content and json.loads(request.content).get("stream"):
            events = f"event: message-end\ndata: {json.dumps(END)}\n\ndata: [DONE]\n\n"
            return httpx.Response(200, text=events, headers={"content-type": "text/event-stream"})
        return httpx.Response(200, json=ANSWERS[request.url.path])

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        call(ClientV2(KEY, base_url="https://api.cohere.com", httpx_client=http, max_retries=0))
    (request,) = sent
    return request


def unsaid(body: Json) -> Json:
    """A body without `stream: false`, which is the same as none (https://docs.cohere.com/reference/chat)."""
    return {name: value for name, value in body.items() if (name, value) != ("stream", False)}


ROWS = [*SAYS, *TOOLS, *THINKS, *FINDS]
EACH = pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])


# ── the same ─────────────────────────────────────────────────────────────


@EACH
def test_a_body_is_what_the_sdk_sends(row: Row) -> None:
    sent, made = theirs(row.call), sending(row)
    assert json.loads(made.body or b"{}") == unsaid(json.loads(sent.content or b"{}"))


@EACH
def test_it_goes_where_the_sdk_sends_it_with_the_headers_that_are_required(row: Row) -> None:
    sent, made = theirs(row.call), sending(row)
    assert (made.method, where(made.url)) == (sent.method, where(str(sent.url)))
    assert made.headers["authorization"] == sent.headers["authorization"] == f"Bearer {KEY}"
    assert made.headers.get("content-type") == sent.headers.get("content-type")


def sending(row: Row) -> Any:
    return ours("cohere", row.body, row.endpoint)


def test_every_parameter_of_the_sdk_is_known() -> None:
    assert parameters(V2Client.chat) <= CHATTED
    assert parameters(V2Client.embed) <= EMBEDDED


def parameters(method: Callable[..., Any]) -> set[str]:
    return {*inspect.signature(method).parameters} - {"self", "request_options"}


def test_nothing_of_these_calls_is_lost() -> None:
    assert CHATS.request
    assert EMBEDS.request
    for row in ROWS:
        encode = EMBEDS.request if row.endpoint is EMBED else CHATS.request
        if row.endpoint.body == "json":
            assert encode(row.body, CONTEXT).dropped == (), row.name
