"""The table of what becomes of OpenAI's parameters: complete, true, and up to date in the docs."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from openai.types import embedding_create_params as embeddings
from openai.types import image_generate_params as images
from openai.types.chat import chat_completion_content_part_param as parts
from openai.types.chat import completion_create_params as chats

from gatewaymw.cli.parameters import Outcome, outcomes, page
from gatewaymw.cli.samples import TABLES
from gatewaymw.core.auth.keys import none
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import BadRequest
from gatewaymw.core.model import Codec, Context, Encoded, Provider, Route
from gatewaymw.core.providers import PROVIDERS

DOCS = Path(__file__).parents[1] / "docs"
SONNET, OPUS = PROVIDERS["anthropic"].models[CHAT]
CLAUDE, NOVA, OSS, LLAMA, *_ = PROVIDERS["bedrock"].models[CHAT]
FLASH, NEWEST = PROVIDERS["google"].models[CHAT]
COHERE = PROVIDERS["cohere"].models[CHAT][0]


def becomes(provider: str, model: str, label: str, title: str = "chat") -> Outcome:
    return outcomes(PROVIDERS[provider], title)[model][label]


# ── complete ─────────────────────────────────────────────────────────────


def sampled(title: str) -> set[str]:
    return {sample.parameter for sample in TABLES[title][1]}


def fields(*types: Any) -> set[str]:
    return {name for each in types for name in each.__annotations__}


def test_no_parameter_of_a_chat_is_forgotten() -> None:
    known = fields(chats.CompletionCreateParamsStreaming, chats.CompletionCreateParamsBase)
    assert sampled("chat") == known - {"messages", "model"}


def test_no_parameter_of_embeddings_is_forgotten() -> None:
    assert sampled("embeddings") == fields(embeddings.EmbeddingCreateParams) - {"model"}


def test_no_parameter_of_images_is_forgotten() -> None:
    known = fields(images.ImageGenerateParamsStreaming, images.ImageGenerateParamsBase)
    assert sampled("images") == known - {"prompt", "model"}


def test_no_part_of_a_message_is_forgotten() -> None:
    known = get_args(parts.ChatCompletionContentPartParam)
    kinds = {get_args(get_type_hints(each)["type"])[0] for each in known}
    assert sampled("content parts") == kinds | {"refusal", "name"}


def test_each_sample_has_a_label_of_its_own() -> None:
    for _, samples in TABLES.values():
        labels = [sample.label for sample in samples]
        assert len(labels) == len(set(labels))


def test_a_sample_differs_by_its_value_alone() -> None:
    for title in ("chat", "embeddings", "images"):
        for sample in TABLES[title][1]:
            assert sample.after == {**sample.before, sample.parameter: sample.value}


# ── true ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("provider", "model", "label", "outcome"),
    [
        ("openai", "model", "logit_bias", Outcome("passed", ("logit_bias",))),
        ("anthropic", SONNET, "max_completion_tokens", Outcome("renamed", ("max_tokens",))),
        ("anthropic", SONNET, "max_tokens", Outcome("passed", ("max_tokens",))),
        ("anthropic", SONNET, "stop: a list", Outcome("renamed", ("stop_sequences",))),
        ("anthropic", SONNET, "stop: a string", Outcome("renamed", ("stop_sequences[]",))),
        ("anthropic", SONNET, "user", Outcome("renamed", ("metadata.user_id",))),
        ("anthropic", SONNET, "seed", Outcome("dropped", lost=("seed",))),
        ("anthropic", SONNET, "temperature", Outcome("passed", ("temperature",))),
        ("anthropic", OPUS, "temperature", Outcome("dropped", lost=("temperature",))),
        ("anthropic", SONNET, "tool_choice: required", Outcome("bent", ('tool_choice.type = "any"',))),
        (
            *("anthropic", OPUS, "tool_choice: required"),
            Outcome("bent", ('tool_choice.type = "auto"',), ("tool_choice",)),
        ),
        ("anthropic", SONNET, "stream_options", Outcome("implied")),
        ("anthropic", SONNET, "service_tier: default", Outcome("bent", ('service_tier = "standard_only"',))),
        ("azure-ai", "claude-sonnet-4-5", "service_tier: default", Outcome("implied")),
        ("vertex-ai", "anthropic/claude-sonnet-4-5", "service_tier: default", Outcome("implied")),
        (
            "vertex-ai",
            "anthropic/claude-sonnet-4-5",
            "service_tier: flex",
            Outcome("dropped", lost=("service_tier",)),
        ),
        ("google", FLASH, "temperature", Outcome("renamed", ("generationConfig.temperature",))),
        ("google", NEWEST, "temperature", Outcome("dropped", lost=("temperature",))),
        ("google", FLASH, "max_tokens", Outcome("renamed", ("generationConfig.maxOutputTokens",))),
        ("google", FLASH, "stream", Outcome("bent", ("the address",))),
        ("google", FLASH, "service_tier: default", Outcome("bent", ('serviceTier = "standard"',))),
        ("bedrock", CLAUDE, "top_p", Outcome("renamed", ("inferenceConfig.topP",))),
        ("bedrock", OSS, "seed", Outcome("renamed", ("additionalModelRequestFields.seed",))),
        ("bedrock", LLAMA, "seed", Outcome("dropped", lost=("seed",))),
        ("bedrock", NOVA, "tool_choice: none", Outcome("bent", ("no toolConfig",))),
        ("bedrock", NOVA, "service_tier: flex", Outcome("renamed", ("serviceTier.type",))),
        ("cohere", COHERE, "top_p", Outcome("renamed", ("p",))),
        ("cohere", COHERE, "n", Outcome("dropped", lost=("n",))),
        ("mistral-ai", "model", "seed", Outcome("renamed", ("random_seed",))),
        ("mistral-ai", "model", "moderation", Outcome("dropped", lost=("moderation",))),
        ("groq", "model", "temperature", Outcome("passed", ("temperature",))),
    ],
)
def test_known_truths(provider: str, model: str, label: str, outcome: Outcome) -> None:
    assert becomes(provider, model, label) == outcome


def test_known_truths_of_other_tables() -> None:
    audio = becomes("anthropic", SONNET, "input_audio", "content parts")
    assert (audio.kind, audio.where) == ("refused", ())
    assert "no audio" in audio.says
    assert becomes("google", FLASH, "image_url: data", "content parts") == Outcome(
        "bent", ("contents[].parts[].inlineData",)
    )
    many = becomes("google", "gemini-embedding-001", "input: a list", "embeddings")
    assert many == Outcome("bent", ("the address", "no content", "requests"))
    titan = PROVIDERS["bedrock"].models[TABLES["embeddings"][0]][0]
    assert becomes("bedrock", titan, "dimensions", "embeddings") == Outcome("passed", ("dimensions",))
    assert outcomes(PROVIDERS["anthropic"], "images") == {}


def test_nothing_is_lost_in_silence() -> None:
    """What is sent the same with a parameter as without it asks for nothing, or the gateway does it."""
    silent = {
        label
        for provider in PROVIDERS.values()
        for title in TABLES
        for rows in outcomes(provider, title).values()
        for label, outcome in rows.items()
        if outcome.kind == "implied"
    }
    assert silent == {
        *("parallel_tool_calls: true", "parallel_tool_calls: false", "reasoning_effort: none"),
        "response_format: text",
        *("service_tier: auto", "service_tier: default", "stream_options", "tool_choice: auto"),
        *("encoding_format: float", "encoding_format: base64"),
        *("response_format: b64_json", "response_format: url"),
    }


def test_what_would_be_fetched_is_told_of_as_if_nothing_were() -> None:
    assert becomes("luma", "photon-1", "response_format: b64_json", "images") == Outcome(
        "dropped", lost=("response_format",)
    )


def echo(body: Any, context: Context) -> Encoded:
    """Bends seeds, drops users, refuses a penalty, and loses tiers in silence."""
    if body.get("presence_penalty"):
        raise BadRequest("leave it out")
    kept = {name: value for name, value in body.items() if name not in ("seed", "user", "service_tier")}
    made = {**kept, **({"seed": True} if "seed" in body else {})}
    return Encoded(made, ("user",) if "user" in body else ())


def test_outcomes_follow_from_what_a_transform_does() -> None:
    made = Provider(
        name="echo",
        base_url="",
        routes={CHAT: Route("/chat", Codec(request=echo))},
        auth=none,
        needs_key=False,
    )
    rows = outcomes(made, "chat")["model"]
    assert rows["seed"] == Outcome("bent", ("seed = true",))
    assert rows["user"] == Outcome("dropped", lost=("user",))
    assert rows["presence_penalty"] == Outcome("refused", says="leave it out")
    assert rows["service_tier: flex"] == Outcome("implied")
    assert rows["n"] == Outcome("passed", ("n",))
    assert outcomes(made, "embeddings") == {}
    told = list(page(made))
    assert told[0] == "  chat"
    assert f"    {'presence_penalty':<43}refused  leave it out" in told


# ── told ─────────────────────────────────────────────────────────────────


def test_the_page_in_the_docs_is_what_the_code_does() -> None:
    made = runpy.run_path(str(DOCS / "parameters.py"))
    written = (DOCS / "parameters.md").read_text(encoding="utf-8")
    assert written == made["text"](), f"docs/parameters.md is stale: run `{made['COMMAND']}`"


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    script = tmp_path / "parameters.py"
    script.write_text((DOCS / "parameters.py").read_text(encoding="utf-8"), encoding="utf-8")
    subprocess.run([sys.executable, str(script)], check=True, timeout=50)
    page = (tmp_path / "parameters.md").read_text(encoding="utf-8")
    assert page == (DOCS / "parameters.md").read_text(encoding="utf-8")


def test_providers_tells_the_parameters_of_one() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "gatewaymw", "providers", "anthropic", "--json"],
        *(),
        capture_output=True,
        check=True,
        timeout=50,
    )
    rows = json.loads(told.stdout)["anthropic"]["parameters"]["chat"]
    assert rows[SONNET]["user"] == {"outcome": "renamed", "as": ["metadata.user_id"]}
    assert rows[OPUS]["seed"] == {"outcome": "dropped", "dropped": ["seed"]}


def test_a_provider_that_passes_all_says_so_in_a_line() -> None:
    assert list(page(PROVIDERS["openai"]))[:2] == ["  chat", "    all passes as it came"]


def test_what_depends_on_the_model_is_told_by_model() -> None:
    told = list(page(PROVIDERS["anthropic"]))
    assert f"    {'temperature':<43}passed   [{SONNET}]" in told
    assert f"    {'':<43}dropped  [{OPUS}]" in told
    assert f"    {'stop: a list':<43}renamed  stop_sequences" in told
    assert f'    {"tool_choice: required":<43}bent     tool_choice.type = "any"  [{SONNET}]' in told
    drops = f'    {"":<43}bent     tool_choice.type = "auto" (drops tool_choice)  [{OPUS}]'
    assert drops in told
