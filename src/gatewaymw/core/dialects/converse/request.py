"""OpenAI's chat request, as Amazon's Converse request.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. The model and whether to
stream stand in the path. What Converse has no field for goes to the model beside it, where its maker has one,
or is left out and named. Converse's own parameters pass, by their names or in OpenAI's spelling of them
(`guardrail_config`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ... import json
from ...model import Context, Encoded
from ...values import JSON
from ..anthropic.request import sampling as claudes
from ..anthropic.schema import closed
from ..fields import (
    answer_kind,
    laid_over,
    mapping,
    pick,
    stops,
    stops_of,
    table,
    text,
    unheard,
    whole,
    wrong,
)
from .beside import beside
from .content import SYSTEM, Reading, blocks
from .messages import conversation
from .models import ANTHROPIC, family_of
from .reasoning import reasoning
from .tools import tooling

NATIVE: Mapping[str, str] = {
    "additional_model_response_field_paths": "additionalModelResponseFieldPaths",
    "guardrail_config": "guardrailConfig",
    "performance_config": "performanceConfig",
    "project_identifier": "projectIdentifier",
    "prompt_variables": "promptVariables",
}
"""Converse's own parameters that pass as they are: OpenAI's spelling → Converse's."""
PASSED = table(**NATIVE, **{name: name for name in NATIVE.values()})
INFERENCE: Mapping[str, str] = {"temperature": "temperature", "top_p": "topP"}
KNOWN = frozenset(
    {
        *("model", "messages", "system", "stream", "stream_options", "stop", "stop_sequences", *INFERENCE),
        *("top_k", "max_tokens", "max_completion_tokens", "tools", "tool_choice", "parallel_tool_calls"),
        *("functions", "function_call", "web_search_options", "metadata", "service_tier", "serviceTier"),
        *("response_format", "reasoning_effort", "inferenceConfig", "outputConfig", "requestMetadata"),
        *("request_metadata", "additional_model_request_fields", "additionalModelRequestFields"),
        *(*NATIVE, *NATIVE.values(), *ANTHROPIC),
    }
)
"""The parameters that are looked at here; a model may know more."""


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The Converse request, and the names of what it cannot carry.

    Raises BadRequest with the path of the fault, Unsupported for content that Bedrock does not take.
    """
    family = family_of(text(body.get("model"), "model"), context.options.get("aws_bedrock_model", ""))
    reading = Reading(family)
    out = spoken(body, reading) | passed(body, context, reading)
    tools = tooling(body, reading)
    out |= {"toolConfig": tools.config, "inferenceConfig": inference(body, reading)}
    out |= labels(body, reading) | tier(body, reading) | answer_format(body, reading)
    own = beside(body, tools.beside, context, reading)
    out, own = reasoning(body, out, own, reading)
    out["additionalModelRequestFields"] = own
    dropped = reading.lost + unheard(body, KNOWN | family.extras)
    return Encoded({name: value for name, value in out.items() if value != {}}, tuple(dict.fromkeys(dropped)))


def spoken(body: Mapping[str, Any], reading: Reading) -> JSON:
    """The conversation, and the system prompt where there is one: Converse's own `system` comes first."""
    own = body.get("system")
    system = blocks(own, "system", SYSTEM, reading) if own is not None else []
    told = conversation(body.get("messages"), reading)
    system = [*system, *told.system]
    return {"messages": told.turns, "system": system} if system else {"messages": told.turns}


def passed(body: Mapping[str, Any], context: Context, reading: Reading) -> JSON:
    """Converse's own parameters. A guardrail's way with streams is for streams alone."""
    made = pick(body, PASSED, reading.lost)
    guard = mapping(made.get("guardrailConfig", {}), "guardrail_config")
    if "streamProcessingMode" in guard and not context.stream:
        reading.lost.append("guardrail_config.streamProcessingMode")
        made["guardrailConfig"] = {name: guard[name] for name in guard if name != "streamProcessingMode"}
    return made


# ── how to answer ────────────────────────────────────────────────────────


def inference(body: Mapping[str, Any], reading: Reading) -> JSON:
    made: JSON = {}
    names = {"topP": "top_p", "stopSequences": "stop"}
    for name in ("max_tokens", "max_completion_tokens"):
        if body.get(name) is not None:
            made["maxTokens"], names["maxTokens"] = whole(body[name], name), name
    made |= sampling(body, reading)
    if ends := stopping(body, reading):
        made["stopSequences"] = ends
    own = body.get("inferenceConfig")
    return made if own is None else laid_over(made, mapping(own, "inferenceConfig"), names, reading.lost)


