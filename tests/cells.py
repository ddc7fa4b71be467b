"""The matrix of the headline providers, cell by cell: what is promised, and an exchange for each promise.

An exchange is a folder of `cassettes/`, written from a provider's documentation. Where two providers speak
one dialect, the second borrows the first one's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import recorded
from upstream import Script, chunked, whole

CASSETTES = Path(__file__).parent / "cassettes"
HEADLINE = ("openai", "anthropic", "azure-openai", "azure-ai", "bedrock", "google", "vertex-ai", "cohere")

CHAT, EMBED, IMAGE = "/chat/completions", "/embeddings", "/images/generations"
SPEECH, TRANSCRIBE, TRANSLATE = "/audio/speech", "/audio/transcriptions", "/audio/translations"
EDIT, VARY = "/images/edits", "/images/variations"
OPENAIS = (CHAT, EMBED, IMAGE, EDIT, VARY, SPEECH, TRANSCRIBE, TRANSLATE)
STREAM = "stream"


class Home(NamedTuple):
    """Where a provider is called and with what credential, once the gateway has translated."""

    target: Mapping[str, str]
    """What the config says besides the provider's name and address."""
    credential: tuple[str, str]
    """A header, and a regular expression for it."""
    paths: Mapping[str, str]
    """By endpoint (`stream`: of a streamed chat); `{model}` is the model, as one step of a path."""


DATED = "?api-version=2024-10-21"
PUBLISHER = "/projects/p-1/locations/us-central1/publishers/google/models/{model}"
SIGNED = (
    r"AWS4-HMAC-SHA256 Credential=AKID1/\d{8}/us-east-1/bedrock/aws4_request, "
    r"SignedHeaders=\S*host\S*, Signature=[0-9a-f]{64}"
)
GEMINI = {
    **{CHAT: "/models/{model}:generateContent", STREAM: "/models/{model}:streamGenerateContent?alt=sse"},
    **{EMBED: "/models/{model}:batchEmbedContents"},
    **dict.fromkeys((IMAGE, EDIT, SPEECH, TRANSCRIBE), "/models/{model}:generateContent"),
}
VERTEX = {
    **{CHAT: f"{PUBLISHER}:generateContent", STREAM: f"{PUBLISHER}:streamGenerateContent?alt=sse"},
    **{EMBED: f"{PUBLISHER}:predict", IMAGE: f"{PUBLISHER}:predict"},
    **dict.fromkeys((EDIT, SPEECH, TRANSCRIBE), f"{PUBLISHER}:generateContent"),
}
CONVERSE = {
    **{CHAT: "/model/{model}/converse", STREAM: "/model/{model}/converse-stream"},
    **dict.fromkeys((EMBED, IMAGE, EDIT), "/model/{model}/invoke"),
}
HOMES: Mapping[str, Home] = {
    "openai": Home(
        {"api_key": "sk-1"},
        ("authorization", "Bearer sk-1"),
        {each: each for each in OPENAIS} | {STREAM: CHAT},
    ),
    "anthropic": Home(
        {"api_key": "sk-ant"}, ("x-api-key", "sk-ant"), {CHAT: "/messages", STREAM: "/messages"}
    ),
    "azure-openai": Home(
        {"api_key": "az-1", "resource_name": "res", "api_version": "2024-10-21"},
        ("api-key", "az-1"),
        {each: f"/deployments/{{model}}{each}{DATED}" for each in OPENAIS}
        | {STREAM: f"/deployments/{{model}}{CHAT}{DATED}"},
    ),
    "azure-ai": Home(
        {"api_key": "az-2"},
        ("api-key", "az-2"),
        {each: f"/openai/v1{each}" for each in OPENAIS} | {STREAM: f"/openai/v1{CHAT}"},
    ),
    "bedrock": Home(
        {"aws_access_key_id": "AKID1", "aws_secret_access_key": "s", "aws_region": "us-east-1"},
        ("authorization", SIGNED),
        CONVERSE,
    ),
    "google": Home({"api_key": "g-1"}, ("x-goog-api-key", "g-1"), GEMINI),
    "vertex-ai": Home(
        {"api_key": "ya29", "vertex_project_id": "p-1", "vertex_region": "us-central1"},
        ("authorization", "Bearer ya29"),
        VERTEX,
    ),
    "cohere": Home(
        {"api_key": "co-1"},
        ("authorization", "Bearer co-1"),
        {CHAT: "/v2/chat", STREAM: "/v2/chat", EMBED: "/v2/embed", TRANSCRIBE: "/v2/audio/transcriptions"},
    ),
}


