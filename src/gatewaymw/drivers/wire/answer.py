"""Reading an answer: bytes in; a status, headers and pieces of a body out. It knows nothing of sockets.

httptools (the parser of Node.js) does the parsing. Here is what it leaves to its users: bounds, interim
answers, bodies that end with their connection, and whether the connection can be used again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from ..transport import BROKEN, PROTOCOL, Unreachable

HEAD = 64 * 1024
"""Bytes of a head, as names and values together."""
FIELDS = 256
INTERIM = 16
"""Answers of 1xx before the real one."""
PIECE = 64
"""Bytes of memory that each piece of a body costs beside its own."""
UNENDED = (204, 304)
"""Statuses whose answers have no body, whatever their headers say."""


class Reader:
    """The answers of one connection, one after another. It is its own parser's protocol."""

    __slots__ = (
        "_beside", "_bodiless", "_chunks", "_fields", "_interim", "_parser",
        "done", "headers", "held", "on_body", "reusable", "status", "unended",
    )  # fmt: skip

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self.on_body = self._chunks.append
        """What the parser calls with each piece of a body: of a stream in a burst there are a hundred."""
        self._parser: Any = HttpResponseParser(self)
        # A field that is no text is left out; it is no reason to lose the answer.
        self._parser.set_dangerous_leniencies(lenient_headers=True)
        self.begin()

    def begin(self, method: str = "POST") -> None:
        """Make ready for the answer to a request of that method."""
        self._fields: list[tuple[bytes, bytes]] = []
        self._beside = self._interim = self.status = 0
        self.held = 0
        """Bytes of memory that wait to be taken."""
        self._chunks.clear()
        self._bodiless = method == "HEAD"
        self.headers: Mapping[str, str] | None = None
        self.done = self.reusable = self.unended = False

    def feed(self, data: bytes) -> None:
        """Take in what came. Raises Unreachable where it is not HTTP as it should be."""
        if self.done:
            # More than was asked for: whose answer would it be?
            self.reusable = False
            return
        chunks, before = self._chunks, len(self._chunks)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.reusable = False
            if not self.done:  # what follows a whole answer takes nothing from it
                raise Unreachable(PROTOCOL) from None
        if (came := len(chunks) - before) and self._bodiless:
            chunks.clear()  # a body where there is none
            self.reusable = False
        elif came:
            self._beside = 0
            self.held += len(data) + PIECE * came
        else:
            self._beside += len(data)
        if self._beside > HEAD and not self.done:
            raise Unreachable(PROTOCOL)  # a head or a trailer that does not end

    def end(self, clean: bool = True) -> None:
        """The connection ended, `clean` where its other side said so. Raises Unreachable where the answer
        had not."""
        self.reusable = False
        if not self.done and not (clean and self.unended):
            raise Unreachable(BROKEN)
        self.done = True

    def settled(self) -> bool:
        """Whether what is left of a request need not be sent any more: it was answered, or refused."""
        return self.headers is not None and (self.done or self.status >= 300)

    def take(self) -> bytes:
        """All of the body that has come and was not taken."""
        chunks = self._chunks
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.held = 0
        return data

    # ── what the parser calls ────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self.done:
            raise ValueError("more than was asked for: whose answer would it be?")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        fields, self._fields = self._fields, []  # to which trailers go, which nobody reads
        headers, lengths, codings = sorted_out(fields)
        status = self.status = self._parser.get_status_code()
        if status < 200:
            self._interim += 1
            if status == 101 or self._interim > INTERIM:
                raise ValueError("not an answer to what was asked")
            return
        if len(lengths) + len(codings) > 1 or codings not in ([], [b"chunked"]):
            raise ValueError("two lengths of one body, or none that is known")
        self._bodiless = self._bodiless or status in UNENDED
        self.unended = not (lengths or codings or self._bodiless)
        self.reusable = self._parser.should_keep_alive() and not self.unended
        self.headers = headers
        if self._bodiless:
            self.done = True
            # What a HEAD's headers say of a body, the parser would wait for.
            self.reusable = self.reusable and not codings and lengths in ([], [b"0"])

    def on_message_complete(self) -> None:
        self.done = self.status >= 200


def sorted_out(fields: list[tuple[bytes, bytes]]) -> tuple[dict[str, str], list[bytes], list[bytes]]:
    """Headers as the core has them, what is no clean text left out; and what they say of a body's length and
    coding, as the parser sees it. Raises ValueError for what some would read in another way."""
    made: dict[str, str] = {}
    lengths: list[bytes] = []
    codings: list[bytes] = []
    size = 0
    for name, value in fields:
        size += len(name) + len(value) + 4
        lower, text = name.decode("latin-1").lower(), value.rstrip().decode("latin-1")
        if lower == "content-length":
            lengths.append(value)
        elif lower == "transfer-encoding":
            codings.append(value.lower())
        elif lower[-1:] == " ":
            raise ValueError("some read this name as another")
        if text.isprintable() or text.replace("\t", " ").isprintable():
            made.setdefault(lower, text)
    if size > HEAD or len(fields) > FIELDS:
        raise ValueError("the head is too long")
    return made, lengths, codings
