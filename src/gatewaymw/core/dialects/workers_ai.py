"""Cloudflare's Workers AI where it is asked by its own API, `/ai/run/{model}`: completions, images and sound.

https://developers.cloudflare.com/workers-ai/models/ has each model's own shapes. Answers come in an envelope
(https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/): the `result`, or `errors`. Images
of older models, and all sound but MeloTTS's, come as they are. What is not OpenAI's of a request is the
model's and goes on as it is.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import json
from ..errors import BadRequest, UpstreamError
from ..framing.base import Frame
from ..model import Batch, Codec, Context, Encoded, Stream
from ..values import JSON, Part
from . import forms, openai
from .completing import cut, joined, only
from .fields import text
from .media import base64, pictured

Body = Mapping[str, Any]

# ── the envelope ─────────────────────────────────────────────────────────


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body in OpenAI's shape: the first of the `errors`, with its code. Never raises."""
    found = body.get("errors") if isinstance(body, dict) else None
    if isinstance(found, list) and found and isinstance(found[0], dict):
        rest = {name: value for name, value in body.items() if name not in ("errors", "result", "success")}
        return openai.error({**rest, "error": found[0]}, status, context)
    return openai.error(body, status, context)


def result_of(body: Any, context: Context) -> JSON:
    """What is in the envelope. Raises UpstreamError where it holds errors, or nothing."""
    result = body.get("result") if isinstance(body, dict) and body.get("success", True) else None
    if isinstance(result, dict):
        return result
    told = error(body, 502, context)["error"]
    raise UpstreamError(told["message"], status=502, code=told["code"])


def raw(kind: str) -> Callable[[bytes], Any]:
    """A reader of answers: JSON, or what comes as it is, put where the envelope would have it."""

    def read(data: bytes) -> Any:
        return json.loads(data) if data[:1] in b"{[" else {"result": {kind: base64(data)}}

    return read


def decoded(value: Any, context: Context) -> bytes:
    """What is in base64. Raises UpstreamError."""
    try:
        return a2b_base64(value)
    except (TypeError, ValueError):
        raise UpstreamError(f"{context.provider} answered with something that is not base64") from None


# ── completions ──────────────────────────────────────────────────────────

LACKS: Mapping[str, tuple[Any, ...]] = {
    **{"best_of": (1,), "echo": (False,), "logit_bias": ({},), "logprobs": (), "n": (1,), "suffix": ("",)},
    **{"user": (), "stop": ([],), "messages": ()},
}
"""OpenAI's parameters that models asked by a prompt have not, and the values that ask for nothing."""


def prompted(body: Body, context: Context) -> Encoded:
    """What a model is asked (https://developers.cloudflare.com/workers-ai/models/llama-3.1-8b-instruct-fast/:
    `prompt`), and the names of what it cannot be. Raises BadRequest, Unsupported for tokens."""
    given = {name: value for name, value in body.items() if value is not None}
    here = ("model", "prompt", "stream", "stream_options", *LACKS)
    out = {"prompt": only(body.get("prompt"))} | {name: given[name] for name in given if name not in here}
    out |= {"stream": True} if context.stream else {}
    return Encoded(out, tuple(name for name in LACKS if name in given and given[name] not in LACKS[name]))


def completed(body: JSON, context: Context) -> JSON:
    """A whole completion. Raises UpstreamError where there is no text."""
    result = result_of(body, context)
    words, reason = spoken(result, context)
    made = completion(words, reason or ending(result.get("usage"), context), context)
    counts = {"usage": result["usage"]} if result.get("usage") else {}
    return {**made, **counts} if context.strict else {**left(result), **made, **counts}


def spoken(result: JSON, context: Context) -> tuple[str, str | None]:
    """The text of a result or of an event, and why it ended where that is told: newer models have OpenAI's
    `choices`. Raises UpstreamError where there is neither."""
    said = result.get("response")
    if isinstance(said, str):
        return said, None
    choices = result.get("choices")
    if isinstance(choices, list) and choices:
        return str(choices[0].get("text") or ""), choices[0].get("finish_reason")
    if "usage" in result:
        return "", None
    raise openai.stream_fault(result) or UpstreamError(f"{context.provider} answered without a text")


