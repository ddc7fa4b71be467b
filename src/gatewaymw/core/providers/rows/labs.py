"""Those who make models and serve them in OpenAI's dialect, a row each.

Several have a second address, whose keys the first does not know: a target's `custom_host` names it. They
are given with the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...dialects import minimax, perplexity, ranking
from ...dialects.catalogue import LISTED
from ...dialects.told import images
from ...endpoints import CHAT, COMPLETE, EMBED, IMAGE, MODELS, RERANK, SPEECH, TRANSCRIBE
from ...model import Codec, Context
from ..azure import versioned
from ..compatible import LENGTH, OLDER, SYSTEM, compatible

# fmt: off
GLM: Mapping[str, Any] = {
    "rename": {**LENGTH, "user": "user_id"}, "roles": SYSTEM, "usage": "each",
    "finish": {
        "sensitive": "content_filter", "model_context_window_exceeded": "length", "network_error": 503,
    },
}
"""What GLM's makers say on both of their sites: https://docs.z.ai/api-reference/llm/chat-completion."""


def inferred(path: str) -> Callable[[Context], str]:
    """Where GitHub Models infers, by the API version that the target may name."""
    return lambda context: versioned(f"/inference{path}", context.options.get("azure_api_version", ""))


# ── the rows ─────────────────────────────────────────────────────────────

# max_tokens, no developer: https://docs.perplexity.ai/api-reference/chat-completions-post. Thoughts in tags:
# https://docs.perplexity.ai/faq/faq. Each chunk counts what there was by then, the last is a "…done"
# (recorded). Citations and search results stay where they are. Embeddings: `dialects.perplexity`.
PERPLEXITY = compatible(
    "perplexity-ai", "https://api.perplexity.ai", CHAT, EMBED, paths={EMBED: "/v1/embeddings"},
    **OLDER, thoughts="<think>", usage="each", lacks=True, codecs={EMBED: perplexity.EMBED},
    env_key="PERPLEXITY_API_KEY", prices="perplexity",
    doc="https://docs.perplexity.ai/docs/sonar/openai-compatibility",
)

# Keys of platform.kimi.ai are for https://api.moonshot.ai: https://platform.kimi.ai/docs/api/errors. No
# developer: https://platform.kimi.ai/docs/api/chat. The last choice of a stream counts the tokens:
# https://platform.moonshot.ai/docs/guide/utilize-the-streaming-output-feature-of-kimi-api
MOONSHOT = compatible(
    "moonshot", "https://api.moonshot.cn/v1", CHAT, MODELS, roles=SYSTEM, usage="choice",
    env_key="MOONSHOT_API_KEY", prices="moonshotai", doc="https://platform.kimi.ai/docs/api/chat",
)

# Its pages (https://platform.lingyiwanwu.com/docs) could not be read: max_tokens is what Portkey sends there.
LINGYI = compatible(
    "lingyi", "https://api.lingyiwanwu.com/v1", CHAT, rename=LENGTH,
    env_key="YI_API_KEY", doc="https://platform.lingyiwanwu.com/docs",
)

# The same models for China and for elsewhere: https://docs.bigmodel.cn/api-reference, https://docs.z.ai/api-reference.
# Keys of the GLM Coding Plan: custom_host https://api.z.ai/api/coding/paas/v4.
ZHIPU = compatible(
    "zhipu", "https://open.bigmodel.cn/api/paas/v4", CHAT, EMBED, IMAGE, SPEECH, TRANSCRIBE, RERANK, **GLM,
    codecs={RERANK: ranking.ranking(ranking.COMMON)},
    env_key="ZHIPUAI_API_KEY", prices="zhipuai", doc="https://docs.bigmodel.cn/api-reference",
)
ZAI = compatible(
    "z-ai", "https://api.z.ai/api/paas/v4", CHAT, IMAGE, TRANSCRIBE, **GLM,
    env_key="ZAI_API_KEY", prices="zai", doc="https://docs.z.ai/api-reference/llm/chat-completion",
)

# Other parameters "are accepted and ignored": https://console.upstage.ai/api/chat. Thoughts in
# `reasoning`, and no /solar in the address any more: https://console.upstage.ai/docs/capabilities/generate/chat
UPSTAGE = compatible(
    "upstage", "https://api.upstage.ai/v1", CHAT, EMBED, MODELS, **OLDER, thoughts="reasoning",
    codecs={MODELS: LISTED},
    env_key="UPSTAGE_API_KEY", doc="https://console.upstage.ai/docs/capabilities/generate/chat",
)

