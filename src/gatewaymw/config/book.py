"""What a compilation may refer to, how far it may go, and what it has to say about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, TypeAlias, TypeVar

from pydantic import TypeAdapter

from ..core.checks.model import Prepared
from ..core.errors import ConfigError
from ..core.model import Provider
from ..core.plan import Credential
from ..core.values import NOTHING
from .hosts import NOBODY, TrustedHosts
from .models import Shape, spellings
from .reading import CALLER, OPERATOR, join, plain, shown, validated
from .secrets import look_up

T = TypeVar("T")
Validate: TypeAlias = Callable[[str, Any, str], Prepared]
"""(a check's id, its parameters, where they stand) → the check. Raises ConfigError."""

MOST_WARNINGS = 20
MOST_HINTS = 8
"""A hint is a search among all names: a config of nothing but typing errors gets only so many."""


@dataclass(frozen=True, slots=True)
class VirtualKey:
    """A credential of the operator's, compiled: the provider it is for, and what goes with it."""

    name: str
    provider: Provider
    credential: Credential
    options: Mapping[str, str] = field(default=NOTHING, repr=False)
    settings: Mapping[str, Any] = NOTHING
    """Fields of `Target`: its host, retry rule, time-out, …"""
    overrides: Mapping[str, Any] = NOTHING


@dataclass(frozen=True, slots=True)
class Book:
    """What a config may refer to, and whose it is."""

    virtual_keys: Mapping[str, VirtualKey] = field(default_factory=dict)
    trusted_hosts: TrustedHosts = NOBODY
    """What a caller may name."""
    held: bool = False
    """The operator's own config: any host, `env:`, `file:` and functions; its credentials are held."""
    open: bool = False
    """Somebody decides who may use the operator's credentials, the machine's own identity among them."""
    strict_keys: bool = True
    """Refuse unknown keys, instead of warning of them."""
    providers: Mapping[str, Provider] | None = None
    """None: those that are registered."""
    modes: Collection[str] | None = None
    """The strategies there are; None: those that are registered."""
    prefix: str = "/v1"
    """What conditions see before the path of a call."""
    look_up: Callable[[str], str] = look_up
    """Follows the reference of a secret provider option."""
    checks: Collection[str] | None = ()
    """The names of the host's own checks; None: they are elsewhere, and any may be among them."""
    validate: Validate | None = None
    """Reads a check of a config; None: those that are registered are known."""

    def knows(self, id: str) -> bool:
        """Whether a check is the host's, by its name or with `host.` before it."""
        if self.checks is None:
            return id.startswith("host.")
        return id.removeprefix("host.") in self.checks


class Making:
    """One compilation under way: its book, what it has used of its bounds, what it has to say."""

    def __init__(self, book: Book, gather: bool = False) -> None:
        self.book = book
        self.bounds = OPERATOR if book.held else CALLER
        self.faults: list[ConfigError] = []
        self._gather = gather
        self._targets = 0
        self._hints = MOST_HINTS
        self._warnings: dict[str, None] = {}

    @cached_property
    def providers(self) -> Mapping[str, Provider]:
        if self.book.providers is not None:
            return self.book.providers
        from ..core.providers import PROVIDERS

        return PROVIDERS

    @cached_property
    def modes(self) -> Collection[str]:
        if self.book.modes is not None:
            return self.book.modes
        from ..core.routing.strategies import STRATEGIES

        return STRATEGIES

    def model(self, value: Any, path: str, adapter: TypeAdapter[T]) -> T:
        """The model of a value, within the bounds. Raises ConfigError."""
        model, faults = validated(plain(value, path, self.bounds), path, adapter)
        if not faults:
            return model
        if self._gather:
            self.faults += faults[:-1]
        raise faults[-1 if self._gather else 0]

    def attempt(self, make: Callable[[], T]) -> T | None:
        """What it makes. A fault ends the compilation, or joins the others where they are gathered."""
        if not self._gather:
            return make()
        try:
            return make()
        except ConfigError as fault:
            self.faults.append(fault)
            return None

    def warn(self, path: str, message: str) -> None:
        self._warnings[f"{path}: {message}"] = None

    @property
    def warnings(self) -> tuple[str, ...]:
        kept, more = list(self._warnings), len(self._warnings) - MOST_WARNINGS
        return tuple(kept) if more <= 0 else (*kept[:MOST_WARNINGS], f"and {more} more")

    def count(self, targets: int, depth: int, path: str) -> None:
        """Raises ConfigError where the tree outgrows its bounds."""
        self._targets += targets
        if depth > self.bounds.levels:
            raise ConfigError(f"targets may be nested {self.bounds.levels} deep", path=path)
        if self._targets > self.bounds.targets:
            raise ConfigError(f"a config may have {self.bounds.targets} targets in all", path=path)

    def hint(self, name: str, names: Collection[str], most: int = 1) -> str:
        """The nearest of the names, as a question."""
        self._hints -= 1
        near = get_close_matches(name[:64], names, most) if self._hints >= 0 else []
        return f"; did you mean {' or '.join(map(shown, near))}?" if near else ""

    def strays(self, model: Shape, path: str) -> None:
        """Refuse or report the keys that a model does not have."""
        for key, value in (model.model_extra or {}).items():
            if value is None:
                continue
            known = spellings(type(model))
            if key in known:
                raise ConfigError("is given twice, in snake_case and in camelCase", path=join(path, key))
            self._stray(key, self.hint(key, known), path)

    def _stray(self, key: str, hint: str, path: str) -> None:
        if not self.book.strict_keys:
            self.warn(path, f"unknown key {shown(key)} is ignored{hint}")
        else:
            fault = ConfigError(f"unknown key{hint}", path=join(path, key))
            self.attempt(lambda: throw(fault))


def throw(fault: ConfigError) -> None:
    raise fault
