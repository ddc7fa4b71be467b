"""Google's Gemini dialect, spoken as OpenAI's chat completions, embeddings and images.

Formats: https://ai.google.dev/api/generate-content, …/api/embeddings, and OpenAI's
https://platform.openai.com/docs/api-reference. The Gemini API carries it as it is (`CHAT`, `EMBED`), Vertex
AI with a few differences (`VERTEX`, `VERTEX_EMBED`); some models of both embed and paint by `:predict`.
"""

from __future__ import annotations

from functools import partial

from ...model import Codec
from . import embeddings, images
from . import request as requests
from .embeddings import several
from .errors import error
from .request import request
from .response import response
from .stream import STREAM

CHAT = Codec(request=request, response=response, stream=STREAM, error=error)
EMBED = Codec(request=embeddings.embedding, response=embeddings.embedded, error=error)
IMAGE = Codec(request=images.generating, response=images.generated, error=error)
IMAGEN = Codec(request=images.predicting, response=images.predicted, error=error)

VERTEX = Codec(
    request=partial(request, carrier=requests.VERTEX), response=response, stream=STREAM, error=error
)
VERTEX_EMBED = Codec(request=embeddings.configured, response=embeddings.embedded, error=error)
TEXT_EMBED = Codec(request=embeddings.predicting, response=embeddings.embedded, error=error)
PICTURE_EMBED = Codec(request=embeddings.picturing, response=embeddings.embedded, error=error)

__all__ = [
    "CHAT",
    "EMBED",
    "IMAGE",
    "IMAGEN",
    "PICTURE_EMBED",
    "STREAM",
    "TEXT_EMBED",
    "VERTEX",
    "VERTEX_EMBED",
    "error",
    "request",
    "response",
    "several",
]
