"""What Converse is sent for a client of OpenAI's: what boto3 itself would send. And whether there is anything
in the service's model, as boto3 has it, that the gateway knows nothing of.
"""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from amazoned import OPTIONS, taken, theirs
from converse_calls import FILES, PLAIN, chat, converse
from converse_tools import REASONING, TOOLS
from ours import KEY, Case, ours

from gatewaymw.core.dialects.converse import content, files, tools
from gatewaymw.core.dialects.converse.request import KNOWN, TIERS
from gatewaymw.core.dialects.converse.response import FINISH


@pytest.mark.parametrize("case", [*PLAIN, *FILES, *TOOLS, *REASONING], ids=lambda case: case.id)
def test_a_chat(case: Case) -> None:
    assert taken(ours("bedrock", case.body, key="", **OPTIONS)) == theirs(case.asking)


def test_a_key_of_bedrocks() -> None:
    made = taken(ours("bedrock", chat(), aws_region=OPTIONS["aws_region"]))
    assert made == theirs(converse(), token=KEY)


# ── the model of the service ─────────────────────────────────────────────

MODEL: Any = botocore.session.get_session().get_service_model("bedrock-runtime")


def members(shape: str) -> set[str]:
    return set(MODEL.shape_for(shape).members)


def words(shape: str) -> set[str]:
    return set(MODEL.shape_for(shape).enum)


ELSEWHERE = {"modelId", "messages", "toolConfig"}
"""What OpenAI's own parameters are for: the model, the messages and the tools, which may be in Converse's
shape."""


def test_every_parameter_is_known() -> None:
    assert members("ConverseStreamRequest") - KNOWN == ELSEWHERE - {"messages"}
    assert members("ConverseRequest") <= members("ConverseStreamRequest")
    assert members("InferenceConfiguration") == {"maxTokens", "temperature", "topP", "stopSequences"}
    assert members("OutputConfig") == {"textFormat", "effort"}
    assert words("ServiceTierType") == set(TIERS.values())


def test_every_block_has_its_place() -> None:
    places = (content.USER, content.AMONG, content.ASSISTANT)
    assert members("ContentBlock") == set().union(*(place.own for place in places), content.SAID)
    assert members("SystemContentBlock") == content.SYSTEM.own
    assert members("ToolResultContentBlock") == content.TOOL.own
    assert members("Tool") == tools.OWN
    assert words("ImageFormat") == files.IMAGES
    assert words("VideoFormat") == files.VIDEOS
    assert words("AudioFormat") == files.SOUNDS
    assert words("DocumentFormat") == {*files.DOCUMENTS.values(), "txt"}


def test_every_reason_to_stop_is_known() -> None:
    assert words("StopReason") == FINISH.keys() | {"malformed_model_output", "malformed_tool_use"}


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        ("ContentBlockStart", {"toolUse", "toolResult", "image"}),
        ("ContentBlockDelta", {"text", "toolUse", "toolResult", "reasoningContent", "citation", "image"}),
        ("ReasoningContentBlockDelta", {"text", "redactedContent", "signature"}),
        ("ToolResultBlockDelta", {"text", "json"}),
        ("CachePointBlock", {"type", "ttl"}),
        (
            "ConverseResponse",
            {
                *("output", "stopReason", "usage", "metrics", "additionalModelResponseFields", "trace"),
                *("performanceConfig", "serviceTier"),
            },
        ),
    ],
)
def test_no_kind_of_event_is_new(shape: str, known: set[str]) -> None:
    """What is told of each, the dialect's own tests say."""
    assert members(shape) == known
