"""What holds of Ollama's dialect whatever a client or Ollama sends."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from odd import conversations, named, refused_or_sent, values, worded
from poured import poured
from test_ollama import CONTEXT, COUNTED, LOOSE, lines

from gatewaymw.core import json
from gatewaymw.core.dialects.ollama import CHAT, COMPLETE, EMBED, MODELS
from gatewaymw.core.dialects.ollama.request import EFFORTS, LACKS, TRANSLATED
from gatewaymw.core.errors import UpstreamError
from gatewaymw.core.routing.pipeline import ODD
from pieces import POINTS

NAMES = named("""message response thinking done done_reason error prompt_eval_count eval_count embeddings
    models logprobs token tool_name images""")
WORDS = worded("stop length")
JSON = values(NAMES, WORDS)
PARAMETERS = st.sampled_from(sorted({*TRANSLATED, *LACKS, "surprise", "think", "encoding_format"}))
ODD_MESSAGES = conversations(NAMES, JSON)


@given(
    st.dictionaries(PARAMETERS, JSON, max_size=5),
    ODD_MESSAGES,
    st.sampled_from([CHAT, COMPLETE, EMBED]),
)
def test_only_refusals_that_name_the_fault_escape(body: dict[str, Any], messages: Any, codec: Any) -> None:
    body = {"model": "m", "messages": messages, "prompt": "p", "input": "i"} | body
    refused_or_sent(codec, body, CONTEXT)


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
