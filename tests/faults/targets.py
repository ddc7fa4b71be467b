"""What reads bytes that nobody would send: each target plays one input, and raises where anything comes of it
that is not declared. `test_fuzz.py` and `fuzz.py` share them."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from struct import pack
from typing import NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "core"), str(TESTS)]

from gatewaymw.config import Book, plan_of_text  # noqa: E402
from gatewaymw.config.hosts import check_custom_host, trusted_hosts  # noqa: E402
from gatewaymw.config.loading import load, split  # noqa: E402
from gatewaymw.core.errors import ConfigError, GatewayError  # noqa: E402
from gatewaymw.core.framing.array import JSONArray  # noqa: E402
from gatewaymw.core.framing.base import Framer  # noqa: E402
from gatewaymw.core.framing.eventstream import EventStream  # noqa: E402
from gatewaymw.core.framing.ndjson import NDJSON  # noqa: E402
from gatewaymw.core.framing.sse import SSE  # noqa: E402
from gatewaymw.headers import metadata, milliseconds, overrides, wishes_of  # noqa: E402
from gatewaymw.inbound import parts_of  # noqa: E402
from pieces import cut, drip, outcome  # noqa: E402

CASSETTES = TESTS / "cassettes"
SOON = 1.0
"""Seconds that one input may take."""
BOUND = 300
"""Bytes of one event: an input can exceed it."""
DRIPPED = 100
"""Bytes that come one by one."""
TRUSTED = ("api.example", "127.0.0.1:8000", "*.wild.example")


class Target(NamedTuple):
    play: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    """Inputs as they should be, to begin with."""


@contextmanager
def only(*errors: type[Exception]) -> Iterator[None]:
    """Nothing but these is raised, and it does not take long."""
    begun = time.thread_time()
    try:
        yield
    except errors:
        """As declared."""
    assert time.thread_time() - begun < SOON


# ── streams of bytes ─────────────────────────────────────────────────────


def framed(make: Callable[[int], Framer]) -> Callable[[bytes], None]:
    """The first bytes say where the others are cut: what is read does not depend on it."""

    def play(data: bytes) -> None:
        points, data = data[:4], data[4:]
        with only():
            expected = outcome(make(BOUND), [data])
            assert outcome(make(BOUND), [*drip(data[:DRIPPED]), data[DRIPPED:]]) == expected
            assert outcome(make(BOUND), cut(data, (point * len(data) // 256 for point in points))) == expected

    return play


def sealed(data: bytes) -> bytes:
    """A message of Amazon's whose checksums are right, whatever is in it."""
    size, rest = data[0] if data else 0, data[1:]
    start = pack(">II", len(rest) + 16, min(size, len(rest)))
    start += pack(">I", crc32(start))
    return start + rest + pack(">I", crc32(start + rest))


def sealed_or_not(data: bytes) -> None:
    """As it is, and with checksums that are right: nothing would get past them by luck."""
    framed(EventStream)(data)
    framed(EventStream)(data[:4] + sealed(data[4:]))


def recorded(*suffixes: str) -> Callable[[], Iterable[bytes]]:
    @cache
    def seeds() -> tuple[bytes, ...]:
        files = [file for suffix in suffixes for file in CASSETTES.glob(f"*/*/upstream{suffix}")]
        texts = [file.read_bytes() for file in sorted(files)]
        bodies = [text.partition(b"\r\n\r\n")[2] or text for text in texts]
        return tuple(b"\x20\x40\x80\xf0" + body[:450] for body in bodies)

    return seeds


# ── configs, headers, addresses, forms ───────────────────────────────────

HOSTS = trusted_hosts(TRUSTED)
BOOKS = (Book(held=True), Book(trusted_hosts=HOSTS, strict_keys=False))
"""The operator's and a caller's."""


