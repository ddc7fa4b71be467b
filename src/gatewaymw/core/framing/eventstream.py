"""Amazon's binary event stream: `vnd.amazon.eventstream`, as Bedrock streams it.

https://docs.aws.amazon.com/lexv2/latest/dg/event-stream-encoding.html and
https://smithy.io/2.0/aws/amazon-eventstream.html: a message is its total length, the length of its
headers, the CRC-32 of these eight bytes, the headers, the payload, the CRC-32 of all before it; the
numbers are big-endian and 32 bits wide.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias
from zlib import crc32

from .. import json
from .base import Cutter, Frame, FramingError

Value: TypeAlias = bool | int | bytes | str

_PRELUDE = Struct(">III")
_NUMBER = Struct(">I")
_BARE = _PRELUDE.size + _NUMBER.size  # a message without headers and payload
_MOST_HEADERS = 128 * 2**10  # the format's own bound


def _integer(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


_BYTES, _STRING = 6, 7
# The other types of header values: how long they are in bytes, and how they are read.
_FIXED: dict[int, tuple[int, Callable[[bytes], Value]]] = {
    0: (0, lambda _: True),
    1: (0, lambda _: False),
    2: (1, _integer),
    3: (2, _integer),
    4: (4, _integer),
    5: (8, _integer),
    8: (8, _integer),  # a time
    9: (16, bytes),  # a UUID
}


class EventStream(Cutter):
    """Cuts an event stream. `limit` is the most bytes a message may have, envelope included.

    `Frame.kind` is the `:message-type`: "event", "exception" or "error". `Frame.event` is the
    `:event-type`, `:exception-type` or `:error-code` that goes with it, `data` the payload. An
    error has no payload but a header: its `data` is `{"message": …}`, as exceptions have it.
    """

    __slots__ = ("_limit", "_need", "_rest")

    def __init__(self, limit: int = 24 * 2**20) -> None:
        super().__init__()
        self._limit = limit
        self._rest = bytearray()
        self._need = _PRELUDE.size  # so many bytes at least say something new

    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        if self._rest:
            self._rest += data
            if len(self._rest) < self._need:
                return
            data = bytes(self._rest)
        at = 0
        while len(data) - at >= self._need:
            if self._need == _PRELUDE.size:
                self._need = _total(data, at, self._limit)
            else:
                frames.append(_frame(data[at : at + self._need]))
                at += self._need
                self._need = _PRELUDE.size
        self._rest = bytearray(data[at:])

    def _end(self, frames: list[Frame]) -> None:
        if self._rest:
            raise FramingError(f"the event stream ended {len(self._rest)} bytes into a message")


def headers(block: bytes) -> dict[str, Value]:
    """The headers of a message. Times are milliseconds since 1970, UUIDs are their 16 bytes.

    Raises FramingError for one of an unknown type, cut short, not UTF-8, or there for a second time.
    """
    found: dict[str, Value] = {}
    at = 0
    try:
        while at < len(block):
            end = at + 1 + block[at]
            name = block[at + 1 : end].decode()
            if name in found:
                raise FramingError(f"the event stream header {name!r} comes twice")
            found[name], at = _value(block, end)
    except UnicodeDecodeError:
        raise FramingError("an event stream header is not UTF-8") from None
    except IndexError:
        at = len(block) + 1
    if at > len(block):
        raise FramingError("an event stream header is cut short")
    return found


def _value(block: bytes, at: int) -> tuple[Value, int]:
    """The value whose type byte lies at `at`, and where it ends, which may be past the block."""
    kind = block[at]
    if kind in (_STRING, _BYTES):
        end = at + 3 + (block[at + 1] << 8 | block[at + 2])
        value = block[at + 3 : end]
        return value.decode() if kind == _STRING else value, end
    if kind not in _FIXED:
        raise FramingError(f"an event stream header has the unknown type {kind}")
    size, read = _FIXED[kind]
    end = at + 1 + size
    return read(block[at + 1 : end]), end


def _total(data: bytes, at: int, limit: int) -> int:
    """The length of the message whose prelude lies at `at`."""
    total, heads, crc = _PRELUDE.unpack_from(data, at)
    if not _BARE <= total <= limit:
        raise FramingError(f"an event stream message of {total} bytes: not within {_BARE} to {limit}")
    if crc != crc32(data[at : at + 8]):
        raise FramingError("the prelude of an event stream message does not match its checksum")
    if heads > min(total - _BARE, _MOST_HEADERS):
        raise FramingError(f"{heads} bytes of headers in an event stream message of {total} bytes")
    return int(total)


def _frame(message: bytes) -> Frame:
    if crc32(message[:-4]) != _NUMBER.unpack_from(message, len(message) - 4)[0]:
        raise FramingError("an event stream message does not match its checksum")
    end = _PRELUDE.size + _NUMBER.unpack_from(message, 4)[0]
    named = headers(message[_PRELUDE.size : end])
    event = named.get(":event-type") or named.get(":exception-type") or named.get(":error-code") or ""
    data = message[end:-4]
    if not data and ":error-message" in named:
        data = json.dumps({"message": str(named[":error-message"])})
    return Frame(data, str(event), str(named.get(":message-type", "")))
