"""Checks that say what a test has them say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from machine import World, target

from gatewaymw.core import json
from gatewaymw.core.checks.hook import Checks, Hook
from gatewaymw.core.checks.host import host_check
from gatewaymw.core.checks.model import Check, Finding, Given, Prepared, Subject
from gatewaymw.core.checks.texts import with_text
from gatewaymw.core.commands import Ask, Command, Read
from gatewaymw.core.plan import Target


def check(name: str, run: Callable[[Subject], Finding], fail_on_error: bool = False) -> Prepared:
    def judge(subject: Subject, given: Given) -> Finding:
        return run(subject)

    return Prepared(Check(name=name, parameters=(), words="", run=judge), {}, fail_on_error)


def says(verdict: bool, name: str = "says") -> Prepared:
    return check(name, lambda subject: Finding(verdict, data={"saw": subject.text}))


def errs(name: str = "errs", fail_on_error: bool = False) -> Prepared:
    return check(name, lambda subject: Finding(None, "no idea"), fail_on_error)


def breaks(name: str = "breaks", fail_on_error: bool = False) -> Prepared:
    def run(subject: Subject) -> Finding:
        raise KeyError("sk-not-for-anybody")

    return check(name, run, fail_on_error)


def notes(into: list[Any], what: Callable[[Subject], Any], name: str = "notes") -> Prepared:
    """Passes, and keeps what it saw."""

    def run(subject: Subject) -> Finding:
        into.append(what(subject))
        return Finding(True)

    return check(name, run)


def without(word: str, name: str = "without") -> Prepared:
    return check(name, lambda subject: Finding(word not in subject.inspected("all")))


def appends(word: str, verdict: bool = True, name: str = "appends") -> Prepared:
    """Adds a word to what was said last."""

    def run(subject: Subject) -> Finding:
        return Finding(verdict, body=with_text(subject.kind, subject.body, subject.text + word))

    return check(name, run)


def asks(name: str = "mine", **parameters: Any) -> Prepared:
    """A check of the host's, whose answer the world gives."""
    return host_check(name, parameters)


def hook(*checks: Prepared, **more: Any) -> Hook:
    return Hook(id=more.pop("id", "h"), checks=checks, **more)


def hooked(before: tuple[Hook, ...] = (), after: tuple[Hook, ...] = (), **more: Any) -> Target:
    return target(checks=Checks(before, after), **more)


class Host(World):
    """A world whose host has checks of its own."""

    def answers(self, *answers: Any) -> Host:
        self.told: list[Any] = []
        self.facts: list[Any] = []
        self.left = list(answers)
        return self

    def next_of(self, stream: int) -> bytes:
        """The next bytes of an open body, as an edge would read them."""
        data = self.do(Read(stream))
        assert isinstance(data, bytes)
        return data

    def do(self, command: Command) -> Any:
        if isinstance(command, Ask) and command.service in ("check", "hooks"):
            self.log.append(command)
            if command.service == "hooks":
                return self.told.append(command.args[0])
            self.facts.append(command.args[1])
            return self.left.pop(0)
        return super().do(command)


def host(*outcomes: Any, reads: Any = None, **more: Any) -> Host:
    made = Host(iter(outcomes), {key: list(value) for key, value in (reads or {}).items()}, **more)
    return made.answers()


def saying(text: str, **more: Any) -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], **more})


def piece(text: str, index: int = 0) -> bytes:
    choice = {"index": index, "delta": {"content": text}, "finish_reason": None}
    return (
        b"data: " + json.dumps({"id": "x", "object": "chat.completion.chunk", "choices": [choice]}) + b"\n\n"
    )
