"""Oracle Cloud's Generative AI, spoken as OpenAI's chat completions and embeddings, and as rankings.

Formats: https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/ChatResult/Chat and
…/EmbedTextResult/EmbedText; Oracle's own SDKs have the same types. A chat has one of three formats by the
model's maker: GENERIC (Meta, xAI, Google, OpenAI and others), COHERE and COHEREV2.
"""

from __future__ import annotations

from ...model import Codec
from .. import openai
from .embeddings import embedded, embedding
from .ranks import RERANK
from .request import request
from .response import response
from .stream import STREAM

CHAT = Codec(request=request, response=response, stream=STREAM, error=openai.error)
EMBED = Codec(request=embedding, response=embedded, error=openai.error)

__all__ = ["CHAT", "EMBED", "RERANK", "STREAM", "request", "response"]
