"""Hooks around one target: checked before it is asked, checked before its answer goes on.

A denial (446) is an answer like any other to the retry rule and to the fallback above; so is an answer that
failed a check which does not deny (246). All tries together, whether an upstream or a hook caused them, are
within the target's one budget, with the pauses of any other retry (T5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any, TypeAlias

from .. import json
from ..commands import Flow, ask, wait
from ..endpoints import IMAGE, IMAGE_EDIT, IMAGE_VARIATION
from ..errors import GatewayError
from ..frozen import dataclass
from ..plan import Target
from ..routing.failures import refusal
from ..routing.reply import Live, Reply
from ..routing.retry import pause
from ..routing.tracking import afforded
from ..values import JSON, NOTHING, Call, Env
from .folding import Folded, restreamed
from .hook import Checks, Hook, later, now
from .model import Subject
from .streams import WHOLE, Kept, Windowed, buffered, let_go
from .subjects import EVENTS, answer_of, asks, body_of, changed, kind_of, readable, request_of, saying, tells
from .texts import inspected
from .verdicts import Outcome, at_once, judged, unquoted, unread

DENIED, FAILED = 446, 246
WORDS = (
    "The guardrail checks defined in the config failed. You can find more information in the"
    " `hook_results` object."
)
FIELDS = tuple(field.name for field in fields(Reply))
Inner: TypeAlias = Callable[[Call], Flow[Reply]]
Answer: TypeAlias = Callable[[], Mapping[str, Any] | None]
PICTURES = frozenset({IMAGE, IMAGE_EDIT, IMAGE_VARIATION})
"""Endpoints whose answers may hold words, beside what they are asked for."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One call at one target, and what its hooks said before."""

    target: Target
    checks: Checks
    call: Call
    env: Env
    asked: Subject
    """As it was sent."""
    before: Sequence[Outcome]

    def results(self, after: Sequence[Outcome]) -> JSON | None:
        """`hook_results`; None where no hook ran. An answer that is not to be seen, or not as it was, is not
        quoted in them either."""
        if not (self.before or after):
            return None
        hidden = any(outcome.denies or outcome.report["transformed"] for outcome in after)
        return {
            "before_request_hooks": [outcome.report for outcome in self.before],
            "after_request_hooks": [
                unquoted(outcome.report) if hidden else outcome.report for outcome in after
            ],
        }

    def status(self, reply: Reply, after: Sequence[Outcome]) -> int:
        failed = not all(outcome.passed for outcome in (*self.before, *after))
        return FAILED if failed and 200 <= reply.status < 300 else reply.status


def checked(target: Target, call: Call, env: Env, inner: Inner) -> Flow[Reply]:
    """Ask a target, within its hooks. Raises no GatewayError, unless `inner` does."""
    checks = target.checks
    if checks is None or not asks(call.endpoint):
        return (yield from inner(call))
    asked = request_of(target, call)
    before, latest = yield from judged(now(checks.before), asked, env)
    visit = Visit(target, checks, call, env, latest, before)
    if any(outcome.denies for outcome in before):
        return after_all(denial(visit, Reply(status=200, target=target)), visit)
    sent = call if latest is asked else changed(call, asked, latest, env)
    return (yield from asked_again(sent, visit, inner))


def asked_again(call: Call, visit: Visit, inner: Inner) -> Flow[Reply]:
    """The answer, or the last one that hooks did not like."""
    retry, env, spent, sent = visit.target.retry, visit.env, 0, 0
    while True:
        reply = yield from inner(replace(call, spent=spent) if spent else call)
        told = yield from answered(reply, visit)
        sent += told.attempts
        if sent != told.attempts:
            told = replace(told, attempts=sent, skipped=False)  # the target was asked before
        if told.status == reply.status or told.status not in retry.on:
            return told
        spent = max(spent, reply.tries)
        seconds = None
        if spent < retry.attempts:
            seconds = pause(retry, spent, None, call.deadline - env.now(), env)
        if seconds is not None and not (yield from afforded(visit.target, call, env)):
            seconds = None
        if seconds is None:
            return replace(told, tries=spent if spent < retry.attempts else -1, again=told.again or spent > 0)
        if isinstance(told, Live):
            yield from let_go(told)
        yield from wait(seconds)
        spent += 1


