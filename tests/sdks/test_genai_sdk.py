"""What the Gemini API is sent for a client of OpenAI's: what google-genai itself would send. And whether
there is anything in its types that the gateway knows nothing of.
"""

from __future__ import annotations

import pytest
from gemini_calls import EMBEDDINGS, FILES, IMAGES, PLAIN
from gemini_tools import THINKING, TOOLS
from google.genai import types
from googled import studio, taken, theirs
from ours import Case, ours
from pydantic import BaseModel

from gatewaymw.core.dialects.gemini import blocks, content, embeddings, images, models, tools
from gatewaymw.core.dialects.gemini.request import KNOWN, STUDIO, VERTEX
from gatewaymw.core.dialects.gemini.response import FINISH
from gatewaymw.core.endpoints import EMBED, IMAGE


@pytest.mark.parametrize("case", [*PLAIN, *FILES, *TOOLS, *THINKING], ids=lambda case: case.id)
def test_a_chat(case: Case) -> None:
    assert taken(ours("google", case.body)) == theirs(case.asking, studio())


@pytest.mark.parametrize("case", EMBEDDINGS, ids=lambda case: case.id)
def test_an_embedding(case: Case) -> None:
    assert taken(ours("google", case.body, EMBED)) == theirs(case.asking, studio())


@pytest.mark.parametrize("case", IMAGES, ids=lambda case: case.id)
def test_an_image(case: Case) -> None:
    assert taken(ours("google", case.body, IMAGE)) == theirs(case.asking, studio())


# ── the SDK's types ──────────────────────────────────────────────────────


def fields(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


OPENAIS = {
    *(
        "system_instruction",
        "candidate_count",
        "max_output_tokens",
        "response_logprobs",
        "response_modalities",
    ),
    *("response_mime_type", "response_schema", "response_json_schema"),
}
"""Settings that OpenAI's own parameters are for, by other names."""
SDKS = {"http_options", "should_return_http_response", "automatic_function_calling", "automatic_continuation"}
"""What the SDK itself is told to do."""
BETA = {"model_selection_config", "generation_output_config"}
"""Settings of Vertex AI that its version 1 does not have
(https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerationConfig)."""


def test_every_setting_is_known() -> None:
    known = KNOWN.union(*(each.own.keys() | each.settings.keys() for each in (STUDIO, VERTEX)))
    assert fields(types.GenerateContentConfig) - known == OPENAIS | SDKS | BETA


def test_every_tool_is_known() -> None:
    assert fields(types.Tool) <= tools.NAMES.keys()
    known = {"name", "description", "parameters", "parameters_json_schema", *tools.DECLARING}
    assert fields(types.FunctionDeclaration) <= known
    modes = {each.value for each in types.FunctionCallingConfigMode}
    assert modes == {*tools.CHOICES.values(), "VALIDATED", "MODE_UNSPECIFIED"}


SAID = {"text", "function_call", "function_response", "thought", "thought_signature"}
"""The fields of a part that are told in OpenAI's words, or by words of the gateway's own."""


def test_every_part_is_known() -> None:
    assert fields(types.Part) == SAID | {*blocks.OWN} | blocks.CARRIED.keys()
    assert content.EXTRAS.keys() < blocks.CARRIED.keys()


def test_every_reason_to_stop_is_known() -> None:
    stops = {
        *("FINISH_REASON_UNSPECIFIED", "STOP", "OTHER", "IMAGE_OTHER", "NO_IMAGE", "MALFORMED_RESPONSE"),
        *("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"),
        "MISSING_THOUGHT_SIGNATURE",
    }
    assert {each.value for each in types.FinishReason} == stops | FINISH.keys()


def test_every_level_of_thinking_is_known() -> None:
    """One is of no model yet: it can be asked for by `thinking_config`."""
    known = {level.upper() for level in models.ALL} | {"THINKING_LEVEL_UNSPECIFIED", "XHIGH"}
    assert {each.value for each in types.ThinkingLevel} == known


def test_every_setting_of_vectors_and_images_is_known() -> None:
    known = embeddings.FINER.keys() | {"output_dimensionality", "mime_type", "http_options"}
    assert fields(types.EmbedContentConfig) <= known
    known = images.PREDICTED.keys() | images.WRITTEN.keys() | images.LABELLED.keys()
    assert fields(types.GenerateImagesConfig) - known == {"number_of_images", "http_options"}
    known = images.SHAPED.keys() | images.WRITTEN.keys()
    assert fields(types.ImageConfig) - known == {"image_output_options"}
