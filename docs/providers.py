"""Writes providers.md, next to this file, from what the registry says: `python docs/providers.py`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gatewaymw.cli.features import summary
from gatewaymw.cli.listing import Option, options, served
from gatewaymw.cli.watching import Shown, paths, shown_by
from gatewaymw.config.options import PLACES
from gatewaymw.core.endpoints import ENDPOINTS, Endpoint
from gatewaymw.core.model import Provider
from gatewaymw.core.providers import PROVIDERS

PAGE = Path(__file__).with_suffix(".md")
COMMAND = "python docs/providers.py"
ADDRESS = "http://127.0.0.1:8787/v1"
HEAD = f"""# Providers

Made from the code by `{COMMAND}`; `gatewaymw providers NAME` prints the same for one of them, with what
becomes of each parameter, and `--json` is for programs. A provider is chosen by its name, in a config
(`"provider": "NAME"`), by the header `x-gateway-provider`, or in front of the model (`@NAME/MODEL`).

The examples are for a caller with a key of their own, and a gateway that `make serve` has started. The
operator's keys stand in a config instead, where `env:NAME` reads a variable: the options have the same names
there. `MODEL` stands for one of the provider's models, which `GET /v1/models` lists where the provider does.
Where an address has to be named (`x-gateway-custom-host`), callers may name those that the operator's
`trusted_custom_hosts` has.

A mark for each endpoint below `/v1` that a provider serves. Other paths are passed on to it as they are."""

MESSAGES = [{"role": "user", "content": "Hello"}]
BODIES: Mapping[str, Mapping[str, Any]] = {
    "chat": {"model": "MODEL", "messages": MESSAGES, "max_tokens": 100},
    "images/generations": {"model": "MODEL", "prompt": "A cat on a roof"},
    "embeddings": {"model": "MODEL", "input": "Hello"},
    "rerank": {"model": "MODEL", "query": "A cat", "documents": ["A dog", "A kitten"]},
    "audio/transcriptions": {"model": "MODEL", "file": "@call.wav"},
    "audio/translations": {"model": "MODEL", "file": "@call.wav"},
    "audio/speech": {"model": "MODEL", "input": "Hello", "voice": "alloy"},
    "completions": {"model": "MODEL", "prompt": "Hello"},
    "moderations": {"model": "MODEL", "input": "Hello"},
    "images/edits": {"model": "MODEL", "image": "@cat.png", "prompt": "Now at night"},
    "images/variations": {"model": "MODEL", "image": "@cat.png"},
    "models": {},
}
"""What an endpoint is asked in an example. The first of these that a provider serves is its own."""


def text() -> str:
    """The whole page."""
    named = [PROVIDERS[name] for name in sorted(PROVIDERS)]
    parts = [HEAD, "\n".join(matrix(named)), *("\n".join(section(provider)) for provider in named)]
    return "\n\n".join(parts) + "\n"


def matrix(providers: list[Provider]) -> Iterator[str]:
    endpoints = list(ENDPOINTS.values())
    yield f"| | {' | '.join(endpoint.name for endpoint in endpoints)} |"
    yield "|---" + "|:-:" * len(endpoints) + "|"
    for provider in providers:
        marks = ("✔" if endpoint in provider.routes else "" for endpoint in endpoints)
        yield f"| [`{provider.name}`](#{provider.name}) | {' | '.join(marks)} |"


def section(provider: Provider) -> Iterator[str]:
    yield f"## {provider.name}"
    yield ""
    yield from facts(provider)
    if told := options(provider):
        yield from ("", "| Option | Header | Variable | |", "|---|---|---|---|", *map(row, told))
    if serves := served(provider):
        yield from ("", "| Endpoint | Asked at |", "|---|---|")
    for endpoint in serves:
        places = "<br>".join(f"`{place}`" for place in paths(provider, endpoint))
        yield f"| `{endpoint.method} {endpoint.path}` | {places} |"
    yield from ("", "```bash", *example(provider), "```")


def facts(provider: Provider) -> Iterator[str]:
    own = f"`{provider.base_url}`" if provider.base_url else "none of its own: `custom_host` names it"
    yield f"- Base URL: {own}"
    ways = map(credential, shown_by(provider))
    variable = f", the key's variable is `{provider.env_key}`" if provider.env_key else ""
    yield f"- Credentials: {'; '.join(ways) or 'none'}{variable}"
    if features := summary(provider):
        yield f"- Features: {features}"
    if provider.doc:
        yield f"- Documentation: <{provider.doc}>"


def credential(way: Shown) -> str:
    by = f", by {' and '.join(f'`{name}`' for name in way.options)}" if way.options else ""
    return f"`{way.header}: {way.value}`{by}"


def row(option: Option) -> str:
    told = [
        *(["required"] if option.required else []),
        *([f"default `{option.default}`"] if option.default else []),
        *([f"sent as `{option.sent_as}`"] if option.sent_as else []),
    ]
    header = f"`{option.header}`" if option.header else ""
    variable = f"`{option.env}`" if option.env else ""
    return f"| `{option.name}` | {header} | {variable} | {', '.join(told)} |"


# ── examples ─────────────────────────────────────────────────────────────


def example(provider: Provider) -> list[str]:
    """A call of the provider's most telling endpoint, line by line."""
    endpoint = next((ENDPOINTS[name] for name in BODIES if ENDPOINTS[name] in provider.routes), None)
    told = [f'-H "{each}"' for each in headers(provider)]
    if endpoint is None:
        words = [f"curl -s {ADDRESS}/PATH", *told]
    else:
        words = [f"curl -s {ADDRESS}{endpoint.path}", *told, *body(provider, endpoint)]
    return " \\\n  ".join(words).splitlines()


def headers(provider: Provider) -> Iterator[str]:
    yield f"x-gateway-provider: {provider.name}"
    ways = shown_by(provider)
    if any(not way.options for way in ways):
        yield f"authorization: Bearer ${variable(provider)}"
    elif ways:
        named = {option.name: option for option in options(provider)}
        yield from (given(named[name]) for name in ways[0].options)
    if not provider.base_url:
        yield "x-gateway-custom-host: $HOST_URL"
    yield from (given(option) for option in options(provider) if option.required)


def variable(provider: Provider) -> str:
    """The variable of a key. One that names a file of credentials does not hold what goes into a header."""
    file = provider.env_key.endswith("APPLICATION_CREDENTIALS")
    return "ACCESS_TOKEN" if file else provider.env_key or "API_KEY"


def given(option: Option) -> str:
    """An option by its header. Some variables hold a whole address, of which the option is a word."""
    return (
        f"{option.header}: ${option.env if option.env and option.name not in PLACES else option.name.upper()}"
    )


def body(provider: Provider, endpoint: Endpoint) -> Iterator[str]:
    """What the endpoint is asked, as JSON or as a form."""
    model = provider.models.get(endpoint, ("MODEL",))[0]
    asked = {name: model if value == "MODEL" else value for name, value in BODIES[endpoint.name].items()}
    if endpoint.body == "form":
        yield from (f"-F {shlex.quote(f'{name}={value}')}" for name, value in asked.items())
    elif endpoint.body == "json":
        yield '-H "content-type: application/json"'
        yield f"-d '{json.dumps(asked)}'"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
