"""Ollama by its own API (https://docs.ollama.com/api), beside `ollama`, which speaks OpenAI's to it.

What its OpenAI endpoints have no words for is only had here: the size of the context and all other options of
a model (`num_ctx`, `options`), how long it stays loaded (`keep_alive`), its template and raw prompts, and the
server's own counts and durations. The ids stay two, since a request means the same to `ollama` as before.
"""

from __future__ import annotations

from ..auth.keys import bearer
from ..dialects import ollama
from ..endpoints import CHAT, COMPLETE, EMBED, MODELS
from ..model import Provider, Route
from .registry import provide

OLLAMA_NATIVE = provide(
    Provider(
        name="ollama-native",
        base_url="http://localhost:11434",
        routes={
            CHAT: Route("/api/chat", ollama.CHAT),
            COMPLETE: Route("/api/generate", ollama.COMPLETE),
            EMBED: Route("/api/embed", ollama.EMBED),
            MODELS: Route("/api/tags", ollama.MODELS),
        },
        auth=bearer,
        needs_key=False,
        env_key="OLLAMA_API_KEY",
        doc="https://docs.ollama.com/api",
    )
)
