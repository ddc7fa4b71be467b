"""What every test may use: how wide hypothesis searches, and real servers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import settings

from servers import Serve, serving
from upstream import Upstream, listening

settings.register_profile("default", max_examples=50, deadline=None)
settings.register_profile("ci", parent=settings.get_profile("default"), derandomize=True)
settings.register_profile("fuzz", parent=settings.get_profile("default"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Workers must agree on the names of tests: one with an address in it is another in each process."""
    odd = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if odd:
        raise pytest.UsageError(f"give these tests ids of their own: {odd}")


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
