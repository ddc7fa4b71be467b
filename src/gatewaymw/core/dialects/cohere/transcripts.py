"""OpenAI's transcriptions, as Cohere's (https://docs.cohere.com/reference/create-audio-transcription).

Both take a form with a file and answer with its text. Cohere must be told the language, and tells nothing
of when what was said.
"""

from __future__ import annotations

from ...errors import BadRequest, UpstreamError
from ...model import Context, Filled
from ...values import JSON, Part
from ..fields import text
from ..forms import fields, others, spelled, upload
from ..transcripts import Heard, lacking
from ..transcripts import told as telling

FORMATS = ("json", "text")
SENT = ("model", "language", "temperature")


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
    return Filled((*made, upload(parts, "file")), (*lacking(form, known), *others(parts, ("file",))))


def told(body: JSON, context: Context) -> tuple[bytes, str]:
    """What the client wanted: JSON, or the text alone. Raises UpstreamError where there is none."""
    said = body["text"]
    if not isinstance(said, str):
        raise UpstreamError(f"{context.provider} answered with something that is no transcript")
    return telling(Heard(said), context, body)
