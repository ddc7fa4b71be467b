"""Recorded exchanges with real providers, read in place: never part of this repository.

`GATEWAYMW_CASSETTES` names their folder; without it, `shared/cassettes` beside the repository. Where
there are none, what is parametrized by `each` is skipped, saying so. A row is a line of the recordings'
index (name, provider, endpoint, stream, status, …), a case the whole exchange.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]
Case = dict[str, Any]

FOLDER = Path(os.environ.get("GATEWAYMW_CASSETTES") or Path(__file__).parents[2] / "shared" / "cassettes")
ABSENT = "no recorded exchanges here: GATEWAYMW_CASSETTES may name their folder"


@cache
def document(name: str) -> Any:
    """One of the folder's tables; empty where there is no folder."""
    path = FOLDER / name
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def cases(provider: str, endpoint: str) -> list[Row]:
    """The recordings of one endpoint of a provider, by the recordings' own names for both."""
    rows = document("index.json").get("cases", [])
    return [row for row in rows if (row["provider"], row["endpoint"]) == (provider, endpoint)]


def expected(provider: str, endpoint: str) -> list[Row]:
    """Those of which is known what the provider's own SDK reads in them."""
    return [row for row in cases(provider, endpoint) if expectation(row["name"])]


def translated() -> list[Row]:
    """The recorded OpenAI requests that are there to be translated into other dialects."""
    names = document("translations.json")
    return [row for row in document("index.json").get("cases", []) if row["name"] in names]


def each(rows: Iterable[Row]) -> list[Any]:
    """The rows as parameters of a test; one that is skipped where there are no recordings."""
    named = [pytest.param(row, id=row["name"]) for row in rows]
    return named or [pytest.param({}, marks=pytest.mark.skip(reason=ABSENT), id="absent")]


def case(row: Row) -> Case:
    """The whole exchange: its request, where there is one, and its response."""
    return json.loads((FOLDER / row["file"]).read_text("utf-8"))


def expectation(name: str) -> dict[str, Any] | None:
    """What the provider's own SDK reads in a recording; None where there is none to go by."""
    sdk = document("expected.json").get(name, {}).get("sdk")
    return None if sdk is None or "error" in sdk else sdk


def same_text(want: Any, got: str) -> bool:
    """Whether a text is the expected one, of which long ones are kept as hash and length."""
    if isinstance(want, dict):
        return len(got) == want["chars"] and hashlib.sha256(got.encode()).hexdigest() == want["sha256"]
    return got.strip() == (want or "").strip()


def usage(case: Case) -> dict[str, Any]:
    """The provider's own counts, merged in the order in which they were said."""
    counts: dict[str, Any] = {}

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            for name in ("usage", "usageMetadata"):
                if isinstance(value.get(name), dict):
                    counts.update({key: count for key, count in value[name].items() if count is not None})
            value = list(value.values())
        for inner in value if isinstance(value, list) else ():
            gather(inner)

    for document in documents(case):
        gather(document)
    return counts


def documents(case: Case) -> list[Any]:
    """All the JSON of a response, without its envelope."""
    response = case["response"]
    if "body" in response:
        return [response["body"]]
    lines = response.get("chunks") or (response.get("body_text") or "").splitlines()
    texts = [line.removeprefix("data:").strip() for line in lines]
    return [json.loads(text) for text in texts if text[:1] in ("{", "[") and text != "[DONE]"]


# ── the bytes ────────────────────────────────────────────────────────────


def body(case: Case) -> Any:
    """A whole answer's JSON."""
    return json.loads(frames(case))


def frames(case: Case) -> bytes:
    """The response's body as it came over the wire, in the provider's own framing."""
    return b"".join(pieces(case))


def pieces(case: Case) -> list[bytes]:
    """The same, cut where its events end; a body that is no stream is one piece."""
    response = case["response"]
    if "body" in response:
        return [json.dumps(response["body"], ensure_ascii=False).encode()]
    if "body_b64" in response:
        return binary(base64.b64decode(response["body_b64"]), response["headers"].get("content-type", ""))
    if "body_text" in response:
        return textual(response["body_text"])
    made = [framed(line, case) for line in response["chunks"]]
    chat = case["endpoint"] in ("chat_completions", "completions") and case["provider"] != "bedrock"
    return [*made, b"data: [DONE]\n\n"] if chat and b"[DONE]" not in made[-1] else made


def textual(text: str) -> list[bytes]:
    gap = "\r\n\r\n" if "\r\n\r\n" in text else "\n\n"
    parts = [part for part in text.split(gap) if part.strip()]
    if len(parts) < 2:
        return [line.encode() for line in text.splitlines(keepends=True)]
    return [(part + gap).encode() for part in parts]


def binary(raw: bytes, kind: str) -> list[bytes]:
    """Amazon's event stream, cut by the lengths that its messages begin with."""
    if "eventstream" not in kind:
        return [raw]
    out = []
    while len(raw) >= 16:
        size = int.from_bytes(raw[:4], "big")
        out.append(raw[:size])
        raw = raw[size:]
    return out


def framed(line: str, case: Case) -> bytes:
    """The envelope of an event whose recording kept only its JSON."""
    if case["provider"] == "bedrock":
        ((event, payload),) = json.loads(line).items()
        return amazon(event, json.dumps(payload).encode())
    if line.startswith(("data:", "event:", ":")):
        return (line + ("\n\n" if line.startswith("data:") else "\n")).encode()
    named = case["endpoint"] in ("messages", "responses") and line.startswith("{")
    event = json.loads(line).get("type") if named else None
    return (f"event: {event}\n" if event else "").encode() + f"data: {line}\n\n".encode()


def amazon(event: str, payload: bytes, kind: str = "event") -> bytes:
    """One message of Amazon's event stream: an event, or an exception."""
    fields = {f":{kind}-type": event, ":content-type": "application/json", ":message-type": kind}
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in fields.items()
    )
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + head + payload
    return message + struct.pack(">I", binascii.crc32(message))
