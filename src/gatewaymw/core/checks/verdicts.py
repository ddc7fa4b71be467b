"""What checks find, put together: the verdict of each hook, its report, and what became of the body.

Checks and hooks run side by side, on the same body. Where several of them change it, their changes are made
one upon the other, in the order of the config: whoever comes second is asked again about what the first made
of it (G6). Reports are in the shape of https://portkey.ai/docs/product/guardrails.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeAlias

from ..commands import Flow, all_of
from ..errors import GatewayError
from ..frozen import dataclass
from ..routing.pipeline import ODD
from ..values import JSON, Env
from .hook import Hook
from .model import Finding, Prepared, Subject


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a check, or of a hook."""

    passed: bool
    subject: Subject
    """The one that was inspected, or what was made of it."""
    report: JSON
    errs: bool = False
    denies: bool = False


FAULTS = (*ODD, ArithmeticError, RuntimeError, AssertionError, OSError)
"""What a check may do wrong. It is its own fault, and nobody else's."""
QUOTES = frozenset({"textExcerpt", "invalidUrls"})
"""What checks that come with the gateway tell of a text in its own words."""
Inspect: TypeAlias = Callable[[Subject], Flow[Outcome]]
Found: TypeAlias = tuple[list[Outcome], Subject]


def judged(hooks: Sequence[Hook], subject: Subject, env: Env) -> Flow[Found]:
    """What came of each hook, and the subject as they leave it."""
    runs = [partial(hooked, hook, env=env) for hook in hooks]
    return (yield from side_by_side(runs, subject, all(hook.pure for hook in hooks)))


def hooked(hook: Hook, subject: Subject, env: Env) -> Flow[Outcome]:
    """The verdict of one hook."""
    began = env.now()
    runs = [partial(checked, check, env=env) for check in hook.checks]
    if hook.sequential or hook.type == "mutator":
        found, latest = yield from one_by_one(runs, subject)
    else:
        found, latest = yield from side_by_side(runs, subject, hook.pure)
    return reported(hook, found, subject, latest, began, env)


def unread(hook: Hook, subject: Subject, env: Env) -> Outcome:
    """The same where there is nothing that can be looked at, so that no check can be made."""
    began, nothing = env.now(), Finding(None, "the answer is neither JSON nor text")
    found = [outcome_of(check, nothing, subject, began, env) for check in hook.checks]
    return reported(hook, found, subject, subject, began, env)


def reported(
    hook: Hook, found: Sequence[Outcome], subject: Subject, latest: Subject, began: float, env: Env
) -> Outcome:
    passed = all(outcome.passed for outcome in found)
    report = {
        "verdict": passed,
        "id": hook.id,
        "transformed": latest is not subject,
        "checks": [outcome.report for outcome in found],
        "feedback": feedback(hook.on_success if passed else hook.on_fail, found),
        "execution_time": milliseconds(began, env),
        "async": hook.later,
        "type": hook.type,
        "created_at": date(env),
        "deny": hook.deny,
    }
    return Outcome(passed, latest, report, denies=hook.deny and not hook.later and not passed)


def checked(check: Prepared, subject: Subject, env: Env) -> Flow[Outcome]:
    """What one check finds. One that fails to find anything has passed, unless it is told otherwise (G2)."""
    began = env.now()
    try:
        finding = yield from check(subject, env)
    except GatewayError as error:
        finding = Finding(None, error.message)
    except FAULTS as error:
        finding = Finding(None, f"the check broke off ({type(error).__name__})")
    return outcome_of(check, finding, subject, began, env)


def outcome_of(check: Prepared, finding: Finding, subject: Subject, began: float, env: Env) -> Outcome:
    errs = finding.error is not None
    passed = not check.fail_on_error if errs else finding.verdict is True
    changes = finding.body is not None and not errs
    report = {
        "verdict": passed if finding.verdict is None else finding.verdict,
        **({"error": {"name": "Error", "message": finding.error}} if errs else {}),
        "data": finding.data,
        "id": check.id,
        "execution_time": milliseconds(began, env),
        "transformed": changes,
        "created_at": date(env),
        "log": None,
        "fail_on_error": check.fail_on_error,
    }
    latest = subject.holding(finding.body) if finding.body is not None and changes else subject
    return Outcome(passed, latest, report, errs)


# ── in which order ───────────────────────────────────────────────────────


def side_by_side(runs: Sequence[Inspect], subject: Subject, pure: bool) -> Flow[Found]:
    """All at once; then what they changed, one upon the other."""
    found: list[Outcome] = []
    if pure or len(runs) == 1:  # nobody is waited for
        for run in runs:
            outcome = yield from run(subject)
            found.append(outcome)
    else:
        found += yield from all_of(*(run(subject) for run in runs))
    latest = subject
    for index, run in enumerate(runs):
        if found[index].subject is subject:
            continue
        if latest is not subject:
            found[index] = both(found[index], (yield from run(latest)))
        latest = found[index].subject
    return found, latest


def both(first: Outcome, second: Outcome) -> Outcome:
    """What came of two looks: a failure in either is one, and the second's changes count."""
    told = second if first.passed else first
    return Outcome(told.passed, second.subject, told.report, told.errs, told.denies)


def one_by_one(runs: Sequence[Inspect], subject: Subject) -> Flow[Found]:
    """Each upon what the one before it left."""
    found: list[Outcome] = []
    for run in runs:
        found.append((yield from run(subject)))
        subject = found[-1].subject
    return found, subject


# ── reports ──────────────────────────────────────────────────────────────


def feedback(given: Mapping[str, Any] | None, found: Sequence[Outcome]) -> JSON | None:
    """What the config says of such a verdict, with the checks that led to it."""
    if given is None:
        return None
    names: dict[str, list[str]] = {"successfulChecks": [], "failedChecks": [], "erroredChecks": []}
    for outcome in found:
        kind = "erroredChecks" if outcome.errs else "successfulChecks" if outcome.passed else "failedChecks"
        names[kind].append(outcome.report["id"])
    told = {kind: ", ".join(ids) for kind, ids in names.items()}
    said = {"value": given.get("value"), "weight": given.get("weight")}
    return {**said, "metadata": {**(given.get("metadata") or {}), **told}}


def unquoted(report: JSON) -> JSON:
    """A hook's report without the words of what its checks looked at."""
    return {**report, "checks": [{**check, "data": silent(check["data"])} for check in report["checks"]]}


def silent(data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    return {name: value for name, value in data.items() if name not in QUOTES}


def milliseconds(began: float, env: Env) -> int:
    return round((env.now() - began) * 1000)


def date(env: Env) -> str:
    """As JavaScript writes it."""
    return datetime.fromtimestamp(env.clock(), UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def at_once(flow: Flow[Found]) -> Found:
    """What a flow comes to that asks nobody. Raises RuntimeError for one that does."""
    try:
        next(flow)
    except StopIteration as stop:
        found: Found = stop.value
        return found
    raise RuntimeError("a check asked somebody where there is no time to wait for an answer")