def config(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for book in BOOKS:
        with only(ConfigError):
            assert repr(plan_of_text(text, book))


def config_file(data: bytes) -> None:
    """The first byte says which kind of file it is."""
    suffix = (".json", ".toml", ".yaml")[data[0] % 3 if data else 0]
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(data[1:])
        file.flush()
        with only(ConfigError):
            rest, tables = split(load(Path(file.name)))
            assert isinstance(tables, dict) and rest is not None


KNOWN = ("provider", "config", "virtual-key", "metadata", "request-timeout", "custom-host", "forward-headers")
NAMES = (
    *(f"x-{whose}-{name}" for whose in ("gateway", "portkey") for name in KNOWN),
    *("authorization", "x-api-key", "api-key"),
)


def headers(given: Mapping[str, str]) -> None:
    with only(GatewayError):
        wishes = wishes_of(given)
        for read in (metadata, overrides):
            with only(GatewayError):
                read(wishes)
        with only(GatewayError):
            milliseconds(wishes, given.get("x-gateway-request-timeout", ""))


def header_lines(data: bytes) -> None:
    """Lines whose first byte says which header it is."""
    lines = [line for line in data.split(b"\n") if line]
    headers({NAMES[line[0] % len(NAMES)]: line[1:].decode("latin-1") for line in lines})


def trusted(name: str, port: int | None, guarded: bool) -> bool:
    if guarded:
        return name.endswith(".wild.example") and port in (None, 443)
    return name == "api.example" or (name, port) == ("127.0.0.1", 8000)


def host(text: str) -> None:
    """Refused, or an address whose host another reader finds trusted as well."""
    with only(GatewayError):
        url, guarded = check_custom_host(text, HOSTS, "custom_host")
        read = urlsplit(url)
        assert read.scheme in ("http", "https") and not read.username and not read.query
        assert trusted(read.hostname or "", read.port, guarded), url
    with only(GatewayError):
        check_custom_host(text, None, "custom_host")
    with only(GatewayError):
        trusted_hosts([text])


FORM = (
    b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\n'
    b"RIFF\r\n--b--\r\n"
)


def form(data: bytes) -> None:
    with only(GatewayError):
        parts = parts_of(data, b"b", 10_000)
        assert sum(len(part.data) for part in parts) <= len(data)


CONFIGS = (
    b'{"provider": "openai", "api_key": "sk-x", "retry": {"attempts": 2, "on_status_codes": [429]}}',
    b'{"strategy": {"mode": "fallback"}, "targets": [{"provider": "anthropic", "weight": 0.5}]}',
    b"""{"strategy": {"mode": "conditional", "default": "x",
        "conditions": [{"query": {"metadata.a": {"$in": ["b"]}}, "then": "x"}]},
        "targets": [{"name": "x", "provider": "openai", "custom_host": "https://api.example/v1"}]}""",
)
FILES = (
    *(b"\0" + text for text in CONFIGS),
    b'\x01prefix = "/v1"\n[config]\nprovider = "openai"\napi_key = "env:X"\n',
    b"\x02config: &a {provider: openai}\nconfigs: {one: *a}\n",
)
ADDRESSES = (
    *(
        b"https://api.example/v1",
        b"http://127.0.0.1:8000",
        b"https://a.wild.example:443/x/",
        b"https://[::1]:80",
    ),
    *(b"https://api.example:443@evil.example", b"*.wild.example", b"http://0x7f.1/"),
)
LINES = (
    *(bytes([number]) + b"openai" for number in range(len(NAMES))),
    b'\x01{"provider":"openai"}\n\x03{"_user":"a"}\n\x041500\n\x0eBearer sk-x',
)


def text_of(play: Callable[[str], None]) -> Callable[[bytes], None]:
    return lambda data: play(data.decode("utf-8", "replace"))


TARGETS: dict[str, Target] = {
    "sse": Target(framed(SSE), recorded(".sse")),
    "eventstream": Target(sealed_or_not, recorded(".bin")),
    "ndjson": Target(framed(NDJSON), recorded(".http")),
    "array": Target(framed(JSONArray), recorded(".http")),
    "config": Target(config, lambda: CONFIGS),
    "file": Target(config_file, lambda: FILES),
    "headers": Target(header_lines, lambda: LINES),
    "form": Target(form, lambda: [FORM]),
    "host": Target(text_of(host), lambda: ADDRESSES),
}
"""Those that are fed bytes as they are. The transforms are fed exchanges in which something was changed."""
