"""Triton's generate extension, spoken as OpenAI's text completions.

https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_generate.html:
what a body holds besides is an input or a parameter of the model that is served, by its own names. Those of
the TensorRT-LLM backend are sent
(https://github.com/triton-inference-server/tensorrtllm_backend/blob/main/docs/model_config.md), which are
OpenAI's but for two. Nothing tells why a text ended, nor, in a stream, that it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Batch, Codec, Context, Encoded, Stream
from ..values import JSON, NOTHING
from . import openai
from .completing import cut, joined, only, written
from .fields import asking, laid_over, stops, whole

LACKS: Mapping[str, tuple[Any, ...]] = {
    **{"best_of": (1,), "logit_bias": ({},), "logprobs": (), "n": (1,), "suffix": ("",), "user": ()}
}
"""OpenAI's parameters that no model has, and the values of each that ask for nothing."""
ELSEWHERE = frozenset({*LACKS, "model", "prompt", "seed", "stop", "stream", "stream_options", "echo"})


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """What a model is asked, and the names of what it cannot be. Raises BadRequest, Unsupported."""
    given = {name: value for name, value in body.items() if value is not None}
    told: JSON = {"text_input": only(body.get("prompt"))}
    told |= {"random_seed": whole(given["seed"], "seed")} if "seed" in given else {}
    told |= {"stop_words": stops(given["stop"])} if "stop" in given else {}
    # https://github.com/triton-inference-server/vllm_backend#sending-your-first-inference
    told |= {"exclude_input_in_output": not given["echo"]} if "echo" in given else {}
    told |= {"stream": True} if context.stream else {}
    lost = [*asking(body, LACKS)]
    own = {name: value for name, value in given.items() if name not in ELSEWHERE}
    return Encoded(laid_over(own, told, NOTHING, lost), tuple(lost))


def response(body: JSON, context: Context) -> JSON:
    """A whole completion. Raises UpstreamError where there is no text."""
    return {**left(body, context), **written(spoken(body), "stop", context)}


def spoken(body: Any) -> str:
    """The text of an answer or an event. Raises UpstreamError where it has none."""
    text = body.get("text_output") if isinstance(body, dict) else None
    if isinstance(text, str):
        return text
    raise openai.fault_of(body.get("error") if isinstance(body, dict) and body.get("error") else NO_TEXT)


NO_TEXT = "the model answered without a text_output"


def left(body: JSON, context: Context) -> JSON:
    """What else the model's outputs say, where strictness is off."""
    return {} if context.strict else {name: body[name] for name in body if name != "text_output"}


def step(state: None, event: Any, context: Context) -> tuple[None, tuple[JSON, ...]]:
    """One event. Raises UpstreamError for one that tells of a failure."""
    text = spoken(event)
    return None, ({**left(event, context), **written(text, None, context)},) if text else ()


def last(state: None, context: Context) -> tuple[JSON, ...]:
    return (written("", "stop", context),)


COMPLETE = Codec(
    request=request,
    response=response,
    stream=Stream(start=None, step=step, ended=lambda state: False, last=last),
    error=openai.error,
    batch=Batch(cut, joined),
)
