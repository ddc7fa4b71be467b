"""WAVE files (RIFF), written: sound as bare numbers, with a head that says how fast they go."""

from __future__ import annotations

import struct


def wav(samples: bytes, rate: int) -> bytes:
    """A file of one channel of 16-bit samples, little-endian, `rate` of them a second."""
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(head) + len(data), b"WAVE") + head + data