def place(provider: str, path: str, model: str) -> str:
    """The address below the upstream at which a provider's model is asked."""
    return f"/{provider}" + HOMES[provider].paths[path].format(model=quote(model, safe=""))


class Cell(NamedTuple):
    """One promise: a provider has a feature, whole or streamed."""

    provider: str
    feature: str
    streamed: bool
    folder: str
    """The exchange, below `cassettes/`."""
    want: Any
    """A chat's text, or its calls as `[(name, arguments), …]`; vectors; images in base64."""

    @property
    def id(self) -> str:
        return f"{self.provider}-{self.feature}-{'streamed' if self.streamed else 'whole'}"

    @property
    def way(self) -> str:
        """How the feature is had: by an endpoint, a parameter or a part."""
        return {
            **{"chat": CHAT, "streaming": "stream", "embeddings": EMBED, "images": IMAGE},
            **{"tools": "tools", "vision": "image_url", "audio": "input_audio"},
        }[self.feature]

    @property
    def body(self) -> dict[str, Any]:
        """What the client asks."""
        asked: dict[str, Any] = self.read("client.json")
        return asked

    def read(self, name: str) -> Any:
        return json.loads((CASSETTES / self.folder / name).read_text("utf-8"))

    @property
    def reply(self) -> list[dict[str, Any]]:
        """What the client must get: one body, or chunks."""
        if not self.streamed:
            return [self.read("reply.json")]
        lines = (CASSETTES / self.folder / "reply.sse").read_text("utf-8").splitlines()
        return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]

    @property
    def script(self) -> Script:
        """What the upstream answers, a stream event by event."""
        folder = CASSETTES / self.folder
        if not self.streamed:
            return whole((folder / "upstream.http").read_bytes().partition(b"\r\n\r\n")[2])
        if (events := folder / "upstream.bin").exists():
            kind = "application/vnd.amazon.eventstream"
            return chunked(recorded.binary(events.read_bytes(), kind), kind=kind)
        return chunked(recorded.textual((folder / "upstream.sse").read_text("utf-8")))


PNG = "iVBORw0KGgo="
BOARDWALK = "A wooden boardwalk through a green meadow."
SUNRISE = "Someone says: the sun rises in the east."
KEYS = "Yes, customer managed keys are supported."
BOSTON = [("get_weather", {"location": "Boston, MA"})]

