"""What becomes of OpenAI's parameters at each provider, told by the transforms themselves.

Each sample is translated twice, without its parameter and with it: what differs upstream is what became of
it. Nothing is sent, and nothing is written down twice: what the code does is what is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from ..core import json
from ..core.endpoints import Endpoint
from ..core.errors import GatewayError
from ..core.model import Codec, Context, Encoded, Provider, Route
from ..core.routing.encode import unlinked
from ..core.routing.fetching import unfetched
from ..core.values import JSON
from .samples import TABLES, Sample

Kind: TypeAlias = Literal["passed", "renamed", "bent", "implied", "dropped", "refused"]

MEANINGS: dict[Kind, str] = {
    "passed": "the same name, the same value",
    "renamed": "the same value by another name or in another place",
    "bent": "another value, or several",
    "implied": "nothing need be sent: it is so anyway, or the gateway does it",
    "dropped": "left out, and named in the response header `x-gateway-dropped-params`",
    "refused": "an error that says what to change",
}


class Outcome(NamedTuple):
    """What becomes of a parameter."""

    kind: Kind
    where: tuple[str, ...] = ()
    """The paths of what is sent for it (`generationConfig.seed`, `… = "low"` for a bent word)."""
    lost: tuple[str, ...] = ()
    """The names in the header of dropped parameters: with another kind, a part of it is lost."""
    says: str = ""
    """The words of a refusal."""


class Change(NamedTuple):
    """One difference between two bodies."""

    path: str
    value: Any


def tried(provider: Provider, endpoint: Endpoint, model: str, sample: Sample) -> Outcome:
    """What becomes of a sample at a provider, for one of its models."""
    before, already, address = translated(provider, endpoint, {"model": model, **sample.before})
    try:
        after, lost, elsewhere = translated(provider, endpoint, {"model": model, **sample.after})
    except GatewayError as error:
        return Outcome("refused", says=error.message)
    named = tuple(name for name in lost if name not in already)
    changes = list(differences(before, after))
    if address != elsewhere:
        return Outcome("bent", ("the address", *(shown(each) for each in changes)), named)
    return judged(sample, changes, named)


def judged(sample: Sample, changes: list[Change], lost: tuple[str, ...]) -> Outcome:
    if lost and all(each.value is GONE for each in changes):
        return Outcome("dropped", lost=lost)
    if not changes:
        return Outcome("implied")
    if len(changes) == 1:
        path, value = found(changes[0], sample.value)
        if same(value, sample.value):
            return Outcome("passed" if path == sample.place else "renamed", (plain(path),), lost)
    return Outcome("bent", tuple(dict.fromkeys(shown(each) for each in changes)), lost)


def translated(
    provider: Provider, endpoint: Endpoint, body: JSON
) -> tuple[Mapping[str, Any], tuple[str, ...], str]:
    """What is sent, the names of what is not, and the address below the provider's own."""
    route = routed(provider, endpoint, body["model"])
    options = {**dict.fromkeys(provider.requires, "v1"), **provider.assumes}
    context = Context(
        provider=provider.name,
        model=body["model"],
        stream=endpoint.streams and body.get("stream") is True,
        options=options,
        request=body,
    )
    encoded = encoded_by(route.codec, body, context)
    path = route.path(context) if callable(route.path) else route.path
    return encoded.body, encoded.dropped, path


def encoded_by(codec: Codec, body: JSON, context: Context) -> Encoded:
    """What a codec makes of a body, as far as routing lets it: nothing is fetched, unless the operator says
    so, and what is cut into several requests is shown as a list of them."""
    for link in codec.links(body) if codec.links else ():
        raise unfetched(link, context.provider)
    if codec.fill:
        filled = codec.fill(body, context)
        return Encoded(
            {part.name: part.data.decode(errors="replace") for part in filled.parts}, filled.dropped
        )
    if codec.request is None:
        return Encoded(body)
    pieces = codec.batch.cut(body, context) if codec.batch else ()
    made = [codec.request(piece, context) for piece in (pieces if len(pieces) > 1 else (body,))]
    told = made[0].body if len(made) == 1 else {"a request each": [each.body for each in made]}
    return Encoded(told, (*made[0].dropped, *unlinked(codec, body)))


def routed(provider: Provider, endpoint: Endpoint, model: str) -> Route:
    chosen = provider.by_model.get(endpoint)
    return chosen(model) if chosen else provider.routes[endpoint]


# ── differences ──────────────────────────────────────────────────────────

GONE = object()
"""What is no longer there."""


