"""One target: send, judge, wait, send again; commit as late as can be.

Nothing is shown to the client before the upstream has said something meaningful. Until then an
error within a 200, an empty stream or a silent one is a failure like any other, to be retried or
fallen back from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from .. import json
from ..commands import Flow, Note, because, close, note, read, send, wait
from ..dialects import openai
from ..errors import GatewayError, UpstreamError
from ..model import Context
from ..plan import Retry, Target
from ..values import JSON, Answer, Call, Env, Failure, Outcome
from .encode import Prepared, prepare
from .failures import discreet, failed, parsed, redacted, refusal, told
from .following import Course, Errand, followed
from .inlining import inlined
from .kinds import kind_of
from .passthrough import Passthrough
from .pipeline import ODD, Bounded, Passage, Raw, Translation, cut_short
from .reasons import done_with, tried
from .reply import Live, Reply, reply_of
from .retry import pause
from .tracking import afforded

T = TypeVar("T")


def attempt(target: Target, call: Call, env: Env) -> Flow[Reply]:
    """Ask one target, again while its retry rule says so."""
    try:
        made = yield from prepare(target, call, env)
    except GatewayError as error:
        return replace(refusal(error, call.endpoint.client), target=target)
    return (yield from pursue(made, target, call, env))


def pursue(made: Prepared, target: Target, call: Call, env: Env) -> Flow[Reply]:
    follow, raw = made.codec.follow, call.endpoint.answer == "bytes" and made.codec.media is None
    live = follow is None and (made.stream or raw)
    tries, patience = call.spent, target.timeouts.first_token if made.stream else None
    more, settled = 0, False
    while True:
        started = env.now()
        request = made.request.within(max(call.deadline - started, 0.001))
        outcome: Outcome = discreet((yield from send(request, live)), made.keys)
        result: Reply | Outcome = outcome
        if isinstance(outcome, Answer) and outcome.ok:
            if outcome.stream is None and follow is None and not made.codec.linked:  # as most are
                result = whole(outcome, made, target, call)
            else:
                expires = min(started + (patience or request.timeout or 0), call.deadline)
                errand = Errand(made, target, call, env, expires)
                result, settled, sent = yield from taken(outcome, errand)
                more += sent
        if isinstance(result, Reply):
            if call.traced and isinstance(result, Live):
                said = f"committed with {len(result.body)} bytes for the client"
                yield from note(Note(target.path, "commit", said))
            if not (tries or more):
                return result
            return replace(result, tries=tries, attempts=tries + 1 - call.spent + more, again=True)
        seconds = None if settled else again(target.retry, tries, result, made, call, env)
        if seconds is not None and not (yield from afforded(target, call, env)):
            seconds = None
        if call.traced:
            why = done_with(result) if settled else tried(target.retry, tries, result, seconds)
            yield from because(target.path, why)
        if seconds is None:
            reply = failed(result, made, target, call, tries)
            return over(reply, more, settled, tries) if settled or more else reply
        yield from wait(seconds)
        tries += 1


def taken(answer: Answer, errand: Errand) -> Flow[tuple[Reply | Outcome, bool, int]]:
    """What becomes of an answer that takes more calls, is still open, or whose images are elsewhere; whether
    nothing may be begun anew; and how many calls it took."""
    made, target, call, env = errand.made, errand.target, errand.call, errand.env
    course = Course(answer, False, 0)
    if made.codec.follow:
        course = yield from followed(answer, errand)
    result: Reply | Outcome = course.outcome
    if not isinstance(result, Answer) or not result.ok:
        return result, course.settled, course.sent
    if result.stream is not None:
        live = yield from streamed(result, made, target, call, env, errand.expires)
        return live, course.settled, course.sent
    given = whole(result, made, target, call)
    result = yield from inlined(given, made, target, call, env)
    return result, course.settled or isinstance(given, Reply), course.sent  # what is made is made


def over(reply: Reply, more: int, settled: bool, tries: int) -> Reply:
    """An error after calls that followed. What may be under way nobody is to begin anew: no SDK either."""
    reply = replace(reply, attempts=reply.attempts + more)
    return replace(reply, again=True, tries=tries) if settled else reply


def again(
    retry: Retry, tries: int, result: Answer | Failure, made: Prepared, call: Call, env: Env
) -> float | None:
    """Seconds until the next try; None where there is none."""
    if tries >= retry.attempts or not repeats(retry, result, made, call):
        return None
    return pause(retry, tries, result, call.deadline - env.now(), env)


def repeats(retry: Retry, result: Answer | Failure, made: Prepared, call: Call) -> bool:
    """Whether such an answer is worth another try."""
    if result.status in retry.on or not retry.kinds:
        return result.status in retry.on
    return kind_of(*told(result, made, call)) in retry.kinds


def streamed(
    answer: Answer, made: Prepared, target: Target, call: Call, env: Env, expires: float
) -> Flow[Live | Failure]:
    """The reply that an open body makes, once it has said something; a failure where it does not."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    passage = passage_of(kind, bounding(made, answer), call, bounded(answer))
    if passage is None:
        return (yield from unstreamed(answer, made, kind, env, expires))
    return (yield from commit(answer, Bounded(passage, call.deadline, env.now), target, made, env, expires))


