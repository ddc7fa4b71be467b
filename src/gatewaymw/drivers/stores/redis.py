"""What many machines share: a Redis or Valkey server, one round trip an operation.

Commands that both have, no script that reaches beyond its one key (so that a cluster may be asked), values
that are bytes and nothing that is unpickled. The server counts the seconds, so workers' clocks do not matter.
"""

from __future__ import annotations

import asyncio
import hashlib
from asyncio import _get_running_loop as loop_here
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from weakref import WeakKeyDictionary

import anyio.to_thread

from ...core.errors import ConfigError

SCHEMES = {
    "redis": "redis",
    "rediss": "rediss",
    "valkey": "redis",
    "valkeys": "rediss",
    "unix": "unix",
}
PREFIX = "gatewaymw:1:"
CONNECTIONS = 32
"""Of one event loop, or of all threads, to one server."""
ADD = b"""local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return count"""
SWAP = b"""local found = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
  if found ~= ARGV[2] then return 0 end
elseif found then return 0 end
if ARGV[3] == '1' then redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
else redis.call('DEL', KEYS[1]) end
return 1"""
HASHES = {script: hashlib.sha1(script, usedforsecurity=False).hexdigest() for script in (ADD, SWAP)}


class Redis:
    """A store on a server, for event loops (asyncio) and threads. Connections are made when they are first
    needed, those of an event loop for it alone. Raises what redis-py raises."""

    kind = "Redis"

    def __init__(self, url: str, wait: float) -> None:
        """`wait`: seconds for a connection to be made, and for an answer. Raises ConfigError."""
        self._url, self._prefix = told(url)
        self._wait = wait
        self._check()
        self._lock = Lock()
        self._client: Any = None
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def __repr__(self) -> str:
        return "Redis()"  # its address may hold a password

    def ask(self, operation: str, key: str, *args: Any) -> Any:
        """From a thread."""
        with self._lock:
            client = self._client = self._client or self._made()
        read, script, command = ASKED[operation](self._prefix + key, *args)
        if script is None:
            return read(client.execute_command(*command))
        try:
            return read(client.execute_command("EVALSHA", HASHES[script], *command))
        except self._unknown():
            return read(client.execute_command("EVAL", script, *command))

    async def aask(self, operation: str, key: str, *args: Any) -> Any:
        """From an event loop. redis-py knows asyncio's only: any other has a thread ask."""
        if (loop := loop_here()) is None:
            asking = partial(self.ask, operation, key, *args)
            return await anyio.to_thread.run_sync(asking, abandon_on_cancel=True)
        client = self._here(loop)
        read, script, command = ASKED[operation](self._prefix + key, *args)
        if script is None:
            return read(await client.execute_command(*command))
        try:
            return read(await client.execute_command("EVALSHA", HASHES[script], *command))
        except self._unknown():
            return read(await client.execute_command("EVAL", script, *command))

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
            client.connection_pool.disconnect()

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        loop = loop_here()
        with self._lock:
            client = self._clients.pop(loop, None) if loop else None
        if client is not None:
            await client.aclose()
            await client.connection_pool.disconnect()

    def _here(self, loop: asyncio.AbstractEventLoop) -> Any:
        with self._lock:
            client = self._clients.get(loop)
            if client is None:
                client = self._clients[loop] = self._amade()
        return client

    def _check(self) -> None:
        """Raises ConfigError."""
        try:
            self._made()
            self._amade()
        except ImportError:
            raise ConfigError("needs redis-py: install gatewaymw[redis]", path="store") from None
        except (ValueError, TypeError):  # it may hold a password: its words are not repeated
            raise ConfigError("is no address of a Redis server", path="store") from None

    def _made(self) -> Any:
        import redis
        from redis.retry import Retry

        return redis.Redis(connection_pool=self._pool(redis.BlockingConnectionPool, Retry))

    def _amade(self) -> Any:
        from redis import asyncio as redis
        from redis.asyncio.retry import Retry

        return redis.Redis(connection_pool=self._pool(redis.BlockingConnectionPool, Retry))

    def _pool(self, kind: Any, retry: Any) -> Any:
        from redis.backoff import NoBackoff

        return kind.from_url(
            self._url,
            max_connections=CONNECTIONS,
            timeout=self._wait,
            socket_timeout=self._wait,
            socket_connect_timeout=self._wait,
            retry=retry(NoBackoff(), 0),
            protocol=2,  # which needs no word before the first command
            **unnamed(),
        )

    def _unknown(self) -> Any:
        from redis.exceptions import NoScriptError

        return NoScriptError


def unnamed() -> dict[str, Any]:
    """What keeps redis-py from telling its name, which would be a round trip more for each connection."""
    try:
        from redis.driver_info import DriverInfo  # noqa: F401
    except ImportError:
        return {"lib_name": None, "lib_version": None}
    return {"driver_info": None}


def told(url: str) -> tuple[str, str]:
    """The address for redis-py, and the prefix of all keys: `?prefix=` of the address, or our own."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    prefix = query.pop("prefix", PREFIX)
    scheme = SCHEMES[parts.scheme]
    return urlunsplit((scheme, parts.netloc, parts.path, urlencode(query), "")), prefix


# ── the commands ─────────────────────────────────────────────────────────

Asked = tuple[Callable[[Any], Any], bytes | None, tuple[Any, ...]]
"""What reads the answer, the script if it is one, and its command or the script's arguments."""


def milliseconds(ttl: float) -> int:
    return max(1, min(int(ttl * 1000), 2**40))


def get(key: str) -> Asked:
    return as_it_is, None, ("GET", key)


def set_(key: str, value: bytes, ttl: float) -> Asked:
    return nothing, None, ("SET", key, value, "PX", milliseconds(ttl))


def add(key: str, amount: int, ttl: float) -> Asked:
    return int, ADD, (1, key, amount, milliseconds(ttl))


def swap(key: str, old: bytes | None, new: bytes | None, ttl: float) -> Asked:
    there, then = int(old is not None), int(new is not None)
    return bool, SWAP, (1, key, there, old or b"", then, new or b"", milliseconds(ttl))


def drop(key: str) -> Asked:
    return nothing, None, ("DEL", key)


def as_it_is(answer: Any) -> Any:
    return answer


def nothing(answer: Any) -> None:
    """A set and a drop are not asked what came of them."""


ASKED: dict[str, Callable[..., Asked]] = {"get": get, "set": set_, "add": add, "swap": swap, "drop": drop}
