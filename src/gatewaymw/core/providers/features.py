"""What providers can do, found out from the registry: by their routes, and by what their chats carry.

Nothing here is written down by provider. Whether a chat takes tools, images or sound is asked of the
provider's own transform: a sample request goes through it, and it counts if what the sample holds is in
what would be sent. Who speaks OpenAI's dialect is sent all of it; what a model makes of it is its own matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import json
from ..endpoints import (
    CHAT,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    IMAGE_VARIATION,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
    Endpoint,
)
from ..errors import GatewayError
from ..model import Context, Provider, Route
from .registry import PROVIDERS

MARK = "bWFya2Vk"
"""What a sample holds: base64, a name, and nothing that any transform would write by itself."""
PLAIN: Mapping[str, Any] = {"messages": [{"role": "user", "content": "What is it?"}], "max_tokens": 16}


def shown(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**PLAIN, "messages": [{"role": "user", "content": [{"type": "text", "text": "Look:"}, part]}]}


SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "stream": {**PLAIN, "stream": True},
    "tools": {**PLAIN, "tools": [{"type": "function", "function": {"name": MARK, "parameters": {}}}]},
    "image_url": shown({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{MARK}"}}),
    "input_audio": shown({"type": "input_audio", "input_audio": {"data": MARK, "format": "wav"}}),
}
"""What a chat may take, by the parameter, or the part of a message, that brings it."""


def ways(provider: Provider) -> dict[str, tuple[str, ...]]:
    """Each feature, and how it is had: by paths of endpoints, parameters or parts; by none, where it is
    not had at all."""
    return {
        "chat": paths(provider, CHAT),
        "streaming": taken(provider, "stream"),
        "embeddings": paths(provider, EMBED),
        "images": paths(provider, IMAGE, IMAGE_EDIT, IMAGE_VARIATION),
        "tools": taken(provider, "tools"),
        "vision": taken(provider, "image_url"),
        "audio": (*paths(provider, SPEECH, TRANSCRIBE, TRANSLATE), *taken(provider, "input_audio")),
    }


def paths(provider: Provider, *endpoints: Endpoint) -> tuple[str, ...]:
    return tuple(endpoint.path for endpoint in endpoints if endpoint in provider.routes)


def taking(sample: str) -> tuple[str, ...]:
    """The names of those whose chats take it, in order."""
    return tuple(sorted(name for name, provider in PROVIDERS.items() if taken(provider, sample)))


def taken(provider: Provider, sample: str) -> tuple[str, ...]:
    """The sample's name, where a chat with one of the provider's families of models takes it."""
    if CHAT not in provider.routes:
        return ()
    families = provider.models.get(CHAT, ("model",))
    return (sample,) if any(takes(provider, model, sample) for model in families) else ()


def takes(provider: Provider, model: str, sample: str) -> bool:
    """Whether a chat with the model takes it: what is sent holds what the sample asks for. A stream may
    be asked for by the body or by the address: there it counts that either is another."""
    try:
        asked = sent(provider, {**SAMPLES[sample], "model": model})
    except GatewayError:
        return False
    return MARK in asked if sample != "stream" else asked != sent(provider, {**PLAIN, "model": model})


def sent(provider: Provider, body: Mapping[str, Any]) -> str:
    """The path and the body that a chat becomes. Raises GatewayError."""
    route = chatting(provider, body["model"])
    options = {**dict.fromkeys(provider.requires, "sample"), **provider.assumes}
    stream = "stream" in body
    context = Context(
        provider=provider.name, model=body["model"], stream=stream, options=options, request=body
    )
    made = route.codec.request(body, context).body if route.codec.request else body
    where = route.path(context) if callable(route.path) else route.path
    return where + json.dumps(made).decode()


def chatting(provider: Provider, model: str) -> Route:
    chosen = provider.by_model.get(CHAT)
    return chosen(model) if chosen else provider.routes[CHAT]