def ending(usage: Any, context: Context) -> str:
    """Why a text ended, as far as can be told from how long it is."""
    limit = context.request.get("max_tokens")
    spent = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return "length" if isinstance(limit, int) and isinstance(spent, int) and spent >= limit > 0 else "stop"


def left(result: JSON) -> JSON:
    return {name: value for name, value in result.items() if name not in ("response", "choices", "usage")}


def completion(words: str, reason: str | None, context: Context) -> JSON:
    choice = {"index": 0, "text": words, "logprobs": None, "finish_reason": reason}
    told = {"id": context.id, "object": "text_completion", "created": context.created}
    return {**told, "model": context.model, "choices": [choice]}


class State(NamedTuple):
    """What a stream told so far besides its text, and whether its end came."""

    usage: JSON | None = None
    reason: str | None = None
    ended: bool = False


def marked(frame: Frame) -> Any:
    """The event of a frame; True for the one that only says that all came."""
    if frame.data == b"[DONE]":
        return True
    return json.loads(frame.data) if frame.data else None


def step(state: State, event: Any, context: Context) -> tuple[State, tuple[JSON, ...]]:
    """One event. Raises UpstreamError for one that tells of a failure."""
    if event is True:
        return state._replace(ended=True), () if state.ended else closing(state, context)
    words, reason = spoken(event, context)
    state = state._replace(usage=event.get("usage") or state.usage, reason=reason or state.reason)
    return state, (completion(words, None, context),) if words else ()


def closing(state: State, context: Context) -> tuple[JSON, ...]:
    last = completion("", state.reason or ending(state.usage, context), context)
    if not context.include_usage or state.usage is None:
        return (last,)
    return last, {**last, "choices": [], "usage": state.usage}


STREAM = Stream(start=State(), step=step, ended=lambda state: state.ended, decode=marked)

# ── images ───────────────────────────────────────────────────────────────

PAINTED: Mapping[str, tuple[Any, ...]] = {
    **{"background": ("auto", "opaque"), "moderation": ("auto",), "n": (1,), "output_compression": (100,)},
    **{"output_format": (), "partial_images": (0,), "quality": ("auto", "standard"), "style": (), "user": ()},
    **{"response_format": ("b64_json",), "stream": (False,)},
}
"""OpenAI's parameters that no model has, and the values that ask for nothing."""
SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


def painting(body: Body, context: Context) -> Encoded:
    """What to paint (https://developers.cloudflare.com/workers-ai/models/stable-diffusion-xl-base-1.0/), and
    the names of what cannot be asked. Raises BadRequest."""
    given = {name: value for name, value in body.items() if value is not None}
    text(given.get("prompt"), "prompt")
    out = {name: given[name] for name in given if name not in ("model", "size", *PAINTED)} | sized(given)
    return Encoded(out, tuple(name for name in PAINTED if name in given and given[name] not in PAINTED[name]))


def sized(body: Body) -> JSON:
    if body.get("size") in (None, "auto"):
        return {}
    found = SIZE.fullmatch(text(body["size"], "size"))
    if not found:
        raise BadRequest("size must be <width>x<height>, as 1024x1024, or auto", param="size")
    return {"width": int(found[1]), "height": int(found[2])}


def painted(body: JSON, context: Context) -> JSON:
    """OpenAI's list of the one image. Raises UpstreamError where there is none."""
    result = result_of(body, context)
    image = result.get("image")
    if not isinstance(image, str) or not pictured(decoded(image[:24], context)):
        raise UpstreamError(f"{context.provider} answered with something that is no image")
    return {"created": context.created, "data": [{"b64_json": image}]}


# ── sound ────────────────────────────────────────────────────────────────

ENCODINGS: Mapping[str, JSON] = {
    **{"mp3": {"encoding": "mp3"}, "opus": {"encoding": "opus"}, "aac": {"encoding": "aac"}},
    **{"flac": {"encoding": "flac"}, "wav": {"encoding": "linear16", "container": "wav"}},
    "pcm": {"encoding": "linear16", "container": "none"},
}
"""OpenAI's formats, as Aura's (https://developers.cloudflare.com/workers-ai/models/aura-1/)."""
SPOKEN = ("model", "input", "voice", "response_format", "instructions", "speed", "stream_format")


