"""The features the headline providers must have, and those gained since: each change is made on purpose."""

from __future__ import annotations

FEATURES = ("chat", "streaming", "embeddings", "images", "tools", "vision", "audio")
PROMISED = {
    **dict.fromkeys(("openai", "azure-openai", "azure-ai"), "yes yes yes yes yes yes yes"),
    **dict.fromkeys(("bedrock", "google", "vertex-ai"), "yes yes yes yes yes yes no "),
    "anthropic": "yes yes no  no  yes yes no ",
    "cohere": "yes yes yes no  yes no  no ",
}
GAINED = {
    ("bedrock", "audio"): ("input_audio",),
    ("google", "audio"): ("/audio/speech", "/audio/transcriptions", "input_audio"),
    ("vertex-ai", "audio"): ("/audio/speech", "/audio/transcriptions", "input_audio"),
    ("cohere", "vision"): ("image_url",),
    ("cohere", "audio"): ("/audio/transcriptions",),
}
"""Beyond the table: a cell, and by what it is had."""


def had(name: str) -> dict[str, bool]:
    """The features of a provider, by both tables."""
    words = dict(zip(FEATURES, PROMISED[name].split(), strict=True))
    return {feature: word == "yes" or (name, feature) in GAINED for feature, word in words.items()}
