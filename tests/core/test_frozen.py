"""What makes the values of requests makes what their classes do."""

from __future__ import annotations

from dataclasses import field
from inspect import signature
from typing import Any

import pytest

from gatewaymw.core.frozen import dataclass, maker
from gatewaymw.core.model import Context, Keys
from gatewaymw.core.routing.reply import Live, Reply
from gatewaymw.core.values import Answer, Call, Request

MADE: list[Any] = [Context, Keys, Reply, Live, Answer, Call, Request]


@dataclass(frozen=True, slots=True)
class Sample:
    first: int
    later: int = field(kw_only=True)
    second: str = "b"
    fresh: list[int] = field(default_factory=list)
    kept: int = field(init=False, default=7)


make = maker(Sample)


def test_the_same_value_is_made() -> None:
    assert make(1, later=2) == Sample(1, later=2)
    assert make(1, "c", [3], later=2) == Sample(1, "c", [3], later=2)
    assert make(first=1, second="c", later=0).kept == 7
    assert make(1, later=2).fresh is not make(1, later=2).fresh


@pytest.mark.parametrize(
    "bad", [{}, {"first": 1}, {"first": 1, "later": 2, "kept": 3}, {"first": 1, "x": 2}], ids=str
)
def test_what_the_class_does_not_take_is_not_taken(bad: dict[str, Any]) -> None:
    for call in (Sample, make):
        with pytest.raises(TypeError):
            call(**bad)


@pytest.mark.parametrize("cls", MADE, ids=lambda cls: cls.__name__)
def test_parameters_are_those_of_the_class(cls: Any) -> None:
    given, own = (signature(each).parameters.values() for each in (maker(cls), cls))
    assert [(each.name, each.kind) for each in given] == [(each.name, each.kind) for each in own]
    required = {each.name: 0 for each in own if each.default is each.empty}
    assert maker(cls)(**required) == cls(**required)
