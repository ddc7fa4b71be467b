"""Those who speak OpenAI's dialect, give or take: a row each.

A row says where a provider is, what it serves, and in what its requests and answers differ, by its own
documentation. What it does not say passes as it came; where it says nothing, not a byte is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ..auth.keys import bearer
from ..dialects import mistral
from ..dialects.cousins import CHECKED, LISTED, Delta, adapted, finishing
from ..dialects.history import PLAIN, Manners
from ..dialects.links import chatted
from ..endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    MODEL,
    MODELS,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
    Endpoint,
)
from ..model import IDENTITY, Auth, Codec, Context, Provider, Route
from ..values import JSON, NOTHING
from .registry import provide


def compatible(
    name: str,
    base_url: str,
    *endpoints: Endpoint,
    rename: Mapping[str, str] = NOTHING,
    without: Collection[str] = (),
    implied: Collection[str] = (),
    defaults: Mapping[str, Any] = NOTHING,
    roles: Mapping[str, str] = NOTHING,
    turns: Collection[str] = (),
    manners: Manners | None = None,
    answers: Mapping[Endpoint, Codec] | None = None,
    paths: Mapping[Endpoint, str] | None = None,
    auth: Auth = bearer,
    headers: Mapping[str, str] = NOTHING,
    accepts: Collection[str] = (),
    error: Callable[[Any, int, Context], JSON] | None = None,
    needs_key: bool = True,
    env_key: str = "",
    doc: str = "",
) -> Provider:
    """Add a provider that speaks OpenAI's dialect. Raises ValueError where the name is taken.

    `rename`, `without`, `implied`, `defaults`, `roles`, `turns` and `manners` are what its requests differ
    in (`dialects.cousins.Delta`), for each of its endpoints that take JSON. `answers` are the codecs of
    those endpoints whose answers differ, `error` how its error bodies do where `dialects.openai.error`
    does not do, `paths` the endpoints that live elsewhere than at OpenAI's paths.
    """
    delta = Delta(
        rename=rename,
        without=frozenset(without),
        implied=frozenset(implied),
        defaults=defaults,
        roles=roles,
        turns=frozenset(turns),
        manners=manners,
    )
    request = adapted(delta) if delta else None

    def route(endpoint: Endpoint) -> Route:
        codec = (answers or {}).get(endpoint, IDENTITY)
        codec = replace(codec, request=request if endpoint.body == "json" else None, error=error)
        return Route((paths or {}).get(endpoint, endpoint.path), codec)

    return provide(
        Provider(
            name=name,
            base_url=base_url,
            routes={endpoint: route(endpoint) for endpoint in endpoints},
            auth=auth,
            headers=headers,
            accepts=frozenset(accepts),
            needs_key=needs_key,
            env_key=env_key,
            doc=doc,
        )
    )


LENGTH = {"max_completion_tokens": "max_tokens"}
SYSTEM = {"developer": "system"}
ECHOED = ("refusal", "annotations", "audio")
"""What OpenAI's SDKs send back with an assistant's turn, as they got it."""
SOUND = (TRANSCRIBE, TRANSLATE)
CATALOGUE = (MODELS, MODEL)

# fmt: off
UNKNOWN_TO_MISTRAL = (
    "user", "store", "logprobs", "top_logprobs", "logit_bias", "service_tier", "modalities", "audio",
    "functions", "function_call", "web_search_options", "verbosity", "safety_identifier",
    "prompt_cache_retention", "prompt_cache_options", "moderation",
)

# ── the rows ─────────────────────────────────────────────────────────────

# "Currently unsupported": https://console.groq.com/docs/openai; store and metadata:
# https://console.groq.com/docs/api-reference#chat-create. A message's field it does not know is a 400.
GROQ = compatible(
    "groq", "https://api.groq.com/openai/v1", CHAT, SPEECH, *SOUND, *CATALOGUE,
    without=("logprobs", "top_logprobs", "logit_bias", "store", "metadata"),
    turns=("name", "reasoning_content", *ECHOED), manners=PLAIN,
    env_key="GROQ_API_KEY", doc="https://console.groq.com/docs/openai",
)

# max_completion_tokens is passed over, the developer role a 400, one finish reason is a failure:
# https://api-docs.deepseek.com/api/create-chat-completion, https://api-docs.deepseek.com/guides/fim_completion
DEEPSEEK = compatible(
    "deepseek", "https://api.deepseek.com", CHAT, COMPLETE, MODELS, paths={COMPLETE: "/beta/completions"},
    rename=LENGTH, roles=SYSTEM, answers={CHAT: finishing({"insufficient_system_resource": 503})},
    env_key="DEEPSEEK_API_KEY", doc="https://api-docs.deepseek.com/api/create-chat-completion",
)

# https://docs.together.ai/docs/inference/openai-compatibility; `eos` and the bare list of models:
# https://docs.together.ai/reference/chat-completions-1, https://docs.together.ai/reference/models-1
TOGETHER = compatible(
    "together-ai", "https://api.together.ai/v1", CHAT, COMPLETE, EMBED, IMAGE, SPEECH, *SOUND, MODELS,
    rename=LENGTH, roles=SYSTEM,
    answers={CHAT: finishing({"eos": "stop"}), COMPLETE: finishing({"eos": "stop"}), MODELS: LISTED},
    env_key="TOGETHER_API_KEY", doc="https://docs.together.ai/docs/inference/openai-compatibility",
)

# What it does not list is a 422, "Extra inputs are not permitted": https://docs.mistral.ai/api/endpoint/chat,
# https://docs.mistral.ai/api/endpoint/embeddings. Its streams tell usage unasked.
MISTRAL = compatible(
    "mistral-ai", "https://api.mistral.ai/v1", CHAT, EMBED, TRANSCRIBE, *CATALOGUE,
    rename={**LENGTH, "seed": "random_seed", "dimensions": "output_dimension"}, roles=SYSTEM,
    without=UNKNOWN_TO_MISTRAL, implied=("stream_options",), turns=("name", *ECHOED),
    manners=mistral.MANNERS, answers={CHAT: mistral.CHAT},
    env_key="MISTRAL_API_KEY", doc="https://docs.mistral.ai/api",
)

# logit_bias: "unsupported", https://docs.x.ai/docs/api-reference#chat-completions. What its reasoning models
# refuse (stop, penalties: https://docs.x.ai/docs/guides/reasoning) depends on the model; xAI says so itself.
XAI = compatible(
    "x-ai", "https://api.x.ai/v1", CHAT, COMPLETE, EMBED, IMAGE, *CATALOGUE, without=("logit_bias",),
    env_key="XAI_API_KEY", doc="https://docs.x.ai/docs/api-reference",
)

# Errors come within a 200 too: https://openrouter.ai/docs/api/reference/errors-and-debugging
OPENROUTER = compatible(
    "openrouter", "https://openrouter.ai/api/v1", CHAT, COMPLETE, EMBED, SPEECH, MODELS,
    accepts=("http-referer", "x-title"), answers={CHAT: CHECKED, COMPLETE: CHECKED, MODELS: LISTED},
    env_key="OPENROUTER_API_KEY", doc="https://openrouter.ai/docs/api/reference/overview",
)

# max_tokens is the only limit it knows, the developer's messages are passed over, images come in base64:
# https://docs.ollama.com/api/openai-compatibility
OLLAMA = compatible(
    "ollama", "http://localhost:11434/v1", CHAT, COMPLETE, EMBED, *CATALOGUE, rename=LENGTH, roles=SYSTEM,
    answers={CHAT: Codec(links=chatted)}, needs_key=False, env_key="OLLAMA_API_KEY", doc="https://docs.ollama.com/api/openai-compatibility",
)
