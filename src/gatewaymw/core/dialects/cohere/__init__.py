"""Cohere's API v2, spoken as OpenAI's chat completions, embeddings, transcriptions and models.

Formats: https://docs.cohere.com/reference/chat, …/chat-stream, …/embed, …/create-audio-transcription and
…/list-models; OpenAI's
https://platform.openai.com/docs/api-reference. Cohere refuses every field it does not know, so only what it
documents is sent. Its errors (https://docs.cohere.com/reference/errors) are words beside an id.
"""

from __future__ import annotations

from ...model import Codec
from .. import links, openai
from . import transcripts
from .catalogue import listed, shown
from .embeddings import embedded, embedding
from .request import request
from .response import response
from .stream import STREAM

CHAT = Codec(request=request, response=response, stream=STREAM, error=openai.error)
EMBED = Codec(request=embedding, response=embedded, error=openai.error, links=links.embedded)
TRANSCRIPT = Codec(form=transcripts.asking, media=transcripts.told, error=openai.error)
MODELS = Codec(response=listed, error=openai.error)
MODEL = Codec(response=shown, error=openai.error)

__all__ = ["CHAT", "EMBED", "MODEL", "MODELS", "STREAM", "TRANSCRIPT", "request", "response"]
