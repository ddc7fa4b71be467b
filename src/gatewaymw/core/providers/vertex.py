"""Vertex AI (https://docs.cloud.google.com/vertex-ai/generative-ai/docs): models of Google and of others.

Each publisher's models are spoken to in its own dialect, on this carrier: Gemini's, Anthropic's, Mistral's,
and for the open models OpenAI's. The key is an OAuth access token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote

from ..auth.identity import google, google_ambient, google_project
from ..auth.keys import bearer
from ..dialects import anthropic, gemini
from ..dialects.completing import completions
from ..dialects.links import chatted
from ..endpoints import CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, SPEECH, TRANSCRIBE
from ..model import Codec, Context, Encoded, Provider, Route
from ..values import JSON
from .registry import provide
from .rows.known import MISTRAL

CLAUDE = "vertex-2023-10-16"
"""The only version of Anthropic's API there is on Vertex AI."""
REGIONS = frozenset({"us", "eu"})
"""Regions of several places (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations)."""

CONSUMED = ("x-vertex-ai-llm-request-type", "x-vertex-ai-llm-shared-request-type")
"""Headers that say out of what a request is paid for, which no body can say
(https://docs.cloud.google.com/vertex-ai/generative-ai/docs/priority-paygo, …/flex-paygo)."""


class Model(NamedTuple):
    """A model by its publisher, `endpoints` for one that the project itself deployed."""

    publisher: str
    name: str


NAME = r"([\w-][\w.@:-]*)"
FULL = re.compile(rf"publishers/([\w-]+)/models/{NAME}", re.ASCII)
SLASHED = re.compile(rf"([\w-]+)/{NAME}", re.ASCII)
DOTTED = re.compile(rf"(google|anthropic|mistralai|meta|endpoints)\.{NAME}", re.ASCII)
PREFIXES: Mapping[str, str] = {
    **{"claude-": "anthropic", "mistral-": "mistralai", "codestral-": "mistralai", "ministral-": "mistralai"},
    "llama": "meta",
}
"""Whose models those are that are named without a publisher. Any other is Google's."""


def model_of(name: str) -> Model:
    """A model as it is named here (`anthropic.claude-…`, as Portkey's clients write it; `meta/llama-…`;
    `publishers/google/models/gemini-…`; or by its name alone)."""
    if told := FULL.fullmatch(name) or SLASHED.fullmatch(name) or DOTTED.fullmatch(name):
        return Model(told[1], told[2])
    return Model(next((who for prefix, who in PREFIXES.items() if name.startswith(prefix)), "google"), name)


def base(options: Mapping[str, str]) -> str:
    """The host of a region
    (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/learn/locations#available-regions)."""
    region = options["vertex_region"]
    if region == "global":
        return "https://aiplatform.googleapis.com/v1"
    if region in REGIONS:
        return f"https://aiplatform.{region}.rep.googleapis.com/v1"
    return f"https://{region}-aiplatform.googleapis.com/v1"


def home(context: Context) -> str:
    project, region = context.options["vertex_project_id"], context.options["vertex_region"]
    return f"/projects/{project}/locations/{region}"


def verb(whole: str, streamed: str = "") -> Callable[[Context], str]:
    """The path of a publisher's model, and what is done there."""

    def path(context: Context) -> str:
        publisher, name = model_of(context.model)
        where = f"publishers/{quote(publisher, safe='')}/models/{quote(name, safe='@')}"
        return f"{home(context)}/{where}:{streamed if context.stream and streamed else whole}"

    return path


# ── Anthropic, Mistral and the open models ───────────────────────────────


def claude(body: Mapping[str, Any], context: Context) -> Encoded:
    """Anthropic's request, without the model, which the path names, and with the version
    (https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai)."""
    made = anthropic.untiered(body, context)
    rest = {name: value for name, value in made.body.items() if name != "model"}
    version = context.options.get("anthropic_version") or CLAUDE
    return Encoded({"anthropic_version": version, **rest}, made.dropped)


def mistral(body: Mapping[str, Any], context: Context) -> Encoded:
    """Mistral's request (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral)."""
    assert SPOKEN.request
    made = SPOKEN.request(body, context)
    return Encoded({**made.body, "model": model_of(context.model).name}, made.dropped)


def opened(body: Mapping[str, Any], context: Context) -> Encoded:
    """OpenAI's request, the model named with its publisher
    (https://docs.cloud.google.com/vertex-ai/generative-ai/docs/maas/call-open-model-apis)."""
    publisher, name = model_of(context.model)
    return Encoded({**body, "model": name if publisher == "endpoints" else f"{publisher}/{name}"})


