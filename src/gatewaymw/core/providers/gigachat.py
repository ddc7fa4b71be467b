"""Sber's GigaChat (https://developers.sber.ru/docs/ru/gigachat/api/reference/rest/gigachat-api)."""

from __future__ import annotations

from ..auth.identity import sber
from ..auth.keys import bearer
from ..dialects import gigachat
from ..dialects.catalogue import LISTED, SHOWN
from ..endpoints import CHAT, EMBED, MODEL, MODELS
from ..model import Provider, Route
from .registry import provide

GIGACHAT = provide(
    Provider(
        name="gigachat",
        base_url="https://gigachat.devices.sberbank.ru/api/v1",
        routes={
            CHAT: Route("/chat/completions", gigachat.CHAT),
            EMBED: Route("/embeddings", gigachat.EMBED),
            MODELS: Route("/models", LISTED),
            MODEL: Route("/models/{model}", SHOWN),
        },
        models={CHAT: ("GigaChat-2-Max",), EMBED: ("EmbeddingsGigaR",)},
        auth=bearer,
        access=sber,
        token="gigachat_token",
        assumes={"gigachat_scope": "GIGACHAT_API_PERS"},
        needs_key=False,
        env_key="GIGACHAT_CREDENTIALS",
        doc="https://developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-chat",
    )
)
"""A key is not needed where a token is among the options: the access says what is missing. Sber's newest SDKs
call `https://api.giga.chat/v1`, which is a `custom_host`."""
