"""What the workers of one machine share: a file, bounded in bytes, the oldest goes first.

One statement an operation, so that each is atomic. In WAL mode (https://sqlite.org/wal.html) readers do not
wait for whoever writes; those who write wait for each other, at times for longer than a request should: who
calls from an event loop has a thread do it, and does not wait for ever.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

BYTES = 256 * 2**20
EACH = 100
"""Bytes that a row takes beside its key and its value, about."""
BUSY = 0.05
"""Seconds to wait for whoever else writes."""
FULL = 7 / 8
"""How much of the room is left in use when some is made."""
OPENING = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS kept (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL NOT NULL, size INTEGER NOT NULL, since REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS kept_since ON kept (since, size, until);
"""
GET = "SELECT value FROM kept WHERE key = ? AND until > ?"
SET = """
INSERT INTO kept VALUES (:key, :value, :until, :size, :now) ON CONFLICT (key) DO UPDATE
SET value = :value, until = :until, size = :size, since = :now
"""
SET_WHERE_NONE = SET + "WHERE kept.until <= :now"
ADD = """
INSERT INTO kept VALUES (:key, :value, :until, :size, :now) ON CONFLICT (key) DO UPDATE
SET value = CASE WHEN until > :now
    THEN CAST(CAST(CAST(CAST(value AS TEXT) AS INTEGER) + :amount AS TEXT) AS BLOB) ELSE :value END,
until = CASE WHEN until > :now THEN until ELSE :until END, since = :now
RETURNING value
"""
SWAP = """
UPDATE kept SET value = :value, until = :until, size = :size, since = :now
WHERE key = :key AND value = :old AND until > :now
"""
DROP_WHERE = "DELETE FROM kept WHERE key = :key AND value = :old AND until > :now"
DROP = "DELETE FROM kept WHERE key = ?"
SWEEP = "DELETE FROM kept WHERE until <= ?"
SIZE = "SELECT total(size) FROM kept"
PUSH_OUT = """
DELETE FROM kept WHERE since <= (
    SELECT since FROM (SELECT since, sum(size) OVER (ORDER BY since DESC) AS room FROM kept)
    WHERE room > ? ORDER BY since DESC LIMIT 1
)
"""


class SQLite:
    """A store in a file. Several threads and several processes may reach in; it is opened when it is first
    asked, and anew in a process that was forked. Raises what sqlite3 raises."""

    def __init__(
        self, path: str | Path, most_bytes: int = BYTES, clock: Callable[[], float] = time.time
    ) -> None:
        self._path, self._most, self._clock = Path(path), most_bytes, clock
        self._lock, self._pid = Lock(), 0
        self._database: sqlite3.Connection | None = None
        self._written = most_bytes  # bytes since it was last looked how full it is: at once, the first time

    def get(self, key: str) -> bytes | None:
        rows = self._run(GET, (key, self._clock()))[0]
        return bytes(rows[0][0]) if rows else None

    def set(self, key: str, value: bytes, ttl: float) -> None:
        self._write(SET, key, value, ttl)

    def add(self, key: str, amount: int, ttl: float) -> int:
        return int(self._write(ADD, key, b"%d" % amount, ttl, amount=amount)[0][0][0])

    def swap(self, key: str, old: bytes | None, new: bytes | None, ttl: float) -> bool:
        if old is None:
            if new is None:
                return self.get(key) is None
            return self._write(SET_WHERE_NONE, key, new, ttl)[1] > 0
        if new is None:
            return self._run(DROP_WHERE, {"key": key, "old": old, "now": self._clock()})[1] > 0
        return self._write(SWAP, key, new, ttl, old=old)[1] > 0

    def drop(self, key: str) -> None:
        self._run(DROP, (key,))

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def _write(self, statement: str, key: str, value: bytes, ttl: float, **more: Any) -> tuple[Any, int]:
        now, size = self._clock(), len(key) + len(value) + EACH
        if size > self._most:
            self.drop(key)  # it will not be found, as if it had been pushed out at once
            return [], 0
        told = {"key": key, "value": value, "until": now + ttl, "size": size, "now": now, **more}
        done = self._run(statement, told)
        self._written += size
        if self._written > self._most / 16:
            self._make_room(now)
        return done

    def _make_room(self, now: float) -> None:
        self._written = 0
        self._run(SWEEP, (now,))
        if self._run(SIZE, ())[0][0][0] > self._most * FULL:
            self._run(PUSH_OUT, (self._most * FULL,))

    def _run(self, statement: str, told: Any) -> tuple[Any, int]:
        """The rows of one statement, and how many it changed."""
        if self._pid != os.getpid():
            # The parent's connection is not to be touched, and its threads are not here to let go of a lock.
            self._lock, self._database, self._pid = Lock(), None, os.getpid()
        with self._lock:
            try:
                cursor = self._opened().execute(statement, told)
                return cursor.fetchall(), cursor.rowcount
            except sqlite3.Error:
                self._let_go()  # the file may be another by the next time
                raise

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            # What it holds was said to somebody: it is for nobody else to read.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            made = sqlite3.connect(self._path, BUSY, isolation_level=None, check_same_thread=False)
            try:
                made.executescript(OPENING)
            except sqlite3.Error:
                made.close()
                raise
            self._database = made
        return self._database

    def _let_go(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None
