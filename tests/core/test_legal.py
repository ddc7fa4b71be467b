"""What goes to a provider for a recorded OpenAI request is legal by the provider's own types, or is refused.

The requests were made for OpenAI, or for one who speaks its dialect; each goes here to all who can take it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from machine import call, world

import legal
import recorded
from gatewaymw.config import Book, compile_config
from gatewaymw.core import json
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.plan import Target
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.encode import Prepared, prepare
from players import FOUNDRY, VERTEX, at

Json = dict[str, Any]
BOOK = Book(providers=PROVIDERS)
AWS = {"aws_region": "eu-central-1"}
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile"
RESOURCE = {"resource_name": "ours", "api_version": "v1"}

TAKERS: Mapping[str, tuple[Json, str]] = {
    "openai": (at("openai", "gpt-5"), "openai"),
    "azure-openai": (at("azure-openai", "gpt-5", **RESOURCE), "openai"),
    "azure-claude": (at("azure-ai", "claude-sonnet-4-5", **FOUNDRY), "anthropic"),
    "anthropic-budget": (at("anthropic", "claude-sonnet-4-5"), "anthropic"),
    "anthropic-adaptive": (at("anthropic", "claude-opus-5-5"), "anthropic"),
    "anthropic-between": (at("anthropic", "claude-haiku-5-5"), "anthropic"),
    "anthropic-unknown": (at("anthropic", "another"), "anthropic"),
    "bedrock-claude": (at("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", **AWS), "bedrock"),
    "bedrock-adaptive": (at("bedrock", "us.anthropic.claude-opus-5-5", **AWS), "bedrock"),
    "bedrock-profile": (at("bedrock", f"{ARN}/abc123", **AWS), "bedrock"),
    "bedrock-nova": (at("bedrock", "amazon.nova-pro-v1:0", **AWS), "bedrock"),
    "bedrock-nova-2": (at("bedrock", "us.amazon.nova-2-lite-v1:0", **AWS), "bedrock"),
    "bedrock-deepseek": (at("bedrock", "deepseek.v3-v1:0", **AWS), "bedrock"),
    "bedrock-llama": (at("bedrock", "meta.llama3-1-70b-instruct-v1:0", **AWS), "bedrock"),
    "bedrock-mistral": (at("bedrock", "mistral.mistral-large-2407-v1:0", **AWS), "bedrock"),
    "bedrock-gpt-oss": (at("bedrock", "openai.gpt-oss-120b-1:0", **AWS), "bedrock"),
    "google": (at("google", "gemini-3-pro-preview"), "gemini"),
    "google-old": (at("google", "gemini-2.0-flash"), "gemini"),
    "google-budget": (at("google", "gemini-2.5-flash"), "gemini"),
    "vertex-gemini": (at("vertex-ai", "gemini-2.5-pro", **VERTEX), "gemini"),
    "vertex-claude": (at("vertex-ai", "anthropic.claude-sonnet-4-5@20250929", **VERTEX), "vertex-claude"),
    "cohere": (at("cohere", "command-a-03-2025"), "cohere"),
    "cohere-reasoning": (at("cohere", "command-a-reasoning-08-2025"), "cohere"),
    "mistral": (at("mistral-ai", "mistral-medium-latest"), "mistral"),
}
OPENAI = "openai__chat_completions__json__"
MATRIX = f"{OPENAI}test-multimodal-tool-return-matrix"
AUDIO = {f"{OPENAI}chat-audio-to-text-0": "input_audio"}
PDF = {f"{OPENAI}test-agent-with-document-input-0": "file_data"}
KEPT = dict.fromkeys(
    (f"{MATRIX}-direct-uploaded-file-docu-1", f"{MATRIX}-tool-return-content-uploa-1"), "file_id"
)
"""Files that OpenAI keeps."""
WEB = dict.fromkeys(
    (
        *(f"{OPENAI}chat-multimodal-0", "groq__chat_completions__json__test-image-url-input-0"),
        *(f"{OPENAI}test-image-url-tool-response-1", f"{MATRIX}-direct-url-image-openai-c-1"),
        f"{MATRIX}-tool-return-content-url-i-1",
    ),
    "url",
)
"""Images by their addresses, which these providers do not fetch."""
REFUSED: Mapping[str, Mapping[str, str]] = {
    **{taker: AUDIO for taker in TAKERS if taker.startswith(("anthropic", "azure-claude"))},
    **{taker: WEB | KEPT for taker in TAKERS if taker.startswith("bedrock")},
    **{taker: KEPT for taker in TAKERS if "gemini" in taker or taker.startswith("google")},
    "vertex-claude": AUDIO | WEB,
    **dict.fromkeys(("cohere", "cohere-reasoning"), AUDIO | PDF | KEPT),
}
"""The recordings that cannot be asked of a provider, by name: the field that the refusal is about."""
ODD = {"openrouter__chat_completions__json__test-openrouter-web-search-tool-usage-0"}
"""Those with a tool of another maker's, which passes for Anthropic to judge as one of its own may be new."""
PASSED = {"reasoning", "usage", "provider"}
"""Parameters of other gateways, in requests made for them: who speaks OpenAI's dialect gets them as they
came, and is the one to judge them."""


def prepared(taker: str, body: Json) -> Prepared:
    """The request as it is sent; nothing is asked of anyone for it."""
    target = compile_config(TAKERS[taker][0], BOOK).root
    assert isinstance(target, Target)
    flow = prepare(target, call(body, key=None), world().env())
    try:
        flow.send(None)
    except StopIteration as done:
        made: Prepared = done.value
        return made
    raise AssertionError("something was asked for")


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("rows", recorded.each([{"name": "recorded"}] if recorded.translated() else []))
def test_what_is_sent_is_legal_or_refused_by_name(rows: Json, taker: str) -> None:
    faults: Json = {}
    for row in recorded.translated():
        try:
            judged(row, taker)
        except (legal.Illegal, GatewayError, AssertionError) as fault:
            faults[row["name"]] = str(fault)
    assert faults == {}


def judged(row: Json, taker: str) -> None:
    """Raises whatever is wrong with what becomes of a recorded request."""
    body = {"model": "m"} | recorded.case(row)["request"]["body"]
    before = copy.deepcopy(body)
    if field := REFUSED.get(taker, {}).get(row["name"]):
        with pytest.raises(GatewayError) as caught:
            prepared(taker, body)
        assert 400 <= caught.value.status < 500
        assert caught.value.param
        assert field in caught.value.message
        return
    sent = prepared(taker, body).request.body
    assert body == before
    assert prepared(taker, body).request.body == sent
    checked, made = TAKERS[taker][1], json.loads(sent)
    if checked in ("openai", "mistral"):
        made = {name: value for name, value in made.items() if name not in PASSED}
    if row["name"] in ODD and checked in ("anthropic", "vertex-claude"):
        with pytest.raises(legal.Illegal, match="tools"):
            legal.CHECKS[checked](made)
        return
    legal.CHECKS[checked](made)


def test_each_refusal_is_of_a_recording() -> None:
    names = {name for refused in REFUSED.values() for name in refused}
    rows = recorded.translated()
    assert not rows or names <= {row["name"] for row in rows}
