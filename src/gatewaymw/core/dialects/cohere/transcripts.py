"""OpenAI's transcriptions, as Cohere's (https://docs.cohere.com/reference/create-audio-transcription).

Both take a form with a file and answer with its text. Cohere must be told the language, and tells nothing
of when what was said.
"""

from __future__ import annotations

from ... import json
from ...errors import BadRequest, UpstreamError
from ...model import Context, Filled
from ...values import JSON, Part
from ..fields import text
from ..forms import fields, others, spelled, upload

FORMATS = ("json", "text")
SENT = ("model", "language", "temperature")
IDLE = {"chunking_strategy": "auto"}
"""OpenAI's fields at values that ask for nothing."""


def asking(parts: tuple[Part, ...], context: Context) -> Filled:
    """Cohere's form, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    form = fields(parts)
    spelled(form, FORMATS, "Cohere")
    text(form.get("model"), "model")
    if not form.get("language"):
        raise BadRequest(
            "language must be given: Cohere has to be told the language of what it hears (ISO-639-1, as en)",
            param="language",
        )
    made = [Part(name, form[name].encode()) for name in SENT if isinstance(form.get(name), str)]
    known = (*SENT, "response_format", "stream")
    lost = [name for name, value in form.items() if name not in known and IDLE.get(name) != value]
    return Filled((*made, upload(parts, "file")), (*lost, *others(parts, ("file",))))


def told(body: JSON, context: Context) -> tuple[bytes, str]:
    """What the client wanted: JSON, or the text alone. Raises UpstreamError where there is none."""
    said = body["text"]
    if not isinstance(said, str):
        raise UpstreamError(f"{context.provider} answered with something that is no transcript")
    if context.request.get("response_format") == "text":
        return f"{said}\n".encode(errors="replace"), "text/plain; charset=utf-8"
    return json.dumps({"text": said} if context.strict else body), "application/json"
