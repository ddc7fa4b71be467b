"""What tests of every transport share: the transports, and an upstream that outlives a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carriers import Carriers, Carrying
from upstream import Upstream, listening


@pytest.fixture(scope="module")
def carrying() -> Iterator[Carrying]:
    """`with carrying("wire-thread", guarded=True) as carrier: …`; event loops end with the module."""
    made = Carriers()
    with made.stack:
        yield made.carrying


@pytest.fixture(scope="module")
def server() -> Iterator[Upstream]:
    with listening() as made:
        yield made


@pytest.fixture
def shared(server: Upstream) -> Upstream:
    """One upstream for a module, of which nothing is asked and nothing was seen yet."""
    server.seen.clear()
    server.scripts.clear()
    return server
