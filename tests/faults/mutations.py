"""Exchanges as they are written down, with something in them changed: a value, a name, a byte."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from([[], {}, [None], [[]], {"type": None}, "", "a" * 5000, -1, 1e999, "\ud800", "data:x"]),
)
MOST = 3
"""Changes of one exchange."""


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def changed(value: Any, draw: st.DataObject) -> Any:
    """JSON that is a little different: values of another kind, names gone, parts from elsewhere in it."""
    made = copy.deepcopy(value)
    for _ in range(draw.draw(st.integers(1, MOST))):
        found = list(places(made))
        if not found:
            return made
        holder, key = found[draw.draw(st.integers(0, len(found) - 1))]
        how = draw.draw(st.sampled_from(("put", "take", "copy", "twice")))
        if how == "put":
            holder[key] = copy.deepcopy(draw.draw(SCALARS))  # or the next change would change the samples
        elif how == "take":
            del holder[key]
        elif how == "copy":
            other, name = found[draw.draw(st.integers(0, len(found) - 1))]
            holder[key] = copy.deepcopy(other[name])
        else:
            holder[key] = [holder[key], copy.deepcopy(holder[key])]
    return made


def damaged(data: bytes, draw: st.DataObject) -> bytes:
    """Bytes that are a little different: some changed, cut out, doubled or put in."""
    made = bytearray(data)
    for _ in range(draw.draw(st.integers(1, MOST))):
        at = draw.draw(st.integers(0, len(made)))
        end = min(len(made), at + draw.draw(st.integers(0, 40)))
        made[at:end] = draw.draw(st.sampled_from((b"", bytes(made[at:end]) * 2)) | st.binary(max_size=8))
    return bytes(made)


def pieces(data: bytes, draw: st.DataObject) -> Iterator[bytes]:
    """However the network cuts it."""
    while data:
        size = draw.draw(st.integers(1, 200))
        yield data[:size]
        data = data[size:]
