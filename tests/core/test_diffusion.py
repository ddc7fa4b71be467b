"""Images by hosts that answer at once, each in its own words."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import target, world
from openai.types import ImagesResponse

from gatewaymw.core.dialects.diffusion import Host, drawing, in_one, response, shaped, sides
from gatewaymw.core.dialects.imagery import IDLE, OPENAIS
from gatewaymw.core.endpoints import IMAGE
from gatewaymw.core.errors import BadRequest, GatewayError, Unsupported, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded
from gatewaymw.core.providers import PROVIDERS
from gatewaymw.core.routing.encode import address, context_of, route_of
from gatewaymw.core.values import Call

CONTEXT = Context(provider="acme", created=7)
PLAIN = drawing(Host(sized=sides))


def draw(codec: Codec, **params: Any) -> Encoded:
    """What a host is asked for a kiwi. Checks on the way that the client's body stays as it is."""
    assert codec.request is not None
    body = {"model": "m", "prompt": "A kiwi.", **params}
    kept = copy.deepcopy(body)
    encoded = codec.request(body, CONTEXT)
    assert body == kept
    return encoded


def sent(codec: Codec, **params: Any) -> dict[str, Any]:
    encoded = draw(codec, **params)
    assert encoded.dropped == ()
    return {name: value for name, value in encoded.body.items() if name not in ("model", "prompt")}


# ── requests ─────────────────────────────────────────────────────────────


def test_a_size_goes_as_the_host_has_it() -> None:
    assert sent(PLAIN, size="1024x512") == {"width": 1024, "height": 512}
    assert sent(drawing(Host(sized=in_one("image_size"))), size="960x1280") == {"image_size": "960x1280"}
    ratios = drawing(Host(sized=shaped("1:1", "16:9", "9:16")))
    assert sent(ratios, size="1792x1024") == {"aspect_ratio": "16:9"}
    assert sent(ratios, size="512x512") == {"aspect_ratio": "1:1"}
    assert sent(PLAIN, size="auto") == sent(PLAIN) == {}


def test_what_is_the_hosts_own_goes_on_as_it_is_and_stands_above_what_is_made() -> None:
    assert sent(PLAIN, seed=3, steps=9, width=640, size="1024x512") == {
        **{"width": 640, "height": 512},
        **{"seed": 3, "steps": 9},
    }


def test_names_of_its_own() -> None:
    host = drawing(Host(model="model_name", names={"n": "samples", "quality": "preset"}, sized=sides))
    assert draw(host, n=3, quality="high") == Encoded(
        {"model_name": "m", "prompt": "A kiwi.", "samples": 3, "preset": "high"}
    )
    assert host.batch is None


def test_a_model_that_is_part_of_the_address_is_not_in_the_body_and_has_to_be_given() -> None:
    host = drawing(Host(model="", sized=sides))
    assert draw(host) == Encoded({"prompt": "A kiwi."})
    for model in (None, "", 7):
        with pytest.raises(BadRequest, match="model must"):
            draw(host, model=model)
    assert draw(PLAIN, model=None) == Encoded({"prompt": "A kiwi."})


def test_formats() -> None:
    either = drawing(Host(sized=sides, formats={"url": "url", "b64_json": "base64"}))
    assert sent(either, response_format="b64_json") == {"response_format": "base64"}
    assert sent(either) == {}
    base64 = drawing(Host(sized=sides, formats={"b64_json": ""}))
    assert sent(base64, response_format="b64_json") == {}
    for other in ("url", "webp", {"a": 1}):
        assert draw(base64, response_format=other).dropped == ("response_format",)
    assert sent(PLAIN, response_format="b64_json") == {"response_format": "b64_json"}


def test_where_images_are_addresses_alone_base64_is_fetched_and_not_asked_for() -> None:
    addresses = drawing(Host(sized=sides, linked=True))
    assert addresses.linked and not PLAIN.linked
    assert sent(addresses, response_format="url") == sent(addresses, response_format="b64_json") == {}
    assert draw(addresses, response_format="webp").dropped == ("response_format",)


def test_a_host_without_a_number_is_asked_once_for_each_image() -> None:
    assert PLAIN.batch is not None
    bodies = PLAIN.batch.cut({"prompt": "A kiwi.", "n": 3}, CONTEXT)
    assert [draw(PLAIN, **body) for body in bodies] == [draw(PLAIN)] * 3
    one, two = ({"created": each, "data": [{"url": str(each)}]} for each in (1, 2))
    assert PLAIN.batch.join((one, two)) == {"created": 1, "data": [{"url": "1"}, {"url": "2"}]}


@pytest.mark.parametrize("number", [0, 11, -1])
def test_a_number_of_images_has_its_limits(number: int) -> None:
    assert PLAIN.batch is not None
    with pytest.raises(BadRequest, match="n must be from 1 to 10"):
        PLAIN.batch.cut({"prompt": "A kiwi.", "n": number}, CONTEXT)


