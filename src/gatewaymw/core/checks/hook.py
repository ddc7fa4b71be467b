"""Hooks, as a config compiles to them: which checks run before a request and after its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .model import Prepared

Mode: TypeAlias = Literal["off", "buffer", "window"]
WINDOW = 200
"""Characters of a stream between two looks at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Checks with one verdict: that all of them pass."""

    id: str
    type: Literal["guardrail", "mutator"] = "guardrail"
    checks: tuple[Prepared, ...] = ()
    deny: bool = False
    """Where it fails, nothing is asked, or nothing is answered."""
    later: bool = False
    """`async`: it runs once the answer is sent, and can neither deny nor change anything."""
    sequential: bool = False
    """Each check sees what those before it changed."""
    on_success: Mapping[str, Any] | None = field(default=None, hash=False)
    """Reported as `feedback`; so is the next."""
    on_fail: Mapping[str, Any] | None = field(default=None, hash=False)
    stream: Mode | None = None
    """What becomes of it where the answer is a stream; None: `Checks.usual`."""
    window: int = WINDOW

    @property
    def pure(self) -> bool:
        """Nobody is asked."""
        return all(check.pure for check in self.checks)


@dataclass(frozen=True, slots=True)
class Checks:
    """All hooks of a target, in their order."""

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()
    usual: Mode = field(init=False, default="off")
    """What becomes, after a stream, of hooks that do not say: it is held back where any may deny it."""

    def __post_init__(self) -> None:
        denies = any(hook.deny for hook in self.after if not hook.later)
        object.__setattr__(self, "usual", "buffer" if denies else "off")

    def mode(self, hook: Hook) -> Mode:
        return hook.stream or self.usual


def now(hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
    """Those that the request waits for."""
    return tuple(hook for hook in hooks if not hook.later)


def later(hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
    return tuple(hook for hook in hooks if hook.later)
