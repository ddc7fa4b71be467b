"""Images that a provider answers by address, for clients who want them in base64."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from machine import RETRY, World, call, ok, provider, target, world

from gatewaymw.core import json
from gatewaymw.core.endpoints import IMAGE
from gatewaymw.core.errors import Forbidden
from gatewaymw.core.model import Codec, Route
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Answer, Call, Failure, Fetching, Outcome

PNG = b"\x89PNG\r\n\x1a\n0"
AT = "https://files.example/a.png"


def check(url: str, path: str) -> str:
    if "inside" in url:
        raise Forbidden("not there", param=path, code="media_not_permitted")
    return url


BOUNDS = Fetching(check, max_bytes=20, max_count=2, timeout=10)


def wanting(shape: str | None = "b64_json", fetching: Fetching | None = BOUNDS, **more: Any) -> Call:
    body = {"model": "photon-1", "prompt": "a cat", **({"response_format": shape} if shape else {}), **more}
    return call(body, endpoint=IMAGE, fetching=fetching)


def done(at: str = AT) -> Answer:
    said = {"id": "g-1", "state": "completed", "assets": {"image": at}}
    return Answer(201, {"content-type": "application/json"}, json.dumps(said))


def opened(number: int = 1, status: int = 200, kind: str = "image/png") -> Answer:
    return Answer(status, {"content-type": kind}, stream=number)


def asked(what: Call, *outcomes: Outcome, data: bytes = PNG, **more: Any) -> tuple[Reply, World]:
    here = world(*outcomes, reads={1: [data], 2: [data]})
    return here.run(run(target(provider=PROVIDERS["luma"], **more), what, here.env())), here


def rows(reply: Reply) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(reply.body)["data"]
    return found


def test_an_address_is_what_a_client_gets_who_asks_for_nothing_else() -> None:
    for shape in (None, "url"):
        reply, here = asked(wanting(shape), done())
        assert rows(reply) == [{"url": AT}] and len(here.sent) == 1 and reply.dropped == ()


def test_the_image_is_fetched_without_a_credential_and_guardedly() -> None:
    reply, here = asked(wanting(), done(), opened())
    assert rows(reply) == [{"b64_json": base64.b64encode(PNG).decode()}]
    request = here.sent[1].request
    assert (request.url, request.guarded, "authorization" in request.headers) == (AT, True, False)
    assert reply.dropped == () and reply.warnings == ()


def test_where_nothing_is_fetched_the_parameter_is_named_before_anything_is_asked() -> None:
    reply, _ = asked(wanting(fetching=None), done())
    assert (rows(reply), reply.dropped) == ([{"url": AT}], ("response_format",))
    reply, here = asked(wanting(fetching=None), refuse_dropped=True)
    assert (reply.status, json.loads(reply.body)["error"]["param"]) == (400, "response_format")
    assert here.sent == []


FAULTS: list[tuple[str, tuple[Outcome, ...], bytes, str]] = [
    (AT, (opened(status=403),), b"", "media_fetch_failed"),
    (AT, (Failure("timeout"),), b"", "media_fetch_failed"),
    (AT, (Failure("refused"),), b"", "media_not_permitted"),
    (AT, (opened(),), PNG * 9, "media_too_large"),
    (AT, (opened(),), b"<html>", "media_type_unsupported"),
    (AT, (opened(kind="application/pdf"),), b"%PDF-1.7", "media_type_unsupported"),
    ("https://inside.example/a", (), b"", "media_not_permitted"),
]


@pytest.mark.parametrize(("at", "outcomes", "data", "code"), FAULTS)
def test_what_cannot_be_fetched_stays_an_address_and_is_told(
    at: str, outcomes: tuple[Outcome, ...], data: bytes, code: str
) -> None:
    reply, _ = asked(wanting(), done(at), *outcomes, data=data)
    assert (reply.status, rows(reply), reply.dropped) == (200, [{"url": at}], ("response_format",))
    assert reply.warnings == (f"data[0].url: the image could not be fetched ({code})",)


def test_under_strict_parameters_it_is_an_error_and_no_second_image_is_made() -> None:
    reply, here = asked(wanting(), done(), opened(status=403), refuse_dropped=True)
    assert (reply.status, json.loads(reply.body)["error"]["code"]) == (502, "media_fetch_failed")
    assert reply.again and len(here.sent) == 2


def test_nor_is_it_by_who_answers_at_once() -> None:
    painter = provider(
        "painter", routes={IMAGE: Route("/images", Codec(response=lambda body, _: body, linked=True))}
    )
    here = world(ok(json.dumps({"data": [{"url": AT}]})), opened(status=403))
    leaf = target(provider=painter, refuse_dropped=True, retry=RETRY)
    reply = here.run(run(leaf, wanting(), here.env()))
    assert (reply.status, len(here.sent), reply.again) == (502, 2, True)


def test_several_images_are_several_jobs_and_what_is_told_of_each_is_told() -> None:
    reply, here = asked(wanting(n=2), done(), opened(), done(), opened(2, 404))
    assert rows(reply) == [{"b64_json": base64.b64encode(PNG).decode()}, {"url": AT}]
    assert reply.dropped == ("response_format",) and len(reply.warnings) == 1
    assert [json.loads(each.request.body).get("n") for each in here.sent if each.request.body] == [None, None]


def predicted(*images: str) -> Answer:
    said = {"id": "p", "status": "succeeded", "output": list(images)}
    return Answer(200, {}, json.dumps(said))


def test_no_more_are_fetched_than_may_be_and_data_uris_need_not_be() -> None:
    here = world(
        predicted(AT, AT, AT, "data:image/png;base64,QUJD"), opened(), opened(2), reads={1: [PNG], 2: [PNG]}
    )
    what = wanting(model="a/b")
    reply = here.run(run(target(provider=PROVIDERS["replicate"]), what, here.env()))
    assert [[*row] for row in rows(reply)] == [["b64_json"], ["b64_json"], ["url"], ["b64_json"]]
    assert reply.warnings == ("data[2].url: the image could not be fetched (too_many_media)",)
    here = world(predicted("data:image/png;base64,QUJD"))
    reply = here.run(run(target(provider=PROVIDERS["replicate"]), what, here.env()))
    assert rows(reply) == [{"b64_json": "QUJD"}] and reply.dropped == ()


def test_an_answer_that_is_none_is_not_looked_into() -> None:
    reply, here = asked(wanting(), Answer(200, {}, b"{}"))
    assert (reply.status, len(here.sent)) == (502, 1)
