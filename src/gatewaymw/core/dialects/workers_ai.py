"""Cloudflare's Workers AI where it is asked by its own API, `/ai/run/{model}`: completions, images and sound.

https://developers.cloudflare.com/workers-ai/models/ has each model's own shapes. Answers come in an envelope
(https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/): the `result`, or `errors`. Images
of older models, and all sound but MeloTTS's, come as they are. What is not OpenAI's of a request is the
model's and goes on as it is.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from .. import json
from ..errors import UpstreamError
from ..framing.base import Frame
from ..model import Batch, Codec, Context, Encoded, Stream
from ..values import JSON, Part
from . import forms, openai, transcripts
from .completing import cut, joined, only, written
from .deepgram import SOUNDS
from .fields import asking, laid_over, text
from .imagery import asked, listing, settled, sides, size_of, unlinked
from .media import base64, pictured
from .speaking import KNOWN, as_audio, asking_more, beaten, format_of, voice_of
from .transcripts import ASKED, FINER, Heard, Word, lacking

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
    return Encoded(out, asking(body, LACKS))


def completed(body: JSON, context: Context) -> JSON:
    """A whole completion. Raises UpstreamError where there is no text."""
    result = result_of(body, context)
    words, reason = spoken(result, context)
    made = written(words, reason or ending(result.get("usage"), context), context)
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
    return state, (written(words, None, context),) if words else ()


def closing(state: State, context: Context) -> tuple[JSON, ...]:
    last = written("", state.reason or ending(state.usage, context), context)
    if not context.include_usage or state.usage is None:
        return (last,)
    return last, {**last, "choices": [], "usage": state.usage}


STREAM = Stream(start=State(), step=step, ended=lambda state: state.ended, decode=marked)

# ── images ───────────────────────────────────────────────────────────────


def painting(body: Body, context: Context) -> Encoded:
    """What to paint (https://developers.cloudflare.com/workers-ai/models/stable-diffusion-xl-base-1.0/), and
    the names of what cannot be asked. Raises BadRequest, Unsupported."""
    own, wanted, lost = asked(body, "Workers AI", ("size",))
    size = size_of(wanted)
    made = settled(own, {"size": sides(size)} if size else {}, lost)
    return Encoded(made, (*lost, *unlinked(body)))


def painted(body: JSON, context: Context) -> JSON:
    """OpenAI's list of the one image. Raises UpstreamError where there is none."""
    result = result_of(body, context)
    image = result.get("image")
    if not isinstance(image, str) or not pictured(decoded(image[:24], context)):
        raise UpstreamError(f"{context.provider} answered with something that is no image")
    return listing([f"data:image/png;base64,{image}"], context)


# ── sound ────────────────────────────────────────────────────────────────

UNSPOKEN = ("instructions", "speed")
"""OpenAI's parameters that neither voice has."""


def aura(body: Body, context: Context) -> Encoded:
    """What is to be said by Aura, Deepgram's voices (https://developers.cloudflare.com/workers-ai/models/aura-1/).

    Raises BadRequest, Unsupported."""
    sound = SOUNDS[format_of(body, SOUNDS, "Aura")]
    speaker = voice_of(body, "Aura", "as luna or angus")
    lost = [*asking_more(body, UNSPOKEN), *beaten(sound, body)]
    said = {"speaker": speaker, "text": text(body.get("input"), "input")}
    made = laid_over(said, {**sound, **own_of(body)}, {"speaker": "voice", "text": "input"}, lost)
    return Encoded(made, tuple(lost))


def melo(body: Body, context: Context) -> Encoded:
    """The same for MeloTTS (https://developers.cloudflare.com/workers-ai/models/melotts/), with one voice
    a language and MP3 alone. Raises BadRequest, Unsupported."""
    as_audio(body, "MeloTTS")
    made = {"prompt": text(body.get("input"), "input"), **own_of(body)}
    lost = ("voice",) if body.get("response_format") in (None, "mp3") else ("voice", "response_format")
    return Encoded(made, (*lost, *asking_more(body, UNSPOKEN)))


def own_of(body: Body) -> JSON:
    """What is the model's own."""
    own = body.keys() - KNOWN - {*UNSPOKEN}
    return {name: body[name] for name in body if name in own and body[name] is not None}


def melo_sound(body: JSON, context: Context) -> tuple[bytes, str]:
    return decoded(result_of(body, context).get("audio"), context), "audio/mpeg"


# ── transcripts ──────────────────────────────────────────────────────────

ABLE = ("json", "text", "verbose_json", "vtt")
UNHEARD = FINER | {"temperature"}
"""Fields that Whisper has nothing for here."""


def hearing(task: str) -> Callable[[tuple[Part, ...], Context], Encoded]:
    """A reader of forms for Whisper (https://developers.cloudflare.com/workers-ai/models/whisper-large-v3-turbo/).
    Raises BadRequest, Unsupported."""

    def request(parts: tuple[Part, ...], context: Context) -> Encoded:
        form = forms.fields(parts)
        forms.spelled(form, ABLE, context.provider)
        own = {name: value for name, value in form.items() if name not in ASKED | UNHEARD | {"prompt"}}
        named = {"language": form.get("language"), "initial_prompt": form.get("prompt")}
        out = {"audio": base64(forms.upload(parts, "file").data), "task": task, **own}
        asked = form.keys() - {"timestamp_granularities"}  # words and segments are told with their times
        lost = lacking({name: form[name] for name in form if name in asked}, asked - UNHEARD)
        lost += forms.others(parts, ("file",))
        return Encoded(out | {name: value for name, value in named.items() if value}, tuple(lost))

    return request


def heard(body: JSON, context: Context, task: str = "transcribe") -> tuple[bytes, str]:
    """What was heard, in the format asked for. Raises UpstreamError where there is no text."""
    result = result_of(body, context)
    said = result.get("text")
    if not isinstance(said, str):
        raise UpstreamError(f"{context.provider} answered without a transcript")
    if context.request.get("response_format") == "vtt":
        return str(result.get("vtt") or "").encode(errors="replace"), "text/vtt; charset=utf-8"
    info, pieces = result.get("transcription_info") or {}, result.get("segments") or ()
    told = Heard(
        said,
        [
            Word(each["word"], each["start"], each["end"])
            for piece in pieces
            for each in piece.get("words") or ()
        ],
        str(info.get("language") or ""),
        info.get("duration"),
        segments=[segment(number, piece) for number, piece in enumerate(pieces)],
        task=task,
    )
    return transcripts.told(told, context)


def segment(number: int, piece: JSON) -> JSON:
    return {"id": number, **{name: value for name, value in piece.items() if name != "words"}}


# ── the codecs ───────────────────────────────────────────────────────────

COMPLETE = Codec(request=prompted, response=completed, stream=STREAM, error=error, batch=Batch(cut, joined))
IMAGE = Codec(request=painting, response=painted, reads=raw("image"), error=error)
AURA = Codec(request=aura, error=error)
MELO = Codec(request=melo, media=melo_sound, reads=raw("audio"), error=error)
TRANSCRIPT = Codec(form=hearing("transcribe"), media=heard, error=error)
TRANSLATION = Codec(form=hearing("translate"), media=partial(heard, task="translate"), error=error)
COMPATIBLE = Codec(error=error)
"""Chats and embeddings, which speak OpenAI's dialect at addresses of their own."""