def sampling(body: Mapping[str, Any], reading: Reading) -> JSON:
    """Temperature and top_p where the model takes them, untouched; 1 is what leaving them out means."""
    if reading.family.claude is not None:
        taken = claudes(body, reading.family.claude, reading.lost)
    else:
        fixed = reading.family.fixed
        asked = {name: body[name] for name in INFERENCE if body.get(name) is not None}
        reading.lost += [name for name in asked if name in fixed and asked[name] != 1]
        taken = {name: value for name, value in asked.items() if name not in fixed}
    return {word: taken[name] for name, word in INFERENCE.items() if name in taken}


def stopping(body: Mapping[str, Any], reading: Reading) -> list[str]:
    """Stop sequences, by OpenAI's name or Anthropic's; Claude takes none that is white space alone."""
    asked = stops_of(body)
    kept = [each for each in asked if (each.strip() if reading.family.claude else each)]
    if "stop" in reading.family.fixed:
        kept = []
    if len(kept) < len(asked):
        reading.lost += [name for name in ("stop", "stop_sequences") if stops(body.get(name))]
    return kept


def answer_format(body: Mapping[str, Any], reading: Reading) -> JSON:
    """The schema to answer by (https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html),
    and the rest of Converse's own `outputConfig`.

    Bedrock has no mode of just any JSON object, and not all models take schemas: both are named as lost.
    """
    own = {} if body.get("outputConfig") is None else mapping(body["outputConfig"], "outputConfig")
    kind, spec = answer_kind(body)
    schema = schema_of(spec) if kind == "json_schema" else {}
    if schema and reading.family.formats and "textFormat" not in own:
        form = {"type": "json_schema", "structure": {"jsonSchema": schema}}
        return {"outputConfig": {**own, "textFormat": form}}
    reading.lost += ["response_format"] if kind not in ("", "text") else []
    return {"outputConfig": {**own}}


def schema_of(spec: Mapping[str, Any]) -> JSON:
    """The schema of a `json_schema` format, as the text that Converse takes; nothing where there is none."""
    path = "response_format.json_schema"
    inner = mapping(spec.get("json_schema"), path)
    if inner.get("schema") is None:
        return {}
    schema = closed(mapping(inner["schema"], f"{path}.schema"), f"{path}.schema")
    named = {name: text(inner[name], f"{path}.{name}") for name in ("name", "description") if inner.get(name)}
    return {"schema": json.dumps(schema).decode(), **named}


# ── around it ────────────────────────────────────────────────────────────

LABEL = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")
MOST_LABELS = 16
TIERS: Mapping[str, str] = {
    **{tier: tier for tier in ("default", "flex", "priority", "reserved")},
    "fast": "priority",
}
"""`fast` is OpenAI's newer name of `priority`: https://developers.openai.com/api/docs/guides/fast-mode."""


def labels(body: Mapping[str, Any], reading: Reading) -> JSON:
    """Labels for the logs: OpenAI's `metadata`, as far as Bedrock takes their characters and their number."""
    made: JSON = {}
    for name in ("request_metadata", "requestMetadata"):
        own = {} if body.get(name) is None else mapping(body[name], name)
        made = laid_over(made, own, {label: f"request_metadata.{label}" for label in made}, reading.lost)
    metadata = mapping({} if body.get("metadata") is None else body["metadata"], "metadata")
    for name, value in metadata.items():
        if not isinstance(value, str):
            raise wrong(value, f"metadata.{name}", "a string")
        if name and LABEL.fullmatch(name) and LABEL.fullmatch(value) and len(made) < MOST_LABELS:
            made.setdefault(name, value)
        if made.get(name) != value:
            reading.lost.append(f"metadata.{name}")
    return {"requestMetadata": made}


def tier(body: Mapping[str, Any], reading: Reading) -> JSON:
    """The tier of service (https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html);
    `auto` is no wish."""
    own, value = body.get("serviceTier"), body.get("service_tier")
    made = {"type": TIERS[value]} if isinstance(value, str) and value in TIERS else None
    chosen = made if own is None else mapping(own, "serviceTier")
    if value not in (None, "auto") and (made is None or made != chosen):
        reading.lost.append("service_tier")
    return {} if chosen is None else {"serviceTier": chosen}
