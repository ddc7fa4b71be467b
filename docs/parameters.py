"""Writes parameters.md, next to this file, from what the transforms do: `python docs/parameters.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from gatewaymw.cli.parameters import MEANINGS, Kind, Outcome, Outcomes, gathered, outcomes
from gatewaymw.cli.samples import TABLES
from gatewaymw.core.endpoints import CHAT, EMBED, IMAGE
from gatewaymw.core.model import Provider
from gatewaymw.core.providers import PROVIDERS

PAGE = Path(__file__).with_suffix(".md")
COMMAND = "python docs/parameters.py"
HEADLINE = ("openai", "azure-openai", "azure-ai", "anthropic", "bedrock", "google", "vertex-ai", "cohere")
"""Those that the wide tables show; of any other it is said in what it differs from OpenAI."""
SIGNS: Mapping[Kind, str] = {
    **{"passed": "✓", "renamed": "→", "bent": "≈", "implied": "○", "dropped": "–", "refused": "!"}
}
TITLES = {
    "chat": ("Chat completions", CHAT),
    "content parts": ("Messages", CHAT),
    "embeddings": ("Embeddings", EMBED),
    "images": ("Images", IMAGE),
}
HEAD = f"""# What becomes of OpenAI's parameters

Made from the code by `{COMMAND}`: each parameter is put through each provider's own transform, and
what differs upstream is told here.
`gatewaymw providers NAME` prints the same for one provider, `--json` for programs.

| Sign | What it means |
|---|---|
"""
ODD = "An asterisk: a part of it, or its exact value, is lost; the response header says what."


class Column(NamedTuple):
    """What becomes of all parameters at providers that do the same."""

    letter: str
    names: list[str]
    rows: Outcomes


def text() -> str:
    """The whole page."""
    signs = [f"| {sign} | {kind}: {MEANINGS[kind]} |" for kind, sign in SIGNS.items()]
    parts = [HEAD + "\n".join(signs), ODD, *map(section, TITLES), others()]
    return "\n\n".join(parts) + "\n"


# ── the headline providers ───────────────────────────────────────────────


def section(title: str) -> str:
    heading, endpoint = TITLES[title]
    shown = columns(title)
    legend = [f"| {column.letter} | {', '.join(column.names)} |" for column in shown]
    path = f"`{endpoint.method} {endpoint.path}`."
    return "\n".join(
        [
            *(f"## {heading}", "", path, "", "| Column | Provider, model |", "|---|---|", *legend, ""),
            *(*table(title, shown), "", "What they become:", "", *notes(title, shown)),
        ]
    )


def columns(title: str) -> list[Column]:
    """The providers' models, those together for which the same becomes of everything."""
    made: list[Column] = []
    for name in HEADLINE:
        provider = PROVIDERS[name]
        for model, rows in outcomes(provider, title).items():
            called = named(provider, title, model)
            if alike := next((column for column in made if column.rows == rows), None):
                alike.names.append(called)
            else:
                made.append(Column(chr(ord("A") + len(made)), [called], rows))
    return made


def named(provider: Provider, title: str, model: str) -> str:
    models = provider.models.get(TABLES[title][0], ())
    return f"{provider.name} `{short(model)}`" if len(models) > 1 else provider.name


def short(model: str) -> str:
    """A model without its maker's name before it and the dates and versions behind."""
    bare = re.sub(r"^[a-z]+[./]", "", model)
    return re.sub(r"(-instruct.*|-\d{8}.*|-v\d.*|-\d:\d|-maas)$", "", bare)


def table(title: str, shown: list[Column]) -> Iterator[str]:
    yield f"| Parameter | {' | '.join(column.letter for column in shown)} |"
    yield "|---" + "|:-:" * len(shown) + "|"
    for sample in TABLES[title][1]:
        cells = (sign(column.rows[sample.label]) for column in shown)
        yield f"| {labelled(sample.label)} | {' | '.join(cells)} |"


def sign(outcome: Outcome) -> str:
    partly = outcome.lost and outcome.kind != "dropped"
    return SIGNS[outcome.kind] + ("\\*" if partly else "")


def labelled(label: str) -> str:
    name, separator, rest = label.partition(":")
    name, space, place = name.partition(" ")
    return f"`{name}`{space}{place}{separator}{rest}"


def notes(title: str, shown: list[Column]) -> Iterator[str]:
    """A line for each parameter that is not just passed or left out."""
    for sample in TABLES[title][1]:
        pairs = ((column.letter, column.rows[sample.label]) for column in shown)
        told = {told: letters for outcome, letters in gathered(pairs).items() if (told := note(outcome))}
        if told:
            words = "; ".join(f"{' '.join(letters)} {each}" for each, letters in told.items())
            yield f"- {labelled(sample.label)}: {words}"


def note(outcome: Outcome) -> str:
    if outcome.kind in ("passed", "implied"):
        return ""
    if outcome.kind == "refused":
        return f"refuse: “{outcome.says}”"
    dropped = f"drop {coded(outcome.lost)}" if outcome.kind != "dropped" and outcome.lost else ""
    return ", ".join(each for each in (coded(outcome.where), dropped) if each)


def coded(names: tuple[str, ...]) -> str:
    plain = ("the address",)
    return ", ".join(each if each in plain else f"`{each}`" for each in names)


# ── all others ───────────────────────────────────────────────────────────


def others() -> str:
    """In what those differ that speak OpenAI's dialect."""
    headings = [heading for heading, _ in TITLES.values()]
    head = ["## Other providers", "", "They speak OpenAI's dialect: what is not named passes as it came."]
    rows = [
        f"| {name} | {' | '.join(differing(provider, title) for title in TITLES)} |"
        for name, provider in sorted(PROVIDERS.items())
        if name not in HEADLINE and name != "mock"
    ]
    return "\n".join([*head, "", f"| | {' | '.join(headings)} |", "|---" * (len(headings) + 1) + "|", *rows])


def differing(provider: Provider, title: str) -> str:
    """What does not pass, those together of which the same becomes; nothing where it is not served."""
    by_model = list(outcomes(provider, title).values())
    told: dict[tuple[str, str], list[str]] = {}
    for label, outcome in by_model[0].items() if by_model else ():
        if outcome.kind != "passed":
            names = told.setdefault((SIGNS[outcome.kind], note(outcome)), [])
            name = labelled(label).partition(":")[0]
            names += [] if name in names else [name]
    said = (
        f"{', '.join(names)} {sign} {what}" if what else f"{sign} {', '.join(names)}"
        for (sign, what), names in told.items()
    )
    return "; ".join(said) or ("✓" if by_model else "")


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
