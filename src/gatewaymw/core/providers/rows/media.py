"""Those who paint, speak and listen, and do nothing else: a row each."""

from __future__ import annotations

from ...auth.keys import header
from ...dialects import deepgram, elevenlabs, pictures
from ...endpoints import IMAGE, MODELS, SPEECH, TRANSCRIBE
from ..compatible import compatible

# fmt: off
# OpenAI's dialect, with styles of its own: https://www.recraft.ai/docs/api-reference/endpoints
RECRAFT = compatible(
    "recraft-ai", "https://external.api.recraft.ai/v1", IMAGE,
    without=("background", "moderation", "output_compression", "output_format", "quality", "user"),
    env_key="RECRAFT_API_TOKEN", doc="https://www.recraft.ai/docs/api-reference/endpoints",
)

# https://www.segmind.com/models/sdxl1.0-txt2img/api
SEGMIND = compatible(
    "segmind", "https://api.segmind.com/v1", IMAGE,
    codecs={IMAGE: pictures.SEGMIND}, paths={IMAGE: "/{model}"}, auth=header("x-api-key"),
    env_key="SEGMIND_API_KEY", doc="https://docs.segmind.com/api-reference",
)

# https://docs.fal.ai/model-apis/model-endpoints/synchronous-requests
FAL = compatible(
    "fal", "https://fal.run", IMAGE, codecs={IMAGE: pictures.FAL}, paths={IMAGE: pictures.fal_path},
    auth=header("authorization", "Key "), env_key="FAL_KEY", doc="https://docs.fal.ai/model-apis/model-endpoints/synchronous-requests",
)

# https://developer.ideogram.ai/ideogram-api/quickstart
IDEOGRAM = compatible(
    "ideogram", "https://api.ideogram.ai", IMAGE,
    codecs={IMAGE: pictures.IDEOGRAM}, paths={IMAGE: "/v2/image/generate/{model}"}, auth=header("api-key"),
    env_key="IDEOGRAM_API_KEY", doc="https://developer.ideogram.ai/ideogram-api/quickstart",
)

# https://elevenlabs.io/docs/api-reference/authentication
ELEVENLABS = compatible(
    "elevenlabs", "https://api.elevenlabs.io", SPEECH, TRANSCRIBE, MODELS, auth=header("xi-api-key"),
    codecs={SPEECH: elevenlabs.SPEECH, TRANSCRIBE: elevenlabs.TRANSCRIPT, MODELS: elevenlabs.MODELS},
    paths={SPEECH: elevenlabs.speech_path, TRANSCRIBE: "/v1/speech-to-text", MODELS: "/v1/models"},
    env_key="ELEVENLABS_API_KEY", prices="elevenlabs", doc="https://elevenlabs.io/docs/api-reference/introduction",
)

# https://developers.deepgram.com/reference/authentication
DEEPGRAM = compatible(
    "deepgram", "https://api.deepgram.com/v1", SPEECH, TRANSCRIBE, auth=header("authorization", "Token "),
    codecs={SPEECH: deepgram.SPEECH, TRANSCRIBE: deepgram.TRANSCRIPT},
    paths={SPEECH: deepgram.speech_path, TRANSCRIBE: deepgram.heard_path},
    env_key="DEEPGRAM_API_KEY", doc="https://developers.deepgram.com/reference/deepgram-api-overview",
)
