"""Where the addresses of files stand in a client's body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.dialects import links
from gatewaymw.core.model import Link

URL, OTHER = "https://a.example/a.png", "HTTP://b.example/b"
Walk = Callable[[Mapping[str, Any]], Iterable[Link]]


def found(walk: Walk, body: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {link.path: (link.url, link.document) for link in walk(body)}


def test_in_a_chat_they_stand_in_the_parts_of_messages() -> None:
    parts = [
        {"type": "text", "text": URL},
        {"type": "image_url", "image_url": {"url": URL}},
        {"type": "image_url", "image_url": OTHER},
        {"type": "file", "file": {"file_url": URL, "file_data": OTHER}},
    ]
    body = {
        "messages": [{"role": "system", "content": URL}, {"role": "user", "content": parts}],
        "image": URL,
    }
    assert found(links.chatted, {"messages": ["no message", 1]}) == {}
    assert found(links.chatted, body) == {
        "messages[1].content[1].image_url.url": (URL, False),
        "messages[1].content[2].image_url": (OTHER, False),
        "messages[1].content[3].file.file_url": (URL, True),
    }


def test_among_inputs_they_stand_in_objects_and_parts() -> None:
    part = {"type": "image_url", "image_url": {"url": URL}}
    body = {
        "input": [URL, {"text": "a", "image": URL}, {"image": {"url": OTHER}}, part, [part], [1]],
        "images": [OTHER, "data:image/png;base64,AA"],
        "inputs": [{"content": [part]}, URL],
    }
    assert found(links.embedded, body) == {
        "input[1].image": (URL, False),
        "input[2].image.url": (OTHER, False),
        "input[3].image_url.url": (URL, False),
        "input[4][0].image_url.url": (URL, False),
        "images[0]": (OTHER, False),
        "inputs[0].content[0].image_url.url": (URL, False),
    }
    assert found(links.embedded, {"input": {"image_url": URL}}) == {"input.image_url": (URL, False)}


def test_an_image_to_be_changed_is_one() -> None:
    assert found(links.painted, {"prompt": URL, "image": URL}) == {"image": (URL, False)}


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,AA", "s3://b/k", "gs://b/k", "files/1", "httpx://a", "", 5]
)
def test_what_is_no_address_of_the_web_is_left_alone(url: Any) -> None:
    assert found(links.painted, {"image": url}) == {}


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([URL, "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "image_url", "image", "file", "file_url", "url", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["messages", "input", "inputs", "images", "image"]), JSONS))
def test_a_walk_judges_nothing_and_its_steps_lead_to_what_it_found(body: dict[str, Any]) -> None:
    for walk in (links.chatted, links.embedded, links.painted):
        for link in walk(body):
            value: Any = body
            for step in link.steps:
                value = value[step]
            assert value == link.url
