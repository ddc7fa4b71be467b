"""Values that the type checker holds frozen, and that cost no more than any object to make.

`dataclasses` keeps a frozen instance frozen by a call for each field of each instance that is made, which
takes three times as long as plain assignment. Each request makes a dozen of these values. mypy, which sees
`dataclasses.dataclass` itself here, refuses an assignment to a field before anything runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, **options):
        """`dataclasses.dataclass`; what is `frozen` can be hashed, as there."""

        def made(cls):
            return dataclasses.dataclass(cls, eq=eq, unsafe_hash=frozen and eq, **options)

        return made if cls is None else made(cls)


def maker(cls: Callable[P, T]) -> Callable[P, T]:
    """A function that makes what calling such a class does, in less than half the time: before Python 3.13
    a call of a class packs its arguments into a tuple and a dict, and unpacks them for `__init__`.

    It is written as `dataclasses` writes an `__init__`. For the values that each request makes.
    """
    known: dict[str, Any] = {"cls": cls, "new": object.__new__}
    fields = sorted(dataclasses.fields(cls), key=lambda field: bool(field.kw_only))  # type: ignore[arg-type]
    given, lines = [parameter(field) for field in fields if field.init], ["made = new(cls)"]
    if keywords := sum(bool(field.kw_only) for field in fields if field.init):
        given.insert(len(given) - keywords, "*")
    for field in fields:
        name, factory = field.name, field.default_factory
        known |= {f"default_{name}": field.default, f"made_{name}": factory}
        value = name if field.init else f"default_{name}"
        fresh = f"made_{name}() if {name} is default_{name} else {name}"
        lines.append(f"made.{name} = {value if factory is MISSING else fresh}")
    exec("\n    ".join([f"def make({', '.join(given)}):", *lines, "return made"]), known)
    make: Callable[P, T] = known["make"]
    return make


def parameter(field: dataclasses.Field[Any]) -> str:
    """How it stands in a signature."""
    required = field.default is MISSING and field.default_factory is MISSING
    return field.name if required else f"{field.name}=default_{field.name}"
