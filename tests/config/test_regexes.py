"""Patterns of conditions: in linear time for callers, at least known for the operator (DOS-10, DOS-11)."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from books import CALLER, OPERATOR, group, plan, refused

from gatewaymw.config.regexes import LONGEST, backtracking, engine, linear, trusting
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.values import Call


def config(pattern: Any) -> dict[str, Any]:
    condition = {"query": {"params.prompt": {"$regex": pattern}}, "then": "a"}
    strategy = {"mode": "conditional", "conditions": [condition]}
    return {"strategy": strategy, "targets": [{"provider": "openai", "name": "a"}]}


PLACE = "config.strategy.conditions[0].query.params.prompt.$regex"


@pytest.mark.parametrize("book", [OPERATOR, CALLER], ids=["operator", "caller"])
def test_a_pattern_is_found_anywhere_in_the_text(book: Any) -> None:
    choose = group(config("(?i)secret|geheim"), book).choose
    assert choose is not None and plan(config("x"), book).warnings == ()
    said = [
        Call(endpoint=CHAT, method="POST", path="/", body={"prompt": text})
        for text in ("ein GEHEIMnis", "no")
    ]
    assert [choose(call) for call in said] == [0, None]


def test_dos_10_a_pattern_that_hangs_others_takes_no_time() -> None:
    search = linear("(a+)+$", engine())
    started = time.process_time()
    assert not search("a" * 100_000 + "!")
    assert time.process_time() - started < 1


def test_a_text_may_hold_half_a_surrogate_pair() -> None:
    assert linear("b", engine())("a\ud800b") and not linear("x", engine())("a\ud800b")


@pytest.mark.parametrize("pattern", ["(", "a(?=b)", r"(a)\1", "a{1001}", "\ud800", "x" * (LONGEST + 1)])
def test_dos_11_what_re2_does_not_take_is_refused_at_once_by_its_path(pattern: str) -> None:
    fault = refused(config(pattern), CALLER)
    assert fault.path == PLACE


@pytest.mark.parametrize("pattern", ["a(?=b)", r"(a)\1"])
def test_the_operator_s_patterns_may_need_python_s_own_engine_and_that_is_said(pattern: str) -> None:
    warnings = plan(config(pattern)).warnings
    assert len(warnings) == 1 and "RE2 does not take" in warnings[0]


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "x" * (LONGEST + 1), 7])
def test_what_no_engine_takes_is_refused(pattern: Any) -> None:
    assert refused(config(pattern)).path == PLACE


def test_dos_10_without_re2_callers_have_no_patterns_and_are_told_what_to_install() -> None:
    with pytest.raises(ValueError, match=r"gatewaymw\[regex\]"):
        linear("a", None)


def test_without_re2_the_operator_has_python_s_and_is_told_so() -> None:
    warnings: list[str] = []
    search = trusting("^a", None, warnings.append)
    assert search("abc") and not search("bca")
    assert len(warnings) == 1 and "gatewaymw[regex] is not installed" in warnings[0]
    with pytest.raises(ValueError, match="no regular expression"):
        backtracking("(?P<a>")


def test_re2_is_imported_when_there_is_a_pattern_and_not_before() -> None:
    program = "import sys, gatewaymw.config; sys.exit('re2' in sys.modules or 'yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
