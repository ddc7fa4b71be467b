"""The table of `/v1` routes, and how a client of each is told of an error.

An endpoint is one row. Providers name the rows they serve; everyone else answers `Unsupported`
from the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from . import json
from .errors import GatewayError
from .values import JSON


@dataclass(frozen=True, slots=True, eq=False)
class Client:
    """The language of the one who asked: how its errors and the end of its streams are written."""

    error: Callable[[GatewayError], JSON]
    event: Callable[[GatewayError], bytes]
    """The last words of a stream that broke after it began."""
    chunk: Callable[[JSON], bytes]
    done: bytes
    """The last words of a stream that ended well."""


def openai_error(error: GatewayError) -> JSON:
    """OpenAI's error object (https://platform.openai.com/docs/guides/error-codes)."""
    inner = {"message": error.message, "type": error.type, "param": error.param, "code": error.code}
    return {"error": inner}


def openai_event(error: GatewayError) -> bytes:
    """OpenAI's SDKs raise on a chunk that holds `error`; `[DONE]` lets other clients stop."""
    return openai_chunk(openai_error(error)) + OPENAI_DONE


def openai_chunk(chunk: JSON) -> bytes:
    return b"data: " + json.dumps(chunk) + b"\n\n"


OPENAI_DONE = b"data: [DONE]\n\n"
OPENAI = Client(openai_error, openai_event, openai_chunk, OPENAI_DONE)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Endpoint:
    """One route below the prefix. Compared by identity."""

    name: str
    method: str
    path: str
    """May hold `{name}` segments: `/models/{model}`."""
    body: Literal["none", "json", "form", "any"] = "json"
    required: tuple[str, ...] = ()
    """Fields the body must have, checked before any target is called."""
    streams: bool = False
    """`stream: true` makes it answer with events."""
    answer: Literal["json", "bytes"] = "json"
    """`bytes` goes to the client as it arrives, whatever it is."""
    client: Client = OPENAI
    limit: int = 64 * 2**20
    """Bytes of a whole answer of a provider's."""


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(method: str, path: str, *, name: str | None = None, **row: object) -> Endpoint:
    """Add a row to the table. Raises ValueError where the name is taken."""
    made = Endpoint(name=name or path.strip("/"), method=method, path=path, **row)  # type: ignore[arg-type]
    if ENDPOINTS.setdefault(made.name, made) is not made:
        raise ValueError(f"two endpoints named {made.name!r}")
    return made


CHAT = endpoint("POST", "/chat/completions", name="chat", required=("model", "messages"), streams=True)
COMPLETE = endpoint("POST", "/completions", required=("model", "prompt"), streams=True)
EMBED = endpoint("POST", "/embeddings", required=("model", "input"))
IMAGE = endpoint("POST", "/images/generations", required=("prompt",), streams=True)
IMAGE_EDIT = endpoint("POST", "/images/edits", body="form", required=("prompt",), streams=True)
IMAGE_VARIATION = endpoint("POST", "/images/variations", body="form")
SPEECH = endpoint("POST", "/audio/speech", required=("model", "input", "voice"), answer="bytes")
TRANSCRIBE = endpoint(
    "POST", "/audio/transcriptions", body="form", required=("model",), streams=True, answer="bytes"
)
TRANSLATE = endpoint("POST", "/audio/translations", body="form", required=("model",), answer="bytes")
MODERATE = endpoint("POST", "/moderations", required=("input",))
RERANK = endpoint("POST", "/rerank", required=("model", "query", "documents"))
MODELS = endpoint("GET", "/models", body="none", limit=8 * 2**20)
MODEL = endpoint("GET", "/models/{model}", name="model", body="none")

PROXY = Endpoint(name="proxy", method="*", path="/{path}", body="any", answer="bytes")
"""Any other path, handed to the chosen provider as it is."""