def answered(reply: Reply, visit: Visit) -> Flow[Reply]:
    """What the client gets of an answer."""
    if not 200 <= reply.status < 300 or not tells(visit.call.endpoint):
        return finished(reply, visit)
    if not isinstance(reply, Live):
        return (yield from whole(reply, visit))
    if readable(reply) and visit.checks.after:
        return (yield from read_whole(reply, visit))
    return (yield from streamed(reply, visit))


# ── whole answers ────────────────────────────────────────────────────────


def whole(reply: Reply, visit: Visit) -> Flow[Reply]:
    body = body_of(reply)
    if body is None:
        return unseen(reply, visit)
    if visit.call.endpoint in PICTURES and not inspected("output", body, "all"):
        return finished(reply, visit)
    subject = answer_of(visit.asked, body, reply.status)
    after, latest = yield from judged(now(visit.checks.after), subject, visit.env)
    if any(outcome.denies for outcome in after):
        return after_all(denial(visit, reply, after, body), visit)
    return finished(reply if latest is subject else saying(reply, latest.body), visit, after)


def unseen(reply: Reply, visit: Visit) -> Reply:
    """An answer that is neither JSON nor text: no check can be made, which passes where it may."""
    subject = answer_of(visit.asked, NOTHING, reply.status)
    after = [unread(hook, subject, visit.env) for hook in now(visit.checks.after)]
    if any(outcome.denies for outcome in after):
        return after_all(denial(visit, reply, after), visit)
    return finished(reply, visit, after)


def read_whole(live: Live, visit: Visit) -> Flow[Reply]:
    """An answer that would have gone on as it came, though it is no stream of events."""
    said = yield from buffered(live, visit.call.deadline, visit.env, WHOLE)
    if isinstance(said, GatewayError):
        return broken(live, said, visit)
    return (yield from whole(reply_of(live, said), visit))


def reply_of(live: Reply, body: bytes) -> Reply:
    """The same, whole."""
    return Reply(**{**{name: getattr(live, name) for name in FIELDS}, "body": body})


def broken(live: Live, error: GatewayError, visit: Visit) -> Reply:
    made = refusal(error, visit.call.endpoint.client)
    return finished(
        replace(reply_of(live, made.body), status=made.status, content_type=made.content_type), visit
    )


# ── streams ──────────────────────────────────────────────────────────────


def streamed(live: Live, visit: Visit) -> Flow[Reply]:
    checks, hooks = visit.checks, now(visit.checks.after)
    if kind_of(live) != EVENTS:
        reply = unseen(live, visit) if hooks else finished(live, visit)
        if not isinstance(reply, Live):
            yield from let_go(live)
        return reply
    seen = tuple(hook for hook in hooks if checks.mode(hook) != "off")
    off = tuple(f"{hook.id}: streams are not checked" for hook in hooks if checks.mode(hook) == "off")
    live = replace(live, warnings=(*live.warnings, *off))
    if any(checks.mode(hook) == "buffer" for hook in seen) or (seen and not live.passage.speaks):
        return (yield from held(live, seen, visit))
    if seen:
        return (yield from windowed(live, seen, visit))
    return finished(live, visit)


def held(live: Live, hooks: Sequence[Hook], visit: Visit) -> Flow[Reply]:
    """A stream of which nothing goes on before all of it was checked."""
    said = yield from buffered(live, visit.call.deadline, visit.env)
    if isinstance(said, GatewayError):
        return broken(live, said, visit)
    reply, folded = reply_of(live, said), Folded()
    folded.take(said)
    subject = answer_of(visit.asked, folded.body, reply.status)
    after, latest = yield from judged(hooks, subject, visit.env)
    if any(outcome.denies for outcome in after):
        return after_all(denial(visit, reply, after, folded.body), visit)
    if latest is not subject:
        events = restreamed(latest.body, visit.call.endpoint.client)
        if events is None:
            return broken(live, UNCHANGEABLE, visit)
        reply = replace(reply, body=events)
    return finished(reply, visit, after, latest.body)


UNCHANGEABLE = GatewayError(
    "a hook changed the answer, which is a stream that cannot be written anew; ask without stream",
    status=502,
    code="hook_change_unsupported",
)


