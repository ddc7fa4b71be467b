"""What one process keeps for itself: bounded in bytes and in entries, the least used goes first."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from cachetools import LRUCache

BYTES = 64 * 2**20
ENTRIES = 50_000
EACH = 200
"""Bytes that an entry takes beside its key and its value, about."""


class Item(NamedTuple):
    value: bytes
    until: float


class Memory:
    """A store of this process. Several threads may reach in."""

    def __init__(
        self, most_bytes: int = BYTES, most: int = ENTRIES, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._now, self._lock = most, now, Lock()
        # What is too old is found so when it is read; until then it is in nobody's way, and goes first.
        self._items: LRUCache[str, Item] = LRUCache(most_bytes, lambda item: len(item.value) + EACH)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._items.currsize)

    def get(self, key: str) -> bytes | None:
        with self._lock:
            return self._read(key)

    def set(self, key: str, value: bytes, ttl: float) -> None:
        with self._lock:
            self._write(key, value, self._now() + ttl)

    def add(self, key: str, amount: int, ttl: float) -> int:
        with self._lock:
            item = self._fresh(key)
            count = (int(item.value) if item else 0) + amount
            self._write(key, b"%d" % count, item.until if item else self._now() + ttl)
            return count

    def swap(self, key: str, old: bytes | None, new: bytes | None, ttl: float) -> bool:
        with self._lock:
            if self._read(key) != old:
                return False
            if new is None:
                self._items.pop(key, None)
            else:
                self._write(key, new, self._now() + ttl)
            return True

    def drop(self, key: str) -> None:
        with self._lock:
            self._items.pop(key, None)

    def close(self) -> None:
        with self._lock:
            self._items.clear()

    def _read(self, key: str) -> bytes | None:
        item = self._fresh(key)
        return item.value if item else None

    def _fresh(self, key: str) -> Item | None:
        item = self._items.get(key)
        if item is None or item.until > self._now():
            return item
        del self._items[key]
        return None

    def _write(self, key: str, value: bytes, until: float) -> None:
        self._items.pop(key, None)
        if len(value) + EACH > self._items.maxsize:
            return  # it will not be found, as if it had been pushed out at once
        while len(self._items) >= self._most:
            self._items.popitem()
        self._items[key] = Item(value, until)
