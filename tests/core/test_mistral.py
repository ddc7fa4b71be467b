"""Mistral's chunks of content: told in a stream so that OpenAI's SDK can join them, and sent back."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState

import openai_client
from gatewaymw.core.dialects import mistral
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import BadRequest
from gatewaymw.core.model import Context, Encoded
from gatewaymw.core.providers import PROVIDERS

Json = dict[str, Any]
CONTEXT = Context(provider="mistral-ai", model="magistral-medium-latest")
LOOSE = replace(CONTEXT, strict=False)


def thought(*parts: Any) -> Json:
    return {"type": "thinking", "thinking": [{"type": "text", "text": each} for each in parts]}


def words(text: str) -> Json:
    return {"type": "text", "text": text}


REFERENCE = {"type": "reference", "reference_ids": [1]}
CITING = {"type": "thinking", "thinking": [*thought("as in")["thinking"], REFERENCE]}
CALL = {"id": "abcdefgh1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def event(content: Any, reason: str | None = None, index: int = 0) -> Json:
    choice = {"index": index, "delta": {"content": content}, "finish_reason": reason}
    return {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }


def played(*events: Json, context: Context = LOOSE) -> list[Json]:
    stream = mistral.CHAT.stream
    assert stream
    state, out = stream.start, list[Json]()
    for each in events:
        before = copy.deepcopy(each)
        state, chunks = stream.step(state, each, context)
        assert each == before
        out += chunks
    return out


def joined(*events: Json) -> Json:
    """The message as OpenAI's SDK puts it together."""
    state = ChatCompletionStreamState()
    for chunk in played(*events):
        list(state.handle_chunk(openai_client.chunk(chunk)))
    message: Json = state.current_completion_snapshot.choices[0].message.model_dump(exclude_none=True)
    return message


def sent(**turn: Any) -> Encoded:
    request = PROVIDERS["mistral-ai"].routes[CHAT].codec.request
    assert request
    body = {"model": "m", "messages": [{"role": "assistant", **turn}]}
    before = copy.deepcopy(body)
    made = request(body, CONTEXT)
    assert body == before
    return made


def content(made: Encoded) -> Any:
    return made.body["messages"][0].get("content")


STREAMED = [
    event([thought("Hm")]),
    event([thought(", "), thought("well")]),
    event([{"type": "thinking", "thinking": "!"}, CITING]),
    event([thought("So")]),
    event([words("Fo")]),
    event([words("ur"), REFERENCE]),
    event([]),
]


def test_the_pieces_of_a_stream_are_numbered() -> None:
    told = [chunk["choices"][0]["delta"].get("content_blocks", []) for chunk in played(*STREAMED)]
    assert [[piece["index"] for piece in pieces] for pieces in told] == [
        [0],
        [0, 0],
        [0, 1],
        [2],
        [3],
        [3, 4],
        [],
    ]
    assert all(
        "content_blocks" not in each["choices"][0]["delta"] for each in played(*STREAMED, context=CONTEXT)
    )


def test_each_choice_has_its_own_blocks() -> None:
    made = played(event([thought("a")]), event([words("b")], index=1), event([thought("c")]))
    places = [chunk["choices"][0]["delta"]["content_blocks"][0]["index"] for chunk in made]
    assert places == [0, 0, 0]


def test_what_the_sdk_has_put_together_goes_back_as_it_was() -> None:
    message = joined(*STREAMED)
    assert (message["content"], message["reasoning_content"]) == ("Four", "Hm, well!as inSo")
    made = sent(**{name: value for name, value in message.items() if name != "role"})
    assert content(made) == [thought("Hm, well!"), CITING, thought("So"), words("Four"), REFERENCE]
    assert made.dropped == ()


def test_text_that_came_as_a_string_goes_back_after_its_thoughts() -> None:
    message = joined(event([thought("Hm")]), event("Four"))
    assert content(sent(**message)) == [thought("Hm"), words("Four")]
    called = sent(content="", content_blocks=[thought("Hm")], tool_calls=[CALL], reasoning_content="Hm")
    assert called.body["messages"] == [
        {"role": "assistant", "content": [thought("Hm")], "tool_calls": [CALL]}
    ]
    assert called.dropped == ()
    assert content(sent(content=None, content_blocks=[thought("Hm"), words("a")])) == [
        thought("Hm"),
        words("a"),
    ]
    changed = sent(content="b", content_blocks=[thought("Hm"), words("a")])
    assert content(changed) == [thought("Hm"), words("b")]


def test_the_blocks_of_a_whole_answer_go_back_as_they_came() -> None:
    blocks = [{**thought("Hm"), "closed": True}, words("Four"), REFERENCE]
    body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": blocks}}]}
    message = mistral.response(body, LOOSE)["choices"][0]["message"]
    made = sent(**{name: value for name, value in message.items() if name != "role"})
    assert (content(made), made.dropped) == (blocks, ())


@pytest.mark.parametrize("blocks", [[{"type": "thinking", "thinking": "Hm", "signature": "s"}], [words("a")]])
def test_the_thoughts_of_others_are_named(blocks: list[Json]) -> None:
    made = sent(content="a", content_blocks=blocks, reasoning_content="Hm")
    assert content(made) == "a"
    assert made.dropped == ("messages[].content_blocks", "messages[].reasoning_content")
    alone = sent(content="a", reasoning_content="Hm")
    assert (alone.body["messages"][0], alone.dropped) == (
        {"role": "assistant", "content": "a"},
        ("messages[].reasoning_content",),
    )


def test_blocks_that_are_none_are_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        sent(content="a", content_blocks=[5])
    assert caught.value.param == "messages[].content_blocks[0]"
