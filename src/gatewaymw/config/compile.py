"""From what people write to what runs: a frozen plan in which all that is inherited is settled.

A request never merges settings; what is wrong with a config is said here, with the path of the fault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import BaseModel, TypeAdapter

from ..core import json
from ..core.checks.hook import Checks
from ..core.errors import ConfigError
from ..core.model import Provider
from ..core.plan import Credential, Plan
from ..core.plan import Node as Planned
from . import models
from .book import Book as Book
from .book import Making
from .book import VirtualKey as VirtualKey
from .checking_hooks import READERS, checks_of
from .grouping import group
from .reading import join
from .resilience import below
from .secrets import look_up
from .settling import NOTHING_SAID, Settled, settle, target

LONGEST_TEXT = 64 * 1024
NODE: TypeAdapter[models.Leaf | models.Branch] = TypeAdapter(models.Node)
KEY_ENTRY = TypeAdapter(models.KeyEntry)


def compile_config(value: Mapping[str, Any] | BaseModel, book: Book, *, path: str = "config") -> Plan:
    """The plan of a config: a mapping, or a pydantic model of one.

    Raises ConfigError; its `path` begins with `path`.
    """
    making = Making(book)
    root = tree(making.model(value, path, NODE), NOTHING_SAID, path, making)
    return Plan(root, making.warnings)


def compile_guardrails(
    given: Mapping[str, list[Any]], book: Book, prefix: str
) -> tuple[Checks | None, tuple[str, ...]]:
    """The hooks of `default_input_guardrails` and `default_output_guardrails`, as headers bring them.

    With warnings. Raises ConfigError, its path the name of the header.
    """
    making, settings = Making(book), {}
    for key, items in given.items():
        header = prefix + key.replace("_", "-")
        if len(items) > models.MOST_HOOKS:
            raise ConfigError(f"has {models.MOST_HOOKS} guardrails at most", path=header)
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                raise ConfigError(models.NO_IDS, path=f"{header}[{index}]")
        settings.update(READERS[key](items, header, making))
    return checks_of(settings), making.warnings


def plan_of_text(text: str, book: Book, *, path: str = "config") -> Plan:
    """The plan of a config in JSON, as a header brings it: up to 64 KiB. Raises ConfigError."""
    if len(text.encode(errors="replace")) > LONGEST_TEXT:
        raise ConfigError(f"is longer than {LONGEST_TEXT} bytes", path=path)
    value, fault = _json(text)
    if fault:
        raise ConfigError(f"is not JSON: {fault}", path=path)
    return compile_config(value, book, path=path)


def _json(text: str) -> tuple[Any, str]:
    try:
        return json.loads(text), ""
    except ValueError as error:
        return None, str(error)[:200]


def compile_virtual_keys(
    table: Mapping[str, Any],
    *,
    providers: Mapping[str, Provider] | None = None,
    look_up: Callable[[str], str] = look_up,
    checks: Collection[str] = (),
) -> dict[str, VirtualKey]:
    """The operator's virtual keys, by name. Raises ConfigError, its path as `virtual_keys.openai-prod`."""
    book = Book(held=True, providers=providers, look_up=look_up, checks=checks)
    if not isinstance(table, Mapping):
        raise ConfigError("must be an object", path="virtual_keys")
    return {name: virtual_key(name, entry, Making(book)) for name, entry in table.items()}


def virtual_key(name: str, entry: Any, making: Making) -> VirtualKey:
    """One virtual key. Raises ConfigError."""
    path = join("virtual_keys", str(name))
    said = settle(making.model(entry, path, KEY_ENTRY), NOTHING_SAID, path, making)
    up = said.upstream
    if up.provider is None:
        raise ConfigError("is required", path=f"{path}.provider")
    credential = up.credential or Credential(held=True)
    return VirtualKey(name, up.provider, credential, up.options, said.settings, said.overrides)


def tree(
    node: models.Leaf | models.Branch, above: Settled, path: str, making: Making, depth: int = 1
) -> Planned:
    """The node of the plan that a node of the config stands for. Raises ConfigError."""
    _refuse_old(node, path)
    if isinstance(node, models.Leaf):
        return target(node, above, path, making)
    if not node.targets:
        raise ConfigError("must not be empty", path=f"{path}.targets")
    making.count(len(node.targets), depth, path)
    said = settle(node, above, path, making)
    if told := below(node, path, making):
        said = replace(said, settings={**said.settings, **told})

    children = []
    for index, child in enumerate(node.targets):
        at = f"{path}.targets[{index}]"
        children.append(making.attempt(partial(tree, child, said, at, making, depth + 1)))
    return group(node, tuple(made for made in children if made is not None), path, making)


def _refuse_old(node: models.Shape, path: str) -> None:
    """Raises ConfigError for the format of long ago."""
    for key in ("options", "mode"):
        if key in (node.model_extra or ()):
            raise ConfigError(
                "this version of config is not supported: write strategy.mode and targets,"
                " where it was mode and options",
                path=f"{path}.{key}",
            )
