"""The one place where JSON is read or written.

`pydantic_core` is several times faster than the standard library, but refuses what the latter
takes (lone surrogates, nesting beyond a few hundred); then the standard library has the last word.
NaN and Infinity are no JSON: reading them is an error in both.
"""

from __future__ import annotations

import json as slow
from math import isinf
from typing import Any, NoReturn

from pydantic_core import from_json, to_json


def loads(text: bytes | str, *, finite: bool = False) -> Any:
    """Read JSON. Raises ValueError, with the position, where it is none; bytes have to be UTF-8.

    A number beyond a float's range (1e999) is read as infinite. `finite` refuses it, for the price
    of a look at each item: meant for what clients send, since no provider would take that number.
    """
    try:
        value = from_json(text, allow_inf_nan=False, cache_strings="keys")
        odd = finite and not _finite(value)
    except (ValueError, TypeError):  # the latter for a str with lone surrogates
        value, odd = _loads(text), finite
    if odd:
        _dumps(value, allow_nan=False)
    return value


def end(text: str, start: int) -> int:
    """Where the JSON ends that begins at a place in a text. Raises ValueError where none does."""
    try:
        return DECODER.raw_decode(text, start)[1]
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(value: Any) -> bytes:
    """Write JSON, compact, in UTF-8. Raises ValueError for what is nested too deeply or in a circle."""
    try:
        return to_json(value, inf_nan_mode="constants", fallback=dict)
    except ValueError:
        return _dumps(value)


def in_ascii(value: Any) -> str:
    """Write JSON on one line of visible ASCII, as a header or a log can hold it."""
    return slow.dumps(value, separators=(",", ":")).replace("\x7f", "\\u007f")


def _finite(value: Any) -> bool:
    """Whether all numbers are. It costs what there are items, not what they are long: files come as text."""
    boxes: list[Any] = [[value]]
    for box in boxes:  # which grows on the way
        for item in box if type(box) is list else box.values():
            kind = type(item)
            if kind is str:
                continue
            if kind is dict or kind is list:
                boxes.append(item)
            elif kind is float and isinf(item):
                return False
    return True


def _loads(text: bytes | str) -> Any:
    # Decoded here, since the standard library would also take UTF-16, UTF-32 and encoded surrogates.
    if not isinstance(text, str):
        text = text.decode("utf-8-sig")
    try:
        return slow.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _dumps(value: Any, *, allow_nan: bool = True) -> bytes:
    try:
        return slow.dumps(value, separators=(",", ":"), allow_nan=allow_nan, default=dict).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


DECODER = slow.JSONDecoder(parse_constant=_refuse)
