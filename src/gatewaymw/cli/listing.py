"""What `gatewaymw providers` prints: the registry, as a matrix, a page or JSON."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterable, Iterator

from ..core.endpoints import ENDPOINTS, Endpoint
from ..core.model import Provider
from ..core.providers import PROVIDERS
from . import parameters
from .features import features, grid, summary


def listing(name: str | None, *, as_json: bool) -> int:
    """Print one provider, or all of them; 2 where there is none of that name."""
    if name is not None and name not in PROVIDERS:
        near = difflib.get_close_matches(name, PROVIDERS, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `gatewaymw providers` lists them"
        print(f"gatewaymw: no provider is called {name!r}{hint}", file=sys.stderr)
        return 2
    chosen = [PROVIDERS[name]] if name is not None else [PROVIDERS[key] for key in sorted(PROVIDERS)]
    if as_json:
        print(json.dumps({provider.name: facts(provider) for provider in chosen}, indent=2))
    else:
        print(*(page(chosen[0]) if name is not None else [*matrix(chosen), "", *grid(chosen)]), sep="\n")
    return 0


def facts(provider: Provider) -> dict[str, object]:
    return {
        "base_url": provider.base_url,
        "needs_key": provider.needs_key,
        "env_key": provider.env_key,
        "doc": provider.doc,
        "endpoints": [endpoint.name for endpoint in served(provider)],
        "features": features(provider),
        "parameters": parameters.facts(provider),
    }


def served(provider: Provider) -> list[Endpoint]:
    return [endpoint for endpoint in ENDPOINTS.values() if endpoint in provider.routes]


def page(provider: Provider) -> Iterator[str]:
    yield provider.name
    yield f"  base URL   {provider.base_url or '(none of its own: a custom_host must name it)'}"
    yield f"  key        {provider.env_key or '-'}{'' if provider.needs_key else ' (not needed)'}"
    yield f"  API page   {provider.doc or '-'}"
    yield f"  features   {summary(provider)}"
    yield "  endpoints  " + "\n             ".join(
        f"{endpoint.method} {endpoint.path}" for endpoint in served(provider)
    )
    yield from parameters.page(provider)


def matrix(providers: Iterable[Provider]) -> Iterator[str]:
    """A column an endpoint, its name on a step of a stair, so that the whole fits a terminal."""
    endpoints = list(ENDPOINTS.values())
    rows = list(providers)
    width = max((len(provider.name) for provider in rows), default=0) + 2
    for index, endpoint in enumerate(endpoints):
        yield " " * width + "| " * index + endpoint.name
    for provider in rows:
        marks = ("x" if endpoint in provider.routes else "." for endpoint in endpoints)
        yield f"{provider.name:<{width}}{' '.join(marks)}"
