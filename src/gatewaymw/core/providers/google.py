"""Google's Gemini API (https://ai.google.dev/api). The key goes in a header, never in the address."""

from __future__ import annotations

from urllib.parse import quote

from ..auth.keys import header
from ..dialects import gemini
from ..dialects.completing import completions
from ..endpoints import CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, MODEL, MODELS, SPEECH, TRANSCRIBE
from ..model import Context, Provider, Route
from .registry import provide


def place(context: Context) -> str:
    """Where a model is: among the `models`, or among those that were tuned."""
    kind, found, name = context.model.partition("/")
    if not found or kind not in ("models", "tunedModels"):
        kind, name = "models", context.model
    return f"/{kind}/{quote(name, safe='')}"


def chat(context: Context) -> str:
    verb = "streamGenerateContent?alt=sse" if context.stream else "generateContent"
    return f"{place(context)}:{verb}"


def embed(context: Context) -> str:
    verb = "batchEmbedContents" if gemini.several(context.request) else "embedContent"
    return f"{place(context)}:{verb}"


def generate(context: Context) -> str:
    return f"{place(context)}:generateContent"


def predict(context: Context) -> str:
    return f"{place(context)}:predict"


TALK = Route(chat, gemini.CHAT)
EMBEDS = Route(embed, gemini.EMBED)
PAINT = Route(generate, gemini.IMAGE)
IMAGEN = Route(predict, gemini.IMAGEN)


def paint(model: str) -> Route:
    """Imagen predicts; other models generate images as they do text."""
    return IMAGEN if model.removeprefix("models/").startswith("imagen") else PAINT


GOOGLE = provide(
    Provider(
        name="google",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        routes={
            CHAT: TALK,
            COMPLETE: completions(TALK),
            EMBED: EMBEDS,
            IMAGE: PAINT,
            IMAGE_EDIT: Route(generate, gemini.EDIT),
            SPEECH: Route(generate, gemini.SPEECH),
            TRANSCRIBE: Route(generate, gemini.TRANSCRIPT),
            MODELS: Route(f"/models?pageSize={gemini.LARGEST}", gemini.MODELS),
            MODEL: Route(place, gemini.MODEL),
        },
        by_model={IMAGE: paint},
        models={
            CHAT: ("gemini-2.5-flash", "gemini-3.8-flash"),
            EMBED: ("gemini-embedding-001",),
            IMAGE: ("imagen-4.0-generate-001", "gemini-2.5-flash-image"),
            IMAGE_EDIT: ("gemini-2.5-flash-image",),
            SPEECH: ("gemini-2.5-flash-preview-tts", "gemini-3.8-flash-tts"),
            TRANSCRIBE: ("gemini-3.5-transcribe",),
        },
        auth=header("x-goog-api-key"),
        env_key="GEMINI_API_KEY",
        prices="google",
        doc="https://ai.google.dev/api/generate-content",
    )
)
