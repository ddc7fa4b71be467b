"""Files that clients give by their addresses: fetched within bounds, or refused with the place of each."""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import World, call, ok, provider, target, world

from gatewaymw.core import json
from gatewaymw.core.dialects import links
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import BadRequest
from gatewaymw.core.model import Codec, Encoded, Route
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.fetching import put
from gatewaymw.core.values import Answer, Failure, Fetching

PNG, JPEG, PDF = b"\x89PNG\r\n\x1a\n0", b"\xff\xd8\xff0", b"%PDF-1.7"
WEBP, GIF = b"RIFF\0\0\0\0WEBPVP8 ", b"GIF89a0"
A, B = "https://a.example/a.png", "https://b.example/b"


def check(url: str, path: str) -> str:
    if "inside" in url:
        raise BadRequest("not there", param=path, code="media_not_permitted")
    return url + "#checked"


BOUNDS = Fetching(check, max_bytes=20, max_count=2, timeout=10)
BYTES_ONLY = provider(routes={CHAT: Route("/chat", Codec(links=links.chatted))})


def image(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def file(url: str) -> dict[str, Any]:
    return {"type": "file", "file": {"file_url": url}}


def asking(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}]}


def answered(number: int, kind: str = "image/png", status: int = 200) -> Answer:
    return Answer(status, {"content-type": kind}, stream=number)


def tried(
    here: World, *parts: dict[str, Any], fetching: Fetching | None = BOUNDS, **more: Any
) -> tuple[int, dict[str, Any]]:
    body = asking(*parts)
    before = deepcopy(body)
    leaf = target(provider=more.pop("provider", BYTES_ONLY))
    reply = here.run(attempt(leaf, call(body, fetching=fetching, **more), here.env()))
    assert body == before
    return reply.status, json.loads(reply.body).get("error", {})


def sent(here: World) -> list[Any]:
    """The content that went upstream."""
    content: list[Any] = json.loads(here.sent[-1].request.body)["messages"][0]["content"]
    return content


def uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def test_files_are_fetched_guardedly_each_once_and_sent_as_bytes() -> None:
    here = world(answered(1), answered(2, "application/pdf"), ok(), reads={1: [PNG[:4], PNG[4:]], 2: [PDF]})
    text = {"type": "text", "text": A}
    assert tried(here, image(A), text, file(B), image(A))[0] == 200
    fetched = [each.request for each in here.sent[:-1]]
    assert [each.url for each in fetched] == [f"{A}#checked", f"{B}#checked"]
    assert all(each.guarded and each.method == "GET" and not each.body for each in fetched)
    assert all(set(each.headers) == {"user-agent", "accept", "accept-encoding"} for each in fetched)
    assert not here.sent[-1].request.guarded
    shown = image(uri("image/png", PNG))
    assert sent(here) == [shown, text, file(uri("application/pdf", PDF)), shown]


