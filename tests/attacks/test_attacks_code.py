"""What the source must not hold: ways for a request's words to become code, or to be looked up as such."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "gatewaymw"
MODULES = sorted(SOURCE.rglob("*.py"))
CALLS = {"eval", "exec", "compile", "__import__", "import_module", "input", "breakpoint"}
MODULES_BARRED = {
    *("pickle", "marshal", "shelve", "dill", "subprocess", "importlib", "runpy", "code", "codeop", "imp"),
    *("jinja2", "mako", "ctypes", "pty", "commands", "diskcache", "xml", "telnetlib", "ftplib"),
}
METHODS = {"os.system", "os.popen", "os.spawnv", "yaml.load", "yaml.unsafe_load", "yaml.full_load"}
METHODS |= {f"os.exec{way}" for way in ("l", "le", "lp", "v", "ve", "vp")}
LOADED = {
    "core/auth/oci.py": "parts of one library, named there, once a request is signed for Oracle",
    "drivers/identity/__init__.py": "a module of our own, by a table, once a cloud's identity is asked for",
    "inprocess.py": "httpx or httpx2, whichever the host named in its code",
}
"""Modules that load another by name, and why no request has a say in which."""
PATTERNS = {
    "config/javascript.py": "patterns of checks: RE2 for callers, the operator's own else",
    "config/options.py": "the grammars of provider options, a table",
    "config/regexes.py": "patterns of conditions: RE2 for callers, bounded for the operator",
    "core/dialects/anthropic/models.py": "names of models, a table",
    "core/dialects/openai.py": "words of errors, a table",
    "core/mock/faults.py": "names of faults, a table",
    "inbound.py": "paths of endpoints, a table",
}
"""Modules that compile patterns that are not written there, and where those come from."""


def found(module: Path) -> Iterator[str]:
    """Each barred thing in a module: `config/secrets.py:eval`."""
    name = module.relative_to(SOURCE).as_posix()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        for word in words(node):
            yield f"{name}:{word}"


def barred(name: str) -> bool:
    return name != "importlib.metadata" and name.partition(".")[0] in MODULES_BARRED


def words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names if barred(each.name))
    if isinstance(node, ast.ImportFrom) and node.level == 0 and barred(node.module or ""):
        yield node.module or ""
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Name) and called.id in CALLS:
            yield called.id
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            yield from {f"{called.value.id}.{called.attr}"} & METHODS


def test_code_01_no_word_of_a_request_becomes_code() -> None:
    there = [each for module in MODULES for each in found(module)]
    loaded = [f"{name}:{word}" for name in LOADED for word in ("importlib", "import_module")]
    # One function without an argument of anybody's: malloc_trim.
    # As dataclasses do: a function made of the names of a class's fields, all of them written there.
    loaded.append("core/frozen.py:exec")
    assert sorted({*there}) == sorted(["cli/serving.py:ctypes", *loaded])


@pytest.mark.parametrize(
    "code",
    [
        *("eval(x)", "exec(x)", "import pickle", "from marshal import loads", "os.system(x)", "yaml.load(x)"),
        *(
            "import_module(x)",
            "import importlib",
            "from importlib import import_module",
            "import subprocess as s",
        ),
    ],
)
def test_code_01_the_search_finds_what_it_looks_for(code: str) -> None:
    assert [word for node in ast.walk(ast.parse(code)) for word in words(node)]


def test_code_01_no_pattern_is_made_of_a_request() -> None:
    made = {
        module.relative_to(SOURCE).as_posix()
        for module in MODULES
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("re.compile", "re.search", "re.match", "re.fullmatch", "re.sub")
        and not is_written(node.args[0])
    }
    assert made == PATTERNS.keys()


def is_written(node: ast.expr) -> bool:
    """A constant, or one put together of constants and names in capitals."""
    if isinstance(node, ast.JoinedStr):
        return all(is_written(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return is_written(node.value)
    if isinstance(node, ast.BinOp):
        return is_written(node.left) and is_written(node.right)
    if isinstance(node, ast.Attribute):
        return node.attr == "pattern" and is_written(node.value)
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    return isinstance(node, ast.Constant)


def test_x10_where_our_pages_compare_a_token_they_do_so_in_constant_time() -> None:
    """The gateway itself has no token of an administrator; hosts copy what examples do."""
    compared = re.compile(r"(?i)(token|key|secret|authorization[\"'\])]*) == |== \w*(token|secret|key)\b")
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.py")]
    assert pages
    odd = [
        f"{page.relative_to(ROOT)}: {line.strip()}"
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if compared.search(line)
    ]
    assert odd == []
