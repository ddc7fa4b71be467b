"""Amazon SageMaker: OpenAI's chats with a container that speaks them, in Amazon's envelope.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html and
…/API_runtime_InvokeEndpointWithResponseStream.html: SageMaker hands the body to the container, and what that
says back. TGI, vLLM and DJL's LMI containers take the body of a chat
(https://huggingface.co/docs/text-generation-inference/messages_api#amazon-sagemaker,
https://docs.djl.ai/master/docs/serving/serving/docs/lmi/user_guides/chat_input_output_schema.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .. import json
from ..errors import UpstreamError
from ..framing.base import Frame
from ..framing.parts import Parts
from ..model import Codec, Context, Encoded, decode_json
from ..values import JSON
from . import openai
from .converse.errors import error as amazons
from .cousins import Progress, checked, choicewise, complete, progress
from .history import plain

STATUSES: Mapping[str, int] = {"ModelStreamError": 502, "InternalStreamFailure": 500}


def invoked(context: Context) -> str:
    """Where an endpoint is called, which the model's name is."""
    verb = "invocations-response-stream" if context.stream else "invocations"
    return f"/endpoints/{quote(context.model, safe='')}/{verb}"


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The body without the endpoint's name. What the container calls its model is the target's to say
    (`amzn_sagemaker_model_name`); where it does not, a container serves the one it has."""
    mild = plain(body, context)
    kept = {name: value for name, value in mild.body.items() if name != "model"}
    if served := context.options.get("amzn_sagemaker_model_name"):
        kept = {"model": served, **kept}
    return Encoded(kept, mild.dropped)


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body in OpenAI's shape. What the container itself said goes before what SageMaker says of it
    (`OriginalMessage`). Never raises."""
    told = amazons(body, status, context)
    own = body.get("OriginalMessage") if isinstance(body, dict) else None
    if not isinstance(own, str) or not own:
        return told
    inner = openai.error(parsed(own), status, context)["error"]
    return {**told, "error": {**told["error"], **{name: value for name, value in inner.items() if value}}}


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def decode(frame: Frame) -> Any:
    """An event of the container's. Raises UpstreamError for an exception of SageMaker's."""
    if frame.kind not in ("exception", "error"):
        return decode_json(frame)
    told = parsed(frame.data.decode(errors="replace"))
    fields: JSON = told if isinstance(told, dict) else {}
    words = fields.get("Message") or fields.get("message") or frame.event
    code = fields.get("ErrorCode") or frame.event
    raise UpstreamError(str(words), status=STATUSES.get(frame.event, 502), code=str(code))


def step(state: Progress, event: Any, context: Context) -> tuple[Progress, tuple[JSON, ...]]:
    """One chunk, as it is. Raises UpstreamError for an error within the stream."""
    chunk = checked(event, context)
    return progress(state, chunk), (chunk,)


STREAM = choicewise(Progress(), step, complete, framer=Parts, decode=decode)
CHAT = Codec(request=request, stream=STREAM, error=error)