ENDS = frozenset({"content-length", "transfer-encoding", ":status"})
"""Headers with which HTTP tells itself where a body ends; the last is HTTP/2's, which always does."""


def bounding(made: Prepared, answer: Answer) -> Prepared:
    """The same for an answer of which HTTP does not tell where it ends (RFC 9112, 6.3): what was cut looks
    whole then, so that the end of the body is none of a stream."""
    stream = made.codec.stream
    if not (stream and stream.last) or bounded(answer):
        return made
    return replace(made, codec=replace(made.codec, stream=replace(stream, last=None)))


def bounded(answer: Answer) -> bool:
    return not ENDS.isdisjoint(answer.headers)


def passage_of(kind: str, made: Prepared, call: Call, bounded: bool) -> Passage | None:
    """How a stream of that content type goes through; None where it is no stream at all."""
    if not made.stream or (call.endpoint.answer == "bytes" and kind != "text/event-stream"):
        return Raw()
    told = made.context, call.endpoint.client, partial(redacted, keys=made.keys)
    if kind == "application/json" and made.codec.stream and (array := made.codec.stream.array):
        return Translation(replace(made.codec.stream, framer=array), *told)
    if kind in ("application/json", "text/html", "text/plain"):
        return None
    if made.codec.stream:
        return Translation(made.codec.stream, *told)
    return Passthrough(*told, bounded=bounded)


def commit(
    answer: Answer, passage: Bounded, target: Target, made: Prepared, env: Env, expires: float
) -> Flow[Live | Failure]:
    """Read until the first meaningful event; before it, all is undone by closing the body."""
    assert answer.stream is not None
    out = yield from beginning(answer.stream, passage, target, made, env, expires)
    if isinstance(out, Failure):
        yield from close(answer.stream)
        return out
    return Live(
        status=answer.status,
        body=out,
        content_type=stream_type(passage, answer),
        headers=answer.headers,
        target=target,
        dropped=made.dropped,
        attempts=1,
        stream=answer.stream,
        passage=passage,
    )


def beginning(
    stream: int, passage: Passage, target: Target, made: Prepared, env: Env, expires: float
) -> Flow[bytes | Failure]:
    """What there is to send once the first meaningful event was read; a failure where none came."""
    early = target.commit_early
    out = b""
    while not (passage.started or passage.error or early):
        data = yield from read(stream, max(expires - env.now(), 0.001))
        if isinstance(data, Failure):
            return data
        if not data:
            out += passage.close()
            break
        out += passage.feed(data)
    error = passage.error
    if not (error or passage.started or early):
        # It ended as it should, and said nothing: no answer at all.
        error = cut_short(made.context)
    if error:
        return Failure("broken", error.message, error.status, error.code or "upstream_error")
    return out


def stream_type(passage: Passage, answer: Answer) -> str:
    if not passage.speaks:
        return answer.headers.get("content-type", "application/octet-stream")
    return "text/event-stream; charset=utf-8"


def unstreamed(answer: Answer, made: Prepared, kind: str, env: Env, expires: float) -> Flow[Failure]:
    """A stream was asked for and something else came: its words, as an error (ST-15)."""
    assert answer.stream is not None
    body = b""
    while len(body) < 64 * 1024:
        data = yield from read(answer.stream, max(expires - env.now(), 0.001))
        if isinstance(data, Failure) or not data:
            break
        body += data
    yield from close(answer.stream)
    said = openai.error(parsed(body), answer.status, made.context)["error"]
    message = f"{made.context.provider} answered with {kind} where a stream was asked for: {said['message']}"
    return Failure("broken", message, 502, "upstream_invalid_response")


def whole(answer: Answer, made: Prepared, target: Target, call: Call) -> Reply | Failure:
    try:
        body, kind = decoded(answer, made, call)
    except UpstreamError as error:
        return Failure("broken", error.message, error.status, error.code or "upstream_error")
    return reply_of(
        status=answer.status,
        body=body,
        content_type=kind,
        headers=answer.headers,
        target=target,
        dropped=made.dropped,
        attempts=1,
    )


def decoded(answer: Answer, made: Prepared, call: Call) -> tuple[bytes, str]:
    """The client's body and its content type. Raises UpstreamError where there is none to make."""
    kind = answer.headers.get("content-type", "application/json")
    if made.codec.media:
        return turned(answer, made, made.codec.media)
    if call.endpoint.answer == "bytes":
        return answer.body, kind
    if made.codec.response is None:
        if not looks_like_json(answer.body):
            raise invalid(made)
        return answer.body, kind
    return json.dumps(turned(answer, made, made.codec.response)), "application/json"


def turned(answer: Answer, made: Prepared, turn: Callable[[JSON, Context], T]) -> T:
    """What a transform makes of an answer. Raises UpstreamError."""
    try:
        return turn(made.codec.reads(answer.body), made.context.answered(answer.headers))
    except ODD as error:
        raise invalid(made) from error


def looks_like_json(body: bytes) -> bool:
    """Enough to tell an HTML page or a cut body from an answer, without parsing what is passed on."""
    ends = body[:64].lstrip()[:1] + body[-64:].rstrip()[-1:]
    return ends in (b"{}", b"[]")


def invalid(made: Prepared) -> UpstreamError:
    return UpstreamError(f"{made.context.provider} answered 200 with a body that cannot be read")
