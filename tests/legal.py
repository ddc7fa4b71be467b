"""What a request may hold, by the packages that providers publish: no field that they do not know."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import pydantic
from botocore.session import get_session
from botocore.validate import ParamValidator
from google.ai import generativelanguage_v1beta as google
from google.protobuf import json_format
from pydantic_core import SchemaValidator

Json = dict[str, Any]
SAMPLING = frozenset({"temperature", "top_p", "top_k"})
"""Gone from the types of Anthropic's SDK, not from its older models."""


class Illegal(ValueError):
    """The package's own words on a body."""


@cache
def typed(module: str, name: str) -> tuple[pydantic.TypeAdapter[Any], frozenset[str]]:
    kind = getattr(import_module(module), name)
    return pydantic.TypeAdapter(kind), frozenset(kind.__annotations__)


def by_types(module: str, name: str) -> Callable[[Json], None]:
    """A check by a TypedDict of an SDK: the types, and no field beside its own."""

    def check(body: Json) -> None:
        adapter, fields = typed(module, name)
        asked = {key: value for key, value in body.items() if key != "stream"}
        if unknown := asked.keys() - fields:
            raise Illegal(f"unknown fields: {sorted(unknown)}")
        try:
            adapter.validate_python(asked, strict=True)
        except pydantic.ValidationError as error:
            raise Illegal(str(error)) from error

    return check


def thorough(schema: Any) -> Any:
    """A schema of pydantic's that reads iterables to their end and refuses fields that the SDK does not know,
    as Anthropic does. Of their own accord such types take anything in an iterable until it is read."""
    if isinstance(schema, list | tuple):
        return type(schema)(thorough(each) for each in schema)
    if not isinstance(schema, dict):
        return schema
    made = {name: thorough(each) for name, each in schema.items()}
    if schema.get("type") == "generator":
        made["type"] = "list"
    closed = schema.get("type") == "typed-dict" and "extras_schema" not in schema
    return {**made, "extra_behavior": "forbid"} if closed else made


@cache
def anthropics() -> SchemaValidator:
    beta = import_module("anthropic.types.beta.message_create_params")
    return SchemaValidator(thorough(pydantic.TypeAdapter(beta.MessageCreateParamsNonStreaming).core_schema))


def anthropic(body: Json) -> None:
    """By the types of the SDK, those of beta features among them."""
    try:
        anthropics().validate_python(
            {name: value for name, value in body.items() if name not in {"stream", *SAMPLING}}, strict=True
        )
    except pydantic.ValidationError as error:
        raise Illegal(str(error)) from error


openai = by_types("openai.types.chat.completion_create_params", "CompletionCreateParamsNonStreaming")


def vertex_claude(body: Json) -> None:
    """Anthropic's, with the version in the body and the model in the path."""
    assert body["anthropic_version"] == "vertex-2023-10-16"
    assert "model" not in body
    anthropic({name: value for name, value in body.items() if name != "anthropic_version"} | {"model": "m"})


# ── Bedrock ──────────────────────────────────────────────────────────────


@cache
def shape_of(operation: str) -> Any:
    return get_session().get_service_model("bedrock-runtime").operation_model(operation).input_shape


def bedrock(body: Json, operation: str = "Converse") -> None:
    shape = shape_of(operation)
    report = ParamValidator().validate(binary(shape, {**body, "modelId": "m"}), shape)
    if report.has_errors():
        raise Illegal(report.generate_report())


def binary(shape: Any, value: Any) -> Any:
    """A body as boto3 takes it: what is base64 on the wire is bytes there."""
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: binary(shape.members[name], inner) if name in shape.members else inner
            for name, inner in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [binary(shape.member, inner) for inner in value]
    return value


# ── Gemini ───────────────────────────────────────────────────────────────


def gemini(body: Json) -> None:
    try:
        json_format.ParseDict(loud(body), google.GenerateContentRequest()._pb)
    except json_format.ParseError as error:
        raise Illegal(str(error)) from error


NEWER = {"thinkingLevel"}
"""Settings that the newest models have and the package does not know yet
(https://ai.google.dev/gemini-api/docs/generate-content/thinking)."""


def loud(value: Any) -> Any:
    """The types of schemas as the package spells them, which the API takes in lower case as well."""
    if isinstance(value, Mapping):
        return {
            name: inner.upper() if name == "type" and isinstance(inner, str) else loud(inner)
            for name, inner in value.items()
            if name not in NEWER
        }
    return [loud(each) for each in value] if isinstance(value, list) else value


# ── Cohere and Mistral ───────────────────────────────────────────────────

FIELDS_OF_COHERE = frozenset(
    {
        *("model", "messages", "stream", "tools", "strict_tools", "documents", "citation_options", "seed"),
        *("response_format", "safety_mode", "max_tokens", "stop_sequences", "temperature", "thinking", "k"),
        *("frequency_penalty", "presence_penalty", "p", "logprobs", "tool_choice", "priority"),
    }
)
"""The body of https://docs.cohere.com/reference/chat."""


@cache
def spoken() -> dict[str, pydantic.TypeAdapter[Any]]:
    types = import_module("cohere")
    shapes = {"messages": types.ChatMessages, "thinking": types.Thinking}
    shapes |= {"tools": list[types.ToolV2], "response_format": types.ResponseFormatV2}
    return {name: pydantic.TypeAdapter(shape) for name, shape in shapes.items()}


def cohere(body: Json) -> None:
    if unknown := body.keys() - FIELDS_OF_COHERE:
        raise Illegal(f"unknown fields: {sorted(unknown)}")
    for name, adapter in spoken().items():
        try:
            adapter.validate_json(json.dumps(body[name])) if name in body else None
        except pydantic.ValidationError as error:
            raise Illegal(str(error)) from error


FIELDS_OF_MISTRAL = frozenset(
    {
        *("model", "messages", "temperature", "top_p", "max_tokens", "stream", "stop", "random_seed", "n"),
        *("metadata", "response_format", "tools", "tool_choice", "presence_penalty", "frequency_penalty"),
        *(
            "prediction",
            "parallel_tool_calls",
            "prompt_mode",
            "reasoning_effort",
            "guardrails",
            "safe_prompt",
        ),
        "prompt_cache_key",
    }
)
"""The body of https://docs.mistral.ai/api/endpoint/chat, whose types have no package here: what it shares
with OpenAI's is judged by those."""


def mistral(body: Json) -> None:
    if unknown := body.keys() - FIELDS_OF_MISTRAL:
        raise Illegal(f"unknown fields: {sorted(unknown)}")
    own = {"random_seed", "max_tokens", "guardrails", "safe_prompt", "prompt_mode"}
    openai({name: value for name, value in body.items() if name not in own})


CHECKS: Mapping[str, Callable[[Json], None]] = {
    "openai": openai,
    "anthropic": anthropic,
    "vertex-claude": vertex_claude,
    "bedrock": bedrock,
    "gemini": gemini,
    "cohere": cohere,
    "mistral": mistral,
}
