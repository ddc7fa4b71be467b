"""Ollama's own API, spoken as OpenAI's chat and text completions, embeddings and models.

Formats: https://docs.ollama.com/api (`/api/chat`, `/api/generate`, `/api/embed`, `/api/tags`) and OpenAI's
https://platform.openai.com/docs/api-reference. A stream is a line of JSON an event, the last of them `done`.
Ollama passes over fields it does not know; what is not OpenAI's of a request (`keep_alive`, `options`, `raw`)
goes on as it is.
"""

from __future__ import annotations

from ...model import Batch, Codec
from .. import openai
from ..completing import cut, joined
from ..links import chatted
from .answers import COMPLETIONS, MESSAGES, answered, completed
from .embeddings import embedded, embedding
from .models import listed
from .request import chat, generate

CHAT = Codec(request=chat, response=answered, stream=MESSAGES, error=openai.error, links=chatted)
COMPLETE = Codec(
    request=generate, response=completed, stream=COMPLETIONS, error=openai.error, batch=Batch(cut, joined)
)
EMBED = Codec(request=embedding, response=embedded, error=openai.error)
MODELS = Codec(response=listed, error=openai.error)

__all__ = ["CHAT", "COMPLETE", "EMBED", "MODELS"]
