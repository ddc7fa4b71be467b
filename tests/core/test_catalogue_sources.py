"""The providers that most people use are not tried by what somebody made up: for each there is an exchange
that its documentation shows, or that was recorded."""

from __future__ import annotations

import pytest

from cells import CASSETTES
from exchanges import FOLDER, page
from gatewaymw.core.providers import PROVIDERS

SHOWN = ("openai", "anthropic", "azure-openai", "bedrock", "google", "vertex-ai", "cohere")
"""Those of `tests/cassettes`, whose pages their folders name."""
USED = (
    *("mistral-ai", "groq", "together-ai", "fireworks-ai", "deepseek", "x-ai", "openrouter", "ollama"),
    *("perplexity-ai", "deepinfra", "cerebras", "sambanova", "nebius", "novita-ai", "huggingface", "github"),
    *("workers-ai", "moonshot", "dashscope", "z-ai", "vllm", "replicate", "voyage", "jina", "elevenlabs"),
    *("deepgram", "stability-ai", "databricks", "nvidia-nim", "watsonx", "minimax", "stepfun", "friendli"),
    "digitalocean",
)
"""By how often they are named where people tell what they call."""


@pytest.mark.parametrize("name", SHOWN)
def test_a_cassette_names_the_page_it_is_written_from(name: str) -> None:
    folders = sorted(each for each in (CASSETTES / name).iterdir() if each.is_dir())
    assert folders and all("https://" in (each / "SOURCE").read_text("utf-8") for each in folders)


@pytest.mark.parametrize("name", USED)
def test_an_exchange_is_shown_or_recorded(name: str) -> None:
    told = page(FOLDER / f"{name}.yaml")
    rows = [row for row in told["endpoints"].values() if "source" in row]
    assert all(row["source"].startswith("https://") for row in rows)
    assert told["kind"] in ("documented", "recorded") or rows


def test_there_are_thirty_of_them_and_all_are_here() -> None:
    assert len({*SHOWN, *USED}) >= 30 and {*SHOWN, *USED} <= PROVIDERS.keys()
