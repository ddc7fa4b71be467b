"""What is asked and what is answered in every measurement."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

from samples import (
    ANTHROPIC_EVENTS,
    ANTHROPIC_WHOLE,
    HEADERS,
    OPENAI_EVENTS,
    OPENAI_WHOLE,
    PARAGRAPH,
    WORDS,
    chat,
    compact,
)

SIZES = {"1 KB": 1_000, "200 KB": 200_000}
"""Bytes of a request's body, about."""
MODES = ("identity", "translated")
"""To a provider that speaks OpenAI's dialect, and to one that speaks Anthropic's."""
ANSWERS = ("whole", "burst", "paced")
CLIENTS = (1, 16, 64, 256)
EVENTS = {"identity": len(OPENAI_EVENTS), "translated": len(ANTHROPIC_EVENTS)}
"""What the upstream sends in one stream."""


class Cell(NamedTuple):
    """One way of asking."""

    mode: str
    size: str
    answer: str
    clients: int

    @property
    def name(self) -> str:
        return f"{self.mode}, {self.size}, {self.answer}, {self.clients}"

    @property
    def streams(self) -> bool:
        return self.answer != "whole"

    @property
    def expected(self) -> str:
        """Stands near the end of the answer, whoever passed it on."""
        return WORDS[-1].strip() if self.streams else "those before him had done"

    @property
    def begins(self) -> str:
        """The first word of a stream; an answer in one piece has none that is waited for."""
        return WORDS[0].strip() if self.streams else ""

    @property
    def per(self) -> int:
        """Paced streams are counted by the event, everything else by the request."""
        return EVENTS[self.mode] if self.answer == "paced" else 1


def cells() -> list[Cell]:
    return [Cell(*each) for each in product(MODES, SIZES, ANSWERS, CLIENTS)]


# ── requests ─────────────────────────────────────────────────────────────


def body(model: str, size: str, stream: bool) -> bytes:
    asked = json.loads(chat(model, stream))
    more = SIZES[size] - len(chat(model, stream))
    asked["messages"][1]["content"] += PARAGRAPH * (more // len(PARAGRAPH))
    return compact(asked)


def request(path: str, model: str, cell: Cell, headers: Mapping[str, str]) -> bytes:
    """A request as it goes over the wire."""
    content = body(model, cell.size, cell.streams)
    # Some would compress for who says that it can read that, which is not what is measured.
    more = {"accept-encoding": "identity", "content-length": str(len(content))}
    sent = {**HEADERS, **headers, **more}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    return "\r\n".join(lines).encode() + content


# ── answers ──────────────────────────────────────────────────────────────

STREAMED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"


def whole(answer: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(answer) + answer


def pieces(events: tuple[bytes, ...]) -> list[bytes]:
    """What is written at a time: the head goes with the first event, the end with the last."""
    made = [b"%x\r\n%b\r\n" % (len(event), event) for event in events]
    made[0] = STREAMED + made[0]
    made[-1] += LAST
    return made


def write_answers(folder: Path) -> None:
    """Lay out what upstream.c answers with."""
    folder.mkdir(parents=True, exist_ok=True)
    spoken = {"openai": (OPENAI_WHOLE, OPENAI_EVENTS), "anthropic": (ANTHROPIC_WHOLE, ANTHROPIC_EVENTS)}
    for dialect, (answer, events) in spoken.items():
        parts = pieces(events)
        (folder / f"{dialect}.whole").write_bytes(whole(answer))
        (folder / f"{dialect}.burst").write_bytes(b"".join(parts))
        framed = b"".join(struct.pack("<I", len(part)) + part for part in parts)
        (folder / f"{dialect}.paced").write_bytes(framed)
