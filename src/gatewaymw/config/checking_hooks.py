"""Hooks, guardrails and mutators of a config, as the hooks of a plan's targets.

Keys are inherited as all others are: each by itself, and a node's own word replaces that of the node above.
So a target that has mutators of its own keeps the guardrails of its parent, and `[]` takes them away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from pydantic import TypeAdapter

from ..core.checks.hook import WINDOW, Checks, Hook
from ..core.checks.host import host_check
from ..core.checks.model import Prepared
from ..core.errors import ConfigError
from . import models
from .book import Making, Validate
from .reading import join, shown

HOOK = TypeAdapter(models.Hook)
HOST = "host."
BEFORE = ("before_request_hooks", "input_guardrails", "input_mutators", "default_input_guardrails")
AFTER = ("after_request_hooks", "output_guardrails", "output_mutators", "default_output_guardrails")
"""The keys, in the order in which their hooks run."""
LIFTED: Mapping[str, str] = models.spellings(models.Hook) | {"async": "async_"}
"""Keys of a shorthand that say something of the hook. All others are checks."""
Kind = Literal["input", "output"]


def hooks_of(key: str) -> Callable[[Any, str, Making], dict[str, Any]]:
    """The reader of one key."""
    kind: Kind = "input" if key in BEFORE else "output"
    if key.endswith("_hooks"):
        return lambda given, path, making: {key: tuple(longhand(given, kind, path, making))}
    type = "mutator" if key.endswith("mutators") else "guardrail"
    return lambda given, path, making: {key: tuple(shorthand(given, kind, type, path, making))}


READERS = {key: hooks_of(key) for key in (*BEFORE, *AFTER)}


def gathered(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a target, with what their keys say of hooks put together."""
    rest = {name: value for name, value in settings.items() if name not in READERS}
    return {**rest, "checks": checks_of(settings)} if len(rest) < len(settings) else rest


def checks_of(settings: Mapping[str, Any]) -> Checks | None:
    before, after = (
        tuple(hook for key in keys for hook in settings.get(key, ())) for keys in (BEFORE, AFTER)
    )
    return Checks(before, after) if before or after else None


def with_more(checks: Checks | None, more: Checks | None) -> Checks | None:
    """The hooks of a target, and those that a request's headers add."""
    if checks is None or more is None:
        return more or checks
    return Checks(checks.before + more.before, checks.after + more.after)


def sends(checks: Checks | None) -> str | None:
    """The first check that tells somebody else what it inspects; None where all is kept here. The host's own
    are the operator's code."""
    hooks = (*checks.before, *checks.after) if checks else ()
    asking = (check.id for hook in hooks for check in hook.checks if not check.pure)
    return next((id for id in asking if not id.startswith(HOST)), None)


# ── one hook ─────────────────────────────────────────────────────────────


def longhand(given: Sequence[models.Hook], kind: Kind, path: str, making: Making) -> list[Hook]:
    def made(index: int, model: models.Hook) -> Hook:
        return long_hook(model, named(kind, model.type, index), kind, f"{path}[{index}]", making)

    return gather(made, given, making)


def long_hook(model: models.Hook, id: str, kind: Kind, path: str, making: Making) -> Hook:
    places = [f"{path}.checks[{number}]" for number in range(len(model.checks or ()))]
    return hook(model, id, kind, path, making, places, [f"{place}.parameters" for place in places])


def shorthand(
    given: Sequence[Mapping[str, Any]], kind: Kind, type: str, path: str, making: Making
) -> list[Hook]:
    def made(index: int, item: Mapping[str, Any]) -> Hook:
        at = f"{path}[{index}]"
        if item.get("checks") is not None:  # it is as long as can be
            model = making.model({"type": type, **item}, at, HOOK)
            return long_hook(model, named(kind, type, index), kind, at, making)
        said = {"type": type} | {key: item[key] for key in item if key in LIFTED}
        checks = {join(at, key): _check(key, item[key], join(at, key)) for key in item if key not in LIFTED}
        model = making.model({**said, "checks": list(checks.values())}, at, HOOK)
        return hook(model, named(kind, type, index), kind, at, making, list(checks), list(checks))

    return gather(made, given, making)


