"""What holds of Ollama's dialect whatever a client or Ollama sends."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from poured import poured
from test_ollama import CONTEXT, COUNTED, LOOSE, lines

from gatewaymw.core import json
from gatewaymw.core.dialects.ollama import CHAT, COMPLETE, EMBED, MODELS
from gatewaymw.core.dialects.ollama.request import EFFORTS, LACKS, TRANSLATED
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.routing.pipeline import ODD
from pieces import POINTS

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
NAMES = st.sampled_from(
    """type text role content name function arguments id url image_url file file_data filename custom refusal
    tool_calls tool_call_id function_call schema json_schema message response thinking done done_reason error
    prompt_eval_count eval_count embeddings models logprobs token tool_name images""".split()
)
WORDS = st.sampled_from(
    """user assistant system tool function text image_url file input_audio auto none required json_schema
    json_object data:,x data:image/png;base64,AAAA https://x.example {} [ stop length low""".split()
)
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
PARAMETERS = st.sampled_from(sorted({*TRANSLATED, *LACKS, "surprise", "think", "encoding_format"}))
ODD_MESSAGES = st.dictionaries(NAMES, JSON, max_size=3).flatmap(
    lambda message: st.sampled_from(("user", "assistant", "tool", "function")).map(
        lambda role: {**message, "role": role}
    )
)


@given(
    st.dictionaries(PARAMETERS, JSON, max_size=5),
    st.just([{"role": "user", "content": "Hi"}]) | st.lists(ODD_MESSAGES | JSON, max_size=3) | JSON,
    st.sampled_from([CHAT, COMPLETE, EMBED]),
)
def test_only_refusals_that_name_the_fault_escape(body: dict[str, Any], messages: Any, codec: Any) -> None:
    body = {"model": "m", "messages": messages, "prompt": "p", "input": "i"} | body
    before = copy.deepcopy(body)
    try:
        sent = codec.request(body, CONTEXT)
    except GatewayError as error:
        assert isinstance(error, BadRequest | Unsupported)
        assert error.param
        assert error.message
    else:
        json.dumps(sent.body)
        assert codec.request(body, CONTEXT) == sent
    assert body == before


@given(st.dictionaries(NAMES, JSON, max_size=6) | JSON, st.sampled_from([CHAT, COMPLETE, EMBED, MODELS]))
def test_an_answer_is_read_or_is_an_error(body: Any, codec: Any) -> None:
    for context in (CONTEXT, LOOSE):
        try:
            json.dumps(codec.response(body, context))
        except UpstreamError as error:
            assert error.status >= 400
        except ODD:
            continue


TEXTS = st.text(max_size=6)
CALLS = st.builds(
    lambda name, given: {"function": {"name": name, "arguments": given}},
    st.text("abc", min_size=1, max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
SPOKEN = st.lists(
    st.fixed_dictionaries(
        {"content": TEXTS}, optional={"thinking": TEXTS, "tool_calls": st.lists(CALLS, max_size=2)}
    ),
    max_size=5,
)


@given(SPOKEN, POINTS, st.sampled_from([CONTEXT, COUNTED, LOOSE]))
def test_a_stream_says_the_same_however_it_is_cut(spoken: list[Any], points: list[int], context: Any) -> None:
    assert CHAT.stream
    data = lines(
        *({"message": {"role": "assistant", **each}, "done": False} for each in spoken),
        {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 1},
    )
    whole = poured(CHAT.stream, data, context)
    assert poured(CHAT.stream, data, context, points) == whole
    said = [json.loads(event[6:]) for event in whole.split(b"\n\n")[:-2]]
    deltas = [choice["delta"] for chunk in said for choice in chunk["choices"]]
    for name, word in (("content", "content"), ("reasoning_content", "thinking")):
        heard = "".join(delta.get(name) or "" for delta in deltas)
        assert heard == "".join(each.get(word) or "" for each in spoken)
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert [call["index"] for call in calls] == [
        *range(sum(len(each.get("tool_calls", ())) for each in spoken))
    ]


@given(st.dictionaries(st.text("abc", min_size=1).map("x_{}".format), JSON, max_size=3))
def test_unknown_fields_survive(fields: dict[str, Any]) -> None:
    kept = {name: value for name, value in fields.items() if value is not None}
    for codec in (CHAT, COMPLETE, EMBED):
        assert codec.request
        body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "prompt": "p", "input": "i"}
        assert kept.items() <= codec.request({**body, **fields}, CONTEXT).body.items()
    assert CHAT.response
    answer = {"message": {"content": "a"}, "done": True, **fields}
    assert kept.items() <= CHAT.response(answer, LOOSE).items()


def test_each_effort_of_openais_is_known() -> None:
    assert {"none", "minimal", "low", "medium", "high", "xhigh"} <= EFFORTS.keys()
