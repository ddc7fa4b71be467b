"""Whatever a client may send, likely or not: what the laws of all dialects draw from."""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

from hypothesis import strategies as st

from gatewaymw.core import json
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported
from gatewaymw.core.model import Codec, Context

Values: TypeAlias = st.SearchStrategy[Any]
Names: TypeAlias = st.SearchStrategy[str]

SCALARS: Values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
FIELDS = """type text role content name function arguments id url image_url file file_data file_id file_url
    filename custom input refusal tool_calls tool_call_id function_call schema json_schema mode tools
    allowed_tools parameters strict properties content_blocks""".split()
WORDS = """user assistant system developer tool function text image_url file input_audio custom auto none
    required allowed_tools json_schema json_object object low high data:,x data:image/png;base64,AAAA
    https://x.example {} [""".split()
ROLES = ("user", "assistant", "tool", "system", "function")


def named(more: str = "") -> Names:
    """Names of fields: OpenAI's, and those of a dialect."""
    return st.sampled_from([*FIELDS, *more.split()])


def worded(more: str = "", *others: str) -> Names:
    """Words that mean something in OpenAI's requests, and those of a dialect."""
    return st.sampled_from([*WORDS, *more.split(), *others])


def values(names: Names, words: Names, leaves: int = 12) -> Values:
    """Any JSON, of such names and such words rather than of others."""
    return st.recursive(
        SCALARS | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=leaves,
    )


def conversations(names: Names, json: Values) -> Values:
    """Messages: plain ones, those that are nearly right, and what is none at all."""
    message = st.dictionaries(names, json, max_size=3).flatmap(
        lambda fields: st.sampled_from(ROLES).map(lambda role: {**fields, "role": role})
    )
    return st.just([{"role": "user", "content": "Hi"}]) | st.lists(message | json, max_size=3) | json


def refused_or_sent(codec: Codec, body: dict[str, Any], context: Context) -> None:
    """The law of requests: a refusal that names the fault, or the same body each time, and none is edited."""
    assert codec.request
    before = copy.deepcopy(body)
    try:
        made = codec.request(body, context)
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported)
        assert error.param and error.message
    else:
        json.dumps(dict(made.body))
        assert codec.request(body, context) == made
    assert body == before


# ── what a client that means well says ───────────────────────────────────

TEXTS = st.text(max_size=9)
IDS = st.text("abc:/-", min_size=1, max_size=5)
PARTS: Values = TEXTS.map(lambda said: {"type": "text", "text": said}) | st.sampled_from(
    ["https://x.example/a", "data:image/gif;base64,AAAA"]
).map(lambda url: {"type": "image_url", "image_url": {"url": url}})
CONTENT: Values = TEXTS | st.lists(PARTS, max_size=3)
GIVEN = st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
CALLS = st.builds(
    lambda id, given: {"id": id, "type": "function", "function": {"name": "f", "arguments": given}},
    IDS,
    GIVEN.map(lambda given: json.dumps(given).decode()),
)