@pytest.mark.parametrize(
    ("params", "error", "path"),
    [
        ({"size": "big"}, BadRequest, "size"),
        ({"size": 7}, BadRequest, "size"),
        ({"prompt": ""}, BadRequest, "prompt"),
        ({"stream": True}, Unsupported, "stream"),
    ],
)
def test_bad_input_is_refused_by_its_name(
    params: dict[str, Any], error: type[GatewayError], path: str
) -> None:
    with pytest.raises(error) as caught:
        draw(PLAIN, **params)
    assert caught.value.param == path


@given(
    st.dictionaries(
        st.sampled_from([*sorted(OPENAIS - {"stream", "size"}), "seed", "steps", "negative_prompt"]),
        st.one_of(st.sampled_from(["auto", "png", "url", "high"]), st.integers(0, 9)),
    )
)
def test_each_parameter_goes_on_or_is_named_or_asks_for_nothing(params: dict[str, Any]) -> None:
    encoded = draw(PLAIN, **params)
    for name, value in params.items():
        gone, named = encoded.body.get(name) != value, name in encoded.dropped
        assert gone is named or (gone and value in IDLE[name])


# ── answers ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"data": [{"index": 0, "b64_json": "aa", "type": "b64_json"}]}, [{"b64_json": "aa"}]),
        ({"data": [{"b64_json": None, "url": "https://a.example"}]}, [{"url": "https://a.example"}]),
        ({"images": [{"url": "https://a.example"}], "seed": 3}, [{"url": "https://a.example"}]),
        ({"images": [{"image": "aa", "random_seed": 1}]}, [{"b64_json": "aa"}]),
        ({"base64": ["data:image/png;base64,aa", "bb"]}, [{"b64_json": "aa"}, {"b64_json": "bb"}]),
        ({"base64": "aa", "finishReason": "SUCCESS"}, [{"b64_json": "aa"}]),
        ([{"base64": "aa", "finishReason": "SUCCESS", "seed": 1}], [{"b64_json": "aa"}]),
    ],
)
def test_images_are_read_from_whatever_list_they_come_in(body: Any, rows: list[dict[str, str]]) -> None:
    kept = copy.deepcopy(body)
    made = response(body, CONTEXT)
    assert body == kept
    read = ImagesResponse.model_validate(made, strict=True)
    told = [each.model_dump(exclude_none=True) for each in read.data or ()]
    assert [{name: row[name] for name in ("url", "b64_json") if name in row} for row in told] == rows


def test_a_time_of_the_hosts_own_stays_and_so_does_what_is_not_openais() -> None:
    assert response({"created": 3, "images": [{"url": "u", "revised_prompt": "p"}], "seed": 9}, CONTEXT) == {
        **{"created": 3, "seed": 9},
        "data": [{"url": "u", "revised_prompt": "p"}],
    }


@pytest.mark.parametrize("body", [{}, [], {"data": []}, {"images": [{}]}, {"data": None}, {"base64": [7]}])
def test_an_answer_without_an_image_is_an_error(body: Any) -> None:
    with pytest.raises(UpstreamError, match="acme answered without an image") as caught:
        response(body, CONTEXT)
    assert caught.value.status == 502


@pytest.mark.parametrize(
    "body",
    [
        {"base64": ["aa"], "finishReason": "CONTENT_FILTERED"},
        {"base64": [], "finishReason": "CONTENT_FILTERED"},
        [{"base64": "aa", "finishReason": "CONTENT_FILTERED"}],
    ],
)
def test_what_a_filter_held_back_is_the_clients_to_change(body: Any) -> None:
    with pytest.raises(UpstreamError, match="a filter held it back") as caught:
        response(body, CONTEXT)
    assert (caught.value.status, caught.value.code) == (400, "content_policy_violation")


# ── by the model ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("accounts/fireworks/models/flux-1-dev-fp8", "/workflows/{}/text_to_image"),
        ("accounts/fireworks/models/stable-diffusion-xl-1024-v1-0", "/image_generation/{}"),
        ("accounts/ann/models/a b?c", "/image_generation/accounts/ann/models/a%20b%3Fc"),
    ],
)
def test_a_model_of_fireworks_is_several_steps_of_its_address(model: str, path: str) -> None:
    provider = PROVIDERS["fireworks-ai"]
    assert where(model) == provider.base_url + path.format(model)


def test_no_model_leads_to_another_path() -> None:
    with pytest.raises(BadRequest, match="lead to another path"):
        where("flux/../../../v1/accounts")


def where(model: str) -> str:
    body = {"model": model, "prompt": "A kiwi."}
    call = Call(endpoint=IMAGE, method="POST", path=IMAGE.path, body=body)
    leaf = target(provider=PROVIDERS["fireworks-ai"])
    return address(route_of(leaf, call, model), leaf, call, context_of(leaf, call, body, world().env()))


def test_the_older_models_of_fireworks_are_asked_in_pixels() -> None:
    codec = PROVIDERS["fireworks-ai"].by_model[IMAGE]("accounts/fireworks/models/SSD-1B").codec
    assert draw(codec, n=2, size="1024x768", response_format="b64_json") == Encoded(
        {"prompt": "A kiwi.", "width": 1024, "height": 768, "samples": 2}
    )
