"""What Gemini models take, as far as a request must differ from one to the other.

Thinking: https://ai.google.dev/gemini-api/docs/generate-content/thinking (levels and budgets of each model).
What newer models pass over or refuse: https://ai.google.dev/gemini-api/docs/latest-model, "API changes and
parameter updates". A model that no row names is asked as the newest are, and Google has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple


class Traits(NamedTuple):
    """How one family of models is asked."""

    thinking: Literal["", "budget", "level"] = "level"
    """How the model is told to think: by a number of tokens, by a level, or not at all."""
    levels: tuple[str, ...] = ("low", "medium", "high")
    """The levels it knows, the least first."""
    least: int = 0
    """The smallest budget; 0 turns thinking off."""
    most: int = 24_576
    """The largest budget."""
    sampling: bool = False
    """Heeds temperature, top_p and top_k."""
    penalties: bool = False
    """Takes penalties of presence and frequency."""
    signed: bool = True
    """Refuses a call in the history that has no thought signature
    (https://ai.google.dev/gemini-api/docs/generate-content/thought-signatures)."""
    pictured: bool = True
    """Takes images and documents within the result of a function
    (https://ai.google.dev/gemini-api/docs/generate-content/function-calling#multimodal)."""
    formatted: bool = True
    """Answers by a schema while it may call functions
    (https://ai.google.dev/gemini-api/docs/generate-content/structured-output#structured_outputs_with_tools)."""
    system: bool = True
    """Takes instructions apart from the conversation."""
    verbatim: bool = True
    """Speaks a text word for word, told how beside it, in the format asked for
    (https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/text-to-speech/migration-guide)."""


NEWEST = Traits()
ALL = ("minimal", "low", "medium", "high")

OLD = Traits(
    "",
    (),
    sampling=True,
    penalties=True,
    signed=False,
    pictured=False,
    formatted=False,
    verbatim=False,
)
BUDGET = OLD._replace(thinking="budget")
THIRD = NEWEST._replace(sampling=True, penalties=True, verbatim=False)
FLASH = THIRD._replace(levels=ALL)
LATE = NEWEST._replace(levels=ALL)

ROWS: Mapping[str, Traits] = {
    "gemini-1": OLD,
    "gemini-2.0": OLD,
    "gemini-2.5": BUDGET,
    "gemini-2.5-pro": BUDGET._replace(least=128, most=32_768),
    "gemini-2.5-flash-image": OLD,
    "gemini-3": THIRD,
    "gemini-3-pro": THIRD._replace(levels=("low", "high")),
    "gemini-3-pro-image": THIRD._replace(thinking="", levels=()),
    "gemini-3-flash": FLASH,
    "gemini-3.1-flash": FLASH,
    "gemini-3.1-flash-image": FLASH._replace(levels=("minimal", "high")),
    "gemini-3.1-flash-lite-image": FLASH._replace(levels=("minimal", "high")),
    "gemini-3.5-flash": FLASH._replace(penalties=False),
    "gemini-3.5-flash-lite": LATE,
    "gemini-3.6-flash": LATE,
    "gemini-3.7-flash": NEWEST,
    "gemini-3.8-flash": NEWEST,
    "gemini-4": NEWEST,
    "gemini-robotics": BUDGET,
    "gemma": OLD._replace(system=False),
    "gemma-4": OLD,
}
BY_LENGTH = sorted(ROWS, key=len, reverse=True)


def traits_of(model: str) -> Traits:
    """The traits of a model, by the longest row its name begins with.

    What other hosts write before it (`models/gemini-…`, `google.gemini-…`) does not count.
    """
    name = model[max(model.find("gemini-"), model.find("gemma-"), 0) :]
    return next((ROWS[row] for row in BY_LENGTH if name.startswith(row)), NEWEST)
