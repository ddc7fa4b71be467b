"""Those who once had a dialect of their own and speak OpenAI's now, a row each."""

from __future__ import annotations

from ...auth.keys import header
from ...dialects.completing import completing
from ...endpoints import CHAT, COMPLETE, MODELS
from ...model import IDENTITY
from ..compatible import LENGTH, OLDER, compatible

# fmt: off
# Ended on 2026-08-09 (https://docs.ai21.com/august-deprecation-notice). It knew max_tokens and no developer
# (https://docs.ai21.com/reference/jamba-1-6-api-ref); what were completions had become chats, embeddings
# nothing (https://docs.ai21.com/docs/migrating-from-jurassic-to-jamba).
AI21 = compatible(
    "ai21", "https://api.ai21.com/studio/v1", CHAT, COMPLETE, **OLDER,
    codecs={COMPLETE: completing(IDENTITY)}, paths={COMPLETE: CHAT.path},
    env_key="AI21_API_KEY", doc="https://docs.ai21.com/reference/jamba-1-6-api-ref",
)

# "One OpenAI-compatible API": https://docs.reka.ai/chat/api-reference/create-chat-completion, …/list-models
REKA = compatible(
    "reka-ai", "https://api.reka.ai/v1", CHAT, MODELS,
    env_key="REKA_API_KEY", doc="https://docs.reka.ai/chat/api-reference/create-chat-completion",
)

# https://docs.bytez.com/http-reference/oaiCompliant/chatCompletions: max_tokens, answers without a model;
# closed models run on their makers' keys. /models/v2/{model} streams bare text, whose end nothing tells.
BYTEZ = compatible(
    "bytez", "https://api.bytez.com/models/v2/openai/v1", CHAT, COMPLETE, rename=LENGTH, lacks=True,
    auth=header("authorization", "Key "), accepts=("provider-key",),
    env_key="BYTEZ_API_KEY", doc="https://docs.bytez.com/http-reference/oaiCompliant/chatCompletions",
)
