"""Cohere (https://docs.cohere.com/reference/about)."""

from __future__ import annotations

from ..auth.keys import bearer
from ..dialects import cohere, ranking
from ..dialects.cohere.catalogue import LARGEST
from ..dialects.completing import completions
from ..endpoints import CHAT, COMPLETE, EMBED, MODEL, MODELS, RERANK, TRANSCRIBE
from ..model import Provider, Route
from .registry import provide

TALK = Route("/v2/chat", cohere.CHAT)

COHERE = provide(
    Provider(
        name="cohere",
        base_url="https://api.cohere.com",
        routes={
            CHAT: TALK,
            COMPLETE: completions(TALK),
            EMBED: Route("/v2/embed", cohere.EMBED),
            TRANSCRIBE: Route("/v2/audio/transcriptions", cohere.TRANSCRIPT),
            RERANK: Route("/v2/rerank", ranking.ranking(ranking.COHERE)),
            MODELS: Route(f"/v1/models?page_size={LARGEST}", cohere.MODELS),
            MODEL: Route("/v1/models/{model}", cohere.MODEL),
        },
        models={
            CHAT: ("command-a-reasoning-08-2025",),
            EMBED: ("embed-v4.0",),
            TRANSCRIBE: ("cohere-transcribe-03-2026",),
        },
        auth=bearer,
        env_key="COHERE_API_KEY",
        prices="cohere",
        doc="https://docs.cohere.com/reference/chat",
    )
)
