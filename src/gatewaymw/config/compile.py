"""From what people write to what runs: a frozen plan in which all that is inherited is settled.

A request never merges settings; what is wrong with a config is said here, with the path of the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ..core import json
from ..core.errors import ConfigError
from ..core.model import Provider
from ..core.plan import Credential, Plan
from ..core.plan import Node as Planned
from . import models
from .book import Book as Book
from .book import Making
from .book import VirtualKey as VirtualKey
from .grouping import group
from .reading import OPERATOR, join, plain, validated
from .secrets import look_up
from .settling import NOTHING_SAID, Settled, settle, target

LONGEST_TEXT = 64 * 1024
KEY_ENTRY: TypeAdapter[Any] = TypeAdapter(models.KeyEntry)


def compile_config(
    value: Mapping[str, Any] | BaseModel,
    book: Book,
    *,
    above: Mapping[str, Any] | None = None,
    path: str = "config",
) -> Plan:
    """The plan of a config: a mapping, or a pydantic model of one.

    `above` is a config without targets that the root inherits from: what the headers of a request
    say for a config that names no provider. It has the authority of `book`, as the config has.
    Raises ConfigError; its `path` begins with `path`.
    """
    making = Making(book)
    root = _root(value, above, path, making)
    return Plan(root, making.warnings)


def plan_of_text(text: str, book: Book, *, above: Mapping[str, Any] | None = None) -> Plan:
    """The plan of a config in JSON, as a header brings it: up to 64 KiB. Raises ConfigError."""
    if len(text) > LONGEST_TEXT or len(text.encode(errors="replace")) > LONGEST_TEXT:
        raise ConfigError(f"is longer than {LONGEST_TEXT} bytes")
    value, fault = _json(text)
    if fault:
        raise ConfigError(f"is not JSON: {fault}")
    return compile_config(value, book, above=above)


def compile_virtual_keys(
    table: Mapping[str, Any],
    *,
    providers: Mapping[str, Provider] | None = None,
    look_up: Callable[[str], str] = look_up,
) -> dict[str, VirtualKey]:
    """The operator's virtual keys, by name. Raises ConfigError, its path as `virtual_keys.openai-prod`."""
    book = Book(held=True, providers=providers, look_up=look_up)
    entries = plain(table, "virtual_keys", OPERATOR)
    return {name: virtual_key(name, entry, Making(book)) for name, entry in entries.items()}


def virtual_key(name: str, entry: Any, making: Making) -> VirtualKey:
    """One virtual key of plain data. Raises ConfigError."""
    path = join("virtual_keys", name)
    model, faults = validated(entry, path, KEY_ENTRY)
    if faults:
        raise faults[0]
    said = settle(model, NOTHING_SAID, path, making)
    up = said.upstream
    if up.provider is None:
        raise ConfigError("is required", path=f"{path}.provider")
    return VirtualKey(
        name, up.provider, up.credential or Credential(held=True), up.options, said.settings, said.overrides
    )


def _json(text: str) -> tuple[Any, str]:
    try:
        return json.loads(text), ""
    except ValueError as error:
        return None, str(error)[:200]


# ── the tree ─────────────────────────────────────────────────────────────


def _root(value: Any, above: Mapping[str, Any] | None, path: str, making: Making) -> Planned:
    node = _model(value, path, making)
    said = NOTHING_SAID
    if above:
        said = settle(_model(above, path, making), NOTHING_SAID, path, making)
    return tree(node, said, path, making)


def _model(value: Any, path: str, making: Making) -> Any:
    model, faults = validated(plain(value, path, making.bounds), path)
    if faults:
        raise faults[0]
    return model


def tree(node: models.Leaf | models.Branch, above: Settled, path: str, making: Making, depth: int = 1) -> Planned:
    """The node of the plan that a node of the config stands for. Raises ConfigError."""
    _current(node, path)
    if isinstance(node, models.Leaf):
        return target(node, above, path, making)
    making.count(len(node.targets), depth, path)
    said = settle(node, above, path, making)
    children = []
    for index, child in enumerate(node.targets):
        at = f"{path}.targets[{index}]"
        children.append(making.attempt(lambda child=child, at=at: tree(child, said, at, making, depth + 1)))
    return group(node, tuple(children), path, making)


def _current(node: models.Shape, path: str) -> None:
    """Raises ConfigError for the format of long ago."""
    for key in ("options", "mode"):
        if key in (node.model_extra or ()):
            raise ConfigError(
                "this version of config is not supported: write strategy.mode and targets,"
                " where it was mode and options",
                path=f"{path}.{key}",
            )
