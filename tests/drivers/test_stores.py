"""One suite for every store: what each operation does, from threads and from event loops."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatewaymw.core.errors import ConfigError
from gatewaymw.drivers.stores import Guarded, backend_of, store_of
from gatewaymw.drivers.stores.memory import Memory
from gatewaymw.drivers.stores.sqlite import SQLite
from redises import RedisServer, redis_server

KINDS = ("memory", "sqlite", "redis", "handed", "handed async")
PATIENCE = 10.0
"""Seconds for an operation: what it does is tried here, however busy the machine is."""
WAYS = ("thread", "asyncio", "trio")
Do = Callable[..., Any]


class HandedAsync:
    """A store of the host's, whose client is async."""

    def __init__(self) -> None:
        self._memory = Memory()

    async def get(self, *args: Any) -> Any:
        return self._memory.get(*args)

    async def set(self, *args: Any) -> Any:
        return self._memory.set(*args)

    async def add(self, *args: Any) -> Any:
        return self._memory.add(*args)

    async def swap(self, *args: Any) -> Any:
        return self._memory.swap(*args)

    async def drop(self, *args: Any) -> Any:
        return self._memory.drop(*args)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as made:
        yield made


@pytest.fixture(scope="module")
def stores(server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Guarded]]:
    named: dict[str, Any] = {
        "memory": None,
        "sqlite": f"sqlite:{tmp_path_factory.mktemp('sqlite') / 'state.db'}",
        "redis": server.url,
        "handed": Memory(),
        "handed async": HandedAsync(),
    }
    made = {kind: store_of(named[kind], PATIENCE) for kind in KINDS}
    yield made
    for kind, store in made.items():
        assert store.state()["failures"] == 0, (kind, store.state())
        store.close()


def doing(store: Guarded, way: str, steps: Callable[[Do], Any]) -> Any:
    """The steps, in which each operation is one of the store's, by either driver's form."""
    if way == "thread":
        return steps(store.ask)

    async def run() -> Any:
        def do(*asked: Any) -> Any:
            return anyio.from_thread.run(store.aask, *asked)

        try:
            return await anyio.to_thread.run_sync(steps, do)
        finally:
            if way == "asyncio":
                await store.aclose()

    return anyio.run(run, backend=way)


each = pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind in KINDS for way in WAYS])


@pytest.fixture
def key() -> str:
    return f"test:{uuid4().hex}"


@each
def test_what_is_set_is_there_until_it_is_dropped(
    stores: dict[str, Guarded], kind: str, way: str, key: str
) -> None:
    def steps(do: Do) -> None:
        assert do("get", key) is None
        assert do("set", key, b"\0\xff one", 60) is None
        assert do("get", key) == b"\0\xff one"
        assert do("set", key, b"", 60) is None
        assert do("get", key) == b""
        assert do("drop", key) is None
        assert do("get", key) is None
        assert do("drop", key) is None

    doing(stores[kind], way, steps)


@each
def test_a_counter_counts_on_from_nothing(stores: dict[str, Guarded], kind: str, way: str, key: str) -> None:
    def steps(do: Do) -> None:
        assert [do("add", key, amount, 60) for amount in (1, 5, -2)] == [1, 6, 4]
        assert do("get", key) == b"4"
        assert do("swap", key, b"4", b"40", 60) is True
        assert do("add", key, 2, 60) == 42

    doing(stores[kind], way, steps)


@each
def test_a_swap_is_done_where_nothing_came_between(
    stores: dict[str, Guarded], kind: str, way: str, key: str
) -> None:
    def steps(do: Do) -> None:
        assert do("swap", key, None, None, 60) is True
        assert do("swap", key, b"a", b"b", 60) is False
        assert do("swap", key, None, b"a", 60) is True
        assert do("swap", key, None, b"b", 60) is False
        assert do("swap", key, None, None, 60) is False
        assert do("swap", key, b"b", b"c", 60) is False
        assert do("get", key) == b"a"
        assert do("swap", key, b"a", b"\0", 60) is True
        assert do("swap", key, b"b", None, 60) is False
        assert do("swap", key, b"\0", None, 60) is True
        assert do("get", key) is None
        assert do("swap", key, None, b"", 60) is True
        assert do("swap", key, None, b"x", 60) is False
        assert do("swap", key, b"", b"x", 60) is True

    doing(stores[kind], way, steps)


@each
def test_what_is_too_old_is_gone(stores: dict[str, Guarded], kind: str, way: str, key: str) -> None:
    def steps(do: Do) -> None:
        names = [f"{key}{name}" for name in ("set", "add", "swap", "kept", "again")]
        do("set", names[0], b"x", 1.0)
        do("add", names[1], 3, 1.0)
        do("swap", names[2], None, b"x", 1.0)
        do("set", names[3], b"x", 60)
        do("set", names[4], b"x", 1.0)
        do("set", names[4], b"y", 60)
        do("add", names[1], 1, 60)  # which gives it no more time
        time.sleep(1.1)
        assert [do("get", name) for name in names] == [None, None, None, b"x", b"y"]
        assert do("add", names[1], 2, 60) == 2
        assert do("swap", names[2], b"x", b"y", 60) is False
        assert do("swap", names[2], b"x", None, 60) is False
        assert do("swap", names[2], None, b"z", 60) is True
        assert do("get", names[2]) == b"z"

    doing(stores[kind], way, steps)


