"""Exchanges with providers, as their documentation shows them: a file a provider, read by `test_catalogue`.

A file of `catalogue/` is named by the provider's slug. `source` is the page that its exchanges are written
from, `kind` says whether that page shows them (`documented`), they were recorded (`recorded`), or the page
describes their shape only (`described`); then an endpoint of whose exchange another page has a sample names
that page as its own `source`. `options` are what its target says besides the key, `auth` the
headers that must carry the key (which is `KEY`). Below `endpoints` there is for each endpoint, by its name:

    url       where it must be asked; `method` where that is not POST (GET for lists)
    asks      the client's body; a form's fields, with `files: {name: text}` beside it
    sends     the body upstream, where that is another; `drops` the parameters that are reported
    form      of a form upstream: pieces of text that must stand in it
    answer    the body of a whole answer: JSON, or `{base64: …, type: …}` for anything else
    follows   the calls that it takes after `answer`, in their order: of each the `url`, `method` where that
              is not GET, what it `sends`, and its `answer`
    reads     what an OpenAI client reads in it, see `test_catalogue.READ`
    stream    the text of a streamed answer; `streams_at`, `streams` where its address or its body differ,
              `streamed` what is read where that differs; `parts` the name of Amazon's messages it is in;
              `opens` where a whole answer tells of the stream's address: that `answer`, and the `url`
    error     `status`, `body`, and what the client is told: `message`, `type`, `code`
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from gatewaymw.core.endpoints import ENDPOINTS, Endpoint

FOLDER = Path(__file__).parent / "catalogue"
KEY = "key-1"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""As safe, and six times as fast where PyYAML has libyaml: each worker reads all of the files."""
FILES = sorted(FOLDER.glob("*.yaml"))


class Exchange(NamedTuple):
    """One endpoint of one provider."""

    provider: str
    endpoint: Endpoint
    page: Mapping[str, Any]
    """The provider's file."""
    row: Mapping[str, Any]
    """The endpoint's part of it."""

    @property
    def id(self) -> str:
        return f"{self.provider}-{self.endpoint.name}"

    @property
    def asks(self) -> dict[str, Any]:
        return dict(self.row.get("asks") or {})

    @property
    def answer(self) -> tuple[Any, str]:
        """The body of a whole answer, and its content type."""
        given = self.row["answer"]
        if isinstance(given, dict) and given.keys() == {"base64", "type"}:
            return b64decode(given["base64"]), given["type"]
        return given, "application/json"


@cache
def page(path: Path) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.load(path.read_text("utf-8"), Loader=LOADER)
    return read


EXCHANGES = [
    Exchange(path.stem, ENDPOINTS[name], page(path), row)
    for path in FILES
    for name, row in page(path)["endpoints"].items()
]
