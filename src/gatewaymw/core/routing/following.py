"""Several calls of a provider that make one answer: a file is sent, a job is begun, and looked at until it is
done.

What is called next, the codec says (`Codec.follow`). All of it is one attempt at a target: within its time,
in no more than so many calls, each with the same credential and to the provider's own hosts alone. A look at
a job that fails in passing is made again; the job is never begun anew while it may be under way.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from .. import json
from ..commands import Flow, because, send, wait
from ..errors import UpstreamError
from ..frozen import dataclass
from ..model import Next
from ..plan import RETRIED, Target
from ..values import Answer, Call, Env, Failure, Outcome, Request
from .encode import LONGEST as LONGEST_PATH
from .encode import Prepared, headers_of
from .failures import discreet
from .pipeline import ODD
from .reasons import followed_up
from .retry import ASKED, retry_after

MOST = 240
"""Calls that may follow one."""
GROWTH = 1.2
"""By how much the wait grows from one look at a job to the next."""
LONGEST = 5.0
"""Seconds that a wait grows to; none is longer than 12 times that, whatever a codec or a provider says."""
LOOK = 60.0
"""Seconds that one look may take."""
PATIENT = 4
"""How often in a row a look may fail in passing."""
LATE = Failure("timeout", "took longer than the request may take", 408, "timeout")
ENDLESS = Failure("timeout", f"was called {MOST} times for one answer, and had none yet", 504, "timeout")


@dataclass(frozen=True, slots=True)
class Course:
    """What calls that followed one another came to."""

    outcome: Outcome
    settled: bool
    """Nothing may be begun anew: a job is done, or may be under way."""
    sent: int
    """Calls after the first."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What all calls of one answer share."""

    made: Prepared
    target: Target
    call: Call
    env: Env
    expires: float
    """When the last must have answered, on the clock of `Env.now`."""


def followed(first: Answer, errand: Errand) -> Flow[Course]:
    """The last answer of all that the first one takes."""
    answer, place, sent, looks = first, "", 0, 0
    while True:
        try:
            step = step_after(answer, errand.made)
        except UpstreamError as error:  # the job failed, and may be begun anew
            return Course(failure_of(error), False, sent)
        if not isinstance(step, Next):
            return Course(step, True, sent)
        place = step.to or place
        step = replace(step, to=place)
        outcome, calls = yield from carried_out(step, answer, sent, looks, errand)
        sent, looks = sent + calls, looks + 1 if step.looks else 0
        if step.live or not (isinstance(outcome, Answer) and outcome.ok):
            return Course(outcome, step.looks or not calls, sent)
        answer = outcome


def step_after(answer: Answer, made: Prepared) -> Next | Outcome:
    """What is to follow an answer; itself, where it is the last, or why it cannot be told.

    Raises UpstreamError where it tells that the job failed."""
    assert made.codec.follow is not None
    try:
        body = made.codec.reads(answer.body)
        step = made.codec.follow(body, made.context.answered(answer.headers))
        return replace(answer, status=200) if step is None else step  # 201 and 202 tell of the job alone
    except ODD:
        return failure_of(
            UpstreamError(f"{made.context.provider} answered {answer.status} with a body that cannot be read")
        )


def failure_of(error: UpstreamError) -> Failure:
    return Failure("broken", error.message, error.status, error.code or "upstream_error")


# ── one call ─────────────────────────────────────────────────────────────


def carried_out(
    step: Next, after: Answer, sent: int, looks: int, errand: Errand
) -> Flow[tuple[Outcome, int]]:
    """What a step came to, and in how many calls: one, unless it is a look that failed in passing."""
    try:
        request = request_of(step, errand)
    except UpstreamError as error:
        return failure_of(error), 0
    seconds, calls = pace(step.after, looks), 0
    outcome: Outcome = after
    while True:
        if sent + calls >= MOST:
            return ENDLESS, calls
        if not (yield from paused(seconds, outcome, errand)):
            return LATE, calls
        outcome = yield from called(request, step, errand)
        calls += 1
        if not step.looks or not in_passing(outcome) or calls > PATIENT:
            return outcome, calls
        seconds = again_after(outcome, max(step.after, 1.0), looks + calls, errand.env)


