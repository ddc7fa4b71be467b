"""The platforms that serve other people's models, and the gateways before several of them, a row each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ...auth.keys import bearer, beside, header
from ...dialects import databricks
from ...dialects.catalogue import LISTED
from ...dialects.ranking import COMMON, ranking
from ...dialects.told import images
from ...endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    MODELS,
    MODERATE,
    RERANK,
    SPEECH,
    TRANSCRIBE,
)
from ...model import Codec, Context
from ..compatible import CATALOGUE, SOUND, compatible

LATER = re.compile(r"gpt-(?!oss)|gemma-4")
"""Models of Bedrock's that are below `/openai/v1`, where most are below `/v1`; asked at the other they are
refused (https://docs.aws.amazon.com/bedrock/latest/userguide/inference-responses-api.html)."""


def mantled(path: str) -> Callable[[Context], str]:
    """Where an endpoint is of the model that is asked."""

    def where(context: Context) -> str:
        return f"{'/openai/v1' if LATER.search(context.model) else '/v1'}{path}"

    return where


ACCOUNT, GATEWAY = "{cloudflare_account_id}", "{cloudflare_gateway_id}"
CLOUDFLARES = {
    "cloudflare_account_id": "CLOUDFLARE_ACCOUNT_ID",
    "cloudflare_gateway_id": "CLOUDFLARE_GATEWAY_ID",
}
ROUTER = "https://router.huggingface.co/v1"


def endpoint_or_router(options: Mapping[str, str]) -> str:
    """A dedicated endpoint is named without `/v1` by its console, with it in its documentation."""
    url = options.get("huggingface_base_url") or ROUTER
    return url if url.endswith("/v1") else f"{url}/v1"


# fmt: off
# ── those who run models ─────────────────────────────────────────────────

# https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models
DATABRICKS = compatible(
    "databricks", "{databricks_host}/serving-endpoints", CHAT, COMPLETE, EMBED,
    codecs={CHAT: databricks.CHAT}, error=databricks.error, requires={"databricks_host": "DATABRICKS_HOST"},
    locating=frozenset({"databricks_host"}), env_key="DATABRICKS_TOKEN", prices="databricks",
    doc="https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models",
)

# OpenAI's dialect on Bedrock, by Bedrock's own keys (no access keys, which are for `bedrock`):
# https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html
BEDROCK_MANTLE = compatible(
    "bedrock-mantle", "https://bedrock-mantle.{aws_region}.api.aws", CHAT, MODELS,
    paths={CHAT: mantled(CHAT.path), MODELS: "/v1/models"}, requires={"aws_region": "AWS_REGION"},
    locating=frozenset({"aws_region"}), env_key="AWS_BEARER_TOKEN_BEDROCK", prices="aws",
    doc="https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html",
)

# A dedicated deployment's address is a target's custom_host: https://docs.baseten.co/quickstart
BASETEN = compatible(
    "baseten", "https://inference.baseten.co/v1", CHAT, MODELS, env_key="BASETEN_API_KEY", prices="baseten",
    doc="https://docs.baseten.co/reference/inference-api/chat-completions",
)

# https://docs.venice.ai/api-reference
VENICE = compatible(
    "venice", "https://api.venice.ai/api/v1", CHAT, EMBED, IMAGE, SPEECH, TRANSCRIBE, MODELS,
    env_key="VENICE_API_KEY", doc="https://docs.venice.ai/api-reference",
)

# Its errors are problem details (RFC 9457): https://docs.api.nvidia.com/nim/reference/llm-apis
NVIDIA_NIM = compatible(
    "nvidia-nim", "https://integrate.api.nvidia.com/v1", CHAT, COMPLETE, EMBED, MODELS,
    env_key="NVIDIA_API_KEY", doc="https://docs.api.nvidia.com/nim/reference/llm-apis",
)

# "The API is fully OpenAI-compatible": https://docs.parasail.io/parasail-docs/api-reference/authentication
PARASAIL = compatible(
    "parasail", "https://api.parasail.io/v1", CHAT, COMPLETE, EMBED, MODELS,
    env_key="PARASAIL_API_KEY", doc="https://docs.parasail.io/parasail-docs/api-reference",
)

# https://chutes.ai/agents/connect
CHUTES = compatible(
    "chutes", "https://llm.chutes.ai/v1", CHAT, COMPLETE, MODELS,
    env_key="CHUTES_API_KEY", doc="https://chutes.ai/docs",
)

# "Unsupported parameters": https://www.scaleway.com/en/docs/generative-apis/api-cli/using-chat-api/; thoughts
# come as `reasoning` in streams: https://www.scaleway.com/en/docs/generative-apis/how-to/query-reasoning-models/
SCALEWAY = compatible(
    "scaleway", "https://api.scaleway.ai/v1", CHAT, EMBED, TRANSCRIBE, *CATALOGUE, thoughts="reasoning",
    without=("frequency_penalty", "n", "top_logprobs", "logit_bias", "user"),
    env_key="SCW_SECRET_KEY", doc="https://www.scaleway.com/en/developers/api/generative-apis/",
)

# INFERENCE_URL may be that of another region, which is a target's custom_host then:
# https://devcenter.heroku.com/articles/heroku-inference-api-v1-chat-completions
HEROKU = compatible(
    "heroku", "https://us.inference.heroku.com/v1", CHAT, EMBED, IMAGE, env_key="INFERENCE_KEY",
    doc="https://devcenter.heroku.com/articles/heroku-inference-api-v1-chat-completions",
)

# https://docs.digitalocean.com/products/inference-hub/how-to/si-endpoints/
DIGITALOCEAN = compatible(
    "digitalocean", "https://inference.do-ai.run/v1", CHAT, EMBED, IMAGE, MODELS,
    env_key="GRADIENT_MODEL_ACCESS_KEY", doc="https://docs.digitalocean.com/reference/pydo/reference/inference",
)

# Thoughts are in `reasoning_content`, where `parse_reasoning` asks for them; a list of models is barer:
# https://friendli.ai/docs/guides/reasoning, https://friendli.ai/docs/openapi/model-apis/models
FRIENDLI = compatible(
    "friendli", "https://api.friendli.ai/serverless/v1", CHAT, COMPLETE, MODELS,
    codecs={MODELS: LISTED}, option_headers={"friendli_team": "x-friendli-team"}, env_key="FRIENDLI_TOKEN",
    doc="https://friendli.ai/docs/openapi/model-apis/chat-completions",
)

# https://docs.gmicloud.ai/inference-engine/api-reference/llm-api-reference
GMI_CLOUD = compatible(
    "gmi-cloud", "https://api.gmi-serving.com/v1", CHAT, MODELS, env_key="GMI_API_KEY",
    doc="https://docs.gmicloud.ai/inference-engine/api-reference/llm-api-reference",
)

# https://developers.telnyx.com/docs/inference/getting-started; speech is beside OpenAI's dialect:
# https://developers.telnyx.com/api/inference/create-embeddings, …/transcribe
TELNYX = compatible(
    "telnyx", "https://api.telnyx.com/v2/ai", CHAT, EMBED, TRANSCRIBE, MODELS,
    paths={each: f"/openai{each.path}" for each in (CHAT, EMBED, MODELS)},
    env_key="TELNYX_API_KEY", doc="https://developers.telnyx.com/docs/inference/getting-started",
)

# ── gateways ─────────────────────────────────────────────────────────────

# The key is that of whom the model belongs to; the gateway's own token goes by another header, and is enough
# where keys are stored there: https://developers.cloudflare.com/ai-gateway/usage/chat-completion/,
# https://developers.cloudflare.com/ai-gateway/configuration/authentication/
CLOUDFLARE = compatible(
    "cloudflare", f"https://gateway.ai.cloudflare.com/v1/{ACCOUNT}/{GATEWAY}/compat", CHAT,
    requires=CLOUDFLARES, locating=frozenset(CLOUDFLARES), needs_key=False,
    auth=beside(bearer, "cf-aig-authorization", "cloudflare_aig_token"),
    doc="https://developers.cloudflare.com/ai-gateway/usage/chat-completion/",
)

# Thoughts are in `reasoning`, and in parts in `reasoning_details`; usage comes with the last choice:
# https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions
VERCEL = compatible(
    "vercel", "https://ai-gateway.vercel.sh/v1", CHAT, EMBED, IMAGE, *CATALOGUE, thoughts="reasoning",
    usage="each", env_key="AI_GATEWAY_API_KEY",
    doc="https://vercel.com/docs/ai-gateway/sdks-and-apis/openai-chat-completions",
)

# The API that the models' own paths were on is gone; text completions are those of a dedicated endpoint:
# https://huggingface.co/docs/inference-providers/tasks/chat-completion,
# https://huggingface.co/docs/inference-endpoints
HUGGINGFACE = compatible(
    "huggingface", ROUTER, CHAT, COMPLETE, MODELS, base=endpoint_or_router,
    env_key="HF_TOKEN", doc="https://huggingface.co/docs/inference-providers/tasks/chat-completion",
)

# https://docs.requesty.ai/api-reference/overview
REQUESTY = compatible(
    "requesty", "https://router.requesty.ai/v1", CHAT, EMBED, MODELS, accepts=("http-referer", "x-title"),
    env_key="REQUESTY_API_KEY", doc="https://docs.requesty.ai/api-reference/overview",
)

# Images come in a list of `images`, or in OpenAI's without the time; models without dates:
# https://docs.aimlapi.com/api-references/image-models, https://docs.aimlapi.com/api-references/service-endpoints
AIMLAPI = compatible(
    "aimlapi", "https://api.aimlapi.com/v1", CHAT, EMBED, IMAGE, MODELS,
    codecs={IMAGE: Codec(response=images), MODELS: LISTED},
    env_key="AIMLAPI_API_KEY", doc="https://docs.aimlapi.com/quickstart/supported-sdks",
)

# Thoughts are in `reasoning`: https://docs.nano-gpt.com/api-reference/miscellaneous/extended-thinking
NANO_GPT = compatible(
    "nano-gpt", "https://nano-gpt.com/api/v1", CHAT, COMPLETE, EMBED, MODELS, thoughts="reasoning",
    env_key="NANOGPT_API_KEY", doc="https://docs.nano-gpt.com/api-reference/text-generation",
)

# https://creator.poe.com/api-reference/errors
POE = compatible(
    "poe", "https://api.poe.com/v1", CHAT, MODELS, env_key="POE_API_KEY",
    doc="https://creator.poe.com/docs/external-applications/openai-compatible-api",
)

# https://docs.helicone.ai/rest/ai-gateway/post-v1-chat-completions
HELICONE = compatible(
    "helicone", "https://ai-gateway.helicone.ai/v1", CHAT, env_key="HELICONE_API_KEY",
    doc="https://docs.helicone.ai/ai-gateway/overview",
)

# Thoughts are in `reasoning`, and there is no `n`: https://docs.zenmux.ai/api/openai/create-chat-completion.html
ZENMUX = compatible(
    "zenmux", "https://zenmux.ai/api/v1", CHAT, EMBED, MODELS, thoughts="reasoning", without=("n",),
    env_key="ZENMUX_API_KEY",
    doc="https://docs.zenmux.ai/api/openai/create-chat-completion.html",
)

# A proxy that somebody runs, with a key or without: https://docs.litellm.ai/docs/proxy/user_keys,
# https://docs.litellm.ai/docs/rerank
LITELLM = compatible(
    "litellm", "http://localhost:4000/v1",
    CHAT, COMPLETE, EMBED, RERANK, IMAGE, IMAGE_EDIT, SPEECH, TRANSCRIBE, MODERATE, *CATALOGUE,
    codecs={RERANK: ranking(COMMON)}, needs_key=False, env_key="LITELLM_PROXY_API_KEY", doc="https://docs.litellm.ai/docs/providers/litellm_proxy",
)

# Its key goes by a header of its own; whose model it is says the model (`@slug/model`), or an option:
# https://portkey.ai/docs/api-reference/inference-api/headers
PORTKEY = compatible(
    "portkey", "https://api.portkey.ai/v1",
    CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, SPEECH, *SOUND, MODERATE, MODELS,
    auth=header("x-portkey-api-key"), codecs={MODELS: LISTED},
    option_headers={"portkey_provider": "x-portkey-provider", "portkey_config": "x-portkey-config"},
    env_key="PORTKEY_API_KEY", doc="https://portkey.ai/docs/api-reference/inference-api/headers",
)
