"""Lists of models as OpenAI has them, of whatever shape a provider's list is.

https://platform.openai.com/docs/api-reference/models/object: `id`, `created`, `object` and `owned_by` are
always there. What else a provider tells of a model stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..model import Change, Codec, Context
from ..values import JSON
from .openai import stream_fault

NAMES = ("id", "name", "model", "model_id", "modelId", "slug")
"""What the name is called by which a model is asked, the likeliest first."""
LISTS = ("data", "models", "result", "results", "items")
"""What a list of models is called."""
TIMES = ("created", "created_at", "createdAt", "created_on")
"""What the time is called at which a model was made: seconds or milliseconds since 1970, or a date."""
MILLISECONDS = 10**11
"""From here on a number counts milliseconds: as seconds it would be a date after the year 5000."""


def listing(names: Sequence[str] = NAMES, prefix: str = "") -> Callable[[Any, Context], JSON]:
    """A change that makes OpenAI's list of a provider's: a bare list, or one below any of `LISTS`. `names` is
    what the id is looked for by, `prefix` what it begins with where it is not asked so.

    It raises UpstreamError for an answer that says it is an error, KeyError for one that holds no list.
    """
    show = showing(names, prefix)

    def listed(body: Any, context: Context) -> JSON:
        if isinstance(body, dict) and (fault := stream_fault(body)):
            raise fault
        rows, rest = found(body)
        named = [row for row in map(whole, rows) if named_by(row, names)]
        return {**rest, "object": "list", "data": [show(row, context) for row in named]}

    return listed


def showing(names: Sequence[str] = NAMES, prefix: str = "") -> Change:
    """The same for a single model."""

    def shown(row: JSON, context: Context) -> JSON:
        id, owner = named_by(row, names), row.get("owned_by")
        told = {"id": id.removeprefix(prefix), "object": "model", "created": made(row)}
        if not id:
            raise KeyError("id")
        return {**row, **told, "owned_by": owner if isinstance(owner, str) and owner else context.provider}

    return shown


def found(body: Any) -> tuple[list[Any], JSON]:
    """The models in a body, and what stands beside them. Raises KeyError."""
    if isinstance(body, list):
        return body, {}
    name = (
        next(name for name in LISTS if name in body) if isinstance(body, dict) and {*LISTS} & {*body} else ""
    )
    if not name:
        raise KeyError("data")
    rows, inner = found(body[name])
    return rows, {**{key: value for key, value in body.items() if key != name}, **inner}


def whole(row: Any) -> JSON:
    """A model that is but a name, as others are; nothing of what is none."""
    if isinstance(row, dict):
        return row
    return {"id": row} if isinstance(row, str) else {}


def named_by(row: JSON, names: Sequence[str]) -> str:
    """By what a model is asked; empty where it has no name."""
    told = (row.get(name) for name in names)
    return next((str(each) for each in told if isinstance(each, str | int) and each != ""), "")


def made(row: JSON) -> int:
    """When a model was made, in seconds since 1970; 0 where that is not told."""
    times = (seconds(row[name]) for name in TIMES if row.get(name))
    return next(filter(None, times), 0)


def seconds(told: Any) -> int:
    if isinstance(told, str) and told.isdecimal():
        told = int(told[:18])
    if isinstance(told, int | float):
        return int(told / 1000 if told >= MILLISECONDS else told)
    try:
        when = datetime.fromisoformat(told)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    except (ValueError, TypeError, OverflowError):
        return 0


listed, shown = listing(), showing()
LISTED, SHOWN = Codec(response=listed), Codec(response=shown)
"""Of those who speak OpenAI's dialect, give or take."""