def windowed(live: Live, hooks: Sequence[Hook], visit: Visit) -> Flow[Reply]:
    """A stream that goes on window by window."""
    found: list[Outcome] = []

    def look(body: Mapping[str, Any]) -> GatewayError | None:
        subject = answer_of(visit.asked, body, live.status)
        found[:], _ = at_once(judged(hooks, subject, visit.env))
        return refused() if any(outcome.denies for outcome in found) else None

    client = visit.call.endpoint.client
    passage = Windowed(live.passage, client, min(hook.window for hook in hooks), look)
    begun = passage.take(live.body)
    if passage.error and passage.error is not live.passage.error:
        yield from let_go(live)
        return after_all(denial(visit, reply_of(live, b""), found), visit)
    return finished(replace(live, body=begun, passage=passage), visit)


def refused() -> GatewayError:
    return GatewayError(WORDS, status=DENIED, type="hooks_failed", code="guardrail_denied")


# ── what the client gets ─────────────────────────────────────────────────


def denial(
    visit: Visit, reply: Reply, after: Sequence[Outcome] = (), body: Mapping[str, Any] | None = None
) -> Reply:
    """In place of an answer; what it used was used all the same (G11)."""
    error = GatewayError(WORDS, status=DENIED, type="hooks_failed")
    told = {**visit.call.endpoint.client.error(error), "hook_results": visit.results(after)}
    if body and body.get("usage"):
        told["usage"] = body["usage"]
    return replace(
        reply_of(reply, json.dumps(told)), status=DENIED, content_type="application/json", warnings=()
    )


def finished(
    reply: Reply, visit: Visit, after: Sequence[Outcome] = (), body: Mapping[str, Any] | None = None
) -> Reply:
    """An answer that goes on, with what hooks said of it. `body` is what a stream came to."""
    results = visit.results(after)
    if results is None:
        return after_all(reply, visit, body)
    status = visit.status(reply, after)
    told = placed(reply, results, visit)
    if told is reply and status == FAILED:
        found = (*visit.before, *after)
        failed = tuple(f"{outcome.report['id']}: failed" for outcome in found if not outcome.passed)
        told = replace(reply, warnings=(*reply.warnings, *failed))
    return after_all(replace(told, status=status), visit, body)


def placed(reply: Reply, results: JSON, visit: Visit) -> Reply:
    """An answer with `hook_results`; itself where it has no place for them."""
    endpoint = visit.call.endpoint
    if kind_of(reply) == EVENTS:
        if visit.target.strict or not endpoint.streams:
            return reply
        return replace(reply, body=endpoint.client.chunk({"hook_results": results}) + reply.body)
    if isinstance(reply, Live) or kind_of(reply).startswith("text/"):
        return reply
    body = body_of(reply)
    return reply if body is None else replace(reply, body=json.dumps({**body, "hook_results": results}))


# ── once the client has it ───────────────────────────────────────────────


def after_all(reply: Reply, visit: Visit, body: Mapping[str, Any] | None = None) -> Reply:
    """The answer, and the hooks that nobody waits for. `body` is what a stream came to."""
    if not (later(visit.checks.before) or later(visit.checks.after)):
        return reply

    def whole_body() -> Mapping[str, Any] | None:
        return body or (None if isinstance(reply, Live) else body_of(reply))

    heard: Answer = whole_body
    if isinstance(reply, Live) and kind_of(reply) == EVENTS:
        passage = Kept(reply.passage)
        passage.take(reply.body)
        reply, heard = replace(reply, passage=passage), lambda: passage.body
    return replace(reply, later=(*reply.later, partial(afterwards, visit, reply.status, heard)))


def afterwards(visit: Visit, status: int, heard: Answer) -> Flow[None]:
    """Hooks that run once the client has its answer; they are told of in the host's log."""
    before, _ = yield from judged(later(visit.checks.before), visit.asked, visit.env)
    after: Sequence[Outcome] = ()
    body = heard() if 200 <= status < 300 and tells(visit.call.endpoint) else None
    if body is not None:
        subject = answer_of(visit.asked, body, status)
        after, _ = yield from judged(later(visit.checks.after), subject, visit.env)
    yield from ask("hooks", tuple(outcome.report for outcome in (*before, *after)))
