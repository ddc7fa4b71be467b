"""What the models behind Converse take, as far as a request must differ from one maker's to another's.

Converse is one API over models that do not take the same. What each takes:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (parameters, by maker),
…/structured-output.html, …/prompt-caching.html, and the models' notes on
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html. A model that no row names
(an inference profile of one's own is an opaque ARN) is asked as it is, and AWS has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from ..anthropic.models import BY_LENGTH, Traits, traits_of

NONE: frozenset[str] = frozenset()
PLACES = frozenset({"system", "messages", "results", "tools"})
"""Where a cache point may stand: results are those of tools."""


class Efforts(NamedTuple):
    """How a model is told how hard to reason, by a field of `additionalModelRequestFields`."""

    field: str
    told: Callable[[str], Any] = str
    """What the field holds for a level."""
    levels: tuple[str, ...] = ("low", "medium", "high")
    """From the least to the most."""
    off: Literal["", "idle", "none"] = ""
    """How it is told not to: by saying nothing, by the level `none`, or not at all."""
    apart: frozenset[str] = NONE
    """Settings of `inferenceConfig` that the highest level does not go together with."""


class Family(NamedTuple):
    """How the models of one maker are asked through Converse."""

    caches: frozenset[str] = NONE
    """Where cache points may stand."""
    lasting: bool = False
    """Cache points may have a time to live."""
    forced: frozenset[str] = NONE
    """How they can be made to call a tool: `any`, or `tool` for a certain one."""
    formats: bool = False
    """Takes a JSON schema to answer by, and strict tools."""
    fixed: frozenset[str] = NONE
    """Parameters of OpenAI's for sampling and stopping that they do not take."""
    top_k: tuple[str, ...] = ()
    """Where in `additionalModelRequestFields` their top_k is; nowhere where they have none."""
    extras: frozenset[str] = NONE
    """Parameters of OpenAI's that pass in `additionalModelRequestFields` by their own names."""
    efforts: Efforts | None = None
    effort: bool = False
    """Takes Converse's own `outputConfig.effort`."""
    native: bool = False
    """Takes Anthropic's own parameters and tools."""
    searches: bool = False
    """Has a tool that searches the web."""
    graded: bool = False
    """Takes the status of a tool's result."""
    short_ids: bool = False
    """Takes ids of calls of just nine letters and digits."""
    claude: Traits | None = None
    paralleled: bool = False
    """Can be told to make one call at a time."""
    thoughts: Literal["", "signed", "unsigned", "any"] = ""
    """What they take back of reasoning. Claude refuses what it did not sign, others a signature, and Nova and
    the first DeepSeek all of it ("User messages cannot contain reasoning content"):
    https://github.com/aws-samples/bedrock-chat/pull/851, https://github.com/can1357/oh-my-pi/pull/9086,
    https://github.com/strands-agents/harness-sdk/pull/682."""


FORCED = frozenset({"any", "tool"})
PENALTIES = frozenset({"frequency_penalty", "presence_penalty"})
SEEDED = PENALTIES | {"seed"}
ANTHROPIC = frozenset(
    {"thinking", "output_config", "context_management", "anthropic_beta", "anthropic_version"}
)

UNKNOWN = Family(
    caches=PLACES,
    lasting=True,
    forced=FORCED,
    formats=True,
    top_k=("top_k",),
    effort=True,
    native=True,
    graded=True,
    thoughts="any",
)
NOVAS = Efforts(
    "reasoningConfig",
    lambda level: {"type": "enabled", "maxReasoningEffort": level},
    off="idle",
    apart=frozenset({"maxTokens", "temperature", "topP"}),
)
GPTS = Efforts(
    "reasoning", lambda level: {"effort": level}, ("low", "medium", "high", "xhigh", "max"), "none"
)
OPEN = Family(forced=FORCED, formats=True, extras=SEEDED, thoughts="unsigned")
"""Models with open weights, which AWS serves behind an API like OpenAI's."""
NOVA = Family(
    caches=frozenset({"system", "messages"}), forced=FORCED, top_k=("inferenceConfig", "topK"), graded=True
)
GROUNDED = NOVA._replace(searches=True)

ROWS: Mapping[str, Family] = {
    "amazon.nova": NOVA,
    "amazon.nova-premier": GROUNDED,
    "amazon.nova-2": GROUNDED._replace(efforts=NOVAS),
    "amazon.titan": Family(),
    "ai21.": Family(extras=PENALTIES),
    "cohere.": Family(extras=SEEDED, top_k=("k",)),
    "deepseek.": OPEN._replace(forced=frozenset({"any"}), efforts=Efforts("reasoning_effort", off="idle")),
    "deepseek.r1": Family(),
    "google.": OPEN,
    "meta.": Family(),
    "minimax.": OPEN,
    "mistral.": OPEN._replace(forced=frozenset({"any"}), top_k=("top_k",), extras=NONE, short_ids=True),
    "moonshot": OPEN._replace(efforts=Efforts("reasoning_effort")),
    "nvidia.": OPEN,
    "openai.": OPEN._replace(
        fixed=frozenset({"temperature", "top_p", "stop"}),
        extras=NONE,
        efforts=GPTS,
    ),
    "openai.gpt-oss": OPEN._replace(fixed=frozenset({"stop"}), efforts=Efforts("reasoning_effort")),
    "qwen.": OPEN,
    "writer.": Family(),
    "zai.": OPEN,
}
LONGEST_FIRST = sorted(ROWS, key=len, reverse=True)

FORMATTED = frozenset(
    {
        *("claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5", "claude-sonnet-4-6", "claude-opus-4-6"),
        "claude-opus-5",
    }
)
"""Claude models that take schemas and strict tools here. Others, though they do elsewhere, refuse the fields
("Extra inputs are not permitted"): https://github.com/vercel/ai/issues/18199."""
BRIEF = frozenset({"claude-3", "claude-3-5", "claude-3-7", "claude-sonnet-4", "claude-opus-4"})
"""Claude models whose cache points last five minutes, whatever is asked."""


def family_of(model: str, behind: str = "") -> Family:
    """The family of a model by its id, an inference profile's (`us.amazon.nova-lite-v1:0`) or its ARN.

    `behind` is the model behind an ARN that does not tell. Of two rows the longer one counts.
    """
    for name in (model, behind):
        if named(name, "anthropic.claude"):
            return claude(name[name.find("claude") :])
        if row := next((row for row in LONGEST_FIRST if named(name, row)), ""):
            return ROWS[row]
    return UNKNOWN


def named(model: str, row: str) -> bool:
    """Whether a row's name begins a step of the id: at its start, after a region or within an ARN."""
    at = model.find(row)
    return at == 0 or (at > 0 and model[at - 1] in "./")


def claude(name: str) -> Family:
    """Anthropic's models, which are the same here but for what Bedrock does not pass on."""
    traits = traits_of(name)
    row = next((row for row in BY_LENGTH if name.startswith(row)), "")
    taken = row in FORMATTED or not row
    return UNKNOWN._replace(
        caches=NONE if row == "claude-3" else PLACES,
        lasting=row not in BRIEF,
        forced=FORCED if traits.forced else NONE,
        formats=taken,
        thoughts="signed",
        # Refused here, though not elsewhere: …/userguide/claude-messages-adaptive-thinking.html
        claude=traits._replace(formats=taken, off="" if row == "claude-opus-4-7" else traits.off),
        # The first generations' validator refuses the field.
        paralleled=not row.startswith("claude-3"),
    )
