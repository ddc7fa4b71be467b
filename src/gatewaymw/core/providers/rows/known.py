"""The providers that most people know, a row each."""

from __future__ import annotations

from ...dialects import mistral, ranking
from ...dialects.catalogue import LISTED
from ...dialects.cousins import CHECKED
from ...dialects.diffusion import Host, drawing
from ...dialects.history import PLAIN
from ...dialects.imagery import sides
from ...dialects.links import chatted
from ...dialects.told import Told, telling
from ...endpoints import CHAT, COMPLETE, EMBED, IMAGE, MODELS, RERANK, SPEECH, TRANSCRIBE
from ...model import Codec
from ..compatible import CATALOGUE, ECHOED, LENGTH, OLDER, SOUND, SYSTEM, compatible

# fmt: off
UNKNOWN_TO_MISTRAL = (
    "user", "store", "logprobs", "top_logprobs", "logit_bias", "service_tier", "modalities", "audio",
    "functions", "function_call", "web_search_options", "verbosity", "safety_identifier",
    "prompt_cache_retention", "prompt_cache_options", "moderation",
)

TOGETHERS = Host(
    names={"n": "n", "output_format": "output_format"}, sized=sides,
    formats={"url": "url", "b64_json": "base64"},
)

# ── the rows ─────────────────────────────────────────────────────────────

# "Currently unsupported": https://console.groq.com/docs/openai; store and metadata:
# https://console.groq.com/docs/api-reference#chat-create. A message's field it does not know is a 400.
GROQ = compatible(
    "groq", "https://api.groq.com/openai/v1", CHAT, SPEECH, *SOUND, *CATALOGUE,
    without=("logprobs", "top_logprobs", "logit_bias", "store", "metadata"),
    turns=("name", "reasoning_content", *ECHOED), manners=PLAIN,
    env_key="GROQ_API_KEY", prices="groq", doc="https://console.groq.com/docs/openai",
)

# max_completion_tokens is passed over, the developer role a 400, one finish reason is a failure:
# https://api-docs.deepseek.com/api/create-chat-completion, https://api-docs.deepseek.com/guides/fim_completion.
# Its list of models has no times: https://api-docs.deepseek.com/api/list-models
DEEPSEEK = compatible(
    "deepseek", "https://api.deepseek.com", CHAT, COMPLETE, MODELS, paths={COMPLETE: "/beta/completions"},
    rename=LENGTH, roles=SYSTEM, finish={"insufficient_system_resource": 503}, codecs={MODELS: LISTED},
    env_key="DEEPSEEK_API_KEY", prices="deepseek",
    doc="https://api-docs.deepseek.com/api/create-chat-completion",
)

# https://docs.together.ai/docs/inference/openai-compatibility; `eos` and the bare list of models:
# https://docs.together.ai/reference/chat-completions-1, https://docs.together.ai/reference/models-1. Images,
# thoughts in words of its own: https://docs.together.ai/reference/post-images-generations,
# https://docs.together.ai/docs/inference/chat/reasoning. Chunks of completions are of an `object` of its own
# (as recorded: https://github.com/llamastack/llama-stack, …/recordings/responses/511eb1b92e34.json).
TOGETHER = compatible(
    "together-ai", "https://api.together.ai/v1", CHAT, COMPLETE, EMBED, IMAGE, SPEECH, *SOUND, RERANK, MODELS,
    **OLDER, finish={"eos": "stop"}, thoughts="reasoning",
    codecs={
        MODELS: LISTED, IMAGE: drawing(TOGETHERS), RERANK: ranking.ranking(ranking.TOGETHER),
        COMPLETE: telling(Told(finish={"eos": "stop"}, lacks=True), COMPLETE),
    },
    env_key="TOGETHER_API_KEY", prices="together",
    doc="https://docs.together.ai/docs/inference/openai-compatibility",
)

# What it does not list is a 422, "Extra inputs are not permitted": https://docs.mistral.ai/api/endpoint/chat,
# https://docs.mistral.ai/api/endpoint/embeddings. Its streams tell usage unasked.
MISTRAL = compatible(
    "mistral-ai", "https://api.mistral.ai/v1", CHAT, EMBED, TRANSCRIBE, *CATALOGUE,
    rename={**LENGTH, "seed": "random_seed", "dimensions": "output_dimension"}, roles=SYSTEM,
    without=UNKNOWN_TO_MISTRAL, implied=("stream_options",), turns=("name", *ECHOED),
    manners=mistral.MANNERS, codecs={CHAT: mistral.CHAT},
    env_key="MISTRAL_API_KEY", prices="mistral", doc="https://docs.mistral.ai/api",
)

# logit_bias: "unsupported", https://docs.x.ai/docs/api-reference#chat-completions. What its reasoning models
# refuse (stop, penalties: https://docs.x.ai/docs/guides/reasoning) depends on the model; xAI says so itself.
XAI = compatible(
    "x-ai", "https://api.x.ai/v1", CHAT, COMPLETE, EMBED, IMAGE, *CATALOGUE, without=("logit_bias",),
    env_key="XAI_API_KEY", prices="x-ai", doc="https://docs.x.ai/docs/api-reference",
)

# Errors come within a 200 too: https://openrouter.ai/docs/api/reference/errors-and-debugging. Thoughts are in
# `reasoning`, and go back there or, as they came, in `reasoning_details`: https://openrouter.ai/docs/use-cases/reasoning-tokens
OPENROUTER = compatible(
    "openrouter", "https://openrouter.ai/api/v1", CHAT, COMPLETE, EMBED, SPEECH, MODELS,
    thoughts="reasoning", usage="each", codecs={COMPLETE: CHECKED, MODELS: LISTED},
    accepts=("http-referer", "x-title"),
    env_key="OPENROUTER_API_KEY", prices="openrouter", doc="https://openrouter.ai/docs/api/reference/overview",
)

# max_tokens is the only limit it knows, the developer's messages are passed over, images come in base64:
# https://docs.ollama.com/api/openai-compatibility. Thoughts are in `reasoning`, both ways.
OLLAMA = compatible(
    "ollama", "http://localhost:11434/v1", CHAT, COMPLETE, EMBED, *CATALOGUE, **OLDER, thoughts="reasoning",
    codecs={CHAT: Codec(links=chatted)}, needs_key=False, env_key="OLLAMA_API_KEY",
    doc="https://docs.ollama.com/api/openai-compatibility",
)
