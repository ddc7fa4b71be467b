"""The matrix of providers and features, as text for a terminal and as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..core.model import Provider
from ..core.providers.features import ways


def features(provider: Provider) -> dict[str, bool]:
    """Whether a provider has each feature, in the order in which they are told."""
    return {name: bool(how) for name, how in ways(provider).items()}


def summary(provider: Provider) -> str:
    """The features it has, those of several ways with the ways: `chat, …, audio (speech, input_audio)`."""
    return ", ".join(told(name, how) for name, how in ways(provider).items() if how)


def told(name: str, how: tuple[str, ...]) -> str:
    short = [each.rpartition("/")[2] for each in how]
    return f"{name} ({', '.join(short)})" if name in ("images", "audio") else name


def grid(providers: Iterable[Provider]) -> Iterator[str]:
    """A line a provider, a column a feature."""
    rows = {provider.name: features(provider) for provider in providers}
    width = max(map(len, rows), default=0) + 2
    yield " " * width + "  ".join(names(rows))
    for row, had in rows.items():
        marks = ("x" if has else "." for has in had.values())
        yield (
            f"{row:<{width}}"
            + "  ".join(f"{mark:<{len(name)}}" for name, mark in zip(had, marks, strict=True)).rstrip()
        )


def markdown(providers: Iterable[Provider]) -> Iterator[str]:
    """The same for a document."""
    rows = {provider.name: features(provider) for provider in providers}
    columns = names(rows)
    yield f"| | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for row, had in rows.items():
        yield f"| `{row}` | {' | '.join('✅' if has else '❌' for has in had.values())} |"


def names(rows: Mapping[str, Mapping[str, bool]]) -> list[str]:
    return list(next(iter(rows.values()), {}))
