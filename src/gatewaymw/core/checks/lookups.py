"""Whether the addresses in a text lead anywhere. Who wrote it chose them: each is dialled guardedly."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote, urljoin

from ..addresses import public
from ..commands import Flow, all_of, ask, send
from ..values import Answer, Env, Request
from .asking import AGENT
from .findings import found, unjudged
from .model import Finding, Given, Subject
from .parameters import NOT, SCOPE, flag
from .registry import inquiry

FOUND = re.compile(r"https?://[^\s\"'<>\[\]{}|\\^`,]+", re.IGNORECASE)
TRAILING = ".,;:!?)*_"
"""What ends a sentence rather than an address."""
PLACE = re.compile(
    r"(?P<origin>https?://(?P<host>(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?)(?::[0-9]{1,5})?)"
    r"(?P<rest>(?:[/?][^#]*)?)(?:#.*)?",
    re.IGNORECASE | re.ASCII,
)
SAFE = "%/?:@!$&'()*+,;=-._~"
MOST = 32
"""Addresses of one text."""
LONGEST = 2048
"""Characters of an address."""
HOPS = 3
SECONDS = 3.0
"""For one address, its redirects one by one."""
HEAD = {"user-agent": AGENT, "accept": "*/*"}


class Place(NamedTuple):
    """Somewhere to ask."""

    url: str
    host: str


@inquiry(
    "default.validUrls",
    flag("onlyDNS", "it is enough that each name has a public address"),
    NOT,
    SCOPE,
    words=f"each http(s) address in the text answers HEAD with 2xx within {SECONDS:g} s; without any, never",
)
def valid_urls(subject: Subject, given: Given, env: Env) -> Flow[Finding]:
    said = subject.inspected(given["scope"])
    urls = addresses(said)
    if not urls:
        return found(False, "there is no address in the text", said, **{"not": given["not"]})
    if len(urls) > MOST:
        return unjudged(f"the text holds more than {MOST} addresses", said)
    asked = yield from all_of(*(leads(url, given["onlyDNS"]) for url in urls))
    dead = [url for url, fine in zip(urls, asked, strict=True) if not fine]
    words = f"{len(urls) - len(dead)} of {len(urls)} addresses lead somewhere"
    return found((not dead) != given["not"], words, said, invalidUrls=dead)


def addresses(said: str) -> list[str]:
    """The addresses in a text, each once."""
    return list(dict.fromkeys(url.rstrip(TRAILING) for url in FOUND.findall(said)))


def place(url: str) -> Place | None:
    """An address that two readers read alike, as it is sent; None for any other."""
    parts = PLACE.fullmatch(url) if len(url) <= LONGEST else None
    if parts is None:
        return None
    rest = quote(parts["rest"] or "/", SAFE, errors="replace")
    return Place(parts["origin"].lower() + ("/" if rest[0] == "?" else "") + rest, parts["host"].lower())


def leads(url: str, only_name: bool) -> Flow[bool]:
    """Whether an address, or its name, leads somewhere."""
    where = place(url)
    if where is None:
        return False
    if only_name:
        there = yield from ask("resolve", where.host)
        return any(public(ip_address(address)) for address in there)
    return (yield from answers(where))


def answers(where: Place) -> Flow[bool]:
    """Whether somebody answers there, or where its redirects lead."""
    at: Place | None = where
    for _ in range(HOPS + 1):
        if at is None:
            return False
        request = Request("HEAD", at.url, HEAD, timeout=SECONDS, idle=SECONDS, limit=0, guarded=True)
        outcome = yield from send(request)
        if not isinstance(outcome, Answer) or outcome.ok:
            return isinstance(outcome, Answer)
        onward = outcome.headers.get("location", "") if 300 <= outcome.status < 400 else ""
        at = place(_joined(at.url, onward)) if onward else None
    return False


def _joined(base: str, onward: str) -> str:
    try:
        return urljoin(base, onward)
    except ValueError:  # brackets that hold no address
        return ""