def pace(seconds: float, looks: int) -> float:
    """The wait before a look, after so many."""
    return min(max(seconds, 0.0) * GROWTH ** min(looks, MOST), max(LONGEST, min(seconds, 12 * LONGEST)))


def again_after(outcome: Outcome, seconds: float, looks: int, env: Env) -> float:
    """The wait after a look that failed: as long as the provider asks, where it does."""
    asked = None
    if isinstance(outcome, Answer) and outcome.status in ASKED:
        asked = retry_after(outcome.headers, env.clock())
    return pace(seconds, looks) if asked is None else min(asked, 12 * LONGEST)


def paused(seconds: float, after: Outcome, errand: Errand) -> Flow[bool]:
    """Wait after what an answer said; or don't, where no time would be left then."""
    if errand.env.now() + seconds >= errand.expires:
        return False
    if errand.call.traced:
        yield from because(errand.target.path, followed_up(after, seconds))
    if seconds:
        yield from wait(seconds)
    return True


def called(request: Request, step: Next, errand: Errand) -> Flow[Outcome]:
    left = max(errand.expires - errand.env.now(), 0.001)
    timed = request.within(left if step.live or not step.looks else min(left, LOOK))
    return discreet((yield from send(timed, step.live)), errand.made.keys)


def in_passing(outcome: Outcome) -> bool:
    """Whether a look failed in a way that says nothing of the job."""
    if isinstance(outcome, Failure):
        return outcome.kind != "refused"
    return outcome.status in RETRIED


def request_of(step: Next, errand: Errand) -> Request:
    """A step's request, with the target's credential. Raises UpstreamError for an address that must not have
    it."""
    made, target = errand.made, errand.target
    payload = b"" if step.body is None else json.dumps(step.body)
    kind = "application/json" if payload else None
    request = Request(
        step.method,
        address_of(step.to, target),
        headers_of(target, errand.call, kind, step.headers),
        payload,
        made.request.timeout,
        made.request.idle,
        guarded=target.guarded,
        connect=target.timeouts.connect,
    )
    return target.provider.auth(request, replace(made.keys, clock=errand.env.clock()))


# ── where it goes ────────────────────────────────────────────────────────

# What two readers could read differently is no address: no user name, no backslash, no control character.
PATH = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]*")
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?][\x21-\x5b\x5d-\x7e]*)?",
    re.IGNORECASE | re.ASCII,
)
PORTS = {"http": 80, "https": 443}


def address_of(to: str, target: Target) -> str:
    """Where a step goes. Raises UpstreamError for a place that is not the provider's."""
    place = to.partition("#")[0] if len(to) <= LONGEST_PATH else ""
    if PATH.fullmatch(place):
        return target.base + place
    found = ADDRESS.fullmatch(place)
    if not found or not owned(found, target):
        raise UpstreamError(
            f"{target.provider.name} named a place for what is to follow that is not its own: nothing is sent"
            " there",
            code="upstream_address",
        )
    port = f":{found['port']}" if found["port"] else ""
    rest = found["rest"] or ""
    return (
        f"{found['scheme'].lower()}://{found['host'].lower()}{port}{rest if rest[:1] == '/' else f'/{rest}'}"
    )


def owned(found: re.Match[str], target: Target) -> bool:
    """Whether the credential may go there: to the origin that is called, or another of the provider's own
    hosts, where it is called at one of them."""
    scheme, host = found["scheme"].lower(), found["host"].lower()
    place = scheme, host, int(found["port"] or PORTS[scheme])
    base = urlsplit(target.base)
    if place == (base.scheme, bracketed(base.hostname or ""), base.port or PORTS.get(base.scheme)):
        return True
    hosts = target.provider.hosts
    if hosts is None or place != ("https", host, 443) or not hosts.fullmatch(host):
        return False
    return not target.base_url or (base.scheme == "https" and bool(hosts.fullmatch(base.hostname or "")))


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
