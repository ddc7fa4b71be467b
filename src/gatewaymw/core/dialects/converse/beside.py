"""What goes to a model beside Converse's own fields: `additionalModelRequestFields`.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html: the parameters that only some
makers' models have, be they OpenAI's (penalties, a seed) or the maker's own (`thinking`, `anthropic_beta`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Context
from ...values import JSON
from ..fields import array, laid_over, mapping, text
from .content import Reading
from .models import ANTHROPIC

SPELLED = "additional_model_request_fields"
OBJECTS = ("thinking", "output_config", "tool_choice")
"""Fields of Anthropic's that are objects; other settings depend on what is in them."""


def beside(body: Mapping[str, Any], tools: JSON, context: Context, reading: Reading) -> JSON:
    """The model's own fields: those that parameters become, and over them those that the client gives.

    Raises BadRequest.
    """
    likely = top_k(body, reading)
    made = extras(body, reading) | likely | anthropic(body, reading)
    made |= betas(body, context, reading) | tools
    made = laid_over(made, given(body, reading), dict.fromkeys(likely, "top_k"), reading.lost)
    for name in OBJECTS:
        mapping(made.get(name, {}), name)
    return made


def given(body: Mapping[str, Any], reading: Reading) -> JSON:
    """The client's own, by either spelling. Raises BadRequest."""
    made: JSON = {}
    for name in (SPELLED, "additionalModelRequestFields"):
        own = {} if body.get(name) is None else mapping(body[name], name)
        made = laid_over(made, own, {field: f"{SPELLED}.{field}" for field in made}, reading.lost)
    return made


def extras(body: Mapping[str, Any], reading: Reading) -> JSON:
    return {name: body[name] for name in sorted(reading.family.extras) if body.get(name) is not None}


def top_k(body: Mapping[str, Any], reading: Reading) -> JSON:
    """Top_k, where the model has one. What Claude does not take is named with its other settings."""
    value, family = body.get("top_k"), reading.family
    if value is None or (family.claude is not None and not family.claude.sampling):
        return {}
    if not family.top_k:
        reading.lost.append("top_k")
        return {}
    for step in reversed(family.top_k):
        value = {step: value}
    return dict(value)


def anthropic(body: Mapping[str, Any], reading: Reading) -> JSON:
    """Anthropic's own parameters, for its models."""
    asked = {name: body[name] for name in sorted(ANTHROPIC) if body.get(name) is not None}
    asked.pop("anthropic_beta", None)
    if reading.family.native:
        return asked
    reading.lost += asked
    return {}


def betas(body: Mapping[str, Any], context: Context, reading: Reading) -> JSON:
    """Anthropic's beta features, from the target's option and the body, as a list."""
    asked = body.get("anthropic_beta")
    if not reading.family.native:
        reading.lost += ["anthropic_beta"] if asked is not None else []
        return {}
    listed = asked.split(",") if isinstance(asked, str) else asked
    listed = [] if listed is None else array(listed, "anthropic_beta")
    given = [*context.options.get("anthropic_beta", "").split(","), *listed]
    names = dict.fromkeys(text(each, "anthropic_beta").strip() for each in given if each != "")
    return {"anthropic_beta": [*names]} if names else {}
