"""A target whose health is kept: asked whether it may be sent to, told what came of it.

The state is the `health` service's, which applies the reducers of `core.health`. Where the workers share a
store, one that opens a breaker says so there, and each looks there before it sends, once in a while.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Protocol

from ..commands import Flow, ask
from ..errors import GatewayError
from ..frozen import dataclass
from ..plan import Breaker, Target
from ..values import Call, Env, Failure
from .failures import refusal
from .pipeline import Passage, Within
from .reply import Live, Reply

PREFIX = "gmw:1:breaker:"


class Lease(Protocol):
    """One request's part in a target's health, until it ends. Ends by itself where nobody has it any more."""

    def began(self, seconds: float, failed: bool, now: float) -> None:
        """The answer began, after so long."""
        ...

    def end(self, failed: bool | None, now: float) -> bool:
        """What came of it, None where that is not known. Whether others are to be told that its breaker
        opened. Does nothing twice."""
        ...


@dataclass(frozen=True, slots=True)
class Admission:
    """What the service says of a request to a target."""

    lease: Lease | None
    """None: its breaker is open."""
    look: bool = False
    """It is time to look at what other workers have said."""
    tell: bool = False
    """The breaker opened by the end of a stream, which the other workers have not been told of yet."""


def tracked(target: Target, call: Call, env: Env, inner: Callable[[Call], Flow[Reply]]) -> Flow[Reply]:
    """Ask a target, where its breaker lets it be asked."""
    lease = yield from admitted(target, call, env)
    if lease is None:
        return skipped(target, call)
    started, pending = env.now(), True
    try:
        reply = yield from inner(call)
        now, failed = env.now(), fails(target.breaker, reply.status)
        lease.began(now - started, failed, now)
        if isinstance(reply, Live):
            pending = False
            return replace(reply, passage=Followed(reply.passage, lease, target.breaker, env.now))
        if lease.end(failed, now):
            yield from told(name_of(target, call), env)
        return reply
    finally:
        if pending:
            lease.end(None, env.now())


def name_of(target: Target, call: Call) -> str:
    """What a target's health is kept by. Of callers who bring keys of their own each has its own."""
    if target.credential is not None or call.key is None:
        return target.tracked
    return f"{target.tracked}:{blake2b(call.key.reveal().encode(), digest_size=16).hexdigest()}"


def admitted(target: Target, call: Call, env: Env) -> Flow[Lease | None]:
    """Leave to ask, None where the breaker is open."""
    name = name_of(target, call)
    admission: Admission = yield from ask("health", "admit", name, target, env.now(), call.forced)
    if admission.tell:
        yield from told(name, env)
    if admission.lease and admission.look and (until := (yield from others(name, env))) is not None:
        admission.lease.end(None, env.now())
        yield from ask("health", "heard", name, target, until, env.now())
        admission = yield from ask("health", "admit", name, target, env.now(), call.forced)
    return admission.lease


def afforded(target: Target, call: Call, env: Env) -> Flow[bool]:
    """Whether the target's retry budget has one left, which is then taken; so it has where there is none."""
    if target.retry.budget is None:
        return True
    left: bool = yield from ask("health", "retry", name_of(target, call), target, env.now())
    return left


def others(name: str, env: Env) -> Flow[float | None]:
    """Until when another worker has this target left alone, on the clock of `Env.now`."""
    value = yield from ask("store", "get", PREFIX + name)
    try:
        left = float(value or b"") - env.clock()
    except ValueError:
        return None
    return env.now() + left if left > 0 else None


def told(name: str, env: Env) -> Flow[None]:
    """Say that the breaker opened, to workers that share a store."""
    seconds: float | None = yield from ask("health", "untold", name, env.now())
    if seconds:
        until = b"%.3f" % (env.clock() + seconds)
        yield from ask("store", "set", PREFIX + name, until, seconds)


def fails(rule: Breaker | None, status: int) -> bool:
    """Whether an answer counts as a failure. A request that took too long (408) does, where nothing else is
    said: the gateway gave it up."""
    if rule is None or rule.statuses is None:
        return status >= 500 or status == 408
    return status in rule.statuses


def skipped(target: Target, call: Call) -> Reply:
    error = GatewayError(
        f"{target.provider.name} failed too often of late and is left alone for a while",
        status=503,
        type="overloaded_error",
        code="circuit_open",
    )
    return replace(refusal(error, call.endpoint.client), target=target, skipped=True)


class Followed(Within):
    """A passage whose end is told: what breaks after it began is a failure too."""

    __slots__ = ("_lease", "_now", "_rule")

    def __init__(
        self, passage: Passage, lease: Lease, rule: Breaker | None, now: Callable[[], float]
    ) -> None:
        super().__init__(passage)
        self._lease, self._rule, self._now = lease, rule, now

    def feed(self, data: bytes) -> bytes:
        out = self._passage.feed(data)
        if self._passage.over:
            self._end()
        return out

    def close(self) -> bytes:
        out = self._passage.close()
        self._end()
        return out

    def fail(self, failure: Failure) -> bytes:
        try:
            return self._passage.fail(failure)
        finally:
            # A stream that had come to its end before the connection broke is whole.
            broken = self._passage.error is not None or not self._passage.over
            self._lease.end(broken and fails(self._rule, failure.status), self._now())

    def stop(self, error: GatewayError) -> bytes:
        self._lease.end(None, self._now())  # the gateway's own doing
        return self._passage.stop(error)

    def _end(self) -> None:
        error = self._passage.error
        self._lease.end(error is not None and fails(self._rule, error.status), self._now())