@pytest.mark.parametrize(
    ("data", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp"), (GIF, "image/gif")]
)
@pytest.mark.parametrize("said", ["its own", "application/octet-stream", ""])
def test_a_type_is_known_by_what_is_there(data: bytes, kind: str, said: str) -> None:
    here = world(answered(1, f"{kind}; q=1" if said == "its own" else said), ok(), reads={1: [data]})
    assert tried(here, image(A))[0] == 200
    assert sent(here)[0]["image_url"]["url"] == uri(kind, data)


def test_a_pdf_goes_where_a_file_may_be() -> None:
    here = world(answered(1, "application/pdf"), ok(), reads={1: [PDF]})
    assert tried(here, file(A))[0] == 200
    assert sent(here)[0]["file"]["file_url"] == uri("application/pdf", PDF)


IMAGE, FILE = "messages[0].content[0].image_url.url", "messages[0].content[0].file.file_url"


@pytest.mark.parametrize(
    ("outcome", "data", "code", "words"),
    [
        (answered(1), PNG + b"0" * 20, "media_too_large", "20 bytes"),
        (answered(1, "image/jpeg"), PNG, "media_type_unsupported", "PNG, JPEG, GIF or WebP"),
        (answered(1), b"<html>", "media_type_unsupported", "image"),
        (answered(1, "text/html"), PNG, "media_type_unsupported", "image"),
        (answered(1, "application/pdf"), PDF, "media_type_unsupported", "image"),
        (answered(1), b"", "media_type_unsupported", "image"),
        (answered(1, status=404), b"secret", "media_fetch_failed", "answers 404"),
        (answered(1, status=204), b"", "media_fetch_failed", "answers 204"),
        (answered(1, status=302), b"secret", "media_fetch_failed", "redirects are not followed"),
        (answered(1), Failure("broken", "10.0.0.1"), "media_fetch_failed", "broke off"),
        (answered(1), Failure("timeout", "10.0.0.1"), "media_fetch_failed", "took too long"),
        (Failure("timeout", "10.0.0.1", 408), b"", "media_fetch_failed", "took too long"),
        (Failure("connect", "10.0.0.1"), b"", "media_fetch_failed", "could not be reached"),
        (Failure("refused", "10.0.0.1"), b"", "media_not_permitted", "no public address"),
    ],
)
def test_what_cannot_be_fetched_is_told_with_its_place(
    outcome: Any, data: bytes | Failure, code: str, words: str
) -> None:
    here = world(outcome, reads={1: [data]})
    status, error = tried(here, image(A))
    assert (status, error["code"], error["param"]) == (413 if "large" in code else 400, code, IMAGE)
    assert error["message"].startswith(f"{IMAGE}") and words in error["message"]
    assert "10.0.0.1" not in error["message"] and "secret" not in error["message"]
    assert not here.open and len(here.sent) == 1


def test_where_a_file_may_be_the_words_say_so() -> None:
    _, error = tried(world(answered(1, "text/csv"), reads={1: [b"a,b"]}), file(A))
    assert error["param"] == FILE and "or a PDF" in error["message"]


def test_a_slow_file_is_given_up_in_time_however_often_it_says_something() -> None:
    here = world(answered(1), reads={1: [b"\x89", b"P", b"N", b"G"]}, pace=4.0)
    assert tried(here, image(A))[1]["code"] == "media_fetch_failed"
    assert here.time == 1012.0 and not here.open


def test_no_file_may_take_longer_than_the_call() -> None:
    here = world(answered(1), ok(), reads={1: [PNG]})
    assert tried(here, image(A), deadline=1003.0)[0] == 200
    assert (here.sent[0].request.timeout, here.sent[0].request.idle) == (3.0, 3.0)
    late = world(answered(1))
    assert tried(late, image(A), deadline=999.0)[1]["code"] == "media_fetch_failed"
    assert late.sent[0].request.timeout == 0.001


def test_more_files_than_may_be_are_not_even_begun() -> None:
    here = world()
    _, error = tried(here, image(A), image(B), image("https://c.example/"))
    assert (error["code"], error["param"]) == ("too_many_media", "messages[0].content[2].image_url.url")
    assert not here.sent


def test_where_one_may_not_be_fetched_none_is() -> None:
    here = world()
    _, error = tried(here, image(A), image("https://inside/"))
    assert (error["code"], error["param"]) == ("media_not_permitted", "messages[0].content[1].image_url.url")
    assert not here.sent


def test_of_several_that_fail_the_first_in_the_body_is_named() -> None:
    here = world(answered(1, status=404), answered(2, status=410))
    _, error = tried(here, image(A), image(B))
    assert error["param"] == IMAGE and not here.open


def test_where_the_operator_lets_nothing_be_fetched_the_setting_is_named() -> None:
    here = world()
    status, error = tried(here, image(A), fetching=None)
    assert (status, error["code"], error["param"]) == (400, "media_not_fetched", IMAGE)
    assert "fetch_media" in error["message"] and "data:" in error["message"] and not here.sent


def test_who_reads_addresses_gets_them() -> None:
    here = world(ok())
    assert tried(here, image(A), provider=provider())[0] == 200
    assert len(here.sent) == 1 and sent(here) == [image(A)]


def test_a_body_without_addresses_goes_on_as_it_came() -> None:
    here = world(ok())
    what = call(asking(image(uri("image/png", PNG))))
    here.run(attempt(target(provider=BYTES_ONLY), what, here.env()))
    assert here.sent[0].request.body is what.raw


def test_a_dialect_sees_the_bytes_in_its_overrides_as_well() -> None:
    seen: list[Any] = []

    def request(body: Any, context: Any) -> Encoded:
        seen.append((body["messages"][0]["content"][0]["image_url"]["url"], context.request["messages"]))
        return Encoded({"model": body["model"]})

    codec = Codec(request=request, links=links.chatted)
    leaf = target(provider=provider(codec=codec), overrides={"messages": asking(image(A))["messages"]})
    here = world(answered(1), ok(), reads={1: [PNG]})
    here.run(attempt(leaf, call(fetching=BOUNDS), here.env()))
    assert seen == [(uri("image/png", PNG), asking(image(A))["messages"])]


PARTS = st.lists(
    st.sampled_from([image(A), file(B), image("data:,x"), {"type": "text", "text": "a"}]), max_size=4
)


@given(
    st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": PARTS | st.just("a")}), max_size=4)
)
def test_what_is_put_in_is_there_and_all_else_stays(messages: list[Any]) -> None:
    body: Any = {"model": "m", "messages": messages}
    before, made = deepcopy(body), body
    found = list(links.chatted(body))
    for link in found:
        made = put(made, link.steps, "data:,new")
    assert body == before and not list(links.chatted(made))
    for link in found:
        assert made != body
        made = put(made, link.steps, link.url)
    assert made == body
