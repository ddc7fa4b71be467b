"""A strategy and its targets, as a group of the plan."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType
from typing import Any, TypeAlias

from ..core.errors import ConfigError
from ..core.plan import Group
from ..core.plan import Node as Planned
from ..core.routing.compare import MOST as COMPARED
from ..core.routing.conditions import Reader, Regex, compile_query, reader, sole_text
from ..core.values import NOTHING, Call
from . import models, regexes
from .book import Making
from .reading import shown
from .resilience import kinds_of, sticky

Arm: TypeAlias = Callable[[Call], int | None]
"""The index of the child that some conditions choose, None where they do not hold."""
Tested: TypeAlias = tuple[Callable[[Call], bool], int]
"""Whether one condition holds, and the index of the child that it chooses."""
MEANING = {
    "on_status_codes": ("fallback",),
    "conditions": ("conditional",),
    "default": ("conditional",),
    "on": ("fallback",),
    "algorithm": ("loadbalance",),
    "sticky": ("loadbalance",),
}
"""Which of the built-in modes use which keys."""


def group(branch: models.Branch, children: tuple[Planned, ...], path: str, making: Making) -> Group:
    """An inner node of a plan. Raises ConfigError."""
    strategy, at = branch.strategy or _only(branch, path), f"{path}.strategy"
    mode = _mode(strategy, at, making)
    own = mode not in models.MODES
    if not own:
        making.strays(strategy, at)
        _odd(strategy, branch, at, making)
    if mode == "compare" and len(children) > COMPARED:
        raise ConfigError(f"compares {COMPARED} targets at most", path=f"{path}.targets")
    return Group(
        mode=mode,
        path=path,
        name=branch.name or "",
        children=children,
        on=strategy.on_status_codes,
        bounds=_bounds(branch, path) if own or mode == "loadbalance" else (),
        **_choosing(strategy, branch, at, making) if own or mode == "conditional" else {},
        settings=_own(strategy) if own else NOTHING,
        kinds=kinds_of(strategy.on),
        algorithm=strategy.algorithm or "weighted",
        sticky=sticky(strategy.sticky, f"{at}.sticky", making) if mode == "loadbalance" else None,
    )


def _only(branch: models.Branch, path: str) -> models.Strategy:
    if len(branch.targets) > 1:
        raise ConfigError(
            f"several targets need a strategy: its mode is {_listed(models.MODES)}", path=f"{path}.strategy"
        )
    return models.Strategy(mode="single")


def _mode(strategy: models.Strategy, path: str, making: Making) -> str:
    if strategy.mode in making.modes:
        return strategy.mode
    known = _listed(sorted(making.modes))
    raise ConfigError(f"unknown mode {shown(strategy.mode)}; there are {known}", path=f"{path}.mode")


def _listed(names: Any) -> str:
    return ", ".join(names)


def _odd(strategy: models.Strategy, branch: models.Branch, path: str, making: Making) -> None:
    """Warn of what is written and does nothing."""
    for key, modes in MEANING.items():
        if getattr(strategy, key) is not None and strategy.mode not in modes:
            making.warn(f"{path}.{key}", f"means nothing to the mode {strategy.mode}")
    if strategy.mode == "single" and len(branch.targets) > 1:
        making.warn(path, f"the mode single uses the first of {len(branch.targets)} targets only")


def _own(strategy: models.Strategy) -> Mapping[str, Any]:
    """The keys of a strategy that is not ours, in snake_case."""
    extra = strategy.model_extra or {}
    return MappingProxyType(
        {re.sub(r"(?<=[a-z0-9])[A-Z]", r"_\g<0>", key).lower(): extra[key] for key in extra}
    )


def _bounds(branch: models.Branch, path: str) -> tuple[float, ...]:
    """Running sums of the weights."""
    bounds = tuple(accumulate(1.0 if child.weight is None else child.weight for child in branch.targets))
    if not 0 < bounds[-1] < math.inf:
        raise ConfigError("the weights add up to nothing that can be divided", path=f"{path}.targets")
    return bounds


# ── conditions ───────────────────────────────────────────────────────────


def _choosing(strategy: models.Strategy, branch: models.Branch, path: str, making: Making) -> dict[str, Any]:
    """The fields of a group whose child conditions choose."""
    conditions, default = strategy.conditions or (), strategy.default
    if not conditions and default is None:
        if strategy.mode == "conditional":
            raise ConfigError("needs conditions, or a default", path=path)
        return {}
    names = _names(branch, path)
    tests = [
        _arm(condition, names, f"{path}.conditions[{index}]", making)
        for index, condition in enumerate(conditions)
    ]
    arms = _arms(conditions, tests, making)
    otherwise = None if default is None else _index(default, names, f"{path}.default", making)

    def choose(call: Call) -> int | None:
        for arm in arms:
            if (index := arm(call)) is not None:
                return index
        return otherwise

    def reason(call: Call) -> str:
        for index, (test, _) in enumerate(tests):
            if test(call):
                return f"conditions[{index}] holds: {shown(conditions[index].then)}"
        return "no condition holds" + ("" if default is None else f": the default, {shown(default)}")

    return {"choose": choose, "reason": reason}


def _names(branch: models.Branch, path: str) -> dict[str, int]:
    names: dict[str, int] = {}
    for index, child in enumerate(branch.targets):
        if child.name is not None and names.setdefault(child.name, index) != index:
            raise ConfigError(f"two targets are named {shown(child.name)}", path=path)
    return names


def _arms(conditions: Sequence[models.Condition], tests: Sequence[Tested], making: Making) -> list[Arm]:
    """The conditions in their order. Those in a row that ask which text one field is are one look-up."""
    arms: list[Arm] = []
    table: dict[str, int] = {}
    latest = ""
    for condition, (test, then) in zip(conditions, tests, strict=True):
        place, text = sole_text(condition.query) or ("", "")
        if not place:
            arms.append(_tested(test, then))
        elif place != latest:
            table = {text: then}
            arms.append(_looked_up(reader(place, making.book.prefix), table))
        else:
            table.setdefault(text, then)
        latest = place
    return arms


def _tested(test: Callable[[Call], bool], then: int) -> Arm:
    return lambda call: then if test(call) else None


def _looked_up(read: Reader, table: Mapping[str, int]) -> Arm:
    def arm(call: Call) -> int | None:
        value = read(call)
        return table.get(value) if isinstance(value, str) else None

    return arm


def _arm(condition: models.Condition, names: dict[str, int], path: str, making: Making) -> Tested:
    making.strays(condition, path)
    at = f"{path}.query"
    test = compile_query(condition.query, _regex(at, making), path=at, prefix=making.book.prefix)
    return test, _index(condition.then, names, f"{path}.then", making)


def _index(name: str, names: dict[str, int], path: str, making: Making) -> int:
    if name not in names:
        hint = making.hint(name, names)
        raise ConfigError(f"no target here is named {shown(name)}{hint}", path=path)
    return names[name]


def _regex(path: str, making: Making) -> Regex:
    """How patterns of this config are compiled. RE2 is looked for when there is one."""
    if not making.book.held:
        return lambda pattern: regexes.linear(pattern, regexes.engine())
    return lambda pattern: regexes.trusting(
        pattern, regexes.engine(), lambda message: making.warn(path, message)
    )
