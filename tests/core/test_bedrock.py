"""Bedrock as a provider: where it is asked, with what signature, and what becomes of its streams."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Lent
from botocore.session import get_session
from conversed import CLAUDE, OPENING, costs, ending, text
from machine import call, opened, target, world

import recorded
from gatewaymw.core.dialects import bedrock_invoke, converse
from gatewaymw.core.endpoints import CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, PROXY, RERANK
from gatewaymw.core.plan import Retry, Target
from gatewaymw.core.providers import BEDROCK
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Request
from gatewaymw.drivers.pool import Pool
from upstream import Upstream, whole

OPTIONS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "secret",
    "aws_region": "eu-central-1",
}
MODEL = get_session().get_service_model("bedrock-runtime")
HELLO = {"messages": [{"role": "user", "content": "Hi"}]}
ANSWER = Answer(200, {}, json.dumps({"output": {"message": {"content": [{"text": "a"}]}}}).encode())


def leaf(**more: Any) -> Target:
    return target(**{"provider": BEDROCK, "options": OPTIONS, **more})


def asked(
    body: dict[str, Any], leaf: Target, endpoint: Any = CHAT, **more: Any
) -> tuple[Request | None, Reply]:
    """The request that goes out, and what comes back."""
    here = world(ANSWER)
    reply = here.run(attempt(leaf, call(body, endpoint=endpoint, **more), here.env()))
    return (here.sent[0].request if here.sent else None), reply


def url(model: str, **more: Any) -> str:
    request, _ = asked({"model": model, **HELLO, **more}, leaf())
    assert request
    return request.url


# ── where ────────────────────────────────────────────────────────────────

BASE = "https://bedrock-runtime.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("model", "step"),
    [
        ("amazon.nova-lite-v1:0", "amazon.nova-lite-v1%3A0"),
        (
            "apac.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "apac.anthropic.claude-sonnet-4-5-20250929-v1%3A0",
        ),
        (
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2",
        ),
        ("../../admin", "..%2F..%2Fadmin"),
    ],
)
def test_a_model_is_one_step_of_the_path(model: str, step: str) -> None:
    assert url(model) == f"{BASE}/model/{step}/converse"
    assert url(model, stream=True) == f"{BASE}/model/{step}/converse-stream"


def test_embeddings_and_images_are_invoked() -> None:
    body = {"model": "amazon.titan-embed-text-v2:0", "input": "a"}
    request, _ = asked(body, leaf(), EMBED)
    assert request and request.url == f"{BASE}/model/amazon.titan-embed-text-v2%3A0/invoke"
    assert json.loads(request.body) == {"inputText": "a"}
    request, _ = asked({"model": "amazon.nova-canvas-v1:0", "prompt": "a"}, leaf(), IMAGE)
    assert request and request.url == f"{BASE}/model/amazon.nova-canvas-v1%3A0/invoke"


def test_what_only_headers_say_is_said_and_signed() -> None:
    guard = {"x-amzn-bedrock-guardrailidentifier": "g1", "x-amzn-bedrock-guardrailversion": "1"}
    body = {"model": "amazon.titan-embed-text-v2:0", "input": "a"}
    request, _ = asked(body, leaf(), EMBED, headers={**guard, "x-amzn-bedrock-other": "a"})
    assert request and guard.items() <= request.headers.items()
    assert "x-amzn-bedrock-other" not in request.headers
    assert "x-amzn-bedrock-guardrailidentifier;x-amzn-bedrock-guard" in request.headers["authorization"]
    fields = MODEL.operation_model("InvokeModel").input_shape.members.values()
    named = {str(field.serialization.get("name")).lower() for field in fields}
    assert {name for name in named if name.startswith("x-amzn-")} == BEDROCK.accepts


def test_routes_and_names() -> None:
    codecs = {
        **{CHAT: converse.CHAT, EMBED: bedrock_invoke.EMBED},
        **{IMAGE: bedrock_invoke.IMAGE, IMAGE_EDIT: bedrock_invoke.EDIT, RERANK: bedrock_invoke.COHERE_RANKS},
    }
    routes = {endpoint: route.codec for endpoint, route in BEDROCK.routes.items()}
    assert routes == {**codecs, COMPLETE: routes[COMPLETE]}
    assert (BEDROCK.name, BEDROCK.env_key) == ("bedrock", "AWS_BEARER_TOKEN_BEDROCK")
    assert BEDROCK.requires == {"aws_region": "AWS_REGION"}


def test_no_region_is_assumed() -> None:
    request, reply = asked({"model": CLAUDE, **HELLO}, leaf(options={}))
    error = json.loads(reply.body)["error"]
    assert request is None
    assert (reply.status, error["param"]) == (400, "aws_region")
    assert "env:AWS_REGION" in error["message"] and "x-gateway-aws-region" in error["message"]


# ── with what ────────────────────────────────────────────────────────────


def test_a_key_of_bedrocks_is_a_bearer() -> None:
    request, _ = asked({"model": CLAUDE, **HELLO}, leaf(options={"aws_region": "eu-central-1"}))
    assert request and request.headers["authorization"] == "Bearer sk-caller-key"


def test_without_any_key_it_is_said_what_is_missing() -> None:
    request, reply = asked({"model": CLAUDE, **HELLO}, leaf(options={"aws_region": "eu-central-1"}), key=None)
    error = json.loads(reply.body)["error"]
    assert (request, reply.status, error["code"]) == (None, 401, "missing_credentials")
    assert "aws_access_key_id" in error["message"]


def test_any_path_is_signed() -> None:
    request, _ = asked({"a": 1}, leaf(), PROXY)
    assert request and request.url == f"{BASE}/chat/completions"
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")


@pytest.mark.parametrize("model", [CLAUDE, "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/x"])
def test_what_arrives_is_what_was_signed(upstream: Upstream, model: str) -> None:
    """Each byte that the signature covers comes over a socket as it was signed."""
    request, _ = asked({"model": model, **HELLO}, leaf(base_url=f"{upstream.url}/some;where"))
    assert request
    upstream.script(urlsplit(request.url).path, whole({}))
    pool = Pool()
    pool.send(request).body.close()
    pool.close()
    (seen,) = upstream.seen
    headers = dict(seen.headers)
    said = headers["authorization"]
    covered = said.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    made = AWSRequest(
        seen.method, upstream.url + seen.target, {name: headers[name] for name in covered}, seen.body
    )
    made.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Lent("AKIDEXAMPLE", "secret"), "bedrock", "eu-central-1")
    proof = auth.signature(auth.string_to_sign(made, auth.canonical_request(made)), made)
    assert said.endswith(f"Signature={proof}")
    assert {"host", "content-type", "x-amz-date"} <= {*covered}


# ── streams ──────────────────────────────────────────────────────────────


def frames(*events: dict[str, Any]) -> bytes:
    return b"".join(
        recorded.amazon(name, json.dumps(payload).encode())
        for event in events
        for name, payload in event.items()
    )


def exception(name: str, message: str) -> bytes:
    return recorded.amazon(name, json.dumps({"message": message}).encode(), kind="exception")


def live(*streams: list[bytes], **more: Any) -> tuple[Reply, bytes]:
    """What a client is told of streams, one a try: the reply, and all its bytes."""
    reads = dict(enumerate(streams, 1))
    answers = [opened(number, "application/vnd.amazon.eventstream") for number in reads]
    here = world(*answers, reads=reads)
    body = {"model": CLAUDE, **HELLO, "stream": True, "stream_options": {"include_usage": True}}
    reply = here.run(attempt(leaf(**more), call(body), here.env()))
    said = reply.body
    if isinstance(reply, Live):
        for data in here.reads[reply.stream]:
            assert isinstance(data, bytes)
            said += reply.passage.feed(data)
        said += reply.passage.close()
    return reply, said


def test_a_stream_ends_with_its_cost() -> None:
    data = frames(OPENING, *text("Hel", "lo"), ending(), costs())
    reply, said = live([data[:100], data[100:]])
    assert reply.content_type.startswith("text/event-stream")
    assert said.endswith(b"data: [DONE]\n\n")
    last = json.loads(said.split(b"\n\n")[-3].removeprefix(b"data: "))
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 15)


def test_a_stream_cut_short_is_an_error() -> None:
    reply, said = live([frames(OPENING, *text("Hello"))])
    assert isinstance(reply, Live)
    assert b"ended the stream before it was complete" in said
    _, said = live([frames(OPENING, *text("Hello"), ending())[:-5]])
    assert b"upstream_stream_invalid" in said


def test_s4_an_exception_before_the_first_word_is_an_answer() -> None:
    data = exception("throttlingException", "Slow down.")
    reply, _ = live([frames(OPENING) + data])
    error = json.loads(reply.body)["error"]
    assert (reply.status, error["message"]) == (429, "bedrock: Slow down.")
    reply, said = live([frames(OPENING, *text("Hello")), data])
    assert reply.status == 200
    assert b"Slow down." in said and b'"code":"throttlingException"' in said


def test_s4_an_exception_before_the_first_word_is_tried_again() -> None:
    data = exception("modelStreamErrorException", "It failed.")
    reply, said = live([data], [frames(OPENING, *text("a"), ending())], retry=Retry(attempts=1))
    assert reply.tries == 1
    assert said.endswith(b"data: [DONE]\n\n")
