"""Google's Gemini dialect, spoken as OpenAI's chat completions, embeddings, images, speech and the rest.

Formats: https://ai.google.dev/api/generate-content, …/api/embeddings, and OpenAI's
https://platform.openai.com/docs/api-reference. The Gemini API carries it as it is (`CHAT`, `EMBED`), Vertex
AI with a few differences (`VERTEX`, `VERTEX_EMBED`); some models of both embed and paint by `:predict`.
"""

from __future__ import annotations

from functools import partial

from ...model import Codec
from .. import links
from . import catalogue, edits, embeddings, images, speech, transcripts
from . import request as requests
from .catalogue import LARGEST
from .embeddings import several
from .errors import error
from .request import request
from .response import response
from .stream import STREAM

CHAT = Codec(request=request, response=response, stream=STREAM, error=error)
EMBED = Codec(request=embeddings.embedding, response=embeddings.embedded, error=error)
IMAGE = Codec(request=images.generating, response=images.generated, error=error)
VERTEX_IMAGE = Codec(
    request=partial(images.generating, written=images.WRITTEN), response=images.generated, error=error
)
EDIT = Codec(form=edits.editing, response=images.generated, error=error)
VERTEX_EDIT = Codec(
    form=partial(edits.editing, written=images.WRITTEN), response=images.generated, error=error
)
IMAGEN = Codec(request=images.predicting, response=images.predicted, error=error)

VERTEX = Codec(
    request=partial(request, carrier=requests.VERTEX), response=response, stream=STREAM, error=error
)
VERTEX_EMBED = Codec(request=embeddings.configured, response=embeddings.embedded, error=error)
TEXT_EMBED = Codec(request=embeddings.predicting, response=embeddings.embedded, error=error)
PICTURE_EMBED = Codec(
    request=embeddings.picturing, response=embeddings.embedded, error=error, links=links.embedded
)

SPEECH = Codec(request=speech.speaking, media=speech.spoken, error=error)
VERTEX_SPEECH = Codec(request=partial(speech.speaking, several=True), media=speech.spoken, error=error)
TRANSCRIPT = Codec(form=transcripts.asking, media=transcripts.told, error=error)
MODELS = Codec(response=catalogue.listed, error=error)
MODEL = Codec(response=catalogue.shown, error=error)

__all__ = [
    "CHAT",
    "EDIT",
    "EMBED",
    "IMAGE",
    "IMAGEN",
    "LARGEST",
    "MODEL",
    "MODELS",
    "PICTURE_EMBED",
    "SPEECH",
    "STREAM",
    "TEXT_EMBED",
    "TRANSCRIPT",
    "VERTEX",
    "VERTEX_EDIT",
    "VERTEX_EMBED",
    "VERTEX_IMAGE",
    "VERTEX_SPEECH",
    "error",
    "request",
    "response",
    "several",
]
