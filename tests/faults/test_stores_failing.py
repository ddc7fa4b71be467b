"""Stores that are stopped, slow, or talk nonsense: no request fails for it, or waits for long."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from gatewaymw.drivers.stores import Guarded, store_of
from gatewaymw.drivers.stores.guarded import DEADLINE, FAILURES, REST
from gatewaymw.drivers.stores.memory import Memory
from gatewaymw.drivers.stores.redis import Redis
from gatewaymw.drivers.stores.threaded import Threaded
from redises import redis_server

WAYS = ("thread", "asyncio", "trio")
SLOW = 20.0
LATE = 10.0
"""Seconds that an operation may take on a machine that is busy: less than a slow store does."""


class Faulty(Memory):
    """A host's store that can be told how to go wrong."""

    fault = ""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def get(self, key: str) -> Any:
        if self.fault == "slow":
            self.free.wait(SLOW)
        if self.fault == "raises":
            raise OSError("redis://:the-password@host")
        return "words" if self.fault == "garbage" else super().get(key)


class FaultyAsync(Faulty):
    async def get(self, key: str) -> Any:  # type: ignore[override]
        if self.fault == "slow":
            with anyio.move_on_after(SLOW):
                while not self.free.is_set():  # noqa: ASYNC110 - it is set in another thread
                    await anyio.sleep(0.01)
            return None
        return super().get(key)


@contextmanager
def answering(words: bytes | None) -> Iterator[str]:
    """A server that answers everything with these words, or takes all and says nothing."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        taken: list[socket.socket] = []

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                taken.append(connection)
                if words:
                    connection.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.getsockname()[1]}"
        finally:
            stop.set()
            thread.join()
            for connection in taken:
                connection.close()


def asked(store: Guarded, way: str, *operations: tuple[Any, ...]) -> list[tuple[Any, float]]:
    """What each came to, and how many seconds it took."""
    if way == "thread":
        told = []
        for each in operations:
            begun = time.monotonic()
            told.append((store.ask(*each), time.monotonic() - begun))
        return told

    async def run() -> list[tuple[Any, float]]:
        made = []
        for each in operations:
            begun = time.monotonic()
            made.append((await store.aask(*each), time.monotonic() - begun))
        await store.aclose()
        return made

    return anyio.run(run, backend=way)


ALL = [
    ("set", "a", b"x", 60),
    ("get", "a"),
    ("add", "n", 2, 60),
    ("add", "n", 2, 60),
    ("swap", "a", b"x", b"y", 60),
    ("get", "a"),
    ("drop", "a"),
    ("get", "a"),
]
SAID = [None, b"x", 2, 4, True, b"y", None, None]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "words",
    [None, b"HTTP/1.1 200 OK\r\n\r\n", b"-ERR no\r\n" * 3, b":x\r\n", b"$5\r\nab"],
    ids=["silent", "http", "errors", "number", "cut"],
)
def test_a_server_that_is_none_is_stood_in_for(words: bytes | None, way: str) -> None:
    with answering(words) as url:
        store = store_of(url)
        told = asked(store, way, *ALL)
        store.close()
    assert [answer for answer, _ in told] == SAID
    assert max(seconds for _, seconds in told) < LATE
    assert store.state()["failures"] >= 1


@pytest.mark.parametrize("way", WAYS)
def test_nobody_there(way: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        stores = [store_of(f"redis://:secret@127.0.0.1:{taken.getsockname()[1]}")]
    (tmp_path / "garbage.db").write_bytes(b"no database at all, whatever its name is" * 99)
    stores += [store_of(f"sqlite:{tmp_path / 'garbage.db'}"), store_of(f"sqlite:{tmp_path / 'no' / 'x.db'}")]
    for store in stores:
        assert [answer for answer, _ in asked(store, way, *ALL)] == SAID
        assert store.state()["reachable"] is False and store.state()["failures"] == FAILURES
        assert store.state()["answered_locally"] == len(ALL)
        store.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("made", [Faulty, FaultyAsync])
@pytest.mark.parametrize("fault", ["slow", "raises", "garbage"])
def test_a_store_of_the_hosts_that_fails(
    made: type[Faulty], fault: str, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    faulty, clock = made(), [100.0]
    # What is slow is given little time. All else has enough on a machine that is busy.
    threaded = Threaded(faulty, DEADLINE if fault == "slow" else LATE)
    store = Guarded(threaded, Memory(), lambda: clock[0], threaded._deadline)
    faulty.fault = fault
    with caplog.at_level(logging.WARNING, "gatewaymw"):
        told = asked(store, way, *[("get", "a")] * 6)
        assert [answer for answer, _ in told] == [None] * 6
        assert max(seconds for _, seconds in told) < LATE
        assert store.state() == {
            "store": made.__name__,
            "reachable": False,
            "failures": FAILURES,
            "answered_locally": 6,
            "last_error": {"slow": "TimeoutError", "raises": "OSError", "garbage": "TypeError"}[fault],
        }
        clock[0] += REST
        asked(store, way, *[("get", "a")] * 4)
        assert store.state()["failures"] == FAILURES + 1, "one operation tries it again"
        faulty.fault = ""
        clock[0] += REST
        faulty.free.set()
        store._deadline = threaded._deadline = LATE
        asked(store, way, *[("set", "a", b"x", 60), ("get", "a")])
        assert store.state()["reachable"] is True
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2 and "fails" in said[0] and said[1] == "the store of gatewaymw is back"
    assert "password" not in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_is_stopped_and_started_again(way: str, tmp_path: Path) -> None:
    clock = [100.0]
    with redis_server(tmp_path) as server:
        store = Guarded(Redis(server.url, 5.0), Memory(), lambda: clock[0], deadline=10.0)
        assert asked(store, way, ("add", "n", 1, 60))[0][0] == 1
        server.stop()
        told = asked(store, way, *[("add", "n", 1, 60)] * 5)
        assert [answer for answer, _ in told] == [1, 2, 3, 4, 5]
        assert store.state()["reachable"] is False
        server.start()
        clock[0] += REST
        assert [answer for answer, _ in asked(store, way, *[("add", "n", 1, 60)] * 2)] == [1, 2]
        assert store.state()["reachable"] is True
        store.close()
