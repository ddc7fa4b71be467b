"""What keeps a catalogue of providers readable: their names stay in their own rows and dialects, and rows
and dialects stay short."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from gatewaymw.core.model import Codec, Provider, Route
from gatewaymw.core.providers import PROVIDERS

SOURCE = Path(__file__).parents[1] / "src" / "gatewaymw"
DIALECTS = SOURCE / "core" / "dialects"
ROWS = sorted((SOURCE / "core" / "providers" / "rows").glob("*.py"))
HOMES = ("core/providers/", "core/mock/", "core/auth/", "drivers/identity/", "config/options.py")
"""Rows, the mock, what carries the credentials of one kind of provider, and the options that rows name."""
FEW = 6
"""A dialect that serves more providers than these is shared code."""

# ── who may be named where, and why ──────────────────────────────────────

EVERYWHERE = {
    "openai": "the dialect of the clients, which is everybody's",
    "lambda": "a word of Python",
    "mock": "the carrier that answers without a network",
}
SAID = {
    ("config/forwarding.py", "portkey"): "the prefix of the original's headers",
    ("core/checks/asking.py", "portkey"): "the same",
    ("headers.py", "portkey"): "the same",
    ("config/hosts.py", "google"): "the address of a cloud's metadata, which no target may be at",
    ("config/regexes.py", "google"): "the library of regular expressions, and where it is",
    ("config/regexes.py", "github"): "the same",
}
MAKERS = {
    "bedrock_invoke": "models of other makers, which Bedrock has by their makers' names",
    "converse": "the same",
    "gemini": "`extra_body.google`, where OpenAI's clients put what is Gemini's alone",
    "oracle": "models of Cohere's, in Cohere's own words",
    "ranking": "the ways to rank are called by who made them",
    "replicate": "an example of a model is named with its owner",
}
"""Dialects that name others than those they are spoken by."""


@cache
def tokens(module: Path) -> tuple[str, ...]:
    """The names and strings of a module's code, as slugs are written. Docstrings say what they like."""
    text = module.read_text("utf-8")
    words = documented(ast.parse(text))
    made = tokenize.generate_tokens(io.StringIO(text).readline)
    return tuple(
        each.string.lower().replace("_", "-")
        for each in made
        if each.type in (tokenize.NAME, tokenize.STRING, *FSTRINGS) and each.start[0] not in words
    )


FSTRINGS = {getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
"""From Python 3.12 on, the text of an f-string is a token of its own."""


def documented(tree: ast.AST) -> set[int]:
    """The lines of strings that stand alone."""
    alone = (
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and constant_text(node.value)
    )
    return {line for node in alone for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def constant_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


SLUG = re.compile(
    r"(?<![a-z0-9])("
    + "|".join(map(re.escape, sorted(PROVIDERS.keys() - EVERYWHERE.keys(), key=len, reverse=True)))
    + r")(?![a-z0-9])"
)


def named(module: Path) -> set[str]:
    """The providers that a module's code names."""
    return {found for text in tokens(module) for found in SLUG.findall(text)}


def test_no_provider_is_named_in_shared_code() -> None:
    shared = [module for module in sorted(SOURCE.rglob("*.py")) if not own(module)]
    said = {(place(module), slug) for module in shared for slug in named(module)}
    assert said == SAID.keys()


def own(module: Path) -> bool:
    """Whether a module is one provider's, or some providers'."""
    return place(module).startswith(HOMES) or dialect(module) in speakers()


def place(module: Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def dialect(module: Path) -> str:
    """The dialect that a module is of: a module or a package."""
    inside = DIALECTS in module.parents
    return module.relative_to(DIALECTS).parts[0].removesuffix(".py") if inside else ""


@cache
def speakers() -> Mapping[str, frozenset[str]]:
    """Each dialect of a few providers, and who these are."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, provider in PROVIDERS.items():
        for home in homes(provider):
            if home.startswith("gatewaymw.core.dialects."):
                found[home.split(".")[3]].add(name)
    return {name: frozenset(who) for name, who in found.items() if len(who) <= FEW or name in MAKERS}


def homes(provider: Provider) -> set[str]:
    """The modules of the functions by which a provider is spoken to."""
    routes = [
        *provider.routes.values(),
        *(chosen(name) for chosen in provider.by_model.values() for name in ("m", "anthropic.claude-x")),
    ]
    return {function.__module__ for route in routes for function in functions(route)}


def functions(route: Route | Codec) -> Iterator[Any]:
    for value in (getattr(route, name) for name in route.__slots__):
        if isinstance(value, partial):
            yield value.func
        elif inspect.isfunction(value):
            yield value
        elif hasattr(value, "step"):
            yield value.step
        elif isinstance(value, Codec):
            yield from functions(value)


DIALECT_FILES = sorted(DIALECTS.rglob("*.py"))


@pytest.mark.parametrize("name", sorted({dialect(module) for module in DIALECT_FILES} - MAKERS.keys()))
def test_a_dialect_names_only_those_who_speak_it(name: str) -> None:
    said = {slug for module in DIALECT_FILES if dialect(module) == name for slug in named(module)}
    dialects = {module.stem for module in DIALECT_FILES} | {dialect(module) for module in DIALECT_FILES}
    assert said - dialects <= speakers().get(name, frozenset())


def test_the_tests_would_notice_a_name() -> None:
    assert {"groq", "mistral-ai", "x-ai", "together-ai"} <= named(SOURCE / "core/providers/rows/known.py")
    assert speakers()["anthropic"] and "cousins" not in speakers()
    assert {"cohere"} == named(DIALECTS / "cohere" / "embeddings.py")


# ── rows and dialects are short ──────────────────────────────────────────


def test_no_dialect_outgrows_its_reader() -> None:
    sizes = {place(module): len(module.read_text("utf-8").splitlines()) for module in DIALECT_FILES}
    assert len(sizes) > 50
    assert not {module: size for module, size in sizes.items() if size > 400}


def rows() -> dict[str, int]:
    """Each row that speaks OpenAI's dialect, and its lines."""
    calls = [
        node for module in ROWS for node in ast.walk(ast.parse(module.read_text("utf-8"))) if is_row(node)
    ]
    return {node.args[0].value: (node.end_lineno or 0) - node.lineno + 1 for node in calls}


def is_row(node: Any) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "compatible"


def test_the_median_row_has_six_lines_at_most() -> None:
    sizes = rows()
    assert len(sizes) > 60 and sizes.keys() <= PROVIDERS.keys()
    assert median(sizes.values()) <= 6 and max(sizes.values()) <= 12
