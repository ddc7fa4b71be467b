"""OpenAI's chat request, as Oracle's: which model serves it, and in which format it is asked.

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/datatypes/ChatDetails. A model on
demand is named by its id, one on a dedicated cluster by the OCID of its endpoint. Who pays, and how the model
is served, is the target's to say (`oracle_compartment_id`, `oracle_serving_mode`), never a client's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...errors import BadRequest
from ...model import Context, Encoded
from ...values import JSON
from ..fields import text
from . import cohere, generic

Format = Callable[[Mapping[str, Any], list[str]], JSON]
FORMATS: Mapping[str, Format] = {
    "GENERIC": generic.request,
    "COHERE": cohere.request,
    "COHEREV2": cohere.second,
}
SECOND = ("vision", "reasoning")
"""What the names of those Cohere models hold that have the second format only
(https://docs.oracle.com/en-us/iaas/Content/generative-ai/pretrained-models.htm)."""


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to Oracle's chat, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    lost: list[str] = []
    kind = format_of(body)
    asked: JSON = {"apiFormat": kind, **FORMATS[kind](body, lost)}
    if body.get("stream") in (True, "true"):
        asked["isStream"] = True
        if context.include_usage:
            asked["streamOptions"] = {"isIncludeUsage": True}
    return Encoded({**serving(body, context), "chatRequest": asked}, tuple(dict.fromkeys(lost)))


def serving(body: Mapping[str, Any], context: Context) -> JSON:
    """Who is to answer, and whose compartment pays."""
    model, mode = text(body.get("model"), "model"), context.options["oracle_serving_mode"]
    named = {"endpointId": model} if mode == "DEDICATED" else {"modelId": model}
    return {
        "compartmentId": context.options["oracle_compartment_id"],
        "servingMode": {"servingType": mode, **named},
    }


def format_of(body: Mapping[str, Any]) -> str:
    """The format a client asks for by `api_format` (the name of an endpoint tells none), or else the one
    that the model has. Raises BadRequest."""
    given = body.get("api_format")
    if given is not None:
        if not isinstance(given, str) or given not in FORMATS:
            raise BadRequest(f"api_format must be one of {', '.join(FORMATS)}", param="api_format")
        return given
    model = str(body.get("model"))
    if not model.startswith("cohere."):
        return "GENERIC"
    return "COHEREV2" if any(word in model for word in SECOND) else "COHERE"
