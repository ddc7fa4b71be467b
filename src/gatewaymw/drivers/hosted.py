"""The host's own functions: asked by both drivers, given so much time, and no more than that."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from contextvars import copy_context
from functools import partial
from threading import Thread
from typing import Any

import anyio.to_thread

from ..core.errors import GatewayError
from .asking import Service, ask_sync, is_async

log = logging.getLogger("gatewaymw")


# ── checks ───────────────────────────────────────────────────────────────


async def check(checks: Mapping[str, Service], seconds: float, name: str, facts: Any) -> Any:
    """What a check of the host's says. Raises GatewayError where it fails, or takes too long: a thread that
    does is left behind."""
    function = checks[name]
    with anyio.move_on_after(seconds):
        try:
            if is_async(function):
                return await function(facts)
            answer = await anyio.to_thread.run_sync(function, facts, abandon_on_cancel=True)
            return await answer if inspect.isawaitable(answer) else answer
        except Exception as error:
            raise failed(name, error) from error
    raise late(name, seconds)


def check_sync(checks: Mapping[str, Service], seconds: float, name: str, facts: Any) -> Any:
    """The same from a thread: in another one, with what its context holds, for it cannot be stopped."""
    answer: Future[Any] = Future()
    call = partial(copy_context().run, ask_sync, checks[name], facts)
    Thread(target=settle, args=(answer, call), name=f"gatewaymw-check-{name}", daemon=True).start()
    if not wait((answer,), seconds).done:
        raise late(name, seconds)
    if error := answer.exception():
        raise failed(name, error) from error
    return answer.result()


def settle(answer: Future[Any], call: Callable[[], Any]) -> None:
    try:
        answer.set_result(call())
    except BaseException as error:
        answer.set_exception(error)


def late(name: str, seconds: float) -> GatewayError:
    return GatewayError(f"the check {name} took longer than {seconds:g} s", code="check_timeout")


def failed(name: str, error: BaseException) -> GatewayError:
    """Its words stay in the log: they may hold whatever the host's code knows."""
    log.error("the check %s failed", name, exc_info=error)
    return GatewayError(f"the check {name} failed ({type(error).__name__})", code="check_failed")


def told_sync(reports: tuple[Mapping[str, Any], ...]) -> None:
    """Say how hooks went that ran after the answer."""
    for report in reports:
        failing = ", ".join(str(each["id"]) for each in report["checks"] if not each["verdict"])
        words = "passed" if report["verdict"] else f"failed ({failing})"
        log.info("the hook %a, after the answer: %s", report["id"], words)


async def told(reports: tuple[Mapping[str, Any], ...]) -> None:
    told_sync(reports)