def aura(body: Body, context: Context) -> Encoded:
    """What is to be said by Aura's voices. Raises BadRequest."""
    made, lost = said_of(body, "text")
    asked = body.get("response_format") or "mp3"
    if not isinstance(asked, str) or asked not in ENCODINGS:
        raise BadRequest(f"response_format must be one of {', '.join(ENCODINGS)}", param="response_format")
    return Encoded({**ENCODINGS[asked], "speaker": text(body.get("voice"), "voice"), **made}, lost)


def melo(body: Body, context: Context) -> Encoded:
    """The same for MeloTTS, which has one voice a language and MP3 alone."""
    made, lost = said_of(body, "prompt")
    asked = body.get("response_format") or "mp3"
    return Encoded(made, ("voice", *lost) if asked == "mp3" else ("voice", "response_format", *lost))


def said_of(body: Body, name: str) -> tuple[JSON, tuple[str, ...]]:
    given = {name: value for name, value in body.items() if value is not None}
    idle = given.get("speed", 1) == 1
    lost = [each for each in SPOKEN[4:] if each in given and not (idle and each == "speed")]
    own = {each: given[each] for each in given if each not in SPOKEN}
    return {name: text(given.get("input"), "input"), **own}, tuple(lost)


def melo_sound(body: JSON, context: Context) -> tuple[bytes, str]:
    return decoded(result_of(body, context).get("audio"), context), "audio/mpeg"


# ── transcripts ──────────────────────────────────────────────────────────

ABLE = ("json", "text", "verbose_json", "vtt")
HEARD = frozenset(
    {"model", "language", "prompt", "response_format", "stream", "temperature", "timestamp_granularities"}
)


def hearing(task: str) -> Callable[[tuple[Part, ...], Context], Encoded]:
    """A reader of forms for Whisper (https://developers.cloudflare.com/workers-ai/models/whisper-large-v3-turbo/).
    Raises BadRequest, Unsupported."""

    def request(parts: tuple[Part, ...], context: Context) -> Encoded:
        form = forms.fields(parts)
        forms.spelled(form, ABLE, context.provider)
        own = {name: value for name, value in form.items() if name not in HEARD}
        named = {"language": form.get("language"), "initial_prompt": form.get("prompt")}
        out = {"audio": base64(forms.upload(parts, "file").data), "task": task, **own}
        lost = [name for name in ("temperature", "timestamp_granularities") if form.get(name)]
        lost += forms.others(parts, ("file",))
        return Encoded(out | {name: value for name, value in named.items() if value}, tuple(lost))

    return request


def heard(body: JSON, context: Context) -> tuple[bytes, str]:
    """What was heard, in the format asked for. Raises UpstreamError where there is no text."""
    result = result_of(body, context)
    words = result.get("text")
    if not isinstance(words, str):
        raise UpstreamError(f"{context.provider} answered without a transcript")
    wanted = context.request.get("response_format") or "json"
    if wanted == "text":
        return f"{words}\n".encode(), "text/plain; charset=utf-8"
    if wanted == "vtt":
        return str(result.get("vtt") or "").encode(), "text/vtt; charset=utf-8"
    return json.dumps({"text": words} if wanted == "json" else detailed(result)), "application/json"


def detailed(result: JSON) -> JSON:
    """OpenAI's `verbose_json`, as far as it is told."""
    info = result.get("transcription_info") or {}
    segments = [
        {"id": index, "start": each.get("start"), "end": each.get("end"), "text": each.get("text")}
        for index, each in enumerate(result.get("segments") or ())
    ]
    told = {"language": info.get("language") or "", "duration": info.get("duration") or 0.0}
    return {**told, "text": result["text"], "segments": segments}


# ── the codecs ───────────────────────────────────────────────────────────

COMPLETE = Codec(request=prompted, response=completed, stream=STREAM, error=error, batch=Batch(cut, joined))
IMAGE = Codec(request=painting, response=painted, reads=raw("image"), error=error)
AURA = Codec(request=aura, error=error)
MELO = Codec(request=melo, media=melo_sound, reads=raw("audio"), error=error)
TRANSCRIPT = Codec(form=hearing("transcribe"), media=heard, error=error)
TRANSLATION = Codec(form=hearing("translate"), media=heard, error=error)
COMPATIBLE = Codec(error=error)
"""Chats and embeddings, which speak OpenAI's dialect at addresses of their own."""
