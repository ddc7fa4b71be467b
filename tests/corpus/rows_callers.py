"""What callers say by header, by name and by model; what they may not; and configs that are none."""

from __future__ import annotations

from typing import Any

from offline import Row
from shapes import asking, at, bare, choosing, fallback, group, header, refused

KEYS = {"house": {"provider": "openai", "api_key": "sk-house", "custom_host": "https://a.test"}}
HOUSE: dict[str, Any] = {"options": {"virtual_keys": KEYS}}
NAMED: dict[str, Any] = {"options": {"configs": {"fast": at("b")}}}
AUTH = {"authorization": "Bearer sk-of-the-caller"}
HEADERS = [
    Row(
        "a config by header",
        None,
        headers=header(bare("a")),
        carried={"a": {"authorization": AUTH["authorization"]}},
    ),
    Row(
        "by the original's header",
        None,
        headers=header(bare("a"), "x-portkey-"),
        told={"x-portkey-provider": "openai"},
    ),
    Row("a header's config goes before the operator's", at("b"), headers=header(bare("a"))),
    Row(
        "ours goes before the original's",
        *(None, "a"),
        headers={**header(bare("b"), "x-portkey-"), **header(bare("a"))},
        told={"x-gateway-provider": "openai"},
    ),
    Row(
        "a key in a header's config",
        None,
        headers=header(at("a")),
        carried={"a": {"authorization": "Bearer sk-of-a"}},
    ),
    Row(
        "a provider by header",
        None,
        headers={**AUTH, "x-gateway-provider": "openai", "x-gateway-custom-host": "https://a.test"},
    ),
    Row(
        "a host by header", at("b", api_key=None), headers={**AUTH, "x-gateway-custom-host": "https://a.test"}
    ),
    Row(
        "a host by header, and the operator's key",
        *(at("b"), "", 403),
        headers={"x-gateway-custom-host": "https://a.test"},
        error=("not_permitted", "x-gateway-custom-host"),
    ),
    Row(
        "a host that is not trusted",
        *(at("b", api_key=None), "", 400),
        headers={**AUTH, "x-gateway-custom-host": "https://elsewhere.example"},
        error=("invalid_host", "x-gateway-custom-host"),
    ),
    Row(
        "headers to pass on, by header",
        at("a", forward_headers=["x-other"]),
        headers={"x-team": "red", "x-other": "blue", "x-gateway-forward-headers": "x-team"},
        carried={"a": {"x-team": "red", "x-other": None}},
    ),
    Row(
        "a config of the header's own, a provider beside it",
        None,
        headers={
            **header({"retry": {"attempts": 1}}),
            "x-gateway-provider": "openai",
            "x-gateway-custom-host": "https://a.test",
        },
        calls="a a",
        script={"a": "500x1"},
        waits=(0.5,),
    ),
    Row(
        "metadata that is no JSON",
        at("a"),
        "",
        400,
        headers={"x-gateway-metadata": "{"},
        error=("invalid_request", "x-gateway-metadata"),
    ),
    Row(
        "a time that is none",
        at("a"),
        "",
        400,
        headers={"x-gateway-request-timeout": "soon"},
        error=("invalid_request", "x-gateway-request-timeout"),
    ),
    Row(
        "keys that are unknown are ignored in a header, and named",
        None,
        headers=header(bare("a", colour="red")),
        told={"x-gateway-warning": "colour"},
    ),
    Row(
        "keys for several providers get no caller's key",
        None,
        "",
        401,
        headers=header(fallback(bare("a"), bare("b", provider="groq"))),
    ),
    Row(
        "and those for one do",
        None,
        "a a",
        headers=header(fallback(bare("a"), bare("a"))),
        script={"a": "500x1"},
    ),
]
HELD = [
    Row(
        "a virtual key",
        {"virtual_key": "house"},
        **HOUSE,
        carried={"a": {"authorization": "Bearer sk-house"}},
    ),
    Row("a virtualKey", {"virtualKey": "house"}, **HOUSE),
    Row("by its provider's name", {"provider": "@house"}, **HOUSE),
    Row("by header", None, headers={"x-gateway-virtual-key": "house"}, **HOUSE),
    Row("by the model", None, body=asking(model="@house/gpt-4o"), sent={"a": {"model": "gpt-4o"}}, **HOUSE),
    Row(
        "in a caller's config",
        None,
        headers=header({"virtual_key": "house", "override_params": {"n": 2}}),
        sent={"a": {"n": 2}},
        **HOUSE,
    ),
    Row("in a fallback", fallback(at("b"), {"virtual_key": "house"}), "b a", script={"b": "500"}, **HOUSE),
    refused("R11: one that there is not", {"virtual_key": "hose"}, "config.virtual_key", **HOUSE),
    refused(
        "at a host of the caller's",
        {"virtual_key": "house", "custom_host": "https://b.test"},
        "config",
        "not_permitted",
        **HOUSE,
    ),
    Row("a config by name", None, "b", headers={"x-gateway-config": "fast"}, by="configs.fast", **NAMED),
    Row(
        "a name that there is not",
        None,
        "",
        400,
        headers={"x-gateway-config": "slow"},
        error=("invalid_request", "x-gateway-config"),
        **NAMED,
    ),
]
NAMED_ONLY: dict[str, Any] = {"options": {"configs": {"fast": at("b")}, "caller_config": "named"}}
NONE: dict[str, Any] = {"options": {"configs": {"fast": at("b")}, "caller_config": "none"}}
LEVELS = [
    Row("named: by name", at("a"), "b", headers={"x-gateway-config": "fast"}, **NAMED_ONLY),
    Row(
        "named: no config of one's own",
        at("a"),
        "",
        403,
        headers=header(bare("c")),
        error=("not_permitted", "x-gateway-config"),
        **NAMED_ONLY,
    ),
    Row(
        "named: no provider either",
        at("a"),
        "",
        403,
        headers={"x-gateway-provider": "openai"},
        error=("not_permitted", "x-gateway-provider"),
        **NAMED_ONLY,
    ),
    Row("none: the operator's", at("a"), **NONE),
    Row(
        "none: no name",
        at("a"),
        "",
        403,
        headers={"x-gateway-config": "fast"},
        error=("not_permitted", "x-gateway-config"),
        **NONE,
    ),
    Row(
        "none: no provider in the model",
        at("a"),
        "",
        403,
        body=asking(model="@openai/m"),
        error=("not_permitted", "x-gateway-provider"),
        **NONE,
    ),
    Row("nobody is named", None, "", 400, error=("no_provider", None)),
]
IDLE = [bare("a", weight=0), bare("b", weight=0)]
INVALID = [
    refused("R1: a fallback of nothing", group("fallback"), "config.targets"),
    refused("R1: a load balance of nothing", group("loadbalance"), "config.targets"),
    refused("R1: single of nothing", group("single"), "config.targets"),
    refused("R1: nothing, two deep", fallback(bare("a"), group("fallback")), "config.targets[1].targets"),
    refused("R1: weights of nothing", group("loadbalance", *IDLE), "config.targets"),
    refused("R2: a weight below 0", group("loadbalance", bare("a", weight=-1)), "config.targets[0].weight"),
    refused(
        "R2: a weight that is no number",
        group("loadbalance", bare("a", weight="3")),
        "config.targets[0].weight",
    ),
    refused("an unknown mode", group("falback", bare("a")), "config.strategy.mode"),
    refused("an unknown provider", {"provider": "opnai"}, "config.provider"),
    refused("too many tries", bare("a", retry={"attempts": 9}), "config.retry.attempts"),
    refused("tries without a number", bare("a", retry={}), "config.retry.attempts"),
    refused(
        "a status that is none",
        fallback(bare("a"), on_status_codes=[42]),
        "config.strategy.on_status_codes[0]",
    ),
    refused("a time of nothing", bare("a", request_timeout=0), "config.request_timeout"),
    refused("several targets and no strategy", {"targets": [bare("a"), bare("b")]}, "config.strategy"),
    refused(
        "an operator that there is not",
        choosing({"params.n": {"$near": 1}}),
        "config.strategy.conditions[0].query.params.n",
    ),
    refused(
        "a path that there is not", choosing({"header.x": 1}), "config.strategy.conditions[0].query.header.x"
    ),
    refused("a target that there is not", choosing({"params.n": 1}, default="y"), "config.strategy.default"),
    refused(
        "the format of long ago",
        {"mode": "single", "options": [bare("a")], "provider": "openai"},
        "config.options",
    ),
    refused("a key in both spellings", {**bare("a"), "customHost": "https://a.test"}, "config.custom_host"),
    refused(
        "a host in a config that is not trusted",
        bare("a", custom_host="https://elsewhere.example"),
        "config.custom_host",
        "invalid_host",
    ),
    refused("no JSON", None, "x-gateway-config", headers=header("{")),
    refused("nobody in it", {"retry": {"attempts": 1}}, "config", "no_provider"),
    refused(
        "headers that may not be passed on",
        bare("a", forward_headers=["cookie"]),
        "config.forward_headers[0]",
    ),
    refused("targets that are no list", {"targets": "a"}, "config.targets"),
]
ROWS = [*HEADERS, *HELD, *LEVELS, *INVALID]
