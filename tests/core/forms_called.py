"""Sending a form to a dialect, and checking on the way that it says the same when it is asked again."""

from __future__ import annotations

from collections.abc import Iterable

from gatewaymw.core.model import Codec, Context, Encoded, File, Filled
from gatewaymw.core.values import Part


def parts_of(fields: Iterable[tuple[str, str]], *files: Part) -> tuple[Part, ...]:
    """The parts of a form: its fields, then its files."""
    return (*(Part(name, value.encode()) for name, value in fields), *files)


def formed(codec: Codec, parts: tuple[Part, ...], context: Context) -> Encoded | Filled | File:
    """What is sent for a form."""
    assert codec.form
    made = codec.form(parts, context)
    assert codec.form(parts, context) == made
    return made
