"""A cloud of our own, for tests of identities: it lends what it is told to, when it is told to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from gatewaymw.core.errors import UpstreamError
from gatewaymw.drivers.identity import Found, Identities, Settings

PATIENCE = 10.0


@dataclass
class Cloud:
    """A source that says what it is told to, when it is told to."""

    says: Any = None
    """A list to be said one after the other, its last item again and again: Found or an exception."""
    time: float = 1000.0
    fetches: list[Settings] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    gate: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.gate.set()

    def sources(self, kind: str, settings: Settings) -> Any:
        def fetch() -> Found:
            self.fetches.append(settings)
            self.threads.add(threading.current_thread().name)
            self.begun.release()
            assert self.gate.wait(PATIENCE)
            said = self.says or [Found({"api_key": f"key-{len(self.fetches)}"}, self.time + 3600)]
            said = said.pop(0) if len(said) > 1 else said[0]
            if isinstance(said, BaseException):
                raise said
            assert isinstance(said, Found)
            return said

        return fetch

    def identities(self, **more: Any) -> Identities:
        return Identities(self.sources, lambda: self.time, **more)


def key(number: int, until: float = 4600.0) -> Found:
    return Found({"api_key": f"key-{number}"}, until)


DOWN = UpstreamError("down", code="identity_unavailable")
ROLE = {"aws_role_arn": "arn:aws:iam::1:role/a"}