DOCUMENTED = {  # provider → feature → the exchange and what is read of it, whole and (of chats) streamed
    "openai": {
        "chat": [("openai/chat-text", "Hello! How can I assist you today?")],
        "streaming": [("openai/chat-stream-text", "Hello! How can I assist you today?")],
        "tools": [("openai/chat-tools", BOSTON), ("openai/chat-stream-tools", BOSTON)],
        "vision": [("openai/chat-vision", BOARDWALK), ("openai/chat-stream-vision", BOARDWALK)],
        "audio": [("openai/chat-audio", SUNRISE), ("openai/chat-stream-audio", SUNRISE)],
        "embeddings": [("openai/embeddings-text", [0.0023064255, -0.009327292, -0.0028842222])],
        "images": [("openai/images-generated", PNG)],
    },
    "anthropic": {
        "chat": [("anthropic/chat-text", "Hi! How can I help you today?")],
        "streaming": [("anthropic/chat-stream-text", "Hello!")],
        "tools": [
            (
                "anthropic/chat-tools",
                [("get_weather", {"location": "New York, NY"})],
            ),
            (
                "anthropic/chat-stream-tools",
                [("get_weather", {"location": "San Francisco, CA"}), ("get_time", {})],
            ),
        ],
        "vision": [
            ("anthropic/chat-vision", "The image shows a single ant seen from close by."),
            ("anthropic/chat-stream-vision", "The image shows a single ant."),
        ],
    },
    "azure-openai": {
        "chat": [("azure-openai/chat-text", KEYS)],
        "streaming": [("azure-openai/chat-stream-text", KEYS)],
        "tools": [("azure-openai/chat-tools", BOSTON), ("azure-openai/chat-stream-tools", BOSTON)],
        "vision": [
            ("azure-openai/chat-vision", BOARDWALK),
            ("azure-openai/chat-stream-vision", BOARDWALK),
        ],
        "audio": [("azure-openai/chat-audio", SUNRISE), ("azure-openai/chat-stream-audio", SUNRISE)],
        "embeddings": [("azure-openai/embeddings-text", [0.0023064255, -0.009327292, -0.0028842222])],
        "images": [("azure-openai/images-generated", PNG)],
    },
    "bedrock": {
        "chat": [
            (
                "bedrock/chat-text",
                "Here is a list of 3 pop songs by artists from the United Kingdom:\n\n"
                '1. "As It Was" by Harry Styles\n2. "Easy On Me" by Adele\n'
                '3. "Unholy" by Sam Smith and Kim Petras',
            )
        ],
        "streaming": [("bedrock/chat-stream-thinking", "4")],
        "tools": [
            ("bedrock/chat-tools", [("top_song", {"sign": "WXYZ"})]),
            ("bedrock/chat-stream-tools", [("top_song", {"sign": "WZPZ"})]),
        ],
        "vision": [
            ("bedrock/chat-vision", "A small black and white kitten."),
            ("bedrock/chat-stream-vision", "A small black and white kitten."),
        ],
        "audio": [
            ("bedrock/chat-audio", "The sun rises in the east."),
            ("bedrock/chat-stream-audio", "The sun rises in the east."),
        ],
        "embeddings": [("bedrock/embeddings-titan", [0.5, -0.25, 0.125])],
        "images": [("bedrock/images-canvas", PNG)],
    },
    "google": {
        "chat": [("google/chat-text", "Meow! It is a ball of wool.")],
        "streaming": [("google/chat-stream-thinking", "The sum is 5117.")],
        "tools": [
            ("google/chat-tools", [("set_thermostat_temperature", {"temperature": 20})]),
            (
                "google/chat-stream-tools",
                [("power_disco_ball", {"power": True}), ("dim_lights", {"brightness": 0.3})],
            ),
        ],
        "vision": [
            ("google/chat-vision", "A cat sleeps on a warm keyboard."),
            ("google/chat-stream-vision", "A cat sleeps on a warm keyboard."),
        ],
        "audio": [
            ("google/chat-audio", "The sun rises in the east."),
            ("google/chat-stream-audio", "The sun rises in the east."),
        ],
        "embeddings": [("google/embeddings-text", [-0.02342152, 0.01676572, 0.009261323])],
        "images": [("google/images-generated", PNG)],
    },
    "cohere": {
        "chat": [("cohere/chat-text", "Designing Perfect APIs")],
        "streaming": [("cohere/chat-stream-documents", "Yes, we offer gym memberships.")],
        "tools": [
            ("cohere/chat-tools", [("get_weather", {"location": "Toronto"})]),
            (
                "cohere/chat-stream-tools",
                [("get_weather", {"location": "Madrid"}), ("get_weather", {"location": "Brasilia"})],
            ),
        ],
        "vision": [
            ("cohere/chat-vision", "A chart of revenue by company."),
            ("cohere/chat-stream-vision", "A chart of revenue by company."),
        ],
        "embeddings": [("cohere/embeddings-text", [0.016296387, -0.008354187, -0.04699707])],
    },
}
EXCHANGES: Mapping[str, Mapping[str, list[tuple[str, Any]]]] = {
    **DOCUMENTED,
    # The same API as Azure OpenAI's, at another address.
    "azure-ai": DOCUMENTED["azure-openai"],
    # Gemini's dialect, at another address, but for what predicts and for the ids of calls.
    "vertex-ai": {
        **DOCUMENTED["google"],
        "tools": [
            ("vertex-ai/chat-tools", [("set_thermostat_temperature", {"temperature": 20})]),
            DOCUMENTED["google"]["tools"][1],
        ],
        "embeddings": [
            ("vertex-ai/embeddings-text", [0.005842492915689945, 0.011848051100969315, 0.032247550785541534])
        ],
        "images": [("vertex-ai/images-imagen", PNG)],
    },
}
CELLS = [
    Cell(provider, feature, "-stream-" in folder, folder, want)
    for provider, features in EXCHANGES.items()
    for feature, exchanges in features.items()
    for folder, want in exchanges
]
