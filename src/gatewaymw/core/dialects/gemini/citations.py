"""The pages that an answer cites, as OpenAI's annotations.

https://ai.google.dev/api/generate-content#GroundingMetadata (what a search found, and which stretch of text
rests on it) and #CitationMetadata (what the text repeats). Google counts in bytes of UTF-8, OpenAI in
characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...values import JSON


def cited(candidate: JSON, texts: Sequence[str]) -> list[JSON]:
    """The annotations of an answer, whose texts are given part by part."""
    return [*grounded(candidate.get("groundingMetadata"), texts), *repeated(candidate, "".join(texts))]


def grounded(metadata: Any, texts: Sequence[str]) -> list[JSON]:
    if not isinstance(metadata, dict):
        return []
    sources = [source(each) for each in listed(metadata.get("groundingChunks"))]
    made: list[JSON] = []
    for support in listed(metadata.get("groundingSupports")):
        segment = support.get("segment")
        place = placed(segment, texts) if isinstance(segment, dict) else None
        indices = support.get("groundingChunkIndices")
        for index in indices if place and isinstance(indices, list) else ():
            page = sources[index] if isinstance(index, int) and 0 <= index < len(sources) else None
            made += [{"type": "url_citation", "url_citation": {**(place or {}), **page}}] if page else []
    return made


def source(chunk: JSON) -> JSON | None:
    """The page that a grounding chunk is of: found on the web, on a map, or in the client's own store."""
    for name in ("web", "maps", "retrievedContext", "image"):
        found = chunk.get(name)
        if isinstance(found, dict) and isinstance(uri := found.get("uri") or found.get("sourceUri"), str):
            return {"url": uri, "title": str(found.get("title") or "")}
    return None


def placed(segment: JSON, texts: Sequence[str]) -> JSON | None:
    """Where a segment lies in the whole text; None where it lies beyond."""
    part, begin, end = (number(segment.get(name)) for name in ("partIndex", "startIndex", "endIndex"))
    whole = [each.encode(errors="surrogatepass") for each in texts]
    if part >= len(whole) or end > len(whole[part]):
        # The indices are of the text as one, whatever its parts.
        whole, part = [b"".join(whole)], 0
    if part < 0 or not 0 <= begin <= end <= len(whole[part]):
        return None
    before = characters(b"".join(whole[:part]))
    cut = whole[part]
    return {"start_index": before + characters(cut[:begin]), "end_index": before + characters(cut[:end])}


def characters(text: bytes) -> int:
    return len(text.decode(errors="ignore"))


def repeated(candidate: JSON, text: str) -> list[JSON]:
    """What the text repeats, as the Gemini API (`citationSources`) or Vertex AI (`citations`) tells it."""
    metadata = candidate.get("citationMetadata")
    if not isinstance(metadata, dict):
        return []
    made: list[JSON] = []
    for each in listed(metadata.get("citationSources") or metadata.get("citations")):
        place = placed(each, [text])
        if place and isinstance(each.get("uri"), str):
            page = {"url": each["uri"], "title": str(each.get("title") or "")}
            made.append({"type": "url_citation", "url_citation": {**place, **page}})
    return made


def listed(value: Any) -> list[JSON]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def number(value: Any) -> int:
    return value if isinstance(value, int) else 0
