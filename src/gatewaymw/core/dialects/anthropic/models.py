"""What Claude models take, as far as a request must differ from one to the other.

Longest answers: https://platform.claude.com/docs/en/about-claude/models/overview. Thinking and effort:
https://platform.claude.com/docs/en/build-with-claude/thinking and …/effort. Sampling and forced tools:
the "what's new" page of each model, as https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5.
Instructions midway: https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages.
A model that no row names is asked as it is, and Anthropic has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple


class Traits(NamedTuple):
    """How one family of models is asked."""

    output: int = 4096
    """The longest answer in tokens: what `max_tokens` is where the client leaves it out."""
    thinking: Literal["", "budget", "adaptive"] = ""
    """How the model is told to think: by a number of tokens, as it sees fit, or not at all."""
    off: Literal["", "idle", "disabled", "between_tools"] = ""
    """How it is told not to: by saying nothing (`idle`), by this `thinking.type`, or not at all."""
    efforts: frozenset[str] = frozenset({"low", "medium", "high", "xhigh", "max"})
    """The levels of `output_config.effort`."""
    sampling: bool = True
    """Takes temperature, top_p and top_k."""
    forced: bool = True
    """Can be made to call a tool."""
    midway: bool = False
    """Takes instructions in the midst of a conversation."""
    formats: bool = True
    """Takes a JSON schema to answer by, and strict tools."""


UNKNOWN = Traits()
NONE: frozenset[str] = frozenset()
SHORT = frozenset({"low", "medium", "high"})

OLD = Traits(output=8192, off="idle", efforts=NONE, formats=False)
BUDGET = Traits(output=64_000, thinking="budget", off="idle", efforts=NONE)
ADAPTIVE = Traits(output=128_000, thinking="adaptive", off="disabled", sampling=False, midway=True)
ALWAYS = ADAPTIVE._replace(off="")

ROWS: Mapping[str, Traits] = {
    "claude-3": OLD._replace(output=4096),
    "claude-3-5": OLD,
    "claude-3-7": BUDGET._replace(formats=False),
    "claude-sonnet-4": BUDGET._replace(formats=False),
    "claude-opus-4": BUDGET._replace(output=32_000, formats=False),
    "claude-haiku-4-5": BUDGET,
    "claude-sonnet-4-5": BUDGET,
    "claude-opus-4-5": BUDGET._replace(efforts=SHORT),
    "claude-sonnet-4-6": ADAPTIVE._replace(
        output=64_000, efforts=SHORT | {"max"}, sampling=True, midway=False
    ),
    "claude-opus-4-6": ADAPTIVE._replace(efforts=SHORT | {"max"}, sampling=True, midway=False),
    "claude-opus-4-7": ADAPTIVE._replace(midway=False),
    "claude-opus-4-8": ADAPTIVE,
    "claude-opus-5": ADAPTIVE,
    "claude-sonnet-5": ADAPTIVE,
    "claude-fable-5": ALWAYS,
    "claude-mythos-5": ALWAYS,
    "claude-haiku-5-5": ADAPTIVE,
    "claude-sonnet-5-5": ADAPTIVE._replace(off="between_tools", forced=False),
    "claude-opus-5-5": ALWAYS._replace(forced=False),
    "claude-fable-5-1": ALWAYS._replace(forced=False),
    "claude-fable-5-2": ALWAYS._replace(forced=False),
    "claude-mythos-5-1": ALWAYS._replace(forced=False),
    "claude-mythos-5-2": ALWAYS._replace(forced=False),
}
MARK = "claude-"
"""What all of them begin with."""
BY_LENGTH = sorted(ROWS, key=len, reverse=True)
BEGINNING = re.compile("|".join(map(re.escape, BY_LENGTH)))
"""One search for all of them, each request being asked."""


def traits_of(model: str) -> Traits:
    """The traits of a model, by the longest row its name begins with.

    What other hosts write before it (`us.anthropic.claude-…`, `publishers/anthropic/models/claude-…`)
    does not count.
    """
    begin = model.find(MARK)
    found = BEGINNING.match(model, begin) if begin >= 0 else None
    return ROWS[found[0]] if found else UNKNOWN
