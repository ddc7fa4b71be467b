"""What `gatewaymw providers` prints: the registry, as a matrix, a page or JSON."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ..choice import OPTIONS, RENAMED
from ..config.options import VARIABLES
from ..core.endpoints import ENDPOINTS, Endpoint
from ..core.model import Provider
from ..core.providers import PROVIDERS
from ..headers import OURS
from . import parameters
from .features import features, grid, summary
from .watching import Shown, options_of, paths, shown_by

HEADERS = {name: header for header, name in (*OPTIONS.items(), *RENAMED.items())}
"""The header by which a request gives an option: Portkey's, where it names one differently."""


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
        "auth": [way._asdict() for way in shown_by(provider)],
        "options": [option._asdict() for option in options(provider)],
        "endpoints": [endpoint.name for endpoint in served(provider)],
        "paths": {endpoint.name: paths(provider, endpoint) for endpoint in served(provider)},
        "features": features(provider),
        "parameters": parameters.facts(provider),
    }


class Option(NamedTuple):
    """A provider option: how a request gives it, and what the official SDKs read."""

    name: str
    header: str
    env: str
    required: bool
    default: str
    sent_as: str
    """The header that it travels in to the provider, where it is one."""


def options(provider: Provider) -> tuple[Option, ...]:
    return tuple(
        Option(
            name,
            f"{OURS}{HEADERS[name]}" if name in HEADERS else "",
            provider.requires.get(name) or VARIABLES.get(name, ""),
            name in provider.requires,
            provider.assumes.get(name, ""),
            provider.option_headers.get(name, ""),
        )
        for name in options_of(provider)
    )


def served(provider: Provider) -> list[Endpoint]:
    return [endpoint for endpoint in ENDPOINTS.values() if endpoint in provider.routes]


def page(provider: Provider) -> Iterator[str]:
    yield provider.name
    yield f"  base URL   {provider.base_url or '(none of its own: a custom_host must name it)'}"
    yield f"  key        {provider.env_key or '-'}{'' if provider.needs_key else ' (not needed)'}"
    yield from titled("auth", map(auth, shown_by(provider)))
    yield from titled("options", map(optional, options(provider)))
    yield f"  API page   {provider.doc or '-'}"
    yield f"  features   {summary(provider)}"
    yield from titled("endpoints", places(provider))
    yield from parameters.page(provider)


def titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines below one another, the first beside their title; `-` where there are none."""
    for line in [*lines] or ["-"]:
        yield f"  {title:<11}{line}"
        title = ""


def auth(way: Shown) -> str:
    return f"{way.header}: {way.value}" + (f" (by {', '.join(way.options)})" if way.options else "")


def optional(option: Option) -> str:
    """`aws_region   x-gateway-aws-region, env:AWS_REGION, required`."""
    told = [
        option.header or "by config only",
        *([f"env:{option.env}"] if option.env else []),
        *(["required"] if option.required else []),
        *([f"default {option.default}"] if option.default else []),
        *([f"sent as {option.sent_as}"] if option.sent_as else []),
    ]
    return f"{option.name:<28}{', '.join(told)}"


def places(provider: Provider) -> Iterator[str]:
    """Each endpoint, with the paths at which the provider is asked."""
    for endpoint in served(provider):
        first, *more = paths(provider, endpoint)
        yield f"{f'{endpoint.method} {endpoint.path}':<31}{first}"
        yield from (f"{'':<31}{other}" for other in more)


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
