"""What holds for the source as a whole: its layers, its types, its purity, its size."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "gatewaymw"
MODULES = sorted(SOURCE.rglob("*.py"))
KEPT = ("src", "tests", "examples", "bench", "docs", ".ci")
TABLES = {SOURCE / "core" / "providers" / "compatible.py"}
"""Modules that are rows from top to bottom; these may be as long as there are rows."""
EDGES = {SOURCE / "asgi.py", SOURCE / "wsgi.py", SOURCE / "inprocess.py"}
EDGES.add(SOURCE / "drivers/identity/__init__.py")  # the clouds' libraries raise errors of all kinds
EDGES |= {SOURCE / "drivers/aio.py", SOURCE / "drivers/sync.py"}  # what fails after an answer is logged
EDGES.add(SOURCE / "drivers/hosted.py")  # so do functions of the host
EDGES.add(SOURCE / "attending.py")  # hands on whatever is thrown into a coroutine, as `await` does
EDGES.add(SOURCE / "health.py")  # a fact that cannot be told is one among others
EDGES.add(SOURCE / "drivers/stores/guarded.py")  # so do the stores of hosts
EDGES |= {SOURCE / "drivers/aio.py", SOURCE / "drivers/sync.py"}  # what fails after an answer is logged


def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def place(module: Path, node: ast.AST) -> str:
    return f"{module.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ],
    ids=" ".join,
)
def test_the_tools_have_nothing_to_say(command: list[str]) -> None:
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_commands_yields_barely_in_the_core() -> None:
    bare = [
        place(module, node)
        for module in MODULES
        if (SOURCE / "core") in module.parents and module.name != "commands.py"
        for node in resumed(tree(module))
    ]
    assert not bare, f"say `x = yield from …` by a word of core/commands.py: {bare}"


def resumed(module: ast.Module) -> Iterator[ast.Yield]:
    """The yields of flows. A plain iterator, which is never resumed with a value, may yield."""
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef) and not is_iterator(function):
            for node in own(function):
                if isinstance(node, ast.Yield):
                    yield node


def is_iterator(function: ast.FunctionDef) -> bool:
    return function.returns is not None and ast.unparse(function.returns).startswith(("Iterator", "Iterable"))


def own(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions within it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def test_no_module_outgrows_its_reader() -> None:
    sizes = {module: len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    long = {str(module.relative_to(ROOT)): size for module, size in sizes.items() if size > 400}
    tables = {str(table.relative_to(ROOT)) for table in TABLES}
    assert set(long) <= tables, f"over 400 lines: {long}"


def test_only_the_edges_catch_everything() -> None:
    caught = [
        place(module, node)
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ExceptHandler) and catches_all(node) and module not in EDGES
    ]
    assert not caught, f"name the exceptions that are expected here: {caught}"


def catches_all(handler: ast.ExceptHandler) -> bool:
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in named)


def test_every_module_says_what_it_is_for() -> None:
    silent = [place(module, tree(module)) for module in MODULES if needs_words(module)]
    assert not silent, f"no docstring: {silent}"


def needs_words(module: Path) -> bool:
    parsed = tree(module)
    return bool(parsed.body) and not ast.get_docstring(parsed)


def test_no_file_names_a_place_on_one_machine() -> None:
    # Written apart, so that this file does not name one either.
    places = re.compile("|".join(("/" + "work/", "/" + "root/", "/" + "home/[a-z]", "/" + "Users/[a-z]")))
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in written()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if places.search(line)
    ]
    assert not found, f"paths of one machine: {found}"


def written() -> Iterator[Path]:
    """The files people wrote, tests and docs included."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".coverage"))
    for folder in KEPT:
        for path, folders, names in os.walk(ROOT / folder):
            folders[:] = [name for name in folders if not name.startswith((".", "__"))]
            yield from (Path(path, name) for name in names if is_text(name))


def is_text(name: str) -> bool:
    return not name.endswith((".pyc", ".png", ".bin", ".wav", ".mp3"))
