"""How often and how long a target is asked: retries, pauses, times; and what it inherits."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from offline import Row
from shapes import asking, at, fallback, group

from gatewaymw.explaining.world import NOON


def again(attempts: int = 2, **more: Any) -> dict[str, Any]:
    return {"retry": {"attempts": attempts, **more}}


def patient(**more: Any) -> dict[str, Any]:
    return again(use_retry_after_header=True, **more)


LATER = formatdate(NOON + 5, usegmt=True)
RETRIES = [
    Row(
        "no retry is set", at("a"), "a", 503, script={"a": "503"}, told={"x-gateway-retry-attempt-count": "0"}
    ),
    Row(
        "T1: pauses that double, drawn from all of them",
        *(at("a", **again(3)), "a a a a"),
        script={"a": "503x3"},
        waits=(0.5, 1.0, 2.0),
        told={"x-gateway-retry-attempt-count": "3", "x-gateway-attempts": "4"},
    ),
    Row(
        "T1: dice at 0 wait for nothing",
        at("a", **again(1)),
        "a a",
        script={"a": "503x1"},
        waits=(0.0,),
        dice=0.0,
    ),
    Row(
        "T1: a cap",
        *(at("a", **again(4, base=1000, cap=3000)), "a a a a a"),
        script={"a": "500x4"},
        waits=(0.5, 1.0, 1.5, 1.5),
    ),
    Row(
        "tries that are used up",
        *(at("a", **again(2)), "a a a", 500),
        script={"a": "500"},
        waits=(0.5, 1.0),
        told={"x-gateway-retry-attempt-count": "-1", "x-should-retry": "false"},
    ),
    Row("a status that is not tried again", at("a", **again()), "a", 400, script={"a": "400"}),
    Row(
        "one that is listed",
        at("a", **again(on_status_codes=[400])),
        "a a",
        script={"a": "400x1"},
        waits=(0.5,),
    ),
    Row(
        "one that is not, where a list is",
        at("a", **again(on_status_codes=[400])),
        "a",
        503,
        script={"a": "503"},
    ),
    Row(
        "onStatusCodes of a retry",
        at("a", retry={"attempts": 1, "onStatusCodes": [418]}),
        "a a",
        script={"a": "418x1"},
        waits=(0.5,),
    ),
    Row(
        "T2: a broken connection is a 502", at("a", **again(1)), "a a", script={"a": "brokenx1"}, waits=(0.5,)
    ),
    Row(
        "T2: and obeys the list", at("a", **again(1, on_status_codes=[500])), "a", 502, script={"a": "broken"}
    ),
    Row("T3: seconds", at("a", **patient()), "a a", script={"a": "429x1,retry-after=7"}, waits=(7.0,)),
    Row(
        "T3: milliseconds",
        at("a", **patient()),
        "a a",
        script={"a": "429x1,retry-after-ms=1500"},
        waits=(1.5,),
    ),
    Row(
        "T3: Azure's milliseconds",
        at("a", **patient()),
        "a a",
        script={"a": "429x1,x-ms-retry-after-ms=250"},
        waits=(0.25,),
    ),
    Row("T3: a date", at("a", **patient()), "a a", script={"a": f"429x1,retry-after={LATER}"}, waits=(4.9,)),
    Row("T3: on a 503", at("a", **patient()), "a a", script={"a": "503x1,retry-after=7"}, waits=(7.0,)),
    Row("T3: not on a 500", at("a", **patient()), "a a", script={"a": "500x1,retry-after=7"}, waits=(0.5,)),
    Row("T4: 0 is at once", at("a", **patient()), "a a", script={"a": "429x1,retry-after=0"}, waits=(0.0,)),
    Row(
        "a wait that is too long ends the tries",
        *(at("a", **patient()), "a", 429),
        script={"a": "429,retry-after=60"},
        told={"retry-after": "60"},
    ),
    Row(
        "a wait is only heard where that is wanted",
        at("a", **again(1)),
        "a a",
        script={"a": "429x1,retry-after=7"},
        waits=(0.5,),
    ),
    Row(
        "each target is tried again before the next is",
        *(fallback(at("a"), at("b"), **{}) | again(1), "a a b b"),
        script={"a": "503", "b": "503x1"},
        waits=(0.5, 0.5),
        told={"x-gateway-attempts": "4", "x-gateway-retry-attempt-count": "1"},
    ),
]

TIMES = [
    Row(
        "T6: a time that is over is a 408",
        at("a", request_timeout=500),
        "a",
        408,
        script={"a": "timeout"},
        error=("timeout", None),
    ),
    Row("T6: an answer that is in time", at("a", request_timeout=500), "a", script={"a": "ok,after=0.4"}),
    Row("T6: one that is not", at("a", request_timeout=500), "a", 408, script={"a": "ok,after=0.6"}),
    Row(
        "a time that is over falls back",
        fallback(at("a", request_timeout=500), at("b")),
        "a b",
        script={"a": "timeout"},
    ),
    Row(
        "one that is not listed does not",
        *(fallback(at("a", request_timeout=500), at("b"), on_status_codes=[500]), "a", 408),
        script={"a": "timeout"},
    ),
    Row(
        "a time that is over is tried again where 408 is listed",
        at("a", request_timeout=500, **again(1, on_status_codes=[408])),
        "a a",
        script={"a": "timeoutx1"},
        waits=(0.5,),
    ),
    Row(
        "a header has the last word",
        at("a", request_timeout=500),
        "a",
        408,
        headers={"x-gateway-request-timeout": "50"},
    ),
    Row(
        "R6: all together have a deadline",
        *(fallback(at("a"), at("b"), at("c")), "a", 408),
        script={"a": "timeout"},
        options={"total_timeout": 3.0},
    ),
    Row(
        "R6: a pause that would end after it is not made",
        *(at("a", **patient()), "a", 429),
        script={"a": "429,retry-after=5"},
        options={"total_timeout": 3.0},
    ),
    Row(
        "R6: what is left of it is all that the next one gets",
        *(fallback(at("a", request_timeout=2000), at("b")), "a b", 408),
        script={"a": "timeout", "b": "ok,after=2"},
        options={"total_timeout": 3.0},
    ),
]

PARAMS = [
    Row(
        "an override is the config's word",
        at("a", override_params={"model": "other"}),
        sent={"a": {"model": "other"}},
    ),
    Row(
        "and adds what the client did not say",
        at("a", override_params={"user": "u"}),
        sent={"a": {"user": "u", "model": "m"}},
    ),
    Row(
        "those of parents and children are merged",
        {
            **group("single", at("a", override_params={"n": 2, "seed": 1})),
            "override_params": {"n": 1, "user": "u"},
        },
        sent={"a": {"n": 2, "seed": 1, "user": "u"}},
    ),
    Row(
        "one target's are not the next one's",
        *(fallback(at("a", override_params={"user": "u", "model": "x"}), at("b")), "a b"),
        script={"a": "500"},
        sent={"a": {"user": "u", "model": "x"}, "b": {"user": None, "model": "m"}},
    ),
    Row(
        "a field that is missing may be an override",
        at("a", override_params={"model": "m"}),
        body={"messages": asking()["messages"]},
        sent={"a": {"model": "m"}},
    ),
    Row(
        "a field that is missing", at("a"), "", 400, body={"messages": []}, error=("invalid_request", "model")
    ),
]

INHERITED = [
    Row("R7: retry", {**group("single", at("a")), **again(1)}, "a a", script={"a": "500x1"}, waits=(0.5,)),
    Row(
        "R7: a retry of one's own replaces all of it",
        *({**group("single", at("a", **again(1))), **again(3, on_status_codes=[418])}, "a a"),
        script={"a": "500x1"},
        waits=(0.5,),
    ),
    Row("R7: request_timeout", {**group("single", at("a")), "request_timeout": 50}, "a", 408),
    Row(
        "R7: a request_timeout of one's own",
        {**group("single", at("a", request_timeout=500)), "request_timeout": 50},
    ),
    Row(
        "R7: custom_host",
        {**group("single", {"provider": "openai", "api_key": "k"}), "custom_host": "https://a.test"},
    ),
    Row(
        "R7: provider and key",
        {**group("single", {"custom_host": "https://a.test"}), "provider": "openai", "api_key": "sk-above"},
        carried={"a": {"authorization": "Bearer sk-above"}},
    ),
    Row(
        "R7: a key goes with its provider",
        {
            **group("single", {"provider": "groq", "custom_host": "https://a.test"}),
            "provider": "openai",
            "api_key": "sk-above",
        },
        carried={"a": {"authorization": None}},
        status=401,
        calls="",
    ),
    Row(
        "R7: forward_headers",
        {**group("single", at("a")), "forward_headers": ["x-team"]},
        headers={"x-team": "red", "x-other": "blue"},
        carried={"a": {"x-team": "red", "x-other": None}},
    ),
    Row(
        "R8: forward_headers of one's own replace them",
        {**group("single", at("a", forward_headers=["x-other"])), "forward_headers": ["x-team"]},
        headers={"x-team": "red", "x-other": "blue"},
        carried={"a": {"x-team": None, "x-other": "blue"}},
    ),
    Row(
        "R7: strict_params",
        {**group("single", at("a", provider="anthropic")), "strict_params": True},
        *("", 400),
        body=asking(logit_bias={"1": 1}, max_tokens=5),
        error=("unsupported_parameter", "logit_bias"),
    ),
    Row(
        "R7: strict_params of one's own",
        {**group("single", at("a", provider="anthropic", strict_params=False)), "strict_params": True},
        body=asking(logit_bias={"1": 1}, max_tokens=5),
        told={"x-gateway-dropped-params": "logit_bias"},
    ),
    Row(
        "R7: provider options",
        {
            **group("single", {"custom_host": "https://a.test"}),
            "provider": "openai",
            "api_key": "sk-above",
            "openai_organization": "org",
        },
        carried={"a": {"openai-organization": "org"}},
    ),
    Row(
        "R7: commit",
        {**group("single", at("a")), "commit": "headers"},
        body=asking(stream=True),
        script={"a": "cut"},
        ends="data: [DONE]\n\n",
    ),
    Row(
        "three levels down",
        {
            **group("single", {**group("single", {**group("single", at("a"))}), "request_timeout": 500}),
            "request_timeout": 50,
        },
    ),
]

ROWS = [*RETRIES, *TIMES, *PARAMS, *INHERITED]