# Each region and each workspace has its own host, with its own keys: …/compatible-mode/v1 below
# https://dashscope.aliyuncs.com (Beijing), https://dashscope-us.aliyuncs.com, or
# https://{workspace}.ap-southeast-1.maas.aliyuncs.com: custom_host. max_tokens, no developer:
# https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-openai-chat-completions
DASHSCOPE = compatible(
    "dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", CHAT, EMBED, **OLDER,
    env_key="DASHSCOPE_API_KEY",
    doc="https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
)

# It moved (https://github.blog/changelog/2025-07-17-deprecation-of-azure-endpoint-for-github-models), and
# retired on 2026-07-30 (https://github.com/orgs/community/discussions/203602).
GITHUB = compatible(
    "github", "https://models.github.ai", CHAT, COMPLETE, EMBED, MODELS,
    paths={**{each: inferred(each.path) for each in (CHAT, COMPLETE, EMBED)}, MODELS: "/catalog/models"},
    codecs={MODELS: LISTED}, option_headers={"azure_extra_parameters": "extra-parameters"},
    env_key="GITHUB_TOKEN", doc="https://docs.github.com/en/rest/models/inference",
)

# In China https://api.minimaxi.com/v1. Unsplit, thoughts stand in the text and must come back there; split,
# they are `reasoning_content`: https://platform.minimax.io/docs/api-reference/text-openai-api
MINIMAX = compatible(
    "minimax", "https://api.minimax.io/v1", CHAT, MODELS, defaults={"reasoning_split": True},
    codecs={CHAT: minimax.CHAT, MODELS: LISTED},
    env_key="MINIMAX_API_KEY", prices="minimax",
    doc="https://platform.minimax.io/docs/api-reference/text-chat-openai",
)

# Elsewhere than in China https://api.stepfun.ai/v1. max_tokens, no developer, thoughts in `reasoning`:
# https://platform.stepfun.ai/docs/en/api-reference/chat/chat-completion-create. Chunks have roles and finish
# reasons of no letters, and what was counted by then: https://platform.stepfun.ai/docs/en/api-reference/chat/streaming
STEPFUN = compatible(
    "stepfun", "https://api.stepfun.com/v1", CHAT, IMAGE, SPEECH, TRANSCRIBE, MODELS, **OLDER,
    thoughts="reasoning", usage="each", lacks=True,
    env_key="STEPFUN_API_KEY", doc="https://platform.stepfun.com/docs/zh/api-reference/chat/chat-completion-create",
)

# Elsewhere than in China https://ark.ap-southeast.bytepluses.com/api/v3. No developer:
# https://www.volcengine.com/docs/82379/1494384. Images count `generated_images`: https://www.volcengine.com/docs/82379/1541523
VOLCENGINE = compatible(
    "volcengine", "https://ark.cn-beijing.volces.com/api/v3", CHAT, EMBED, IMAGE, roles=SYSTEM,
    codecs={IMAGE: Codec(response=images)},
    env_key="ARK_API_KEY", doc="https://www.volcengine.com/docs/82379/1494384",
)

# `sensitive`: https://cloud.tencent.com/document/api/1729/105701, the rest: …/document/product/1729/111007.
# Newer models are at https://tokenhub.tencentmaas.com/v1, which is a target's custom_host then, with keys of
# its own: https://cloud.tencent.com/document/product/1823/132252
HUNYUAN = compatible(
    "hunyuan", "https://api.hunyuan.cloud.tencent.com/v1", CHAT, EMBED,
    finish={"sensitive": "content_filter"},
    env_key="HUNYUAN_API_KEY", doc="https://cloud.tencent.com/document/product/1729/111007",
)

# max_tokens, user, assistant and system; chunks have an empty finish reason until the last, which counts
# tokens: https://platform.baichuan-ai.com/docs/api (a copy: https://f8cxtsvnr8.apifox.cn/apidoc/project-3794483/api-135486461)
BAICHUAN = compatible(
    "baichuan", "https://api.baichuan-ai.com/v1", CHAT, EMBED, **OLDER, usage="each", lacks=True,
    env_key="BAICHUAN_API_KEY", doc="https://platform.baichuan-ai.com/docs/api",
)

