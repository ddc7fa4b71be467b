"""How wide hypothesis searches, what counts as covered, and what every test may use: real servers."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from importlib import import_module
from pkgutil import walk_packages

import pytest
from coverage import Coverage
from hypothesis import settings

import gatewaymw.core
from servers import Serve, serving
from upstream import Upstream, listening

settings.register_profile("default", max_examples=50, deadline=None)
# The same examples on every day: more of them would find nothing new tomorrow.
settings.register_profile("ci", parent=settings.get_profile("default"), max_examples=25, derandomize=True)
settings.register_profile("fuzz", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
TRACER = pytest.StashKey[Coverage | None]()
COMPUTING = {"core", "config", "corpus", "explaining"}
"""Folders of tests that wait for nobody. They alone are traced: what the core does is theirs to hold."""


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Coverage sees what is run to import the core, and from then on is shown tests alone: what SDKs run to
    be imported is a lot, and nothing of it counts. All that is made here stays, so none of it is garbage."""
    for module in walk_packages(gatewaymw.core.__path__, "gatewaymw.core."):
        import_module(module.name)
    session.config.stash[TRACER] = tracer = Coverage.current()
    while tracer:  # a worker has begun two of them, and one that ends lets the other go on
        tracer.stop()
        tracer = Coverage.current()
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)  # what tests make is mostly gone before
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers must agree on the names of tests: one with an address in it is another in each process.
    Files that take long, for they wait, go first, so that at the end none has to be waited for."""
    odd = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if odd:
        raise pytest.UsageError(f"give these tests ids of their own: {odd}")
    items.sort(key=computes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    tracer = item.config.stash[TRACER]
    if tracer is None or not computes(item) or item.get_closest_marker("untraced"):
        return (yield)
    tracer.start()
    try:
        return (yield)
    finally:
        tracer.stop()


def computes(item: pytest.Item) -> bool:
    return item.nodeid.split("/")[1] in COMPUTING


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