def endpoint(context: Context) -> str:
    """Where OpenAI's dialect is spoken: for all open models, or by an endpoint of the project's own."""
    publisher, name = model_of(context.model)
    which = quote(name, safe="") if publisher == "endpoints" else "openapi"
    return f"{home(context)}/endpoints/{which}/chat/completions"


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body of Google's or of the publisher's, in OpenAI's shape. Never raises."""
    theirs = isinstance(body, dict) and body.get("type") == "error"
    return anthropic.error(body, status, context) if theirs else gemini.error(body, status, context)


SPOKEN = MISTRAL.routes[CHAT].codec
OPEN = Route(endpoint, Codec(request=opened, error=error))
CHATS: Mapping[str, Route] = {
    "google": Route(verb("generateContent", "streamGenerateContent?alt=sse"), gemini.VERTEX),
    "anthropic": Route(
        verb("rawPredict", "streamRawPredict"),
        replace(anthropic.CHAT, request=claude, error=error, links=chatted),
    ),
    "mistralai": Route(verb("rawPredict", "streamRawPredict"), replace(SPOKEN, request=mistral, error=error)),
}


COMPLETES = {publisher: completions(route) for publisher, route in CHATS.items()}
OPEN_COMPLETES = completions(OPEN)


def chat(model: str) -> Route:
    return CHATS.get(model_of(model).publisher, OPEN)


def complete(model: str) -> Route:
    return COMPLETES.get(model_of(model).publisher, OPEN_COMPLETES)


# ── embeddings, images and sound ─────────────────────────────────────────


def embedded(context: Context) -> str:
    return verb("batchEmbedContents" if gemini.several(context.request) else "embedContent")(context)


EMBEDS = Route(verb("predict"), gemini.TEXT_EMBED)
PICTURES = Route(verb("predict"), gemini.PICTURE_EMBED)
CONTENTS = Route(embedded, gemini.VERTEX_EMBED)
GENERATE = verb("generateContent")
PAINTS = Route(GENERATE, gemini.VERTEX_IMAGE)
IMAGENS = Route(verb("predict"), gemini.IMAGEN)


def embed(model: str) -> Route:
    """Gemini's models embed contents, those before them predict: texts, or texts and pictures."""
    name = model_of(model).name
    if name.startswith("multimodalembedding"):
        return PICTURES
    return CONTENTS if name.startswith("gemini-") else EMBEDS


def paint(model: str) -> Route:
    return PAINTS if model_of(model).name.startswith("gemini-") else IMAGENS


VERTEX = provide(
    Provider(
        name="vertex-ai",
        base_url="https://{vertex_region}-aiplatform.googleapis.com/v1",
        base=base,
        routes={
            CHAT: CHATS["google"],
            COMPLETE: COMPLETES["google"],
            EMBED: EMBEDS,
            IMAGE: IMAGENS,
            IMAGE_EDIT: Route(GENERATE, gemini.VERTEX_EDIT),
            SPEECH: Route(GENERATE, gemini.VERTEX_SPEECH),
            TRANSCRIBE: Route(GENERATE, gemini.TRANSCRIPT),
        },
        by_model={CHAT: chat, COMPLETE: complete, EMBED: embed, IMAGE: paint},
        models={
            CHAT: (
                *("gemini-2.5-flash", "anthropic/claude-sonnet-4-5", "mistralai/mistral-medium-3"),
                "meta/llama-4-maverick-17b-128e-instruct-maas",
            ),
            EMBED: ("gemini-embedding-001", "gemini-embedding-2", "multimodalembedding@001"),
            IMAGE: ("imagen-4.0-generate-001", "gemini-2.5-flash-image"),
            IMAGE_EDIT: ("gemini-2.5-flash-image",),
            SPEECH: ("gemini-2.5-flash-tts", "gemini-3.8-flash-tts"),
            TRANSCRIBE: ("gemini-3.5-transcribe",),
        },
        auth=bearer,
        access=google,
        ambient=google_ambient,
        infers=google_project,
        needs_key=False,
        env_key="GOOGLE_APPLICATION_CREDENTIALS",
        prices="google",
        accepts=frozenset({"anthropic-beta", *CONSUMED}),
        requires={"vertex_project_id": "GOOGLE_CLOUD_PROJECT", "vertex_region": "GOOGLE_CLOUD_LOCATION"},
        doc="https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
    )
)
