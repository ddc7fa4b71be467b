"""From a call and a target to the request that is sent."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest
from machine import call, ok, provider, target, world

from gatewaymw.core import form, json
from gatewaymw.core.auth.keys import none
from gatewaymw.core.endpoints import CHAT, EMBED, MODEL, MODELS, PROXY, TRANSCRIBE
from gatewaymw.core.model import Codec, Context, Encoded, Filled, Provider, Route
from gatewaymw.core.plan import Credential, Target
from gatewaymw.core.providers import PROVIDERS, serving, some
from gatewaymw.core.routing.attempt import attempt
from gatewaymw.core.routing.encode import prepare
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Call, Part, Request, Secret


def sent(leaf: Target, what: Call) -> Request:
    here = world(ok())
    reply = here.run(attempt(leaf, what, here.env()))
    assert here.sent, reply.body
    return here.sent[0].request


def refused(leaf: Target, what: Call) -> dict[str, Any]:
    here = world()
    reply: Reply = here.run(attempt(leaf, what, here.env()))
    assert not here.sent
    error: dict[str, Any] = json.loads(reply.body)["error"]
    return {"status": reply.status, **error}


def test_a_body_in_the_providers_own_dialect_is_not_touched() -> None:
    raw = b'{"model":"m",  "messages":[], "n": 1.0}'
    what = call(
        {"model": "m"},
    )
    request = sent(target(), Call(**{**fields(what), "raw": raw}))
    assert request.body == raw and request.headers["content-type"] == "application/json"


def fields(what: Call) -> dict[str, Any]:
    return {name: getattr(what, name) for name in Call.__slots__}


def test_overrides_win_and_the_call_stays_as_it_was() -> None:
    what = call({"model": "m", "messages": [], "temperature": 1})
    before = deepcopy(dict(what.body))
    request = sent(target(overrides={"model": "other", "seed": 4}), what)
    assert json.loads(request.body) == {"model": "other", "messages": [], "temperature": 1, "seed": 4}
    assert what.body == before


def test_overrides_may_turn_streaming_on() -> None:
    here = world(ok())
    here.run(attempt(target(overrides={"stream": True}), call(), here.env()))
    assert here.sent[0].stream


def dropping(body: Any, context: Any) -> Encoded:
    return Encoded({"model": context.model, "said": body["messages"]}, ("seed", "n"))


def test_what_a_provider_cannot_take_is_named_or_refused() -> None:
    leaf = target(provider=provider(codec=Codec(request=dropping)))
    here = world(ok())
    assert here.run(attempt(leaf, call(), here.env())).dropped == ("seed", "n")
    strict = target(provider=provider(codec=Codec(request=dropping)), refuse_dropped=True)
    error = refused(strict, call())
    assert (error["status"], error["param"], error["code"]) == (400, "seed", "unsupported_parameter")
    assert "seed, n" in error["message"]


def test_an_endpoint_the_provider_lacks_names_those_who_have_it() -> None:
    error = refused(target(), call({"model": "m", "input": "x"}, endpoint=EMBED))
    assert error["status"] == 400 and "/embeddings is not supported by test" in error["message"]
    assert error["message"].endswith(f"it is by {some(serving(EMBED))}")


def test_a_path_is_proxied_as_it_is_with_its_query() -> None:
    what = Call(
        endpoint=PROXY, method="GET", path="/files/a b%2F?", query="limit=2", headers={"content-type": "x/y"}
    )
    request = sent(target(provider=provider(needs_key=False)), what)
    assert request.url == "https://test.example/files/a%20b%252F%3F?limit=2" and request.method == "GET"
    assert "content-type" not in request.headers


def test_a_proxied_body_keeps_its_type() -> None:
    what = Call(endpoint=PROXY, method="POST", path="/rerank", raw=b"{}", headers={"content-type": "x/y"})
    request = sent(target(provider=provider(needs_key=False)), what)
    assert (request.body, request.headers["content-type"]) == (b"{}", "x/y")


def listing(**routes: Any) -> Provider:
    return provider(routes={MODELS: Route("/models"), MODEL: Route("/models/{model}")}, **routes)


def test_names_in_paths_are_quoted() -> None:
    what = Call(endpoint=MODEL, method="GET", path="/models/a/b", body={"model": "a/../b?x"})
    request = sent(target(provider=listing(needs_key=False)), what)
    assert request.url == "https://test.example/models/a%2F..%2Fb%3Fx"


def test_a_path_may_be_a_function_and_a_method_the_providers_own() -> None:
    routes = {MODELS: Route(lambda context: f"/list/{context.provider}", method="POST")}
    request = sent(target(provider=provider(routes=routes)), call(endpoint=MODELS))
    assert (request.method, request.url) == ("POST", "https://test.example/list/test")


def test_a_route_may_depend_on_the_model_that_is_really_asked() -> None:
    def chosen(model: str) -> Route:
        return Route(f"/{model}")

    maker = provider(routes={MODELS: Route("/usual"), MODEL: Route("/one")}, by_model={MODELS: chosen})
    assert sent(target(provider=maker), call({"model": "m"}, endpoint=MODELS)).url.endswith("example/m")
    leaf = target(provider=maker, overrides={"model": "other"})
    assert sent(leaf, call({"model": "m"}, endpoint=MODELS)).url.endswith("example/other")
    assert sent(target(provider=maker), call({"model": "m"}, endpoint=MODEL)).url.endswith("example/one")


def test_a_provider_may_make_its_address_of_the_options() -> None:
    maker = Provider(
        name="a",
        base_url="https://{aws_region}.example",
        base=lambda options: f"https://{options['aws_region'].upper()}.example/",
        routes=provider().routes,
        auth=none,
        needs_key=False,
        requires={"aws_region": "AWS_REGION"},
    )
    leaf = Target(path="config", provider=maker, options={"aws_region": "r"})
    assert leaf.base == "https://R.example"
    assert Target(path="config", provider=maker).base == "https://{aws_region}.example"
    own = Target(path="config", provider=maker, options={"aws_region": "r"}, base_url="https://x.example/p/")
    assert own.base == "https://x.example/p"


def test_options_fill_the_address_and_headers_of_a_target() -> None:
    leaf = Target(
        path="config",
        provider=Provider(
            name="a",
            base_url="https://{resource_name}.example/",
            routes=provider().routes,
            auth=none,
            option_headers={"openai_project": "openai-project"},
            headers={"version": "1"},
            needs_key=False,
        ),
        options={"resource_name": "r", "openai_project": "p"},
    )
    request = sent(leaf, call(key=None))
    assert request.url == "https://r.example/chat"
    assert request.headers["openai-project"] == "p" and request.headers["version"] == "1"


def test_an_option_that_is_missing_is_named_with_its_header_and_variable() -> None:
    cloud = provider("cloud", requires={"aws_region": "AWS_REGION"}, assumes={"aws_service": "bedrock"})
    error = refused(target("config.targets[2]", provider=cloud), call())
    assert (error["status"], error["param"], error["code"]) == (400, "aws_region", "missing_option")
    for words in ("config.targets[2]", "aws_region", "AWS_REGION", "x-gateway-aws-region"):
        assert words in error["message"]
    whole = target(provider=cloud, options={"aws_region": "eu-1"})
    assert dict(whole.options) == {"aws_region": "eu-1", "aws_service": "bedrock"} and not whole.missing


def test_P3_only_named_headers_of_the_client_go_on() -> None:
    client = {
        "cookie": "session=1",
        "x-app": "a",
        "anthropic-beta": "b",
        "openai-beta": "c",
        "authorization": "Bearer x",
    }
    leaf = target(provider=provider(accepts=frozenset({"anthropic-beta"})), forward=("x-app", "x-absent"))
    headers = sent(leaf, call(headers=client)).headers
    assert headers == {
        "user-agent": "gatewaymw",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "anthropic-beta": "b",
        "x-app": "a",
        "authorization": "Bearer sk-caller-key",
    }


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\0", "naïve"])
def test_hdr_03_a_header_that_could_end_its_line_is_refused(value: str) -> None:
    error = refused(target(forward=("x-app",)), call(headers={"x-app": value}))
    assert (error["status"], error["param"]) == (400, "x-app")


# ── forms ────────────────────────────────────────────────────────────────

PARTS = (Part("model", b"m"), Part("file", b"\0RIFF", 'a"b\r\n.wav', "audio/wav"), Part("language", b"en"))


def scribe(**more: Any) -> Target:
    return target(provider=provider(routes={TRANSCRIBE: Route("/transcribe")}), **more)


def upload() -> Call:
    kind = {"content-type": "multipart/form-data; boundary=b"}
    return call(endpoint=TRANSCRIBE, parts=PARTS, headers=kind)


def test_a_form_is_passed_on_as_it_came() -> None:
    request = sent(scribe(), upload())
    assert request.body == upload().raw and request.headers["content-type"].endswith("boundary=b")


def test_r12_fields_of_a_form_can_be_overridden_and_files_stay() -> None:
    request = sent(scribe(overrides={"model": "other", "temperature": 0.5, "file": "not this"}), upload())
    assert request.headers["content-type"] == "multipart/form-data; boundary=id"
    assert request.body == (
        b'--id\r\nContent-Disposition: form-data; name="file"; filename="a%22b%0D%0A.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n\0RIFF\r\n"
        b'--id\r\nContent-Disposition: form-data; name="language"\r\n\r\nen\r\n'
        b'--id\r\nContent-Disposition: form-data; name="model"\r\n\r\nother\r\n'
        b'--id\r\nContent-Disposition: form-data; name="temperature"\r\n\r\n0.5\r\n--id--\r\n'
    )


def scribing(made: Encoded | Filled, **more: Any) -> Target:
    codec = Codec(form=lambda parts, context: made)
    return target(provider=provider(routes={TRANSCRIBE: Route("/transcribe", codec)}), **more)


def test_a_form_may_be_told_in_json() -> None:
    request = sent(scribing(Encoded({"said": 1})), upload())
    assert (request.body, request.headers["content-type"]) == (b'{"said":1}', "application/json")


def test_a_form_may_be_told_in_another() -> None:
    request = sent(scribing(Filled((Part("lang", b"en"),))), upload())
    assert request.headers["content-type"] == "multipart/form-data; boundary=id"
    assert request.body == (b'--id\r\nContent-Disposition: form-data; name="lang"\r\n\r\nen\r\n--id--\r\n')


def test_a_transform_of_forms_sees_what_overrides_made_of_them() -> None:
    def form_of(parts: tuple[Part, ...], context: Context) -> Filled:
        assert context.model == "other"
        return Filled(parts)

    codec = Codec(form=form_of)
    leaf = target(provider=provider(routes={TRANSCRIBE: Route("/t", codec)}), overrides={"model": "other"})
    assert b"other" in sent(leaf, upload()).body


@pytest.mark.parametrize("made", [Encoded({}, ("prompt", "n")), Filled((), ("prompt", "n"))], ids=repr)
def test_what_is_lost_of_a_form_is_named_or_refused(made: Encoded | Filled) -> None:
    here = world(ok())
    assert here.run(attempt(scribing(made), upload(), here.env())).dropped == ("prompt", "n")
    error = refused(scribing(made, refuse_dropped=True), upload())
    assert (error["param"], error["code"]) == ("prompt", "unsupported_parameter")


def test_a_prepared_request_shows_no_secret() -> None:
    here = world()
    flow = prepare(target(), call(), here.env())
    with pytest.raises(StopIteration) as stop:
        next(flow)
    assert repr(stop.value.value) == "Prepared(Request(POST https://test.example/chat))"


def test_headers_of_a_target_with_a_key_of_its_own_are_made_once() -> None:
    leaf = target(credential=Credential(Secret("sk-own-key")))
    first, second = sent(leaf, call()), sent(leaf, call())
    kept, _ = leaf.signed["application/json"]
    assert first.headers == second.headers and second.headers is kept
    assert second.headers["authorization"] == "Bearer sk-own-key"


def test_no_form_has_no_parts() -> None:
    assert form.encode((), "b") == b"--b--\r\n"


# ── reprs ────────────────────────────────────────────────────────────────


def test_P8_no_value_of_the_machine_shows_a_secret() -> None:
    what = call(headers={"authorization": "Bearer sk-caller-key"})
    request = sent(target(), what)
    for value in (what, request, target(), PROVIDERS["openai"], what.key):
        assert "sk-caller" not in repr(value)


@pytest.mark.parametrize(
    "path", ["/models/{model}", lambda context: f"/models/{quote(context.model)}"], ids=["words", "function"]
)
@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("a\ud83d", "surrogate"),
        ("a" * 60_001, "60000 characters"),
        (".", "another path"),
        ("..", "another path"),
    ],
)
def test_a_name_that_makes_no_address_is_refused(path: Any, model: str, words: str) -> None:
    error = refused(target(provider=provider(routes={CHAT: Route(path)})), call({"model": model}))
    assert (error["status"], error["param"]) == (400, "model") and words in error["message"]


def test_a_path_that_is_too_long_is_refused() -> None:
    proxied = Call(**{**fields(call(endpoint=PROXY)), "path": "/x" + "/y" * 30_000, "body": {}})
    error = refused(target(), proxied)
    assert (error["status"], error["code"], error["param"]) == (400, "path_too_long", None)
