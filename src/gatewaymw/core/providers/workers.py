"""Cloudflare's Workers AI (https://developers.cloudflare.com/workers-ai/).

Chats and embeddings speak OpenAI's dialect, with tools and the reasons why an answer ended
(https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/); all else is had by
Cloudflare's own API.
"""

from __future__ import annotations

from urllib.parse import quote

from ..auth.keys import bearer
from ..dialects import workers_ai
from ..endpoints import CHAT, COMPLETE, EMBED, IMAGE, SPEECH, TRANSCRIBE, TRANSLATE
from ..model import Context, Provider, Route
from .registry import provide


def run(context: Context) -> str:
    """Where a model is run, whose name is steps of the path: `@cf/meta/llama-3.1-8b-instruct`."""
    return f"/run/{quote(context.model, safe='@/')}"


AURA, MELO = Route(run, workers_ai.AURA), Route(run, workers_ai.MELO)


def speak(model: str) -> Route:
    return MELO if "melotts" in model else AURA


WORKERS = provide(
    Provider(
        name="workers-ai",
        base_url="https://api.cloudflare.com/client/v4/accounts/{workers_ai_account_id}/ai",
        routes={
            CHAT: Route("/v1/chat/completions", workers_ai.COMPATIBLE),
            EMBED: Route("/v1/embeddings", workers_ai.COMPATIBLE),
            COMPLETE: Route(run, workers_ai.COMPLETE),
            IMAGE: Route(run, workers_ai.IMAGE),
            SPEECH: AURA,
            TRANSCRIBE: Route(run, workers_ai.TRANSCRIPT),
            TRANSLATE: Route(run, workers_ai.TRANSLATION),
        },
        by_model={SPEECH: speak},
        models={SPEECH: ("@cf/deepgram/aura-1", "@cf/myshell-ai/melotts")},
        auth=bearer,
        requires={"workers_ai_account_id": "CLOUDFLARE_ACCOUNT_ID"},
        locating=frozenset({"workers_ai_account_id"}),
        env_key="CLOUDFLARE_API_TOKEN",
        scopes=frozenset({"cf", "hf"}),
        prices="cloudflare",
        doc="https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility/",
    )
)
