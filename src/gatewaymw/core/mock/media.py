"""Images, speech and transcripts of the mock."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from ..errors import BadRequest
from ..values import JSON
from ..wav import wav
from .asked import Asked
from .chat import WORDS
from .script import CREATED, Script, digest, json_answer, stream, whole, whole_number

# ── images ───────────────────────────────────────────────────────────────

SIDE = 8
"""The mock's pictures are so many pixels high and wide, whatever size was asked for."""


def images(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/images/create"""
    return drawn(asked, "image_generation")


def edits(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/images/createEdit"""
    return drawn(asked, "image_edit")


def drawn(asked: Asked, event: str) -> Script:
    prompt = str(asked.body.get("prompt") or "")
    count = whole_number(asked.body, "n", 1, 10)
    pictures = [
        b64encode(png(digest(prompt.encode("utf-8", "surrogatepass"), b"%d" % n))) for n in range(count)
    ]
    if asked.stream:
        return stream(picture_events(asked, event, pictures[0].decode()), done=False)
    url = asked.body.get("response_format") == "url"
    rows = [
        {"url": f"data:image/png;base64,{p.decode()}"} if url else {"b64_json": p.decode()} for p in pictures
    ]
    return json_answer({"created": CREATED, "data": rows, "usage": image_usage(prompt, count)})


def image_usage(prompt: str, count: int) -> JSON:
    words = len(WORDS.findall(prompt))
    return {
        "input_tokens": words,
        "output_tokens": count,
        "total_tokens": words + count,
        "input_tokens_details": {"text_tokens": words, "image_tokens": 0},
    }


def picture_events(asked: Asked, event: str, picture: str) -> Iterator[JSON]:
    """https://platform.openai.com/docs/api-reference/images-streaming"""
    base = {
        "b64_json": picture,
        "created_at": CREATED,
        "size": "1024x1024",
        "quality": "low",
        "background": "opaque",
        "output_format": "png",
    }
    partial = asked.body.get("partial_images") or 0
    for index in range(whole_number({"partial_images": partial}, "partial_images", 0, 3) if partial else 0):
        yield {"type": f"{event}.partial_image", **base, "partial_image_index": index}
    usage = image_usage(str(asked.body.get("prompt") or ""), 1)
    yield {"type": f"{event}.completed", **base, "usage": usage}


def png(seed: str) -> bytes:
    """A picture of one colour that follows from the seed (https://www.w3.org/TR/png-3/)."""
    line = b"\0" + bytes.fromhex(seed[:6]) * SIDE
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(line * SIDE)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_part(name, data) for name, data in parts)


def png_part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


# ── sound ────────────────────────────────────────────────────────────────

RATE = 8_000
"""Samples a second, 16 bits each, one channel."""


def speech(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/audio/createSpeech: a hundredth of a second a word."""
    text = asked.body.get("input")
    if not isinstance(text, str) or not text:
        raise BadRequest("input must be the text to speak", param="input")
    samples = b"".join(tone(word) for word in WORDS.findall(text[:100_000]))
    if asked.body.get("response_format") == "pcm":
        return whole(samples, "audio/pcm")
    return whole(wav(samples, RATE), "audio/wav")


def tone(word: str) -> bytes:
    high = int(digest(word.encode("utf-8", "surrogatepass"))[:3], 16)
    return struct.pack("<80h", *(high if step % 8 < 4 else -high for step in range(80)))


def transcription(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/audio/createTranscription"""
    return written(asked, "transcribe", "Transcript of")


def translation(asked: Asked) -> Script:
    """https://platform.openai.com/docs/api-reference/audio/createTranslation"""
    return written(asked, "translate", "Translation of")


def written(asked: Asked, task: str, words: str) -> Script:
    if not asked.files:
        raise BadRequest("file must be the sound to read", param="file")
    text = f"{words} {asked.files[0].filename} ({len(asked.files[0].data)} bytes)"
    form = asked.body.get("response_format") or "json"
    if asked.stream:
        return stream(text_events(text), done=False)
    if form == "verbose_json":
        return json_answer(verbose(text, task))
    if form in PLAIN:
        return whole(PLAIN[form].format(text).encode("utf-8", "replace"), "text/plain; charset=utf-8")
    if form != "json":
        raise BadRequest(
            f"response_format must be json, verbose_json, {', '.join(PLAIN)}", param="response_format"
        )
    return json_answer({"text": text, "usage": {"type": "duration", "seconds": 1}})


PLAIN: dict[Any, str] = {
    "text": "{}\n",
    "srt": "1\n00:00:00,000 --> 00:00:01,000\n{}\n\n",
    "vtt": "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{}\n\n",
}


def verbose(text: str, task: str) -> JSON:
    segment = {"id": 0, "seek": 0, "start": 0.0, "end": 1.0, "text": text, "tokens": [], "temperature": 0.0}
    measures = {"avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.0}
    base = {"task": task, "language": "english", "duration": 1.0, "text": text}
    return {**base, "segments": [{**segment, **measures}], "usage": {"type": "duration", "seconds": 1}}


def text_events(text: str) -> Iterator[JSON]:
    for piece in WORDS.findall(text):
        yield {"type": "transcript.text.delta", "delta": piece}
    count = len(WORDS.findall(text))
    usage = {"type": "tokens", "input_tokens": 1, "output_tokens": count, "total_tokens": count + 1}
    yield {"type": "transcript.text.done", "text": text, "usage": usage}
