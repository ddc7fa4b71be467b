"""Every fault of an upstream, by its number: no client takes a broken answer for a whole one, and all end.

`make faults` plays the same table below every server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from places import Places, configs, places
from table import FAULTS, Case, cases
from told import Told, below_asgi, below_wsgi, client, told

from callers import nothing, nothing_wsgi
from gatewaymw import ASGIGateway, Gateway, WSGIGateway
from servers import serving

Ask = Callable[[list[Case]], list[Told]]
HERE = Path(__file__).parent
AT_ONCE = 24
TOTAL = 4.0


@pytest.fixture(scope="module")
def where() -> Iterator[Places]:
    with places() as made:
        yield made


@pytest.fixture(scope="module", params=["asgi", "wsgi", "uvicorn"])
def ask(
    request: pytest.FixtureRequest, where: Places, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ask]:
    """Plays cases in one of three ways."""
    made = configs(where, cases())
    gateway = Gateway(configs=made, auth="public", total_timeout=TOTAL)
    if request.param == "asgi":
        yield lambda played: below_asgi(ASGIGateway(nothing, gateway=gateway), played)
    elif request.param == "wsgi":
        with below_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway)) as sdk:
            yield lambda played: side_by_side(lambda case: told(sdk, case), played)
        gateway.close()
    else:
        file = tmp_path_factory.mktemp("faults") / "configs.json"
        file.write_text(json.dumps(made))
        command = ("uvicorn", "host:asgi", "--port", "0", "--log-level", "info")
        with (
            serving(
                command, {"FAULTS_CONFIGS": str(file), "FAULTS": json.dumps({"total_timeout": TOTAL})}, HERE
            ) as url,
            client(url) as sdk,
        ):
            yield lambda played: side_by_side(lambda case: told(sdk, case), played)


def side_by_side(one: Callable[[Case], Told], played: list[Case]) -> list[Told]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, played))


def check(ask: Ask, number: str) -> None:
    played = cases(number)
    wrong = {case.name: case_told.wrong(case) for case, case_told in zip(played, ask(played), strict=True)}
    assert played and not {name: why for name, why in wrong.items() if why}


def test_f01_a_name_that_is_not_known(ask: Ask) -> None:
    check(ask, "f01")


def test_f02_a_connection_that_is_refused(ask: Ask) -> None:
    check(ask, "f02")


def test_f03_a_connection_that_is_not_made_in_time(ask: Ask) -> None:
    check(ask, "f03")


def test_f04_a_certificate_that_cannot_be_trusted(ask: Ask) -> None:
    check(ask, "f04")


def test_f05_a_connection_that_is_closed_at_once(ask: Ask) -> None:
    check(ask, "f05")


def test_f06_a_connection_that_is_reset_before_the_head(ask: Ask) -> None:
    check(ask, "f06")


def test_f07_no_head(ask: Ask) -> None:
    check(ask, "f07")


def test_f08_what_is_no_http(ask: Ask) -> None:
    check(ask, "f08")


def test_f09_errors_of_the_client(ask: Ask) -> None:
    check(ask, "f09")


def test_f10_too_many_requests(ask: Ask) -> None:
    check(ask, "f10")


def test_f11_errors_of_the_provider(ask: Ask) -> None:
    check(ask, "f11")


def test_f12_a_page_instead_of_an_answer(ask: Ask) -> None:
    check(ask, "f12")


def test_f13_a_body_that_is_cut(ask: Ask) -> None:
    check(ask, "f13")


def test_f14_a_body_of_another_type(ask: Ask) -> None:
    check(ask, "f14")


def test_f15_no_body(ask: Ask) -> None:
    check(ask, "f15")


def test_f16_a_stream_that_is_cut(ask: Ask) -> None:
    check(ask, "f16")


def test_f17_a_stream_that_ends_without_its_marker(ask: Ask) -> None:
    check(ask, "f17")


def test_f18_a_stream_that_falls_silent(ask: Ask) -> None:
    check(ask, "f18")


def test_f19_an_event_that_is_none(ask: Ask) -> None:
    check(ask, "f19")


def test_f20_an_event_without_end(ask: Ask) -> None:
    check(ask, "f20")


def test_f21_what_is_no_utf_8(ask: Ask) -> None:
    check(ask, "f21")


def test_f22_one_byte_at_a_time(ask: Ask) -> None:
    check(ask, "f22")


def test_f23_what_is_compressed(ask: Ask) -> None:
    check(ask, "f23")


def test_the_table_has_every_fault_of_an_upstream() -> None:
    assert sorted({fault.number for fault in FAULTS}) == [f"f{number:02}" for number in range(1, 24)]
