"""What follows an answer: run once its last byte is out, by both drivers, whatever becomes of it."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import pytest

from gatewaymw.core.commands import Flow, ask
from gatewaymw.core.errors import GatewayError
from gatewaymw.core.routing.entries import Said
from gatewaymw.core.routing.pipeline import Raw
from gatewaymw.core.routing.reply import NO_STREAM, Live, Reply
from gatewaymw.core.stored import Lead
from gatewaymw.drivers import aio, sync

DRIVERS = ("thread", "asyncio", "trio")


class Landed(Lead):
    def __init__(self) -> None:
        self.told: list[bytes | None] = []

    def land(self, value: bytes | None) -> None:
        self.told.append(value)


def followed(way: str, reply: Reply, service: Any) -> None:
    """The flows of a reply, run; then the driver closed."""
    if way == "thread":
        with sync.Driver(None, {"note": service}) as driver:  # type: ignore[arg-type]
            driver.afterwards(reply)
        return

    async def note(*args: Any) -> Any:
        return service(*args)

    async def run() -> None:
        async with aio.Driver(None, {"note": note}) as driver:  # type: ignore[arg-type]
            await driver.afterwards(reply)

    anyio.run(run, backend=way)


def noting(word: object) -> Flow[None]:
    yield from ask("note", word)


def failing() -> Flow[None]:
    yield from ask("note", "before")
    raise ValueError("a bug")


@pytest.mark.parametrize("way", DRIVERS)
def test_flows_are_run_in_turn_and_one_that_fails_is_logged(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    noted: list[Any] = []
    reply = Reply(status=200, later=(lambda: noting(1), failing, lambda: noting(2)))
    with caplog.at_level(logging.ERROR, "gatewaymw"):
        followed(way, reply, noted.append)
    assert noted == [1, "before", 2]
    assert [record.getMessage() for record in caplog.records] == ["gatewaymw failed after an answer"]


@pytest.mark.parametrize("way", DRIVERS)
def test_a_stream_that_was_cut_is_followed_by_nothing(way: str) -> None:
    noted: list[Any] = []
    cut = Raw()
    cut.error = GatewayError("cut")
    for passage in (cut, Said()):
        later = (lambda: noting("later"),)
        live = Live(status=200, stream=NO_STREAM, passage=passage, later=later)
        followed(way, live, noted.append)
    assert noted == ["later"]


@pytest.mark.parametrize("way", DRIVERS)
def test_a_driver_that_is_closed_lets_go_of_the_flights_it_leads(way: str) -> None:
    lead = Landed()
    followed(way, Reply(status=200, later=(lambda: noting("lead"),)), lambda word: lead)
    assert lead.told == [None]
