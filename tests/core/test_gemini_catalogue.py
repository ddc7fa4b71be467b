"""Gemini's models, as OpenAI lists them."""

from __future__ import annotations

import copy
from typing import Any

from gemini import CONTEXT
from openai.types import Model

from gatewaymw.core.dialects.gemini import MODEL, MODELS

FLASH = {
    **{"name": "models/gemini-2.5-flash", "version": "001", "displayName": "Gemini 2.5 Flash"},
    **{"inputTokenLimit": 1_048_576, "supportedGenerationMethods": ["generateContent"]},
}


def listed(body: Any) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert MODELS.response
    made = MODELS.response(body, CONTEXT)
    assert body == before
    for row in made["data"]:
        Model.model_validate(row)
    return made


def test_models_go_by_the_names_by_which_they_are_asked() -> None:
    tuned = {"name": "tunedModels/mine"}
    made = listed({"models": [FLASH, tuned], "nextPageToken": "t"})
    assert made["object"] == "list" and made["nextPageToken"] == "t"
    assert [row["id"] for row in made["data"]] == ["gemini-2.5-flash", "tunedModels/mine"]
    assert made["data"][0] == {
        **FLASH,
        **{"id": "gemini-2.5-flash", "object": "model", "created": 0, "owned_by": "google"},
    }


def test_an_empty_page_says_nothing_at_all() -> None:
    assert listed({}) == {"object": "list", "data": []}


def test_one_model() -> None:
    assert MODEL.response
    assert MODEL.response(FLASH, CONTEXT)["id"] == "gemini-2.5-flash"
