"""What can go wrong on demand: faults named by the model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import json
from ..endpoints import openai_chunk
from ..errors import UpstreamError
from .script import Script, Step, json_answer, whole

SECONDS = {"ms": 0.001, "s": 1.0}
FAULT = {"message": "the mock failed, as its model's name asked", "type": "server_error", "param": None}
ERROR = {"error": {**FAULT, "code": "mock_error"}}
GARBAGE = b'{"choices": [{"index": 0, "delta": {"content": "half'
PAGE = b"<!doctype html><html><head><title>Mock gateway error</title></head><body>Not JSON.</body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: how it is written after `mock-`, and what it makes of a good answer."""

    pattern: re.Pattern[str]
    example: str
    meaning: str
    apply: Callable[[Script, re.Match[str]], Script]


def afflicted(model: str, script: Script) -> Script:
    """The answer, with all the faults that the model's name asks for, in the table's order."""
    words = model.removeprefix("mock-").split("+") if model.startswith("mock-") else []
    for fault in FAULTS:
        for word in words:
            if match := fault.pattern.fullmatch(word):
                script = fault.apply(script, match)
    return script


def with_status(script: Script, match: re.Match[str]) -> Script:
    status = int(match[1])
    kind = UpstreamError.TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    told = {
        "message": f"the mock answers {status}, as asked",
        "type": kind,
        "param": None,
        "code": f"mock_{status}",
    }
    made = json_answer({"error": told}, status)
    hint = {429: {"retry-after": "1"}}.get(status, {})
    return replace(made, headers={**made.headers, **hint}, wait=script.wait)


def with_page(script: Script, match: re.Match[str]) -> Script:
    return replace(whole(PAGE, "text/html; charset=utf-8", script.status), wait=script.wait)


def emptied(script: Script, match: re.Match[str]) -> Script:
    return replace(script, steps=())


def hinted(script: Script, match: re.Match[str]) -> Script:
    return replace(script, headers={**script.headers, "retry-after": match[1]})


def slow(script: Script, match: re.Match[str]) -> Script:
    return replace(script, wait=int(match[1]) * SECONDS[match[2]])


def dripping(script: Script, match: re.Match[str]) -> Script:
    seconds = int(match[1]) * SECONDS[match[2]]
    return replace(script, steps=tuple((seconds, data) for _, data in script.steps))


def cut(script: Script, match: re.Match[str]) -> Script:
    return replace(script, steps=first(script, int(match[1])), ending="cut")


def ended(script: Script, match: re.Match[str]) -> Script:
    return replace(script, steps=first(script, int(match[1])))


def stalled(script: Script, match: re.Match[str]) -> Script:
    return replace(script, steps=first(script, int(match[1])), ending="stall")


def erring(script: Script, match: re.Match[str]) -> Script:
    if not streams(script):
        return replace(script, steps=((0.0, json.dumps(ERROR)),))
    return replace(script, steps=(*first(script, int(match[1])), (0.0, openai_chunk(ERROR))))


def malformed(script: Script, match: re.Match[str]) -> Script:
    kept, rest = first(script, int(match[1])), script.steps[int(match[1]) :]
    if not streams(script):
        return replace(script, steps=(*kept, (0.0, GARBAGE)))
    return replace(script, steps=(*kept, (0.0, b"data: " + GARBAGE + b"\n"), *rest))


def streams(script: Script) -> bool:
    return script.headers.get("content-type") == "text/event-stream"


def first(script: Script, count: int) -> tuple[Step, ...]:
    """The first events of a stream, or bytes of a whole body."""
    if streams(script):
        return script.steps[:count]
    data = script.body[:count]
    return ((0.0, data),) if data else ()


def fault(
    pattern: str, example: str, meaning: str, apply: Callable[[Script, re.Match[str]], Script]
) -> Fault:
    return Fault(re.compile(pattern), f"mock-{example}", meaning, apply)


NUMBER, TIME = r"(\d{1,6})", r"(\d{1,6})(ms|s)"

FAULTS: tuple[Fault, ...] = (
    fault(
        r"status-([345]\d\d)", "status-429", "answers that status (429 with `retry-after: 1`)", with_status
    ),
    fault(r"html", "html", "answers with an HTML page", with_page),
    fault(r"empty", "empty", "answers without a body", emptied),
    fault(rf"retry-after-{NUMBER}", "retry-after-2", "sends `retry-after` with that many seconds", hinted),
    fault(rf"slow-{TIME}", "slow-300ms", "waits so long before the head of its answer", slow),
    fault(rf"drip-{TIME}", "drip-20ms", "waits so long before each event", dripping),
    fault(
        rf"malformed-after-{NUMBER}",
        "malformed-after-2",
        "sends something unreadable after N events",
        malformed,
    ),
    fault(rf"error-after-{NUMBER}", "error-after-0", "sends an error event after N events, and ends", erring),
    fault(rf"end-after-{NUMBER}", "end-after-3", "ends properly after N events, too soon", ended),
    fault(rf"stall-after-{NUMBER}", "stall-after-2", "falls silent after N events", stalled),
    fault(rf"cut-after-{NUMBER}", "cut-after-3", "breaks the connection after N events", cut),
)
"""All faults, for the documentation. Of an answer that is no stream, N counts bytes."""
