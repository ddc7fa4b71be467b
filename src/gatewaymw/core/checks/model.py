"""What a check is handed, what it finds, and what it may be told.

A check never raises for what a client or a model wrote, never changes what it is handed, and takes time in
proportion to it. What it cannot judge is a finding with an `error`: the hook says whether that passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Literal, Protocol, TypeAlias

from ..commands import Flow
from ..frozen import dataclass
from ..values import NOTHING, Env
from .texts import Scope, inspected

Kind: TypeAlias = Literal["input", "output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is inspected: a client's request before it is sent, or an answer before it is handed on."""

    kind: Kind
    text: str = ""
    """What checks look at by default, `texts.inspected(kind, body, "last")`; a window of it in streams."""
    body: Mapping[str, Any] = field(default=NOTHING, repr=False)
    """The request's or the answer's JSON."""
    request: Mapping[str, Any] = field(default=NOTHING, repr=False)
    """The client's body."""
    metadata: Mapping[str, str] = field(default=NOTHING, repr=False)
    headers: Mapping[str, str] = field(default=NOTHING, repr=False)
    """The client's, names lower-case."""
    endpoint: str = "chat"
    """The name of the row of `endpoints.ENDPOINTS`."""
    provider: str = ""
    status: int | None = None
    """Of an answer."""
    stream: bool = False

    def inspected(self, scope: Scope = "last") -> str:
        """The texts of a scope, joined by line ends."""
        return self.text if scope == "last" else inspected(self.kind, self.body, scope)

    def holding(self, body: Mapping[str, Any]) -> Subject:
        """The same with another body, such as one that a check before has changed."""
        return Subject(
            kind=self.kind,
            text=inspected(self.kind, body, "last"),
            body=body,
            request=body if self.kind == "input" else self.request,
            metadata=self.metadata,
            headers=self.headers,
            endpoint=self.endpoint,
            provider=self.provider,
            status=self.status,
            stream=self.stream,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has to say."""

    verdict: bool | None
    """None: it could not judge, see `error`."""
    error: str | None = None
    data: Any = None
    """JSON for `hook_results`; never a credential."""
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    """The body as it is to go on; None: untouched."""


class Pattern(Protocol):
    """A regular expression whose time grows with the text only."""

    def search(self, text: str, /) -> bool: ...

    def replace(self, text: str, to: str, /) -> tuple[str, int]:
        """The text with its matches replaced (the first alone, without the flag `g`), and how many there
        were. Raises ValueError where that is too long."""


Compile: TypeAlias = Callable[[str, str], Pattern]
"""(source, flags of JavaScript) → the pattern. Raises ValueError."""
Valid: TypeAlias = Callable[[Any], bool]
"""Whether a value is as a schema says. Raises ValueError where it takes too many steps to know."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a check sends to; `guarded` where only public addresses may be dialled."""

    url: str = field(repr=False)
    guarded: bool = True


@dataclass(frozen=True, slots=True)
class Tools:
    """What compiles parameters at load, with libraries that the core does not import."""

    regex: Compile
    schema: Callable[[Any], Valid]
    """Raises ValueError for what is no schema."""
    address: Callable[[str, str], Address]
    """(address, where it stands in the config). Raises ConfigError for one that may not be asked."""


Make: TypeAlias = Callable[[Any, Tools, str], Any]
"""(what the config says, tools, path) → what the check is handed. Raises ValueError, ConfigError."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that a check may be told."""

    name: str
    kind: str
    """In words, for docs: "text", "whole number", …"""
    make: Make
    words: str = ""
    required: bool = False
    default: Any = None
    """What the check is handed where the config says nothing."""


Given: TypeAlias = Mapping[str, Any]
"""Each parameter of a check, as `make` made it."""
Run: TypeAlias = Callable[[Subject, Given], Finding]
Inquire: TypeAlias = Callable[[Subject, Given, Env], Flow[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the registry."""

    name: str
    """`default.regexMatch`."""
    parameters: tuple[Parameter, ...]
    words: str
    """What passes, for docs."""
    run: Run | None = None
    inquire: Inquire | None = None
    """In place of `run`, where it must ask someone."""
    agree: Callable[[Given], str | None] | None = None
    """What is wrong with parameters beside each other; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A check with its parameters, compiled once."""

    check: Check
    given: Given = field(repr=False)
    fail_on_error: bool = False
    """`failOnError`: an error counts as a failure."""

    @property
    def id(self) -> str:
        return self.check.name

    @property
    def pure(self) -> bool:
        """It asks nobody, so that it may be judged at once (`judge`)."""
        return self.check.run is not None

    def judge(self, subject: Subject) -> Finding:
        """What a pure check finds."""
        assert self.check.run is not None
        return self.check.run(subject, self.given)

    def __call__(self, subject: Subject, env: Env) -> Flow[Finding]:
        if self.check.inquire is None:
            return self.judge(subject)
        return (yield from self.check.inquire(subject, self.given, env))
