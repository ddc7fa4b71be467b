"""OpenAI (https://platform.openai.com/docs/api-reference): it speaks the gateway's own dialect."""

from __future__ import annotations

from ..auth.keys import bearer
from ..dialects.history import thoughtless
from ..endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    IMAGE_VARIATION,
    MODEL,
    MODELS,
    MODERATE,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
    Endpoint,
)
from ..model import Codec, Provider, Route
from .registry import provide

ALL: tuple[Endpoint, ...] = (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    IMAGE_VARIATION,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
    MODERATE,
    MODELS,
    MODEL,
)
"""The endpoints that OpenAI defined."""

# https://platform.openai.com/docs/api-reference/authentication
HEADERS = {
    "openai_organization": "openai-organization",
    "openai_project": "openai-project",
    "openai_beta": "openai-beta",
}

SPOKEN = Codec(request=thoughtless)
"""Its own dialect, without what other providers' answers left in a conversation."""

OPENAI = provide(
    Provider(
        name="openai",
        base_url="https://api.openai.com/v1",
        routes={**{each: Route(each.path) for each in ALL}, CHAT: Route(CHAT.path, SPOKEN)},
        auth=bearer,
        accepts=frozenset(HEADERS.values()),
        option_headers=HEADERS,
        env_key="OPENAI_API_KEY",
        prices="openai",
        doc="https://platform.openai.com/docs/api-reference",
    )
)
