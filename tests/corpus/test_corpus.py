"""Each config of the corpus does what it says, by each of three ways, and the same by all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
import rows_callers
import rows_choosing
import rows_trying
from offline import Result, Row, by_asgi, by_explain, by_wsgi

from every import every

ROWS = (*rows_choosing.ROWS, *rows_trying.ROWS, *rows_callers.ROWS)
WAYS: tuple[Callable[[Row], Result], ...] = (by_asgi, by_wsgi, by_explain)


def check(row: Row, result: Result) -> None:
    assert (result.status, result.calls) == (row.status, row.calls), result.body
    assert result.waits == pytest.approx(row.waits)
    assert int(result.headers[f"{prefix_of(row)}attempts"]) == len(result.requests)
    if row.by:
        assert result.headers["x-gateway-last-used-option-index"] == row.by
    if row.error:
        assert (result.error["code"], result.error["param"]) == row.error, result.body
    for name, part in row.told.items():
        assert part in result.headers.get(name, "") and bool(part) == (name in result.headers)
    for host, fields in row.sent.items():
        got = json.loads(result.got(host).body)
        assert {name: got.get(name) for name in fields} == fields
    for host, carried in row.carried.items():
        if row.calls:
            headers = result.got(host).headers
            assert {name: headers.get(name) for name in carried} == carried
    assert result.body.endswith(row.ends.encode())


def prefix_of(row: Row) -> str:
    """Of the answer's headers: the one that the request used."""
    names = [name for name in row.headers if name.startswith(("x-portkey-", "x-gateway-"))]
    return "x-portkey-" if names and all(name.startswith("x-portkey-") for name in names) else "x-gateway-"


@every(ROWS, lambda row: row.name)
def test_by_each_way_and_the_same_by_all(row: Row) -> None:
    results = [way(row) for way in WAYS]
    for result in results:
        check(row, result)
    assert results[0].comparable == results[1].comparable == results[2].comparable


def test_the_corpus_is_as_large_as_it_is_said_to_be() -> None:
    assert [name for name, count in Counter(row.name for row in ROWS).items() if count > 1] == []
    assert len(ROWS) >= 60
