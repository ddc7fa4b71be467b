"""OpenAI's chat request, as a request for an Anthropic message.

https://platform.claude.com/docs/en/api/messages/create. Anthropic refuses fields it does not know, so only
OpenAI's are translated and Anthropic's own passed; any other is left out and named. Headers are not made
here: a beta feature (`mcp_servers`, `context_management`, `fallbacks`, …) needs the caller's
`anthropic-beta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Context, Encoded
from ...values import JSON
from ..fields import Field, answer_kind, mapping, outdated, pick, stops_of, table, text, unheard, whole, wrong
from .content import SYSTEM, blocks
from .messages import conversation
from .models import Traits, traits_of
from .schema import closed
from .thinking import reasoning, unthought
from .tools import tooling

NATIVE = (
    *("billing_policy", "cache_control", "compaction", "container", "context_management", "diagnostics"),
    *("fallback_credit_token", "fallbacks", "inference_geo", "mcp_servers", "output_config", "speed"),
    *("thinking", "thread"),
)
"""Anthropic's own parameters, beta ones included, for which OpenAI has no word. `output_config` and
`thinking` are joined with what OpenAI's words for the same ask for."""

FIELDS = table(
    *("model", *NATIVE),
    max_tokens=Field("max_tokens", lambda value: whole(value, "max_tokens")),
    max_completion_tokens=Field("max_tokens", lambda value: whole(value, "max_completion_tokens")),
)
SAMPLING = ("temperature", "top_p", "top_k")
ELSEWHERE = (
    *("messages", "system", "stream", "stream_options", "stop", "stop_sequences", *SAMPLING),
    *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "web_search_options"),
    *("user", "safety_identifier", "metadata", "service_tier", "response_format", "reasoning_effort"),
)
"""What is translated by more than a name."""
KNOWN = frozenset({*FIELDS, *ELSEWHERE})
LIMITS = ("max_tokens", "max_completion_tokens")
"""Of the two the later counts."""
SAMPLED = frozenset(SAMPLING)
USUAL = frozenset({"model", "messages", "stream", "stream_options", *LIMITS, *SAMPLING})
"""What most requests say, and no more."""


def request(body: Mapping[str, Any], context: Context, midway: bool = True) -> Encoded:
    """The request for an Anthropic message, and the names of what it cannot carry.

    Anthropic insists on `max_tokens` where OpenAI does not: without one, the model's longest answer is
    asked for, since that is what leaving it out means to OpenAI; any less would cut answers short in
    silence, and it costs nothing, as only what is generated is paid for. `midway` tells whether the host
    takes instructions in the midst of a conversation, for the models that do.

    Raises BadRequest with the path of the fault, Unsupported for content that Anthropic does not take.
    """
    if USUAL.issuperset(body):
        return usual(body, midway)
    lost: list[str] = []
    out = pick(body, FIELDS)
    traits = traits_of(text(out.get("model"), "model"))
    for name in ("thinking", "output_config"):
        mapping(out.get(name, {}), name)
    if body.get("stream") in (True, "true"):
        out["stream"] = True
    out |= spoken(body, lost, midway and traits.midway) | sampling(body, traits, lost)
    out |= stops(body, lost) | tooling(body, traits, lost)
    out |= person(body, lost) | tier(body, lost) | answer_format(body, out, traits, lost)
    out.setdefault("max_tokens", room(out, traits))
    if out.get("thinking", {}).get("type") == "enabled" and unthought(out):
        del out["thinking"]
        lost.append("thinking")
    out |= reasoning(body, out, traits, lost)
    return Encoded(out, tuple(dict.fromkeys(lost + unheard(body, KNOWN))))


def usual(body: Mapping[str, Any], midway: bool) -> Encoded:
    """The same for a request that says no more than is usual: the rest is not looked for, which takes a third
    of the time."""
    lost: list[str] = []
    limit = None
    for name in LIMITS:
        if (given := body.get(name)) is not None:
            limit = given if type(given) is int else whole(given, name)
    model = text(body.get("model"), "model")
    traits = traits_of(model)
    out: JSON = {"model": model} if limit is None else {"model": model, "max_tokens": limit}
    if body.get("stream") in (True, "true"):
        out["stream"] = True
    system, out["messages"] = conversation(body.get("messages"), lost, midway and traits.midway)
    if system:
        out["system"] = system
    if not SAMPLED.isdisjoint(body):
        out |= sampling(body, traits, lost)
    if limit is None:
        out["max_tokens"] = traits.output
    elif LIMITS[0] in body and LIMITS[1] in body:
        lost += outdated(body)
    return Encoded(out, tuple(dict.fromkeys(lost)) if lost else ())


