"""What `gatewaymw check` and `gatewaymw schema` print: every fault of a file, and the schema of configs."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from textwrap import dedent
from typing import Any

from pydantic import TypeAdapter

from ..core.errors import ConfigError
from ..core.model import Provider
from . import models
from .book import Book, Making, VirtualKey
from .compile import NODE, tree, virtual_key
from .fetching import fetching_of
from .hosts import trusted_hosts
from .loading import split
from .reading import OPERATOR, join, plain, validated
from .settling import NOTHING_SAID

TABLES = TypeAdapter(models.Tables)


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
    book = Book(held=True, providers=providers, modes=modes, look_up=lambda reference: reference, checks=None)
    return [str(fault) for fault in _faults(value, book)]


def _faults(loaded: Mapping[str, Any], book: Book) -> Iterator[ConfigError]:
    making = Making(book, gather=True)
    found = making.attempt(lambda: split(plain(loaded, "file", OPERATOR)))
    if found is None:
        yield from making.faults
        return
    config, tables = found
    yield from validated(tables, "", TABLES)[1]
    hosts = tables.get("trusted_custom_hosts")
    making.attempt(lambda: trusted_hosts(hosts if isinstance(hosts, list) else []))
    making.attempt(lambda: fetching_of(tables.get("fetch_media")))
    yield from making.faults
    keys: dict[str, VirtualKey] = {}
    yield from _of_keys(_entries(tables, "virtual_keys"), keys, book)
    named = {join("configs", name): entry for name, entry in _entries(tables, "configs").items()}
    for path, entry in {**({"config": config} if config else {}), **named}.items():
        yield from _of_config(entry, path, replace(book, virtual_keys=keys))


def _entries(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name)
    return table if isinstance(table, dict) else {}


def _of_keys(table: dict[str, Any], keys: dict[str, VirtualKey], book: Book) -> Iterator[ConfigError]:
    """The faults of all virtual keys; those without any are put into `keys`."""
    for name, entry in table.items():
        making = Making(book, gather=True)
        key = making.attempt(partial(virtual_key, name, entry, making))
        if key and not making.faults:
            keys[name] = key
        yield from making.faults


def _of_config(entry: Any, path: str, book: Book) -> Iterator[ConfigError]:
    making = Making(book, gather=True)
    making.attempt(lambda: tree(making.model(entry, path, NODE), NOTHING_SAID, path, making))
    yield from making.faults


# ── the schema ───────────────────────────────────────────────────────────


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a config, and of a file with a config and the tables beside it.

    It spells keys in snake_case; each may be written in camelCase, too.
    """
    adapter: TypeAdapter[Any] = TypeAdapter(models.Node | models.File)
    schema = adapter.json_schema(by_alias=False)
    for shape in (
        models.Retry,
        models.Check,
        models.Aftermath,
        models.Hook,
        models.RetryBudget,
        models.CircuitBreaker,
        models.Timeouts,
        models.Sticky,
        models.FetchMedia,
        models.Condition,
        models.Strategy,
        models.KeyEntry,
        models.Leaf,
        models.Branch,
    ):
        properties = schema["$defs"][shape.__name__]["properties"]
        for name, words in _documented(shape).items():
            properties[name.rstrip("_")].setdefault("description", words)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gatewaymw config", **schema}


def _documented(shape: type[models.Shape]) -> dict[str, str]:
    """The strings under a model's fields, its bases' included."""
    words: dict[str, str] = {}
    for base in reversed(shape.__mro__):
        if issubclass(base, models.Shape):
            body = ast.parse(dedent(inspect.getsource(base))).body[0].body  # type: ignore[attr-defined]
            for field, after in pairwise(body):
                if isinstance(field, ast.AnnAssign) and isinstance(after, ast.Expr):
                    words[ast.unparse(field.target)] = ast.literal_eval(after.value)
    return words
