"""Identities that are fetched off the event loop, for all of its requests at once, and anew after a fork."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from clouds import DOWN, PATIENCE, Cloud, key
from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.drivers.identity import THREADS, Settings
from gatewaymw.drivers.identity.entry import REST


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.gate.set()


async def until(event: Any) -> None:
    """Wait for another thread, without one."""
    with anyio.fail_after(PATIENCE):
        while not event():  # noqa: ASYNC110
            await anyio.sleep(0.001)


def begun(cloud: Cloud) -> Any:
    return lambda: cloud.begun.acquire(blocking=False)


@pytest.mark.anyio
async def test_a_slow_source_does_not_hold_the_loop(cloud: Cloud) -> None:
    identities = cloud.identities()
    answers: list[Settings] = []

    async def asks() -> None:
        answers.append(await identities.ask("aws", {}))

    cloud.gate.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(asks)
        await until(begun(cloud))
        before = threading.active_count()
        await anyio.wait_all_tasks_blocked()
        assert not answers and threading.active_count() == before, "those who wait hold no threads"
        cloud.gate.set()
    assert answers == [{"api_key": "key-1"}] * 100
    assert len(cloud.fetches) == 1 and cloud.threads == {"gatewaymw-identity"}


@pytest.mark.anyio
async def test_nobody_on_a_loop_waits_for_a_renewal(cloud: Cloud) -> None:
    cloud.says = [key(1), key(2, 9000)]
    identities = cloud.identities()
    await identities.ask("aws", {})
    await until(begun(cloud))
    cloud.time = 4500
    cloud.gate.clear()
    assert [await identities.ask("aws", {}) for _ in range(3)] == [{"api_key": "key-1"}] * 3
    await until(begun(cloud))
    assert len(cloud.fetches) == 2
    cloud.gate.set()
    with anyio.fail_after(PATIENCE):
        while await identities.ask("aws", {}) != {"api_key": "key-2"}:  # noqa: ASYNC110
            await anyio.sleep(0.001)
    assert len(cloud.fetches) == 2


@pytest.mark.anyio
async def test_who_leaves_takes_nothing_from_the_others(cloud: Cloud) -> None:
    identities = cloud.identities()
    cloud.gate.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(identities.ask, "aws", {})
        await until(begun(cloud))
        tasks.cancel_scope.cancel()
    assert not cloud.gate.is_set(), "it did not wait for the fetch"
    cloud.gate.set()
    assert await identities.ask("aws", {}) == {"api_key": "key-1"}
    assert len(cloud.fetches) == 1


@pytest.mark.anyio
async def test_a_request_waits_only_so_long(cloud: Cloud) -> None:
    identities = cloud.identities(patience=0.01)
    cloud.gate.clear()
    with pytest.raises(UpstreamError, match="within") as caught:
        await identities.ask("aws", {})
    assert caught.value.status == 504


@pytest.mark.anyio
async def test_a_failure_is_told_to_all_who_wait(cloud: Cloud) -> None:
    cloud.says = [DOWN]
    identities = cloud.identities()
    faults: list[GatewayError] = []

    async def asks() -> None:
        try:
            await identities.ask("aws", {})
        except GatewayError as error:
            faults.append(error)

    cloud.gate.clear()
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(asks)
        await until(begun(cloud))
        cloud.gate.set()
    assert [fault.message for fault in faults] == ["down"] * 3 and len(cloud.fetches) == 1


@pytest.mark.anyio
async def test_only_so_many_are_fetched_at_once(cloud: Cloud) -> None:
    identities = cloud.identities()
    cloud.gate.clear()
    async with anyio.create_task_group() as tasks:
        for number in range(THREADS):
            tasks.start_soon(identities.ask, "aws", {"number": str(number)})
        await until(lambda: len(cloud.fetches) == THREADS)
        with pytest.raises(UpstreamError, match="being fetched already") as caught:
            await identities.ask("aws", {"number": "more"})
        assert caught.value.status == 503
        cloud.gate.set()
    cloud.time += REST
    assert (await identities.ask("aws", {"number": "more"})).keys() == {"api_key"}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_fetch_outlives_the_loop_that_began_it(
    backend: str, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    identities = cloud.identities()
    cloud.gate.clear()

    async def leaves() -> None:
        with anyio.move_on_after(0.01):
            await identities.ask("aws", {})

    anyio.run(leaves, backend=backend)
    cloud.gate.set()
    assert identities.ask_sync("aws", {}) == {"api_key": "key-1"}
    assert len(cloud.fetches) == 1
    gc.collect()
    assert not caplog.records


STRESS = """
import random, threading, time
import anyio
from gatewaymw.drivers.identity import Found, Identities

def sources(kind, settings):
    def fetch():
        time.sleep(random.random() / 100)
        return Found({"api_key": kind}, time.time() + 0.05 + random.random() / 5, early=0.05)
    return fetch

identities, end, got = Identities(sources), time.monotonic() + 1, []

def asks():
    while time.monotonic() < end:
        got.append(identities.ask_sync("aws", {"n": str(random.randrange(3))}))

async def leaves():
    while time.monotonic() < end:
        with anyio.move_on_after(random.random() / 50):
            got.append(await identities.ask("aws", {"n": str(random.randrange(3))}))
        await anyio.sleep(0)

async def many():
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(leaves)

threads = [threading.Thread(target=asks) for _ in range(3)]
for backend in ("asyncio", "trio"):
    threads.append(threading.Thread(target=anyio.run, args=(many,), kwargs={"backend": backend}))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(15)
    assert not thread.is_alive()
assert len(got) > 100
"""


def test_threads_and_loops_that_come_and_go_get_along() -> None:
    """In a process of its own, where trio is imported while the others ask."""
    done = subprocess.run([sys.executable, "-c", STRESS], capture_output=True, text=True, timeout=40)
    assert (done.returncode, done.stderr) == (0, "")


# ── processes ────────────────────────────────────────────────────────────

PROGRAM = """
import os, threading
from gatewaymw.drivers.identity import Found, Identities

begun, gate = threading.Event(), threading.Event()

def sources(kind, settings):
    def fetch():
        if settings:
            begun.set()
            gate.wait()
        return Found({"api_key": str(os.getpid())})
    return fetch

identities = Identities(sources)
assert identities.ask_sync("aws", {})["api_key"] == str(os.getpid())
slow = threading.Thread(target=identities.ask_sync, args=("aws", {"slow": "1"}))
slow.start()
begun.wait()
child = os.fork()
if not child:
    gate.set()
    for settings in ({}, {"slow": "1"}):
        assert identities.ask_sync("aws", settings)["api_key"] == str(os.getpid())
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
gate.set()
slow.join()
assert identities.ask_sync("aws", {"slow": "1"})["api_key"] == str(os.getpid())
"""


def test_a_forked_child_waits_for_nobody_in_its_parent() -> None:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")


NO_THREADS = """
import threading
import anyio
from gatewaymw.core.errors import UpstreamError
from gatewaymw.drivers.identity import Found, Identities

now = 1000.0
identities = Identities(lambda kind, settings: lambda: Found({"api_key": kind}), lambda: now)

async def asks():
    return await identities.ask("aws", {})

threading.stack_size(2**46)
try:
    anyio.run(asks)
except UpstreamError as error:
    assert error.status == 503 and "no more threads" in error.message
else:
    raise AssertionError("a thread was started")
threading.stack_size(0)
now += 10
assert anyio.run(asks) == {"api_key": "aws"}
"""


def test_a_process_that_can_start_no_thread_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", NO_THREADS], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")
