"""The format of all models that are not Cohere's: OpenAI's parameters by other names.

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/datatypes/GenericChatRequest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...values import JSON
from ..cohere.tools import chosen, left, offer
from ..fields import Field, answer_kind, array, mapping, pick, stops, table, text, unheard
from .messages import GENERIC, OPENAI, conversation


def upper(value: Any) -> Any:
    """Oracle's words are OpenAI's in capitals."""
    return value.upper() if isinstance(value, str) else value


SHARED = table(
    *("temperature", "seed"),
    top_p="topP",
    top_k="topK",
    frequency_penalty="frequencyPenalty",
    presence_penalty="presencePenalty",
)
"""What all three formats have alike."""
EVERYWHERE = frozenset(
    {"model", "messages", "stream", "stream_options", "api_format", "stop", "response_format", "max_tokens"}
    | {"max_completion_tokens", "tools", "tool_choice", "functions", "function_call", *SHARED}
)
FIELDS = table(
    "metadata",
    n="numGenerations",
    logit_bias="logitBias",
    is_echo="isEcho",
    parallel_tool_calls="isParallelToolCalls",
    reasoning_effort=Field("reasoningEffort", upper),
    verbosity=Field("verbosity", upper),
    service_tier=Field("serviceTier", upper),
)
KNOWN = frozenset({*EVERYWHERE, *FIELDS, "logprobs", "top_logprobs", "prediction", "web_search_options"})


def request(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """The request; names of what it cannot carry go to `lost`. Raises BadRequest, Unsupported."""
    out = pick(body, SHARED) | pick(body, FIELDS) | limit(body) | likelihoods(body)
    words = OPENAI if openais(body) else GENERIC
    out["messages"] = conversation(body.get("messages"), words, lost)
    if given := stops(body.get("stop")):
        out["stop"] = given
    out |= tooling(body, lost) | answer_format(body)
    if body.get("prediction") is not None:
        out["prediction"] = prediction(body["prediction"])
    if body.get("web_search_options") is not None:
        out["webSearchOptions"] = search(body["web_search_options"])
    lost += unheard(body, KNOWN)
    return out


def limit(body: Mapping[str, Any]) -> JSON:
    """OpenAI's models have the limit that counts thoughts, by that name only; the others the older one."""
    given = body.get("max_completion_tokens")
    given = body.get("max_tokens") if given is None else given
    if given is None:
        return {}
    return {"maxCompletionTokens" if openais(body) else "maxTokens": given}


def openais(body: Mapping[str, Any]) -> bool:
    return str(body.get("model")).startswith("openai.")


def likelihoods(body: Mapping[str, Any]) -> JSON:
    """Whether log probabilities are told, and of how many tokens at each place: one number at Oracle's."""
    given, most = body.get("logprobs"), body.get("top_logprobs")
    if given is True:
        return {"logProbs": most or 1}
    return {"logProbs": given} if given else {}


# ── tools ────────────────────────────────────────────────────────────────


def tooling(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """`tools` and `toolChoice`. Raises BadRequest."""
    must, names = chosen(body)
    offered = offer(body, lost)
    lost += [f"{tool.path}.strict" for tool in offered if tool.strict]
    one = must == "REQUIRED" and names is not None and len(names) == 1
    if not one:
        offered = left(offered, names)
    if not offered:
        return {}
    tools = [{"type": "FUNCTION", **tool.made["function"]} for tool in offered]
    if one and names:
        return {"tools": tools, "toolChoice": {"type": "FUNCTION", "name": next(iter(names))}}
    if must is None and body.get("tool_choice") is None:
        return {"tools": tools}
    return {"tools": tools, "toolChoice": {"type": must or "AUTO"}}


# ── what is said of the answer ───────────────────────────────────────────


def answer_format(body: Mapping[str, Any]) -> JSON:
    """Raises BadRequest."""
    kind, schema = format_asked(body)
    if not kind:
        return {}
    made: JSON = {"type": kind.upper()}
    if kind == "json_schema":
        known = ("name", "description", "schema")
        told = {name: schema[name] for name in known if schema.get(name) is not None}
        strict = {} if schema.get("strict") is None else {"isStrict": schema["strict"]}
        made["jsonSchema"] = {**told, **strict}
    return {"responseFormat": made}


def format_asked(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The kind of answer that is asked for, empty for none, and of `json_schema` what OpenAI has in it.

    Raises BadRequest."""
    kind, spec = answer_kind(body)
    if kind != "json_schema":
        return kind, {}
    return kind, mapping(spec.get("json_schema"), "response_format.json_schema")


def prediction(value: Any) -> JSON:
    """Raises BadRequest."""
    content = mapping(value, "prediction").get("content")
    parts = [{"text": content}] if isinstance(content, str) else array(content, "prediction.content")
    path = "prediction.content[].text"
    told = [text(mapping(part, "prediction.content[]").get("text"), path) for part in parts]
    return {"type": "CONTENT", "content": [{"type": "TEXT", "text": each} for each in told]}


def search(value: Any) -> JSON:
    """Raises BadRequest."""
    spec = mapping(value, "web_search_options")
    made: JSON = {}
    if spec.get("search_context_size") is not None:
        made["searchContextSize"] = upper(spec["search_context_size"])
    if spec.get("user_location") is not None:
        place = mapping(spec["user_location"], "web_search_options.user_location")
        path = "web_search_options.user_location.approximate"
        made["userLocation"] = dict(mapping(place.get("approximate", {}), path))
    return made
