"""Gemini's parts as `content_blocks`, which a client may send back, and those blocks as parts again.

A block has a `type`, and what the part says by that name: `{"type": "executable_code", "executable_code":
{…}}`. Text, thoughts and images are written as elsewhere: `{"type": "text", "text": …}`, `{"type":
"thinking", "thinking": …}`, `{"type": "image_url", "image_url": {"url": "data:…"}}`. A part's
`thought_signature`, which the next turn needs
(https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures), stands beside it, and so do what
else is said of it (`video_metadata`, `audio_transcription`, …).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...values import JSON
from ..fields import mapping, text
from ..history import cited, told
from ..media import data_uri, is_data
from .content import EXTRAS

BESIDE = frozenset({"thought", "thoughtSignature", *EXTRAS.values()})
"""The fields of a part that are not what it says."""
CARRIED = {**EXTRAS, "audio_transcription": "audioTranscription"}
"""What may stand beside what a part says, and stands beside it in a block: of sound, its words one by one."""
OWN = ("executable_code", "code_execution_result", "inline_data", "file_data", "tool_call", "tool_response")
"""The kinds of parts that only Gemini has, under their names in blocks."""


def block(part: JSON) -> JSON:
    """The block of a part."""
    signature = part.get("thoughtSignature")
    signed: JSON = {"thought_signature": signature} if signature else {}
    signed |= {name: part[field] for name, field in CARRIED.items() if field in part}
    if isinstance(part.get("text"), str):
        kind = "thinking" if part.get("thought") else "text"
        return {"type": kind, kind: part["text"], **signed}
    thought = {"thought": True} if part.get("thought") else {}
    if url := pictured(part):
        return {"type": "image_url", "image_url": {"url": url}, **thought, **signed}
    name = next((name for name in part if name not in BESIDE), "")
    kind = re.sub(r"([A-Z])", r"_\1", name).lower()
    return {"type": kind, kind: part.get(name), **thought, **signed}


def pictured(part: JSON) -> str:
    """The data URI of a part that is an image; empty for any other."""
    data = part.get("inlineData")
    if not isinstance(data, dict) or not str(data.get("mimeType")).startswith("image/"):
        return ""
    return f"data:{data['mimeType']};base64,{data.get('data') or ''}"


def parts(value: Any, path: str, lost: list[str]) -> list[JSON]:
    """The parts of blocks that were told before; blocks of other makers are left out and named.

    Thoughts without a signature are not sent back: Gemini does not want them. Raises BadRequest.
    """
    made: list[JSON] = []
    for where, spec in told(value, path):
        lost += cited(spec)
        if "type" in spec:
            found = part(text(spec["type"], f"{where}.type"), spec, where)
        else:
            found = {"text": spec["text"]} if isinstance(spec.get("text"), str) else None
        if found is None:
            lost.append("messages[].content_blocks")
        elif found and (found.get("text") != "" or "thoughtSignature" in found):
            made.append(found)
    return made


def part(kind: str, spec: Mapping[str, Any], path: str) -> JSON | None:
    """The part of a block; an empty one for what needs not be sent, None for what Gemini has no part for."""
    signature = spec.get("thought_signature")
    beside = {"thoughtSignature": signature} if signature else {}
    beside |= {"thought": True} if spec.get("thought") or kind == "thinking" else {}
    beside |= {field: spec[name] for name, field in EXTRAS.items() if name in spec}
    if kind == "thinking" and not signature:
        return None if "signature" in spec else {}  # another maker's, or none at all
    if kind in ("text", "thinking"):
        words = spec.get(kind)
        if not isinstance(words, str):
            raise BadRequest(f"{path}.{kind} must be a string", param=f"{path}.{kind}")
        return {"text": words, **beside}
    if kind == "image_url":
        return {"inlineData": image(spec, f"{path}.image_url"), **beside}
    if kind not in OWN:
        return None
    name = re.sub(r"_(\w)", lambda found: found[1].upper(), kind)
    return {name: mapping(spec.get(kind), f"{path}.{kind}"), **beside}


def image(spec: Mapping[str, Any], path: str) -> JSON:
    url = text(mapping(spec.get("image_url"), path).get("url"), f"{path}.url")
    if not is_data(url):
        raise BadRequest(f"{path}.url must be a data URI, as it was told", param=f"{path}.url")
    media = data_uri(url, f"{path}.url")
    return {"mimeType": media.type, "data": media.data}
