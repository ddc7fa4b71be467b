"""OpenAI's requests for chats and completions, as Ollama's (https://docs.ollama.com/api/chat, …/generate).

Settings of the model stand in `options` (https://docs.ollama.com/modelfile#valid-parameters-and-values),
where the client's own `options` win. Ollama's own names may stand beside OpenAI's as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest
from ...model import Context, Encoded
from ...values import JSON
from ..completing import asks, only
from ..fields import (
    Field,
    answer_kind,
    array,
    laid_over,
    mapping,
    outdated,
    pick,
    stops,
    table,
    unheard,
    whole,
)
from .messages import conversation

OPTIONS = table(
    *("temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repeat_penalty"),
    *("num_ctx", "num_predict", "repeat_last_n"),
    seed=Field("seed", lambda value: whole(value, "seed")),
    max_tokens=Field("num_predict", lambda value: whole(value, "max_tokens")),
    max_completion_tokens=Field("num_predict", lambda value: whole(value, "max_completion_tokens")),
    stop=Field("stop", stops),
)
LIMITS = ("max_completion_tokens", "max_tokens", "num_predict")
"""The names of the longest answer, the first of which is heeded; the last is Ollama's own."""
TRANSLATED = frozenset(
    {
        *OPTIONS,
        *("model", "messages", "prompt", "stream", "stream_options", "options", "response_format", "n"),
        *("reasoning_effort", "tools", "tool_choice", "functions", "function_call", "parallel_tool_calls"),
    }
)
LACKS = frozenset(
    {
        *(
            "n",
            "logit_bias",
            "metadata",
            "store",
            "service_tier",
            "user",
            "modalities",
            "audio",
            "prediction",
        ),
        *("web_search_options", "verbosity", "safety_identifier", "prompt_cache_key", "moderation"),
        *("prompt_cache_retention", "prompt_cache_options"),
    }
)
"""OpenAI's parameters that Ollama has nothing for."""
FINER = ("best_of", "echo", "logprobs")
"""Those of completions among them, and what of an answer is not told."""
EFFORTS: Mapping[str, str | bool] = {
    **{"none": False, "minimal": "low", "low": "low", "medium": "medium"},
    **{"high": "high", "xhigh": "high", "max": "high"},
}
"""https://docs.ollama.com/capabilities/thinking: some models have levels, for others each is to think."""


def chat(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request for a message, and the names of what it cannot carry.

    Raises BadRequest with the path of the fault, Unsupported for content that Ollama does not take.
    """
    lost: list[str] = []
    out = shared(body, context, lost)
    out["messages"] = conversation(body.get("messages"), lost)
    out |= tooling(body, lost)
    return Encoded(out, tuple(dict.fromkeys(lost)))


def generate(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request for a text, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    lost = [name for name, value in body.items() if name != "suffix" and asks(name, value)]
    out = shared(body, context, lost)
    kept = {name: value for name, value in out.items() if name not in lost and name not in FINER}
    return Encoded({**kept, "prompt": only(body.get("prompt"))}, tuple(dict.fromkeys(lost)))


def shared(body: Mapping[str, Any], context: Context, lost: list[str]) -> JSON:
    """What both requests have in common: Ollama streams unless it is told not to."""
    lost += [*(name for name in unheard(body, ()) if name in LACKS), *outdated(body)]
    kept = {name: body[name] for name in body if name not in TRANSLATED | LACKS and body[name] is not None}
    asked = {"model": body.get("model"), **thinking(body), **answer_format(body)}
    out = laid_over(asked, kept, {"think": "reasoning_effort", "format": "response_format"}, lost)
    own = {} if body.get("options") is None else mapping(body["options"], "options")
    most = next((name for name in LIMITS if body.get(name) is not None), LIMITS[-1])
    if options := laid_over(pick(body, OPTIONS, lost), own, {LIMITS[-1]: most}, lost):
        out["options"] = options
    return {**out, "stream": context.stream}


def thinking(body: Mapping[str, Any]) -> JSON:
    """Whether to think, and how hard. Raises BadRequest."""
    value = body.get("reasoning_effort")
    if value is None:
        return {}
    if not isinstance(value, str) or value not in EFFORTS:
        raise BadRequest(f"reasoning_effort must be one of {', '.join(EFFORTS)}", param="reasoning_effort")
    return {"think": EFFORTS[value]}


def answer_format(body: Mapping[str, Any]) -> JSON:
    """Its format (https://docs.ollama.com/capabilities/structured-outputs). Raises BadRequest."""
    kind, spec = answer_kind(body)
    if kind == "json_schema":
        path = "response_format.json_schema"
        inner = mapping(spec.get("json_schema"), path)
        schema = inner.get("schema")
        return {"format": "json" if schema is None else mapping(schema, f"{path}.schema")}
    return {"format": "json"} if kind == "json_object" else {}


# ── tools ────────────────────────────────────────────────────────────────


def tooling(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """The tools, in OpenAI's own shape. The choice is left to the model: `none` is to have no tools, any
    other wish is named. Raises BadRequest."""
    tools = [tool for tool in tools_of(body) if tool is not None]
    if len(tools) < len(array(body.get("tools") or [], "tools")):
        lost.append("tools")
    choice = body.get("function_call") if body.get("tool_choice") is None else body["tool_choice"]
    if choice == "none" or not tools:
        return {}
    if choice not in (None, "auto"):
        lost.append("function_call" if body.get("tool_choice") is None else "tool_choice")
    if body.get("parallel_tool_calls") is False:
        lost.append("parallel_tool_calls")
    return {"tools": tools}


def tools_of(body: Mapping[str, Any]) -> list[JSON | None]:
    """Each tool as Ollama takes it; None for one that it does not."""
    made: list[JSON | None] = []
    for index, each in enumerate(array(body.get("tools") or [], "tools")):
        spec = mapping(each, f"tools[{index}]")
        made.append(dict(spec) if spec.get("type", "function") == "function" else None)
    for index, each in enumerate(array(body.get("functions") or [], "functions")):
        made.append({"type": "function", "function": dict(mapping(each, f"functions[{index}]"))})
    return made
