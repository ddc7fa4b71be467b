"""Cohere's models, as OpenAI lists them (https://docs.cohere.com/reference/list-models). Cohere does not tell
when one was made; what else it tells of each stays, as does the token of a next page."""

from __future__ import annotations

from ..catalogue import listing, showing

LARGEST = 1000
"""The most models Cohere puts on one page; unasked it is 20."""

listed, shown = listing(("name",)), showing(("name",))
