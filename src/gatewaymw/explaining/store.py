"""The state that flows ask for, for as long as one is explained: empty at first, on the world's own clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Store:
    """`get`, `set`, `add`, `swap` and `drop`, each of one key."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: dict[str, tuple[Any, float]] = {}

    def do(self, operation: str, key: str, *args: Any) -> Any:
        """Raises KeyError for an operation that there is not."""
        value = self._value(key)
        if operation == "get":
            return value
        if operation == "drop":
            self._kept.pop(key, None)
            return None
        if operation == "set":
            return self._set(key, *args)
        if operation == "add":
            return self._add(key, value, *args)
        if operation == "swap":
            return self._swap(key, value, *args)
        raise KeyError(operation)

    def _value(self, key: str) -> Any:
        value, until = self._kept.get(key, (None, 0.0))
        return value if self._now() < until else None

    def _set(self, key: str, value: Any, ttl: float) -> None:
        self._kept[key] = value, self._now() + ttl

    def _add(self, key: str, value: int | None, amount: int, ttl: float) -> int:
        until = self._kept[key][1] if value is not None else self._now() + ttl
        self._kept[key] = (value or 0) + amount, until
        return (value or 0) + amount

    def _swap(self, key: str, value: Any, old: Any, new: Any, ttl: float) -> bool:
        if value != old:
            return False
        if new is None:
            self._kept.pop(key, None)
        else:
            self._set(key, new, ttl)
        return True
