"""The hosts of open models, a row each."""

from __future__ import annotations

from ...dialects.diffusion import Host, drawing, in_one
from ...dialects.imagery import sides
from ...dialects.ranking import PLAIN, Ranks, ranking
from ...endpoints import CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, MODELS, RERANK, SPEECH, TRANSCRIBE
from ..compatible import CATALOGUE, LENGTH, OLDER, SOUND, compatible

# fmt: off
# https://novita.ai/docs/api-reference/model-apis-llm-create-rerank: it gives back the documents unasked.
NOVITAS = Ranks(names={name: name for name in PLAIN if name != "return_documents"})
# https://docs.siliconflow.cn/cn/api-reference/images/images-generations: one path for all models;
# https://docs.siliconflow.cn/en/api-reference/rerank/create-rerank
DRAWN = Host(names={"n": "batch_size"}, sized=in_one("image_size"), linked=True)
SILICONFLOWS = Ranks(names=PLAIN, own=frozenset({"instruction", "max_chunks_per_doc", "overlap_tokens"}))

# ── those that are asked today ───────────────────────────────────────────

# max_tokens is the only limit, of roles it lists system, user, assistant and tool:
# https://docs.deepinfra.com/api-reference/openai-chat-completions-1. Images come in base64:
# https://deepinfra.com/black-forest-labs/FLUX-1-schnell/api
DEEPINFRA = compatible(
    "deepinfra", "https://api.deepinfra.com/v1/openai",
    CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, SPEECH, *SOUND, MODELS, **OLDER,
    env_key="DEEPINFRA_API_KEY", doc="https://docs.deepinfra.com/chat/overview",
)

# OpenAI's dialect, as far as its pages tell: https://docs.ncompass.tech/api-reference/images_and_vision
NCOMPASS = compatible(
    "ncompass", "https://api.ncompass.tech/v1", CHAT,
    env_key="NCOMPASS_API_KEY", doc="https://docs.ncompass.tech/api-reference/images_and_vision",
)

# Moved from /v3/openai to /openai; max_tokens is the only limit it lists:
# https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion
NOVITA = compatible(
    "novita-ai", "https://api.novita.ai/openai/v1", CHAT, COMPLETE, EMBED, RERANK, *CATALOGUE,
    **OLDER, codecs={RERANK: ranking(NOVITAS)},
    env_key="NOVITA_API_KEY", prices="novita", doc="https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
)

# Answers end with `eos` too, max_tokens is the only limit:
# https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions
SILICONFLOW = compatible(
    "siliconflow", "https://api.siliconflow.cn/v1", CHAT, EMBED, IMAGE, SPEECH, TRANSCRIBE, RERANK, MODELS,
    **OLDER, finish={"eos": "stop"}, codecs={IMAGE: drawing(DRAWN), RERANK: ranking(SILICONFLOWS)},
    env_key="SILICONFLOW_API_KEY", doc="https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions",
)

# What it does not take is a 400: told at https://inference-docs.cerebras.ai/resources/openai, as
# at https://preview.hex.pm/preview/req_llm/show/guides/cerebras.md; service tiers it takes by now:
# https://inference-docs.cerebras.ai/api-reference/chat-completions. Thoughts are in `reasoning`:
# https://inference-docs.cerebras.ai/capabilities/reasoning
CEREBRAS = compatible(
    "cerebras", "https://api.cerebras.ai/v1", CHAT, COMPLETE, *CATALOGUE,
    without=("frequency_penalty", "presence_penalty", "logit_bias"), thoughts="reasoning",
    env_key="CEREBRAS_API_KEY", prices="cerebras", doc="https://inference-docs.cerebras.ai/api-reference/chat-completions",
)

# OpenAI's dialect, as far as is known; believed to be told at https://docs.inference.net
INFERENCE_NET = compatible(
    "inference-net", "https://api.inference.net/v1", CHAT, MODELS,
    env_key="INFERENCE_API_KEY", doc="https://docs.inference.net",
)

# "Not yet supported and will be ignored": https://docs.sambanova.ai/docs/en/features/openai-compatibility. It
# tells times with a fraction: https://docs.sambanova.ai/docs/api-reference/chat/create-chat-based-completion
SAMBANOVA = compatible(
    "sambanova", "https://api.sambanova.ai/v1", CHAT, EMBED, *SOUND, MODELS,
    without=("presence_penalty", "frequency_penalty", "logit_bias"), lacks=True,
    env_key="SAMBANOVA_API_KEY", doc="https://docs.sambanova.ai/docs/en/features/openai-compatibility",
)

