"""What `gatewaymw check` and `gatewaymw schema` print: every fault of a file, and the schema of configs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from ..core.errors import ConfigError
from ..core.model import Provider
from . import models
from .book import Book, Making, VirtualKey
from .compile import tree, virtual_key
from .hosts import trusted_hosts
from .loading import split
from .reading import OPERATOR, join, plain, validated
from .settling import NOTHING_SAID


def faults(
    value: Any,
    *,
    providers: Mapping[str, Provider] | None = None,
    modes: Collection[str] | None = None,
) -> list[str]:
    """All that is wrong with what a config file holds, one line each, `path: message`.

    What `env:` and `file:` lead to is not looked at: it may be elsewhere than the check.
    """
    if not isinstance(value, Mapping):
        return ["config: must be an object"]
    book = Book(held=True, providers=providers, modes=modes, look_up=lambda reference: reference)
    return [str(fault) for fault in _faults(value, book)]


def _faults(loaded: Mapping[str, Any], book: Book) -> Iterator[ConfigError]:
    try:
        config, tables = split(plain(loaded, "file", OPERATOR))
        trusted_hosts(_hosts(tables))
    except ConfigError as fault:
        yield fault
        return
    keys: dict[str, VirtualKey] = {}
    for name, entry in _entries(tables, "virtual_keys"):
        making = Making(book, gather=True)
        if key := making.attempt(lambda name=name, entry=entry, making=making: virtual_key(name, entry, making)):
            keys[name] = key
        yield from making.faults
    ...
