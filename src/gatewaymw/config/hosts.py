"""Which hosts may be called: the syntax of a custom host, and whom a caller may name.

The text of a host is only half of the guard. A host that a caller chose under a wildcard is also
checked when it is dialled, by the address it resolves to (`Target.guarded`, `core/addresses.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from ..core.addresses import public
from ..core.errors import ConfigError

LONGEST_URL = 2048
LONGEST_HOST = 253
NAMES_OF_METADATA = frozenset(
    {"metadata", "metadata.google.internal", "metadata.azure.com", "instance-data", "localhost"}
)

# Names are ASCII (others are written in punycode). Underscores are no DNS, but Compose services have them.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = rf"{_LABEL}(?:\.{_LABEL})*"
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[a-z0-9._~!$&'()*+,;=:-]*)*)",
    re.IGNORECASE | re.ASCII,
)
_ENTRY = re.compile(
    r"(?P<host>\[[0-9a-f:.]+\]|[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*|\*|\*\.[a-z0-9._-]+|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)


class Rule(NamedTuple):
    """One entry of the list: a host or a suffix that begins with a dot, and a port or any."""

    host: str
    port: int | None


@dataclass(frozen=True, slots=True)
class TrustedHosts:
    """The hosts callers may name. Made by `trusted_hosts`; empty, it trusts none."""

    exact: frozenset[Rule] = frozenset()
    """Trusted as they are: over http too, and at private addresses."""
    wild: tuple[Rule, ...] = ()
    """Suffixes (`.example.com`; empty: any): over https only, and at public addresses."""


NOBODY = TrustedHosts()


class Place(NamedTuple):
    """A custom host, taken apart; `host` is lower-case, an IPv6 address is in brackets."""

    scheme: str
    host: str
    port: int | None
    path: str

    @property
    def url(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}{self.path}"


def trusted_hosts(entries: Iterable[str], path: str = "trusted_custom_hosts") -> TrustedHosts:
    """Read the operator's list: `host`, `host:port`, `*.suffix` and `*`.

    Without a port, a plain host is trusted at any, a wildcard at 443. Raises ConfigError.
    """
    exact: set[Rule] = set()
    wild: list[Rule] = []
    for index, entry in enumerate(entries):
        rule, wildcard = _entry(entry, f"{path}[{index}]")
        if wildcard:
            wild.append(rule)
        else:
            exact.add(rule)
    return TrustedHosts(frozenset(exact), tuple(wild))


def _entry(entry: str, path: str) -> tuple[Rule, bool]:
    found = _ENTRY.fullmatch(entry.lower()) if isinstance(entry, str) else None
    if not found:
        raise ConfigError("an entry is HOST, HOST:PORT, *.SUFFIX or *, without a scheme or path", path=path)
    host, port = found["host"], _port(found["port"], path)
    if host == "*":
        return Rule("", 443 if port is None else port), True
    if host.startswith("*."):
        return Rule("." + _host(host[2:], path), 443 if port is None else port), True
    return Rule(_host(f"[{host}]" if ":" in host and host[0] != "[" else host, path), port), False


def check_custom_host(
    url: str, trusted: TrustedHosts | None, path: str = "config.custom_host"
) -> tuple[str, bool]:
    """The base URL without its trailing slash, and whether its address must be checked when dialled.

    `trusted` is what a caller may name; None stands for the operator, who may name any host that is
    one. Raises ConfigError with code `invalid_host`; its message never repeats a path or user name.
    """
    place = parse(url, path)
    if trusted is None:
        return place.url, False
    if Rule(place.host, None) in trusted.exact or Rule(place.host, port_of(place)) in trusted.exact:
        return place.url, False
    if any(_covers(rule, place) for rule in trusted.wild):
        return _guarded(place, path).url, True
    raise _invalid(
        f"{place.host} is no host that callers may name: the operator adds it to trusted_custom_hosts", path
    )


def parse(url: str, path: str) -> Place:
    """Take a custom host apart. Raises ConfigError for whatever two readers could read differently."""
    found = _URL.fullmatch(url) if isinstance(url, str) and len(url) <= LONGEST_URL else None
    if not found:
        raise _invalid(
            "must be http://HOST or https://HOST with an optional :PORT and path,"
            " without user name, query, fragment, percent sign, backslash or space",
            path,
        )
    if any(step in (".", "..") for step in found["path"].split("/")):
        raise _invalid("its path must not hold . or .. as a step", path)
    host = _host(found["host"].lower(), path)
    return Place(found["scheme"].lower(), host, _port(found["port"], path), found["path"].rstrip("/"))


def port_of(place: Place) -> int:
    return place.port if place.port is not None else 443 if place.scheme == "https" else 80


def _covers(rule: Rule, place: Place) -> bool:
    return port_of(place) == rule.port and place.host.endswith(rule.host) and place.host != rule.host


def _guarded(place: Place, path: str) -> Place:
    """A host under a wildcard. Raises ConfigError where its text already tells that it is not public."""
    if place.scheme != "https":
        raise _invalid(f"{place.host} may be called over https only", path)
    address = _address(place.host)
    local = place.host in NAMES_OF_METADATA or place.host.endswith((".localhost", ".internal", ".local"))
    if local or (not public(address) if address else "." not in place.host):
        raise _invalid(f"{place.host} is not on the public internet", path)
    return place


def _host(host: str, path: str) -> str:
    """A host in its one spelling. Raises ConfigError for numbers that are no address as written."""
    if host.startswith("["):
        return f"[{_ipv6(host[1:-1], path)}]"
    if len(host) > LONGEST_HOST or not re.fullmatch(_NAME, host):
        raise _invalid("its host is no host name", path)
    # What ends in a number is an address to every resolver: 2130706433, 0x7f000001, 127.1 (WHATWG URL, 3.5).
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]) and _address(host) is None:
        raise _invalid("its host is a number, but no IPv4 address in four decimal parts", path)
    return host


def _ipv6(text: str, path: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        pass
    raise _invalid("its host is no IPv6 address", path)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _port(text: str | None, path: str) -> int | None:
    if text is None:
        return None
    if not 1 <= int(text) <= 65535:
        raise _invalid("its port is not between 1 and 65535", path)
    return int(text)


def _invalid(message: str, path: str) -> ConfigError:
    return ConfigError(message, path=path, code="invalid_host")
