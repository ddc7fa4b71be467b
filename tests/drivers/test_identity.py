"""Identities that are fetched: once for all who ask, renewed in time, and what is told when they are not."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clouds import DOWN, PATIENCE, ROLE, Cloud, key
from gatewaymw.core.errors import Unauthorized, UpstreamError
from gatewaymw.drivers.identity import KEPT, Found, Identities, Settings, refusal
from gatewaymw.drivers.identity.entry import EARLY, REST


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.gate.set()


# ── kept, renewed ────────────────────────────────────────────────────────


def test_p20_what_is_fetched_is_kept_for_all_who_ask_for_the_same(cloud: Cloud) -> None:
    identities = cloud.identities()
    assert [identities.ask_sync("aws", dict(ROLE)) for _ in range(3)] == [{"api_key": "key-1"}] * 3
    assert identities.ask_sync("aws", {}) == {"api_key": "key-2"}
    assert identities.ask_sync("google", dict(ROLE)) == {"api_key": "key-3"}
    assert cloud.fetches == [ROLE, {}, ROLE]


def test_settings_that_read_alike_when_they_are_joined_are_not_the_same(cloud: Cloud) -> None:
    identities = cloud.identities()
    for settings in ({"a": "1b 1:2"}, {"a": "1", "b": "2"}, {"b": "2", "a": "1"}):
        identities.ask_sync("aws", settings)
    assert len(cloud.fetches) == 2


def test_the_least_used_of_very_many_is_forgotten(cloud: Cloud) -> None:
    identities = cloud.identities()
    for number in range(KEPT + 1):
        identities.ask_sync("aws", {"number": str(number)})
    identities.ask_sync("aws", {"number": str(KEPT)})
    assert len(cloud.fetches) == KEPT + 1
    identities.ask_sync("aws", {"number": "0"})
    assert len(cloud.fetches) == KEPT + 2


def test_what_ends_is_renewed_a_while_before(cloud: Cloud) -> None:
    cloud.says = [key(1, 4600), key(2, 8200)]
    identities = cloud.identities()
    for time, number in ((1000, 1), (4600 - EARLY - 1, 1), (4600 - EARLY, 2), (4600, 2)):
        cloud.time = time
        assert identities.ask_sync("aws", {}) == {"api_key": f"key-{number}"}
    assert len(cloud.fetches) == 2


def test_a_source_may_say_how_long_before(cloud: Cloud) -> None:
    cloud.says = [Found({"api_key": "key-1"}, 4600, early=900), key(2, 8200)]
    identities = cloud.identities()
    for time, number in ((1000, 1), (3699, 1), (3700, 2)):
        cloud.time = time
        assert identities.ask_sync("aws", {}) == {"api_key": f"key-{number}"}


def test_what_comes_again_though_it_is_about_to_end_is_not_fetched_by_each_request(cloud: Cloud) -> None:
    """As a metadata server does that has nothing newer yet."""
    cloud.says = [key(1, 1100)]
    identities = cloud.identities()
    for time in (1000, 1001, 1000 + REST - 0.1, 1000 + REST):
        cloud.time = time
        assert identities.ask_sync("aws", {}) == {"api_key": "key-1"}
    assert len(cloud.fetches) == 2


def test_a_renewal_that_fails_keeps_the_old_until_it_ends(cloud: Cloud) -> None:
    cloud.says = [key(1, 4600), DOWN]
    identities = cloud.identities()
    identities.ask_sync("aws", {})
    for time in (4400, 4599.9):
        cloud.time = time
        assert identities.ask_sync("aws", {}) == {"api_key": "key-1"}
    cloud.time = 4600
    with pytest.raises(UpstreamError, match="down"):
        identities.ask_sync("aws", {})
    assert len(cloud.fetches) == 3


def test_what_has_ended_when_it_comes_is_not_used(cloud: Cloud) -> None:
    cloud.says = [key(1, 1000)]
    with pytest.raises(UpstreamError, match="already ended") as caught:
        cloud.identities().ask_sync("aws", {})
    assert (caught.value.status, caught.value.code) == (502, "identity_unavailable")


def test_what_ends_sooner_than_anybody_rests_is_fetched_anew(cloud: Cloud) -> None:
    cloud.says = [key(1, 1001), key(2, 4600)]
    identities = cloud.identities()
    assert identities.ask_sync("aws", {}) == {"api_key": "key-1"}
    cloud.time = 1002
    assert identities.ask_sync("aws", {}) == {"api_key": "key-2"}


# ── failures ─────────────────────────────────────────────────────────────


def test_a_failure_is_remembered_for_a_few_seconds(cloud: Cloud) -> None:
    cloud.says = [DOWN, key(2)]
    identities = cloud.identities()
    faults = []
    for time in (1000, 1000 + REST - 0.1):
        cloud.time = time
        with pytest.raises(UpstreamError, match="down") as caught:
            identities.ask_sync("aws", {})
        faults.append(caught.value)
    assert len(cloud.fetches) == 1
    assert faults[0] is not faults[1], "an exception that many raise grows with each"
    assert faults[1].code == "identity_unavailable"
    cloud.time = 1000 + REST
    assert identities.ask_sync("aws", {}) == {"api_key": "key-2"}


def test_a_source_that_cannot_be_made_is_made_again_later(cloud: Cloud) -> None:
    makes = [ImportError("no such library"), cloud.sources("aws", {})]

    def sources(kind: str, settings: Settings) -> Any:
        made = makes.pop(0)
        if isinstance(made, Exception):
            raise made
        return made

    identities = Identities(sources, lambda: cloud.time)
    with pytest.raises(Unauthorized, match="not installed"):
        identities.ask_sync("aws", {})
    cloud.time += REST
    assert [identities.ask_sync("aws", {}) for _ in range(2)] == [{"api_key": "key-1"}] * 2
    cloud.time += 3600
    assert identities.ask_sync("aws", {}) == {"api_key": "key-2"}, "and kept once it is"


@pytest.mark.parametrize(
    ("kind", "name"), [("aws", "gatewaymw"), ("google", "gatewaymw[vertex]"), ("azure", "gatewaymw[azure]")]
)
def test_a_library_that_is_not_there_is_named_by_what_installs_it(kind: str, name: str) -> None:
    fault = refusal(kind, ModuleNotFoundError("No module"))
    assert fault.status == 401 and f"pip install '{name}'" in fault.message


def test_of_other_errors_only_the_kind_is_told(cloud: Cloud) -> None:
    cloud.says = [OSError("https://169.254.169.254 said wJalrXUtnFEMI")]
    with pytest.raises(UpstreamError) as caught:
        cloud.identities().ask_sync("aws", {})
    assert caught.value.message == "no identity could be had from aws: OSError"
    assert "wJalr" not in "".join(traceback.format_exception(caught.value))


def test_nothing_that_is_found_is_shown() -> None:
    assert repr(key(1)) == "Found(api_key)"


def test_a_fetch_that_is_interrupted_leaves_nobody_waiting(cloud: Cloud) -> None:
    cloud.says = [KeyboardInterrupt(), key(2)]
    identities = cloud.identities()
    with pytest.raises(KeyboardInterrupt):
        identities.ask_sync("aws", {})
    with pytest.raises(UpstreamError, match="cut short"):
        identities.ask_sync("aws", {})
    cloud.time += REST
    assert identities.ask_sync("aws", {}) == {"api_key": "key-2"}


# ── many at once ─────────────────────────────────────────────────────────


def test_of_many_threads_one_fetches_and_the_others_wait(cloud: Cloud) -> None:
    identities = cloud.identities()
    cloud.gate.clear()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(identities.ask_sync, "aws", {}) for _ in range(8)]
        assert cloud.begun.acquire(timeout=PATIENCE)
        assert not any(one.done() for one in asked)
        cloud.gate.set()
        assert [one.result(PATIENCE) for one in asked] == [{"api_key": "key-1"}] * 8
    assert len(cloud.fetches) == 1


def test_while_one_thread_renews_the_others_go_on_with_what_is_at_hand(cloud: Cloud) -> None:
    cloud.says = [key(1), key(2, 9000)]
    identities = cloud.identities()
    identities.ask_sync("aws", {})
    cloud.time = 4500
    cloud.gate.clear()
    with ThreadPoolExecutor(1) as threads:
        assert cloud.begun.acquire(timeout=PATIENCE)
        renewing = threads.submit(identities.ask_sync, "aws", {})
        assert cloud.begun.acquire(timeout=PATIENCE)
        assert identities.ask_sync("aws", {}) == {"api_key": "key-1"}
        cloud.gate.set()
        assert renewing.result(PATIENCE) == {"api_key": "key-2"}
    assert len(cloud.fetches) == 2


def test_a_thread_waits_only_so_long_for_another(cloud: Cloud) -> None:
    identities = cloud.identities(patience=0.01)
    cloud.gate.clear()
    with ThreadPoolExecutor(1) as threads:
        fetching = threads.submit(identities.ask_sync, "aws", {})
        assert cloud.begun.acquire(timeout=PATIENCE)
        with pytest.raises(UpstreamError, match=r"from aws within 0\.01 seconds") as caught:
            identities.ask_sync("aws", {})
        assert caught.value.status == 504
        cloud.gate.set()
        assert fetching.result(PATIENCE) == {"api_key": "key-1"}
