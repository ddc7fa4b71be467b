"""Cohere (https://docs.cohere.com/reference/about)."""

from __future__ import annotations

from ..auth.keys import bearer
from ..dialects import cohere
from ..dialects.cohere.catalogue import LARGEST
from ..endpoints import CHAT, EMBED, MODEL, MODELS
from ..model import Provider, Route
from .registry import provide

COHERE = provide(
    Provider(
        name="cohere",
        base_url="https://api.cohere.com",
        routes={
            CHAT: Route("/v2/chat", cohere.CHAT),
            EMBED: Route("/v2/embed", cohere.EMBED),
            MODELS: Route(f"/v1/models?page_size={LARGEST}", cohere.MODELS),
            MODEL: Route("/v1/models/{model}", cohere.MODEL),
        },
        auth=bearer,
        env_key="COHERE_API_KEY",
        doc="https://docs.cohere.com/reference/chat",
    )
)