# OpenAI's dialect, as far as is known; believed to be told at https://www.lemonfox.ai/apis. In Europe it is
# eu-api.lemonfox.ai, which a target may name as its base_url.
LEMONFOX = compatible(
    "lemonfox-ai", "https://api.lemonfox.ai/v1", CHAT, IMAGE, SPEECH, TRANSCRIBE,
    env_key="LEMONFOX_API_KEY", doc="https://www.lemonfox.ai/apis",
)

# Was studio.nebius.ai: https://docs.tokenfactory.nebius.com/api-reference/introduction. Images by width and
# height, without a time: https://docs.tokenfactory.nebius.com/api-reference/inference/generate
NEBIUS = compatible(
    "nebius", "https://api.tokenfactory.nebius.com/v1", CHAT, COMPLETE, EMBED, IMAGE, MODELS,
    codecs={IMAGE: drawing(Host(names={"output_format": "response_extension"}, sized=sides))},
    env_key="NEBIUS_API_KEY", doc="https://docs.tokenfactory.nebius.com/api-reference/introduction",
)

# OpenAI's dialect: https://docs.nscale.com/api-reference/inferencing/create-chat-completion
NSCALE = compatible(
    "nscale", "https://inference.api.nscale.com/v1", CHAT, IMAGE, MODELS,
    env_key="NSCALE_SERVICE_TOKEN", doc="https://docs.nscale.com/api-reference/inferencing/create-chat-completion",
)

# max_tokens is the only limit it lists: https://docs.hyperbolic.ai/inference/text-apis. Images have a path
# and names of their own, and are to be discontinued: https://www.hyperbolic.ai/docs/inference/image-apis
HYPERBOLIC = compatible(
    "hyperbolic", "https://api.hyperbolic.xyz/v1", CHAT, COMPLETE, IMAGE, MODELS, rename=LENGTH,
    paths={IMAGE: "/image/generation"},
    codecs={IMAGE: drawing(Host(model="model_name", sized=sides, formats={"b64_json": ""}))},
    env_key="HYPERBOLIC_API_KEY", doc="https://docs.hyperbolic.ai/inference/text-apis",
)

# max_tokens is the only limit it lists: https://featherless.ai/docs/completions. Who asks may say so:
# https://featherless.ai/docs/api-overview-and-common-options
FEATHERLESS = compatible(
    "featherless-ai", "https://api.featherless.ai/v1", CHAT, COMPLETE, MODELS,
    rename=LENGTH, accepts=("http-referer", "x-title"),
    env_key="FEATHERLESS_API_KEY", doc="https://featherless.ai/docs/api-overview-and-common-options",
)

# Each app has an address of its own, and asks for a key of its server's, for a token of the workspace (in two
# headers, or as `id.secret`: https://modal.com/docs/guide/webhook-proxy-auth) or for neither.
MODAL = compatible(
    "modal", "", CHAT, COMPLETE, EMBED, MODELS, accepts=("modal-key", "modal-secret"),
    needs_key=False, env_key="MODAL_API_KEY", prices="modal", doc="https://modal.com/docs/examples/vllm_inference",
)

# OpenAI's dialect, as far as is known; https://api.nextbit256.com/v1/models lists what there is.
NEXTBIT = compatible(
    "nextbit", "https://api.nextbit256.com/v1", CHAT, COMPLETE, MODELS,
    env_key="NEXTBIT_API_KEY", doc="https://api.nextbit256.com/v1/models",
)

# https://io.net/docs/guides/intelligence/io-intelligence
IOINTELLIGENCE = compatible(
    "iointelligence", "https://api.intelligence.io.solutions/api/v1", CHAT, EMBED, MODELS,
    env_key="IOINTELLIGENCE_API_KEY", doc="https://io.net/docs/guides/intelligence/io-intelligence",
)

# "Drop-in replacement", of embeddings too: https://www.npmjs.com/package/@aibadgr/router
AIBADGR = compatible(
    "aibadgr", "https://aibadgr.com/api/v1", CHAT, EMBED,
    env_key="AIBADGR_API_KEY", doc="https://www.npmjs.com/package/@aibadgr/router",
)

