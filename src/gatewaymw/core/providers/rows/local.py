"""The servers that people run themselves, a row each, where their documentation says they listen.

A server that is elsewhere is a target's `custom_host`. Most are asked without a key; one that was started
with a key is given it as any provider is.
"""

from __future__ import annotations

from ...dialects.catalogue import LISTED
from ...dialects.ranking import PLAIN, Ranks, ranking
from ...endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    IMAGE_VARIATION,
    MODELS,
    RERANK,
    SPEECH,
    TRANSCRIBE,
)
from ..compatible import CATALOGUE, SOUND, compatible

RANKED = {RERANK: ranking(Ranks(names=PLAIN))}
"""Jina's words for ranking, of documents that are texts."""

# fmt: off
# Thoughts are in `reasoning`, which older versions call `reasoning_content`:
# https://docs.vllm.ai/en/latest/features/reasoning_outputs.html. `suffix` of text completions is refused.
VLLM = compatible(
    "vllm", "http://localhost:8000/v1", CHAT, COMPLETE, EMBED, RERANK, *SOUND, MODELS,
    thoughts="reasoning", without=("suffix",), codecs=RANKED, needs_key=False, env_key="VLLM_API_KEY",
    doc="https://docs.vllm.ai/en/stable/serving/online_serving/",
)

# Thoughts are in `reasoning_content`, of gpt-oss in `reasoning`; its list of models has no dates:
# https://lmstudio.ai/docs/developer/api-changelog, https://lmstudio.ai/docs/developer/openai-compat/models
LM_STUDIO = compatible(
    "lm-studio", "http://localhost:1234/v1", CHAT, COMPLETE, EMBED, MODELS,
    thoughts="reasoning", codecs={MODELS: LISTED}, needs_key=False, env_key="LM_API_TOKEN",
    doc="https://lmstudio.ai/docs/developer/openai-compat",
)

# https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
LLAMA_CPP = compatible(
    "llama-cpp", "http://localhost:8080/v1", CHAT, COMPLETE, EMBED, RERANK, MODELS, codecs=RANKED,
    needs_key=False, env_key="LLAMA_API_KEY",
    doc="https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
)

# It listens on 3000 (in its container on 80); a text ends with OpenAI's `stop`, or by one of the client's own
# sequences with `stop_sequence`: https://huggingface.co/docs/text-generation-inference/reference/api_reference,
# https://github.com/huggingface/text-generation-inference/blob/main/router/src/lib.rs
TEXT_GENERATION_INFERENCE = compatible(
    "text-generation-inference", "http://localhost:3000/v1", CHAT, COMPLETE, MODELS,
    finish={"eos_token": "stop", "stop_sequence": "stop"}, needs_key=False,
    doc="https://huggingface.co/docs/text-generation-inference/reference/api_reference",
)

# From a container it is http://model-runner.docker.internal/engines/v1:
# https://docs.docker.com/ai/model-runner/api-reference/
DOCKER_MODEL_RUNNER = compatible(
    "docker-model-runner", "http://localhost:12434/engines/v1", CHAT, COMPLETE, EMBED, *CATALOGUE,
    needs_key=False, doc="https://docs.docker.com/ai/model-runner/api-reference/",
)

# https://docs.sglang.io/docs/basic_usage/openai_api, thoughts in `reasoning_content`:
# https://docs.sglang.io/docs/advanced_features/separate_reasoning
SGLANG = compatible(
    "sglang", "http://localhost:30000/v1", CHAT, COMPLETE, EMBED, MODELS, needs_key=False,
    doc="https://docs.sglang.io/docs/basic_usage/openai_api",
)

# "Reasoning models return their thinking in the reasoning field", models have no dates:
# https://localai.io/docs/features/text-generation/, https://localai.io/docs/basics/try/
LOCALAI = compatible(
    "localai", "http://localhost:8080/v1", CHAT, COMPLETE, EMBED, RERANK, IMAGE, SPEECH, TRANSCRIBE, MODELS,
    thoughts="reasoning", codecs={**RANKED, MODELS: LISTED}, needs_key=False, env_key="LOCALAI_API_KEY",
    doc="https://localai.io/docs/basics/try/",
)

# https://inference.readthedocs.io/en/latest/user_guide/client_api.html, images and sound:
# https://inference.readthedocs.io/en/latest/models/model_abilities/index.html
XINFERENCE = compatible(
    "xinference", "http://localhost:9997/v1",
    CHAT, COMPLETE, EMBED, RERANK, IMAGE, IMAGE_VARIATION, SPEECH, *SOUND, MODELS,
    codecs=RANKED, needs_key=False, doc="https://inference.readthedocs.io/en/latest/user_guide/client_api.html",
)

# A server of many models behind keys: https://docs.gpustack.ai/latest/integrations/openai-compatible-apis
GPUSTACK = compatible(
    "gpustack", "http://localhost/v1",
    CHAT, COMPLETE, EMBED, RERANK, IMAGE, IMAGE_EDIT, SPEECH, TRANSCRIBE, MODELS, codecs=RANKED,
    needs_key=False, env_key="GPUSTACK_API_KEY",
    doc="https://docs.gpustack.ai/latest/integrations/openai-compatible-apis",
)

# Its settings ask for a key, whatever it is; models have no dates: https://jan.ai/docs/desktop/api-preference
JAN = compatible(
    "jan", "http://127.0.0.1:1337/v1", CHAT, MODELS, codecs={MODELS: LISTED}, needs_key=False,
    doc="https://jan.ai/docs/desktop/api-preference",
)

# https://github.com/LostRuins/koboldcpp/wiki, its endpoints: https://lite.koboldai.net/koboldcpp_api
KOBOLDCPP = compatible(
    "koboldcpp", "http://localhost:5001/v1", CHAT, COMPLETE, EMBED, SPEECH, TRANSCRIBE, MODELS,
    needs_key=False, doc="https://lite.koboldai.net/koboldcpp_api",
)