def untiered(body: Mapping[str, Any], context: Context) -> Encoded:
    """The same for hosts that have no tiers of service: there all of it is standard. Only Anthropic's own has
    (https://platform.claude.com/docs/en/api/service-tiers). Nor is it told of them that they take
    instructions midway: those come first, as they may anywhere."""
    made = request(body, context, midway=False)
    if "service_tier" not in made.body:
        return made
    return Encoded({name: made.body[name] for name in made.body if name != "service_tier"}, made.dropped)


def spoken(body: Mapping[str, Any], lost: list[str], midway: bool) -> JSON:
    """The conversation, and the system prompt where there is one: Anthropic's own `system` comes first."""
    said = conversation(body.get("messages"), lost, midway)
    given = body.get("system")
    system = [*(blocks(given, "system", SYSTEM, lost) if given is not None else ()), *said.system]
    return {"messages": said.turns, "system": system} if system else {"messages": said.turns}


def room(out: Mapping[str, Any], traits: Traits) -> int:
    """The longest answer; and where the client set a larger budget for thinking, as much again beside it."""
    budget = (out.get("thinking") or {}).get("budget_tokens")
    return traits.output + budget if isinstance(budget, int) and budget >= traits.output else traits.output


def sampling(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """Temperature and its kind, untouched, where the model takes them.

    Newer ones refuse all of them but at their defaults, which are OpenAI's too: those are left out unnamed.
    So is `top_p: 1` beside a temperature, which many clients send and models since Opus 4.1 refuse.
    """
    given = {name: body[name] for name in SAMPLING if body.get(name) is not None}
    if traits.sampling:
        if "temperature" in given and given.get("top_p") == 1:
            del given["top_p"]
        return given
    lost += [name for name, value in given.items() if name == "top_k" or value != 1]
    return {}


def stops(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """Stop sequences, by OpenAI's name or Anthropic's, which takes none that is white space alone."""
    given = stops_of(body)
    if any(not each.strip() for each in given):
        lost.append("stop")
    kept = [each for each in given if each.strip()]
    return {"stop_sequences": kept} if kept else {}


def person(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """Who is asking: `user`, or else `metadata.user_id`, or else `safety_identifier`."""
    metadata = mapping({} if body.get("metadata") is None else body["metadata"], "metadata")
    given = {
        "user": body.get("user"),
        "metadata.user_id": metadata.get("user_id"),
        "safety_identifier": body.get("safety_identifier"),
    }
    named = {name: value for name, value in given.items() if value is not None}
    if any(name != "user_id" for name in metadata):
        lost.append("metadata")
    if not named:
        return {}
    for name, value in named.items():
        if not isinstance(value, str):
            raise wrong(value, name, "a string")
    chosen = next(iter(named.values()))
    lost += [name for name, value in named.items() if value != chosen]
    return {"metadata": {"user_id": chosen}}


TIERS: Mapping[str, str] = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}
"""https://platform.claude.com/docs/en/api/service-tiers."""


def tier(body: Mapping[str, Any], lost: list[str]) -> JSON:
    value = body.get("service_tier")
    if isinstance(value, str) and value in TIERS:
        return {"service_tier": TIERS[value]}
    if value is not None:
        lost.append("service_tier")
    return {}


def answer_format(body: Mapping[str, Any], out: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """The schema to answer by (https://platform.claude.com/docs/en/build-with-claude/structured-outputs).

    Anthropic has no mode of just any JSON object, and older models no schemas: both are named as lost.
    """
    kind, spec = answer_kind(body)
    schema = schema_of(spec) if kind == "json_schema" else None
    if schema is None or not traits.formats or "format" in out.get("output_config", {}):
        lost += ["response_format"] if kind not in ("", "text") else []
        return {}
    return {
        "output_config": {**out.get("output_config", {}), "format": {"type": "json_schema", "schema": schema}}
    }


def schema_of(spec: Mapping[str, Any]) -> Any:
    """The schema of a `json_schema` format, with its description; None where there is no schema."""
    path = "response_format.json_schema"
    inner = mapping(spec.get("json_schema"), path)
    if inner.get("schema") is None:
        return None
    schema = mapping(inner["schema"], f"{path}.schema")
    described = {"description": inner["description"]} if inner.get("description") is not None else {}
    return closed({**described, **schema}, f"{path}.schema")