def differences(before: Any, after: Any, path: str = "") -> Iterator[Change]:
    """What was added, changed or taken away, as high up as it is a difference of one thing."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before | after:
            inner = f"{path}.{name}" if path else name
            yield from differences(before.get(name, GONE), after.get(name, GONE), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) <= len(after):
        for index, value in enumerate(after):
            old = before[index] if index < len(before) else GONE
            yield from differences(old, value, f"{path}[{index}]")
    elif not same(before, after):
        yield Change(path, after)


def same(one: Any, other: Any) -> bool:
    """Whether two values are one in JSON: there 1 is not true."""
    if one is GONE or other is GONE:
        return one is other
    return json.dumps(one) == json.dumps(other)


def found(change: Change, value: Any) -> Change:
    """Where in an addition the value stands, as long as it is all there is in it."""
    path, held = change
    while not same(held, value) and isinstance(held, dict | list) and len(held) == 1:
        step, held = next(iter(held.items())) if isinstance(held, dict) else ("[0]", held[0])
        path = f"{path}{step}" if step == "[0]" else f"{path}.{step}"
    return Change(path, held)


SHORT = 50
"""Characters of a value that is shown."""


def plain(path: str) -> str:
    """A path for any message or tool, not for a certain one."""
    return re.sub(r"\[\d+\]", "[]", path)


def shown(change: Change) -> str:
    """A change in a few words: the place, and the value where that is short."""
    path, held = change
    while isinstance(held, dict) and len(held) == 1:
        step, held = next(iter(held.items()))
        path = f"{path}.{step}"
    if held is GONE:
        return f"no {plain(path)}"
    if len(value := json.dumps(held).decode()) <= SHORT:
        return f"{plain(path)} = {value}"
    kind = held.get("type") if isinstance(held, dict) else None
    return f"{plain(path)} ({kind})" if kind else plain(path)


# ── all of a provider's ──────────────────────────────────────────────────

Outcomes: TypeAlias = dict[str, Outcome]
"""By the sample's label."""


def families(provider: Provider, endpoint: Endpoint) -> tuple[str, ...]:
    """The models to try: those that stand for its families, or just any."""
    return provider.models.get(endpoint, ("model",))


def outcomes(provider: Provider, title: str) -> dict[str, Outcomes]:
    """One of the tables for a provider: by model, then by sample. Empty where it has no such endpoint."""
    endpoint, samples = TABLES[title]
    if endpoint not in provider.routes:
        return {}
    return {
        model: {each.label: tried(provider, endpoint, model, each) for each in samples}
        for model in families(provider, endpoint)
    }


def facts(provider: Provider) -> dict[str, object]:
    """All tables of a provider, for programs."""
    return {
        title: {
            model: {label: fact(each) for label, each in rows.items()}
            for model, rows in outcomes(provider, title).items()
        }
        for title, (endpoint, _) in TABLES.items()
        if endpoint in provider.routes
    }


def fact(outcome: Outcome) -> dict[str, object]:
    told = {"outcome": outcome.kind, "as": outcome.where, "dropped": outcome.lost, "message": outcome.says}
    return {name: value for name, value in told.items() if value}


def page(provider: Provider) -> Iterator[str]:
    """All tables of a provider, for a terminal."""
    for title in TABLES:
        by_model = outcomes(provider, title)
        if not by_model:
            continue
        yield f"  {title}"
        if all(each.kind == "passed" for rows in by_model.values() for each in rows.values()):
            yield "    all passes as it came"
            continue
        for label in next(iter(by_model.values())):
            yield from lines(label, {model: rows[label] for model, rows in by_model.items()})


def lines(label: str, by_model: dict[str, Outcome]) -> Iterator[str]:
    """A line for each thing that becomes of a parameter, with the models for which it does."""
    for outcome, models in gathered(by_model.items()).items():
        among = f"[{', '.join(models)}]" if len(models) < len(by_model) else ""
        told = "  ".join(each for each in (words(outcome), among) if each)
        yield f"    {label:<43}{outcome.kind:<9}{told}".rstrip()
        label = ""


def gathered(pairs: Iterable[tuple[str, Outcome]]) -> dict[Outcome, list[str]]:
    """Who has an outcome in common."""
    made: dict[Outcome, list[str]] = {}
    for name, outcome in pairs:
        made.setdefault(outcome, []).append(name)
    return made


def words(outcome: Outcome) -> str:
    """What an outcome comes to, beyond its kind."""
    if outcome.kind == "passed":
        return without(outcome)
    if outcome.kind == "refused":
        return outcome.says
    return ", ".join(outcome.where) + without(outcome)


def without(outcome: Outcome) -> str:
    return f" (drops {', '.join(outcome.lost)})" if outcome.lost and outcome.kind != "dropped" else ""
