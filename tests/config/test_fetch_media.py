"""What the operator says of fetching files, and which addresses it lets through."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.config import faults
from gatewaymw.config.fetching import LONGEST, fetching_of
from gatewaymw.core.errors import ConfigError, GatewayError
from gatewaymw.core.values import Fetching


def allowed(value: Any = True) -> Fetching:
    made = fetching_of(value)
    assert made is not None
    return made


def refused(url: str, value: Any = True) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        allowed(value).check(url, "input.image")
    assert caught.value.param == "input.image"
    return caught.value


@pytest.mark.parametrize("value", [None, False])
def test_nothing_is_fetched_unless_it_is_said(value: Any) -> None:
    assert fetching_of(value) is None


def test_bounds_have_defaults() -> None:
    for value in (True, {}):
        made = allowed(value)
        assert (made.max_bytes, made.max_count, made.timeout) == (5 * 2**20, 8, 10)
    made = allowed({"max_bytes": 1, "maxCount": 2, "timeout": 0.5})
    assert (made.max_bytes, made.max_count, made.timeout) == (1, 2, 0.5)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        *((1, "fetch_media"), ("true", "fetch_media"), ([], "fetch_media"), ({"size": 1}, "fetch_media")),
        *(({"max_bytes": 0}, "fetch_media.max_bytes"), ({"max_bytes": 2**40}, "fetch_media.max_bytes")),
        *(({"max_count": 65}, "fetch_media.max_count"), ({"timeout": "1"}, "fetch_media.timeout")),
        *(({"hosts": "*"}, "fetch_media.hosts"), ({"hosts": ["https://x"]}, "fetch_media.hosts[0]")),
    ],
)
def test_faults_have_their_place(value: Any, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        fetching_of(value)
    assert caught.value.path == path
    assert [line.partition(": ")[0] for line in faults({"provider": "mock", "fetch_media": value})] == [path]


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://A.example/b%20c/d.png?x=1&y=a/b#part", "https://a.example/b%20c/d.png?x=1&y=a/b"),
        ("HTTPS://a.example?x", "https://a.example?x"),
        ("https://93.184.216.34/a", "https://93.184.216.34/a"),
    ],
)
def test_a_public_host_over_https_is_called(url: str, called: str) -> None:
    assert allowed().check(url, "input.image") == called


@pytest.mark.parametrize(
    "url",
    [
        *("http://a.example/", "https://a.example:8443/", "https://localhost/", "https://127.0.0.1/"),
        *("https://[::1]/", "https://169.254.169.254/latest", "https://2130706433/", "https://metadata/"),
        *("https://user@a.example/", "https://a.example%2e/", "https://x.internal/", "https://10.0.0.1/"),
    ],
)
def test_any_other_is_not(url: str) -> None:
    error = refused(url)
    assert (error.status, error.code) == (403, "media_not_permitted") and "fetch_media" in error.message


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/\r\nx",
        "https://a.example/é",
        "https://a.example/\\b",
        "https:///a",
        "https://a.b/" + "a" * LONGEST,
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert (refused(url).status, refused(url).code) == (400, "media_url_invalid")


def test_hosts_that_are_named_are_the_only_ones() -> None:
    value = {"hosts": ["files.example:8000", "*.cdn.example"]}
    assert allowed(value).check("http://files.example:8000/a", "input.image") == "http://files.example:8000/a"
    assert allowed(value).check("https://x.cdn.example/a", "input.image") == "https://x.cdn.example/a"
    for url in (
        "http://x.cdn.example/a",
        "https://cdn.example/",
        "https://files.example/",
        "https://a.example/",
    ):
        assert refused(url, value).code == "media_not_permitted"


@given(st.text(max_size=30))
def test_whatever_is_behind_a_host_the_host_stays_what_was_checked(rest: str) -> None:
    try:
        called = allowed().check(f"https://a.example/{rest}", "input.image")
    except GatewayError as error:
        assert error.code == "media_url_invalid"
    else:
        assert called.startswith("https://a.example/") and called.isascii() and called.isprintable()
