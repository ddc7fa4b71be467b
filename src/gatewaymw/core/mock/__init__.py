"""The mock: an upstream that is a function, for demos and for the tests of those who build on the gateway.

    answer(request) -> Script

It speaks OpenAI's dialect at every endpoint, offline. The same request always gives the same bytes: ids
are made of the request, `created` is one constant, tokens are words.

Chat answers `You said: …` with the last user message, naming what else it held (`[1 image]`); after a
tool's result it tells that result. `stop`, `max_tokens`, `n`, `stream_options`, `response_format` (also
`json_schema`) and `tool_choice` do what they should.

The model's name chooses what else happens. After `mock-` come words joined by `+`:

- `mock-echo`: nothing else. Any other name does the same, and is told back as the model.
- `mock-tool`: calls the first tool it is offered (two, unless `parallel_tool_calls` is false; the one that
  `tool_choice` names) with arguments that fit its schema.
- the faults of `FAULTS`: `mock-status-429`, `mock-slow-300ms`, `mock-cut-after-3`, `mock-tool+drip-20ms`, …

Embeddings are unit vectors, images tiny PNGs, speech is a tiny WAV (`pcm` is the samples alone), a
transcript names the file; a moderation flags what contains `mock-flag`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from ..errors import BadRequest, GatewayError
from ..values import Request
from . import chat, media, vectors
from .asked import Asked, asked
from .faults import FAULTS as FAULTS
from .faults import Fault as Fault
from .faults import afflicted
from .script import Script as Script
from .script import digest, refusal

HANDLERS: dict[str, Callable[[Asked], Script]] = {
    "/chat/completions": chat.chat,
    "/completions": chat.completion,
    "/embeddings": vectors.embeddings,
    "/moderations": vectors.moderation,
    "/images/generations": media.images,
    "/images/edits": media.edits,
    "/images/variations": media.images,
    "/audio/speech": media.speech,
    "/audio/transcriptions": media.transcription,
    "/audio/translations": media.translation,
}


ODD = (TypeError, ValueError, LookupError, AttributeError)
"""What a handler raises where a field is of a type it never is."""


def answer(request: Request) -> Script:
    """What the mock does with a request. Bad ones are answered as OpenAI does, nothing is raised."""
    try:
        script = handled(request)
    except GatewayError as error:
        script = refusal(error)
    except ODD as error:
        script = refusal(BadRequest(f"the body is not of the shape that the endpoint takes: {error}"))
    name = digest(request.method.encode(), request.url.encode(), request.body)
    return replace(script, headers={**script.headers, "x-request-id": f"req_mock_{name[:24]}"})


def handled(request: Request) -> Script:
    """Raises GatewayError."""
    path = path_of(request.url)
    if request.method == "POST" and (handler := HANDLERS.get(path)):
        got = asked(request)
        return afflicted(got.model, handler(got))
    if request.method == "GET" and path == "/models":
        return vectors.models()
    if request.method == "GET" and path.startswith("/models/"):
        return vectors.model(unquote(path.removeprefix("/models/")))
    message = f"the mock has no {request.method} {path}"
    raise GatewayError(message, status=404, type="not_found_error", code="not_found")


def path_of(url: str) -> str:
    """Below the host, and below `/v1` where that is said."""
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
    return path.removeprefix("/v1") if path.startswith("/v1/") else path
