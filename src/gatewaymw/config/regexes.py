"""Patterns of conditions: in linear time by RE2, so that no text a caller sends can hang the gateway.

RE2's module is imported when the first pattern is met. Without it, and for what it does not know
(look-around, back-references), the operator's own patterns run on Python's `re`; callers' do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

LONGEST = 1000
"""Characters of a pattern."""
MEMORY = 2**20
"""Bytes RE2 may use for one pattern; beyond it refuses the pattern, or matches more slowly."""

Search: TypeAlias = Callable[[str], bool]


def engine() -> Any | None:
    """RE2's Python module, where it is installed."""
    try:
        import re2
    except ImportError:
        return None
    return re2


def linear(pattern: str, re2: Any | None) -> Search:
    """A search whose time grows with the text only. Raises ValueError for a pattern it cannot have."""
    search = compiled(_short(pattern), re2).search
    # Found in bytes: a lone surrogate, which JSON may hold, has no UTF-8.
    return lambda text: search(text.encode(errors="replace")) is not None


def compiled(pattern: str, re2: Any | None) -> Any:
    """A pattern of RE2's. Raises ValueError for one that it does not take, and where it is not installed."""
    if re2 is None:
        raise ValueError("patterns of callers need RE2: the operator installs gatewaymw[regex]")
    options = re2.Options()
    options.log_errors, options.max_mem = False, MEMORY
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError):
        pass
    raise ValueError("is no pattern that RE2 takes: https://github.com/google/re2/wiki/Syntax")


def trusting(pattern: str, re2: Any | None, warn: Callable[[str], None]) -> Search:
    """As `linear`, or else by Python's `re`, saying so to `warn`. Raises ValueError."""
    reason = "gatewaymw[regex] is not installed"
    if re2 is not None:
        try:
            return linear(pattern, re2)
        except ValueError:
            reason = "RE2 does not take this pattern"
    search = backtracking(pattern)
    warn(f"{reason}, so it runs on Python's re, which some texts keep busy for very long")
    return search


def backtracking(pattern: str) -> Search:
    """A search by Python's own module. Raises ValueError."""
    try:
        search = re.compile(_short(pattern)).search
    except (re.error, RecursionError, OverflowError):
        raise ValueError("is no regular expression") from None
    return lambda text: search(text) is not None


def _short(pattern: str) -> str:
    if len(pattern) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    return pattern
