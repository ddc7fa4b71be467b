"""Custom hosts: their syntax, and which of them a caller may name (SSRF-01, SSRF-02, SSRF-06)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from books import CALLER, OPERATOR, leaf, refused
from hypothesis import given
from hypothesis import strategies as st

from every import every
from gatewaymw.config import check_custom_host, trusted_hosts
from gatewaymw.config.hosts import NOBODY, parse
from gatewaymw.core.addresses import public
from gatewaymw.core.errors import ConfigError

EVERYBODY = trusted_hosts(["*"])


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://localhost:11434", "http://localhost:11434"),
        ("HTTPS://API.Example.COM/v1/", "https://api.example.com/v1"),
        ("http://my_service:8000/a/b//", "http://my_service:8000/a/b"),
        ("http://10.0.0.1:65535/", "http://10.0.0.1:65535"),
        ("https://[0:0::1]:8443/v1", "https://[::1]:8443/v1"),
        ("https://xn--bcher-kva.example/a.b/~c;d=e", "https://xn--bcher-kva.example/a.b/~c;d=e"),
        ("https://1.2.3.4.example", "https://1.2.3.4.example"),
    ],
)
def test_the_operator_may_name_any_host_that_is_one(url: str, base: str) -> None:
    assert check_custom_host(url, None) == (base, False)


NO_HOSTS = [
    *("", "localhost", "//localhost", "ftp://h", "file:///etc/passwd", "http://", "http:///x", "https:h"),
    *("http://h h", "http://h\\@evil.test", "http://127.0.0.1\\@evil.test", "http://u:p@h", "http://@h"),
    *(
        "http://h?x",
        "http://h#x",
        "http://h/?x",
        "http://h/a#b",
        "http://h/%2e%2e",
        "http://h%00",
        "http://h\n",
    ),
    *(
        "\thttp://h",
        "http://h\r\nx: y",
        "http://h:0",
        "http://h:65536",
        "http://h:",
        "http://h:8o",
        "http://h:1:2",
    ),
    *("http://h/a/../b", "http://h/./b", "http://h/..", "http://h.", "http://.h", "http://h..h", "http://-h"),
    *(
        "http://hé",
        "http://①②⑦.0.0.1",
        "http://127。0。0。1",
        "http://h\u2024h",
        "http://h/é",
        "http://h/a b",
    ),
    *(
        "http://2130706433",
        "http://0x7f000001",
        "http://0177.0.0.1",
        "http://127.1",
        "http://0",
        "http://1.2.3.4.5",
    ),
    *("http://127.0.0.0x1", "http://256.1.1.1", "http://[::1", "http://[::g]", "http://[fe80::1%25eth0]"),
    *("http://[1.2.3.4]", "http://[::1]x", "http://" + "a" * 64, "http://" + "a." * 127 + "aa"),
    "http://h/" + "a" * 2048,
]


@every(NO_HOSTS)
def test_what_two_readers_could_read_differently_is_no_host_for_anyone(url: str) -> None:
    for book in (OPERATOR, CALLER):
        fault = refused({"provider": "openai", "custom_host": url}, book)
        assert (fault.path, fault.code) == ("config.custom_host", "invalid_host")
        assert "u:p" not in fault.message


@pytest.mark.parametrize("value", [None, 7, b"http://h", ["http://h"]])
def test_nor_is_what_is_no_text(value: Any) -> None:
    with pytest.raises(ConfigError):
        parse(value, "custom_host")


# ── what a caller may name ───────────────────────────────────────────────

SPELLINGS = [
    *("http://2130706433/", "http://0x7f000001", "http://0177.0.0.1", "http://127.1", "http://0"),
    *(
        "http://127。0。0。1",
        "http://①②⑦.0.0.1",
        "http://localhost:8000",
        "http://127.0.0.1",
        "https://127.0.0.1",
    ),
    *("https://[::ffff:169.254.169.254]", "https://[::ffff:7f00:1]", "https://[64:ff9b::a9fe:a9fe]"),
    *(
        "https://[64:ff9b:1::a9fe:a9fe]",
        "https://[2002:a9fe:a9fe::]",
        "https://[::127.0.0.1]",
        "https://[fec0::1]",
    ),
    *("https://100.64.1.1", "https://0.0.0.0", "https://[::]", "https://169.254.169.254/latest/meta-data"),
    *(
        "https://metadata.google.internal",
        "https://metadata",
        "https://instance-data",
        "https://metadata.azure.com",
    ),
    *(
        "https://localhost",
        "https://app.localhost",
        "https://printer.local",
        "https://intranet",
        "https://LOCALHOST",
    ),
    *("http://example.com", "https://example.com:8443", "https://example.com:22"),
]


@pytest.mark.parametrize("url", SPELLINGS)
@pytest.mark.parametrize("trusted", [NOBODY, EVERYBODY], ids=["nobody", "everybody"])
def test_ssrf_01_private_places_in_any_spelling_are_not_a_caller_s_to_name(url: str, trusted: Any) -> None:
    book = replace(CALLER, trusted_hosts=trusted)
    for config in (
        {"provider": "openai", "custom_host": url},
        {"custom_host": url, "targets": [{"provider": "openai"}]},
        {"targets": [{"targets": [{"provider": "ollama", "customHost": url}]}]},
    ):
        assert refused(config, book).code == "invalid_host"


def test_without_a_list_a_caller_names_no_host_and_is_told_who_could_help() -> None:
    fault = refused({"provider": "openai", "custom_host": "https://example.com"}, CALLER)
    assert fault.code == "invalid_host" and "trusted_custom_hosts" in fault.message


@pytest.mark.parametrize(
    ("entries", "url", "guarded"),
    [
        (["localhost"], "http://localhost:11434/v1", False),
        (["LOCALHOST:11434"], "http://localhost:11434", False),
        (["h:80"], "http://h/", False),
        (["h:443"], "https://h", False),
        (["127.0.0.1"], "http://127.0.0.1:8000", False),
        (["[::1]:8000"], "http://[0::1]:8000", False),
        (["::1"], "http://[::1]:9000", False),
        (["*.example.com"], "https://a.b.example.com/v1", True),
        (["*.example.com:8443"], "https://a.example.com:8443", True),
        (["*"], "https://anything.example", True),
        (["*"], "https://1.1.1.1", True),
        (["*:8443"], "https://[2606:4700::1]:8443", True),
        (["*", "a.example"], "http://a.example:8000", False),
    ],
)
def test_a_caller_may_name_what_the_operator_lists(entries: list[str], url: str, guarded: bool) -> None:
    book = replace(CALLER, trusted_hosts=trusted_hosts(entries))
    target = leaf({"provider": "openai", "custom_host": url}, book)
    assert (target.base, target.guarded) == (check_custom_host(url, None)[0], guarded)


@pytest.mark.parametrize(
    ("entries", "url"),
    [
        (["localhost:11434"], "http://localhost:11435"),
        (["h:80"], "https://h"),
        (["example.com"], "https://a.example.com"),
        (["example.com"], "https://notexample.com"),
        (["*.example.com"], "https://example.com"),
        (["*.example.com"], "https://notexample.com"),
        (["*.example.com"], "https://a.example.com:8443"),
        (["*.example.com:8443"], "https://a.example.com"),
        (["*.example.com"], "https://a.example.com.evil.test"),
    ],
)
def test_and_nothing_beside_it(entries: list[str], url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_custom_host(url, trusted_hosts(entries), "x-gateway-custom-host")
    assert caught.value.path == "x-gateway-custom-host"


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "http://h",
        "h/v1",
        "h:0",
        "h:99999",
        "*.",
        "**",
        "*h",
        "a*.b",
        "h h",
        "h:",
        "1.2.3",
        "[::g]",
        "u@h",
        7,
        "é",
    ],
)
def test_an_entry_that_is_none_is_refused(entry: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        trusted_hosts(["localhost", entry])
    assert caught.value.path == "trusted_custom_hosts[1]"


URLS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "//", ""]),
    st.sampled_from(["", "a@", "[", "127.0.0.1", "::1"]) | st.text(max_size=6),
    st.text(alphabet="abAB019.:-_[]@%/\\#?* \n\x00é。", max_size=12) | st.ip_addresses().map(str),
    st.sampled_from(["", "/", ":80", ":443/", "/v1", "]", "]:80"]),
)


@given(URLS | st.text())
def test_any_text_is_a_host_or_a_fault_and_a_guarded_one_is_never_private(url: str) -> None:
    for trusted in (None, EVERYBODY):
        try:
            base, guarded = check_custom_host(url, trusted)
        except ConfigError as fault:
            assert fault.code == "invalid_host"
            continue
        assert check_custom_host(base, trusted) == (base, guarded)
        host = parse(base, "").host.strip("[]")
        if guarded and host.replace(".", "").replace(":", "").isdigit():
            assert public(ip_address(host))