def gather(made: Callable[[int, Any], Hook], given: Sequence[Any], making: Making) -> list[Hook]:
    hooks = [making.attempt(partial(made, index, each)) for index, each in enumerate(given)]
    return [each for each in hooks if each is not None]


def named(kind: Kind, type: str | None, index: int) -> str:
    """What a hook is called that has no id: the same each time, where the original draws letters."""
    return f"{kind}_{type or 'guardrail'}_{index + 1}"


def _check(key: str, value: Any, path: str) -> dict[str, Any]:
    """A check of a shorthand: its key is its id, its value its parameters, unless those say otherwise."""
    if value is not None and not isinstance(value, dict):
        raise ConfigError("must be an object: the parameters of a check", path=path)
    rest = dict(value or {})
    enabled = rest.pop("is_enabled", rest.pop("isEnabled", None))
    return {"id": rest.pop("id", None) or key, "parameters": rest, "is_enabled": enabled}


def hook(
    model: models.Hook,
    id: str,
    kind: Kind,
    path: str,
    making: Making,
    places: Sequence[str],
    told: Sequence[str],
) -> Hook:
    """A hook of the plan. `places` are where its checks stand, `told` where their parameters do. Raises
    ConfigError."""
    making.strays(model, path)
    closed = bool(model.fail_closed)
    made = [
        making.attempt(partial(prepared, check, closed, place, at, making))
        for check, place, at in zip(model.checks or (), places, told, strict=True)
    ]
    result = Hook(
        id=model.id or id,
        type=model.type or "guardrail",
        checks=tuple(check for check in made if check is not None),
        deny=bool(model.deny),
        later=bool(model.async_),
        sequential=bool(model.sequential),
        on_success=_feedback(model.on_success, f"{path}.on_success", making),
        on_fail=_feedback(model.on_fail, f"{path}.on_fail", making),
        stream=model.stream if kind == "output" else None,
        window=model.window_characters or WINDOW,
    )
    _agree(result, model, kind, path, making)
    return result


def prepared(model: models.Check, closed: bool, path: str, at: str, making: Making) -> Prepared | None:
    """One check, its parameters read; None where it is switched off. Raises ConfigError."""
    making.strays(model, path)
    if model.is_enabled is False:
        return None
    said = dict(model.parameters or {})
    name = model.id.removeprefix(HOST)
    if making.book.knows(model.id):
        strict = said.pop("failOnError", said.pop("fail_on_error", False)) is True
        check = host_check(name, said, strict)
    elif model.id.startswith(HOST):
        raise ConfigError(
            f"this gateway has no check of the host's named {shown(name)}; give it one, as"
            f" Gateway(checks={{{shown(name)}: …}})",
            path=path,
            code="unknown_check",
        )
    else:
        check = (making.book.validate or registered(making, at))(model.id, said, at)
    return replace(check, fail_on_error=True) if closed or model.fail_on_error else check


def registered(making: Making, where: str) -> Validate:
    """Those that come with the gateway. Their code is not loaded before the first of them is met."""
    from ..core.checks.catalogue import validate
    from .check_tools import tools

    book = making.book
    given = tools(None if book.held else book.trusted_hosts, lambda words: making.warn(where, words))
    return lambda id, parameters, path: validate(id, parameters, path, given)


def _feedback(said: models.Aftermath | None, path: str, making: Making) -> Mapping[str, Any] | None:
    if said is None:
        return None
    making.strays(said, path)
    return said.feedback


def _agree(made: Hook, model: models.Hook, kind: Kind, path: str, making: Making) -> None:
    """What a hook says of itself holds together. Raises ConfigError."""
    if made.stream == "window" and not made.pure:
        asking = next(check.id for check in made.checks if not check.pure)
        raise ConfigError(
            f"{asking} asks somebody, which a stream cannot wait for at each window; write buffer",
            path=f"{path}.stream",
        )
    if made.stream == "window" and (made.type == "mutator" or not made.deny):
        raise ConfigError(
            "window can end a stream and nothing else: it takes a guardrail with deny; write buffer",
            path=f"{path}.stream",
        )
    if kind == "input" and model.stream is not None:
        making.warn(f"{path}.stream", "means nothing before a request")
    if made.later and (made.deny or made.type == "mutator"):
        making.warn(f"{path}.async", "what runs after the answer can neither deny nor change it")
    if not made.checks:
        making.warn(path, "has no checks, and passes")
