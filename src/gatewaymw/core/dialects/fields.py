"""Reading a client's body: which parameters go where, and what its values must be.

A dialect says in a small table what its parameters are called, and in functions what becomes of
structure. Whatever it cannot carry it names; whatever is of the wrong kind it refuses, with the path
of the fault, as OpenAI does: `messages[2].content[0].image_url.url`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import MappingProxyType
from typing import Any, TypeAlias

from ..errors import BadRequest
from ..values import JSON


@dataclass(frozen=True, slots=True)
class Field:
    """Where a parameter goes, and what becomes of its value on the way."""

    to: str
    via: Callable[[Any], Any] | None = None


Table: TypeAlias = Mapping[str, Field]


def table(*same: str, **moved: str | Field) -> Table:
    """The parameters that keep their names, then those that do not. Of two for one field, the later wins
    (`pick`)."""
    rows = {name: Field(name) for name in same}
    rows |= {name: Field(row) if isinstance(row, str) else row for name, row in moved.items()}
    return MappingProxyType(rows)


def pick(body: Mapping[str, Any], fields: Table, lost: list[str] | None = None) -> JSON:
    """The parameters of `body` that `fields` names, where `fields` sends them. null is as good as absent.

    Of two that say different things of one field the later stands; the other's name goes to `lost`. (Of
    OpenAI's own older names `unheard` tells.)"""
    out: JSON = {}
    for name, field in fields.items():
        if (value := body.get(name)) is not None:
            made = field.via(value) if field.via else value
            if lost is not None and out.get(field.to, made) != made:
                lost.append(given(body, fields, field.to, before=name))
            out[field.to] = made
    return out


def given(body: Mapping[str, Any], fields: Table, to: str, before: str) -> str:
    """The last of the parameters before one that say something of a field."""
    earlier = takewhile(lambda name: name != before, fields)
    return [name for name in earlier if fields[name].to == to and body.get(name) is not None][-1]


def laid_over(made: JSON, own: Mapping[str, Any], names: Mapping[str, str], lost: list[str]) -> JSON:
    """What a client says in the provider's own words, over what became of other parameters. Of those that it
    says another thing of, the names go to `lost`: those that `names` gives them, or the fields' own."""
    lost += [names.get(field, field) for field in made if own.get(field, made[field]) != made[field]]
    return {**made, **own}


# https://platform.openai.com/docs/api-reference/chat/create: what these say is what happens without them.
IDLE: Mapping[str, Any] = MappingProxyType(
    {
        "frequency_penalty": 0,
        "logit_bias": {},
        "logprobs": False,
        "metadata": {},
        "modalities": ["text"],
        "n": 1,
        "parallel_tool_calls": True,
        "presence_penalty": 0,
        "response_format": {"type": "text"},
        "service_tier": "auto",
        "store": False,
        "top_logprobs": 0,
        "verbosity": "medium",
    }
)
"""OpenAI's chat parameters at values that ask for nothing: leaving them out loses nothing."""


NEWER: Mapping[str, str] = MappingProxyType(
    {"max_tokens": "max_completion_tokens", "function_call": "tool_choice"}
)
"""OpenAI's older names of parameters → the newer ones, which are heeded where both are given."""


def unheard(body: Mapping[str, Any], known: Container[str]) -> list[str]:
    """The parameters of `body` that ask for something and are not among those a dialect knows, and those of
    an older name whose newer one says another thing."""
    lost = [
        name
        for name, value in body.items()
        if name not in known and value is not None and not (name in IDLE and value == IDLE[name])
    ]
    return lost + [name for name in outdated(body) if name in known]


def outdated(body: Mapping[str, Any]) -> list[str]:
    """The older names of parameters whose newer ones say another thing."""
    return [
        older
        for older, newer in NEWER.items()
        if older in body
        and body.get(newer) is not None
        and older_said(body[older]) not in (None, body[newer])
    ]


def older_said(value: Any) -> Any:
    """A value by an older name, as the newer one would have it."""
    return {"type": "function", "function": value} if isinstance(value, Mapping) else value


def wrong(value: Any, path: str, wanted: str) -> BadRequest:
    """The refusal of a value that is not what it must be."""
    return BadRequest(f"{path} must be {wanted}, not {KINDS.get(type(value), 'this')}", param=path)


KINDS: Mapping[type, str] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def text(value: Any, path: str) -> str:
    """A string that says something. Raises BadRequest."""
    if not isinstance(value, str):
        raise wrong(value, path, "a string")
    if not value:
        raise BadRequest(f"{path} must not be empty", param=path)
    return value


def mapping(value: Any, path: str) -> Mapping[str, Any]:
    """An object. Raises BadRequest."""
    if type(value) is not dict and not isinstance(value, Mapping):  # an abstract class is slow to ask
        raise wrong(value, path, "an object")
    return value


def array(value: Any, path: str) -> list[Any]:
    """An array. Raises BadRequest."""
    if not isinstance(value, list):
        raise wrong(value, path, "an array")
    return value


def whole(value: Any, path: str) -> int:
    """A whole number. Raises BadRequest."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(value, path, "a whole number")
    return value


def stops(value: Any) -> list[str]:
    """Stop sequences: one by itself, or a list; none where there is nothing. Raises BadRequest."""
    given = [value] if isinstance(value, str) else array([] if value is None else value, "stop")
    for each in given:
        if not isinstance(each, str):
            raise wrong(each, "stop", "a string or an array of strings")
    return given


def stops_of(body: Mapping[str, Any]) -> list[str]:
    """Those of a request, by the name that most providers have and by OpenAI's. Raises BadRequest."""
    own = body.get("stop_sequences")
    return stops([] if own is None else array(own, "stop_sequences")) + stops(body.get("stop"))


def answer_kind(body: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The kind of answer that `response_format` asks for, empty where it is not there, and all that it says.

    Raises BadRequest."""
    value = body.get("response_format")
    spec = {} if value is None else mapping(value, "response_format")
    kind = "" if value is None else spec.get("type")
    if kind not in ("", "text", "json_object", "json_schema"):
        path = "response_format.type"
        raise BadRequest(f"{path} must be text, json_object or json_schema", param=path)
    return str(kind), spec


def asking(body: Mapping[str, Any], lacks: Mapping[str, Container[Any]]) -> tuple[str, ...]:
    """Those of a body's parameters that a provider lacks, but for values that ask for nothing (`lacks`)."""
    return tuple(name for name in lacks if body.get(name) is not None and body[name] not in lacks[name])
