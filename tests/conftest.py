"""How wide hypothesis searches, what counts as covered, and what every test may use: real servers."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import settings

from servers import Serve, serving
from upstream import Upstream, listening

settings.register_profile("default", max_examples=50, deadline=None)
# The same examples on every day: more of them would find nothing new tomorrow.
settings.register_profile("ci", parent=settings.get_profile("default"), max_examples=25, derandomize=True)
settings.register_profile("fuzz", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
TRACER = pytest.StashKey[Coverage | None]()
COMPUTING = {"core", "config", "corpus", "explaining"}
"""Folders of tests that wait for nobody."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers must agree on the names of tests: one with an address in it is another in each process.
    Files that take long, for they wait, go first, so that at the end none has to be waited for."""
    odd = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if odd:
        raise pytest.UsageError(f"give these tests ids of their own: {odd}")
    items.sort(key=lambda item: folder(item) in COMPUTING)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Coverage has seen what imports run. From now on it is shown tests, and not what pytest does between
    them. And what has been imported and collected is not looked through for garbage time and again."""
    gc.freeze()
    if tracer := Coverage.current():
        tracer.stop()
    session.config.stash[TRACER] = tracer
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    tracer = None if item.get_closest_marker("untraced") else item.config.stash[TRACER]
    if tracer is None:
        return (yield)
    tracer.start()
    try:
        return (yield)
    finally:
        tracer.stop()


def folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="module")
def serve() -> Iterator[Serve]:
    """Start a server by `serve("uvicorn", "app:app", "--port", "0", env={…})`; it ends with the module."""
    with ExitStack() as stack:

        def start(*command: str, env: dict[str, str] | None = None) -> str:
            return stack.enter_context(serving(command, env))

        yield start


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """An upstream of our own, on a real socket."""
    with listening() as made:
        yield made