# "Fully OpenAI's standard": https://cloud.baidu.com/doc/qianfan/s/qmh4sv5vi; but for a `normal` end:
# https://cloud.baidu.com/doc/WENXINWORKSHOP/s/Fm2vrveyu
QIANFAN = compatible(
    "qianfan", "https://qianfan.baidubce.com/v2", CHAT, EMBED, IMAGE, MODELS, finish={"normal": "stop"},
    env_key="QIANFAN_API_KEY", doc="https://cloud.baidu.com/doc/qianfan/s/qmh4sv5vi",
)

# Most run it on their own machines: custom_host. system, user and assistant:
# https://docs.aleph-alpha.com/api/pharia-inference/4.1.0/chat-completions; embeddings:
# https://docs.aleph-alpha.com/phariaai-admin-guide/latest/pharia-inference/embeddings.html
ALEPH_ALPHA = compatible(
    "aleph-alpha", "https://api.aleph-alpha.com", CHAT, EMBED, **OLDER,
    env_key="AA_TOKEN", doc="https://docs.aleph-alpha.com/api/pharia-inference/4.1.0/chat-completions",
)

# max_tokens, no developer: https://dev.writer.com/api-reference/completion-api/chat-completion
WRITER = compatible(
    "writer", "https://api.writer.com/v1", CHAT, MODELS, **OLDER, paths={CHAT: "/chat"},
    codecs={MODELS: LISTED},
    env_key="WRITER_API_KEY", doc="https://dev.writer.com/api-reference/completion-api/chat-completion",
)

# https://docs.inceptionlabs.ai/ (max_tokens; text completions fill in the middle)
INCEPTION = compatible(
    "inception", "https://api.inceptionlabs.ai/v1", CHAT, COMPLETE, MODELS, rename=LENGTH,
    paths={COMPLETE: "/fim/completions"}, codecs={MODELS: LISTED},
    env_key="INCEPTION_API_KEY", doc="https://docs.inceptionlabs.ai/",
)

# max_tokens: https://docs.sarvam.ai/api-reference/chat/chat-completions-v1. Bearer keys do as well:
# https://docs.sarvam.ai/api-reference-docs/api-guides-tutorials/chat-completion/overview
SARVAM = compatible(
    "sarvam", "https://api.sarvam.ai/v1", CHAT, MODELS, rename=LENGTH, codecs={MODELS: LISTED},
    env_key="SARVAM_API_KEY", doc="https://docs.sarvam.ai/api-reference/chat/chat-completions-v1",
)

# max_tokens: https://avian.io/docs/. The last choice of a stream has the count beside it (recorded).
AVIAN = compatible(
    "avian", "https://api.avian.io/v1", CHAT, MODELS, rename=LENGTH, usage="each", codecs={MODELS: LISTED},
    env_key="AVIAN_API_KEY", prices="avian", doc="https://avian.io/docs/",
)

# It runs vLLM (https://docs.vllm.ai/en/latest/deployment/frameworks/crusoe); `reasoning` is recorded.
CRUSOE = compatible(
    "crusoe", "https://api.inference.crusoecloud.com/v1", CHAT, MODELS, thoughts="reasoning",
    env_key="CRUSOE_API_KEY", doc="https://docs.crusoecloud.com/quickstart/getting-started-with-serverless-inference",
)

# Hermes thinks in tags: https://huggingface.co/NousResearch/Hermes-4-70B. Its page is believed to be `doc`.
NOUS = compatible(
    "nous-research", "https://inference-api.nousresearch.com/v1", CHAT, MODELS, thoughts="<think>",
    codecs={MODELS: LISTED},
    env_key="NOUS_API_KEY", doc="https://portal.nousresearch.com/api-docs",
)

# One finish reason of its own: https://platform.xiaomimimo.com/docs/zh-CN/api/chat/openai-api
XIAOMI = compatible(
    "xiaomi", "https://api.xiaomimimo.com/v1", CHAT, MODELS, finish={"repetition_truncation": "length"},
    env_key="MIMO_API_KEY", doc="https://platform.xiaomimimo.com/docs/zh-CN/api/chat/openai-api",
)

# https://docs.morphllm.com/api-reference/endpoint/apply: code and an edit of it are the words of one message.
MORPH = compatible(
    "morph", "https://api.morphllm.com/v1", CHAT, EMBED, RERANK,
    codecs={RERANK: ranking.ranking(ranking.COMMON)},
    env_key="MORPH_API_KEY", doc="https://docs.morphllm.com/api-reference/endpoint/apply",
)