# Without a key it answers too, but seldom:
# https://developers.llamaindex.ai/typescript/framework/modules/models/llms/ovhcloud. Believed to be told at
# https://help.ovhcloud.com/csm/en-public-cloud-ai-endpoints-getting-started
OVHCLOUD = compatible(
    "ovhcloud", "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", CHAT, EMBED, IMAGE, TRANSCRIBE, MODELS,
    needs_key=False, env_key="OVH_AI_ENDPOINTS_ACCESS_TOKEN", prices="ovhcloud",
    doc="https://help.ovhcloud.com/csm/en-public-cloud-ai-endpoints-getting-started",
)

# OpenAI's dialect, as far as is known; believed to be told at https://docs.matterai.so
MATTERAI = compatible(
    "matterai", "https://api.matterai.so/v1", CHAT,
    env_key="MATTERAI_API_KEY", doc="https://docs.matterai.so",
)

# Models of all makers behind OpenAI's paths; believed to be told at https://apidoc.cometapi.com
COMETAPI = compatible(
    "cometapi", "https://api.cometapi.com/v1", CHAT, EMBED, IMAGE, SPEECH, *SOUND, MODELS,
    env_key="COMETAPI_KEY", doc="https://apidoc.cometapi.com",
)

# The same: https://302.ai/product/detail/302ai-reasoning-mode, believed to be told whole at https://doc.302.ai
AI302 = compatible(
    "302ai", "https://api.302.ai/v1", CHAT, EMBED, IMAGE, TRANSCRIBE, MODELS,
    env_key="AI302_API_KEY", doc="https://doc.302.ai",
)

# https://docs.cloud.olakrutrim.com/basics/ai-studio/ai-jobs/inferencing
KRUTRIM = compatible(
    "krutrim", "https://cloud.olakrutrim.com/v1", CHAT,
    env_key="KRUTRIM_API_KEY", doc="https://docs.cloud.olakrutrim.com/basics/ai-studio/ai-jobs/inferencing",
)

# OpenAI's models and paths; no page of its own was found, https://deepbricks.ai is believed to lead to it.
DEEPBRICKS = compatible(
    "deepbricks", "https://api.deepbricks.ai/v1", CHAT, IMAGE, MODELS,
    env_key="DEEPBRICKS_API_KEY", doc="https://deepbricks.ai",
)

# ── those that are gone, at the address that was theirs ──────────────────

# Closed to the public on 1 August 2024: https://docs.anyscale.com/endpoints/intro
ANYSCALE = compatible(
    "anyscale", "https://api.endpoints.anyscale.com/v1", CHAT, COMPLETE, EMBED, MODELS, **OLDER,
    env_key="ANYSCALE_API_KEY", doc="https://docs.anyscale.com/endpoints/intro",
)

# Closed on 30 June 2026, its domain has lapsed: https://github.com/diegosouzapw/OmniRoute/issues/8676.
# Whoever takes that would be sent keys, so none goes there: who serves its models still is a custom_host.
MONSTERAPI = compatible(
    "monsterapi", "", CHAT, COMPLETE,
    env_key="MONSTER_API_KEY", doc="https://developer.monsterapi.ai",
)

# "On September 25, 2025 the Lambda Inference API will no longer be accessible":
# https://github.com/charmbracelet/catwalk/issues/80, https://lambda.ai/inference
LAMBDA = compatible(
    "lambda", "https://api.lambdalabs.com/v1", CHAT, COMPLETE, MODELS,
    env_key="LAMBDA_API_KEY", doc="https://lambda.ai/inference",
)

# Bought in 2025, since when each deployment has an address of its own:
# https://www.nvidia.com/en-us/data-center/dgx-cloud-lepton
LEPTON = compatible(
    "lepton", "https://api.lepton.ai/api/v1", CHAT, COMPLETE, TRANSCRIBE,
    env_key="LEPTON_API_TOKEN", doc="https://www.nvidia.com/en-us/data-center/dgx-cloud-lepton",
)

# Inference is believed to have ended in July 2025: https://github.com/theopenco/llmgateway/pull/524
KLUSTER = compatible(
    "kluster-ai", "https://api.kluster.ai/v1", CHAT, EMBED, MODELS,
    env_key="KLUSTER_API_KEY", doc="https://docs.kluster.ai",
)