@pytest.mark.parametrize("kind", KINDS)
def test_sql_01_words_are_values_in_every_store(stores: dict[str, Guarded], kind: str, key: str) -> None:
    store, odd = stores[kind], f"{key}'); DROP TABLE kept; --\r\nFLUSHALL\r\n\"]] return 1 --"
    assert store.ask("add", odd, 1, 60) == 1
    assert store.ask("swap", odd, b"1", odd.encode(), 60) is True
    store.ask("set", key, b"1); DELETE FROM kept", 60)
    assert store.ask("get", odd) == odd.encode()
    assert store.ask("get", key) == b"1); DELETE FROM kept"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost_where_many_count_and_swap(stores: dict[str, Guarded], kind: str, key: str) -> None:
    store, patience = stores[kind], 50

    def one(number: int) -> None:
        store.ask("add", key, 1, 60)
        for _ in range(patience):
            old = store.ask("get", key + "s")
            if store.ask("swap", key + "s", old, b"%d" % (int(old or 0) + 1), 60):
                return
        raise AssertionError("it was never its turn")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(24)))
    assert (store.ask("get", key), store.ask("get", key + "s")) == (b"24", b"24")


OPERATION = st.one_of(
    st.tuples(st.just("get")),
    st.tuples(st.just("set"), st.binary(max_size=4), st.just(60)),
    st.tuples(st.just("add"), st.integers(-9, 9), st.just(60)),
    st.tuples(st.just("swap"), st.none() | st.just(b"1"), st.none() | st.just(b"1"), st.just(60)),
    st.tuples(st.just("drop")),
)


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(OPERATION, max_size=12))
def test_every_store_does_as_the_one_in_memory_does(
    stores: dict[str, Guarded], kind: str, asked: list[Any]
) -> None:
    key, memory, number = f"test:{uuid4().hex}", Memory(), True
    for operation, *args in asked:
        if operation == "add" and not number:
            continue  # nobody counts on from words
        told = stores[kind].ask(operation, key, *args)
        assert told == getattr(memory, operation)(key, *args)
        found = memory.get(key)
        number = found is None or found.lstrip(b"-").isdigit()


# ── bounds ───────────────────────────────────────────────────────────────


def test_dos_13_memory_stays_within_its_bytes_and_its_entries() -> None:
    memory = Memory(most_bytes=100_000, most=50)
    for number in range(1000):
        memory.set(f"key {number}", bytes(1000), 60)
        memory.get("key 0")
        assert memory.size <= 100_000 and len(memory) <= 50
    assert memory.get("key 0") == bytes(1000) and memory.get("key 1") is None
    memory.set("key 0", bytes(100_001), 60)
    assert memory.get("key 0") is None
    assert len(memory) >= 40
    memory.close()
    assert len(memory) == 0


def test_dos_13_a_file_stays_within_its_bytes(tmp_path: Path) -> None:
    store, most = SQLite(tmp_path / "state.db", most_bytes=400_000), 400_000
    for number in range(1500):
        store.set(f"key {number}", bytes(1000), 60)
    files = sum(file.stat().st_size for file in tmp_path.iterdir() if not file.name.endswith("-wal"))
    assert files < 2 * most
    assert store.get("key 1499") == bytes(1000) and store.get("key 0") is None
    store.set("key 1499", bytes(most + 1), 60)
    assert store.get("key 1499") is None
    assert store.get("key 1498") == bytes(1000)
    store.close()


def test_a_file_is_for_its_owner_only_and_is_found_again(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    first = SQLite(file)
    first.set("a", b"x", 60)
    first.close()
    assert file.stat().st_mode & 0o777 == 0o600
    second = SQLite(file)
    assert second.get("a") == b"x"
    second.close()


# ── what it is called ────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "named",
    ["no words", "sqlite", "sqlite:", "redis", "redis:6379", "http://x", "redis://h:port/0", 7, {}],
    ids=str,
)
def test_a_store_that_is_none_is_refused_without_its_words(named: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        backend_of(named)
    assert refused.value.path == "store" and "port" not in refused.value.message.replace("HOST:PORT", "")


def test_a_prefix_of_the_hosts_own(server: RedisServer) -> None:
    store = store_of(server.url + "?prefix=mine:", PATIENCE)
    store.ask("set", "a", b"x", 60)
    assert server.say("GET", "mine:a") == b"$1\r\nx\r\n"
    store.close()
    ours = store_of(server.url.replace("redis:", "valkey:"), PATIENCE)
    ours.ask("set", "a", b"y", 60)
    assert server.say("GET", "gatewaymw:1:a") == b"$1\r\ny\r\n"
    ours.close()


def test_one_round_trip_an_operation(server: RedisServer, key: str) -> None:
    store = store_of(server.url, PATIENCE)
    asked = [("set", b"1", 60), ("get",), ("add", 1, 60), ("swap", b"2", b"3", 60), ("drop",)]

    def commands() -> int:
        told = server.say("INFO", "stats").decode()
        return int(told.split("total_commands_processed:")[1].split()[0])

    for _ in range(2):
        for operation, *args in asked:
            store.ask(operation, key, *args)
    before = commands()
    for operation, *args in asked:
        store.ask(operation, key, *args)
    # A script's own commands count as well: INCRBY, PTTL; GET, SET.
    assert commands() - before - 1 == len(asked) + 4
    store.close()


def test_threads_of_a_store_end_with_it(tmp_path: Path) -> None:
    store = store_of(f"sqlite:{tmp_path / 'x.db'}", PATIENCE)
    store.ask("add", "a", 1, 60)
    assert any(thread.name.startswith("gatewaymw-store") for thread in threading.enumerate())
    store.close()
    store.close()
    assert store.ask("add", "a", 1, 60) == 2
    store.close()
