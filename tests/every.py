"""Many like cases in one test, for a test of its own costs more than most cases do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Signature
from typing import Any


def listed(*case: object) -> str:
    return ", ".join(map(str, case))


def every(
    cases: Iterable[Any], name: Callable[..., str] = listed
) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Play a test with each of the cases, a tuple being its arguments, as `pytest.mark.parametrize` would do
    in as many tests; `name` says what a case is called. All are played: those that fail are told together,
    by their names."""
    given = [case if type(case) is tuple else (case,) for case in cases]
    assert given, "there is no case"

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        @wraps(test)
        def played() -> None:
            failed: dict[str, Exception] = {}
            for case in given:
                try:
                    test(*case)
                except Exception as error:
                    failed[name(*case)] = error
                    error.add_note(f"The case: {name(*case)}")
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(given)} cases: {[*failed]}", [*failed.values()])

        played.__signature__ = Signature()  # type: ignore[attr-defined]
        return played

    return decorate
