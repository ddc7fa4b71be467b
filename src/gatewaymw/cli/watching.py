"""What a provider reads of its options, and what it sends for a key: found out by watching it at work.

Nothing is sent, and nothing is written down twice. Its functions are handed options that remember which of
them were asked for, and a sample of a request to sign: what that adds is how the provider is shown a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from ..config.options import AMBIENT, NAMES, SECRETS
from ..core.endpoints import Endpoint
from ..core.errors import GatewayError
from ..core.model import Context, Keys, Provider, Route
from ..core.values import Request
from .parameters import families, routed

KEY, MODEL, HOST = "SAMPLEKEY", "SAMPLEMODEL", "https://host.example"
ODD = (KeyError, IndexError, TypeError, AttributeError, ValueError, GatewayError)
"""What functions raise that are handed samples."""
BODY: Mapping[str, Any] = {
    "messages": [{"role": "user", "content": "Hello"}],
    **{"input": "Hello", "prompt": "A cat", "voice": "alloy", "query": "cat", "documents": ["A cat"]},
}
"""A body that any endpoint finds itself in."""


class Watched(dict[str, str]):
    """Options that remember which of them were asked for."""

    def __init__(self, given: Mapping[str, str], seen: set[str]) -> None:
        super().__init__(given)
        self._seen = seen

    def get(self, name: str, default: Any = None) -> Any:
        self._seen.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> str:
        self._seen.add(name)
        return super().__getitem__(name)


class Shown(NamedTuple):
    """One way to show a provider who asks."""

    header: str
    value: str
    """With `<key>` where the key is; of a signature the scheme alone."""
    options: tuple[str, ...]
    """What it takes instead of a key."""


# ── options ──────────────────────────────────────────────────────────────


def options_of(provider: Provider) -> tuple[str, ...]:
    """The options that make a difference to a provider: those it cannot do without first."""
    texts = [
        provider.base_url,
        *(route.path for route in provider.routes.values() if isinstance(route.path, str)),
    ]
    seen = {*provider.assumes, *provider.option_headers, *re.findall(r"\{(\w+)\}", " ".join(texts))}
    for given in beginnings(provider):
        for work in works(provider):
            watch(work, given, seen)
    return (*provider.requires, *sorted((seen & NAMES) - provider.requires.keys()))


def beginnings(provider: Provider) -> Iterator[dict[str, str]]:
    """Options to begin with: those required, and one besides."""
    required = samples(provider)
    yield required
    for name in sorted(NAMES):
        yield {**required, name: sample(name)}
    for name, values in AMBIENT.items():
        for value in values:
            yield {**required, name: value}


def samples(provider: Provider) -> dict[str, str]:
    return {**{name: sample(name) for name in provider.requires}, **provider.assumes}


def sample(name: str) -> str:
    return name.upper()


Work = Callable[[Mapping[str, str]], object]


def watch(work: Work, given: Mapping[str, str], seen: set[str]) -> None:
    """Do the work, again with each option that it says it lacks."""
    given = dict(given)
    while True:
        try:
            work(Watched(given, seen))
        except GatewayError as error:
            lacking = error.param or ""
            if lacking in NAMES and lacking not in given:
                given[lacking] = sample(lacking)
                continue
        except ODD:
            pass
        return


def works(provider: Provider) -> Iterator[Work]:
    """All that a provider does with its options."""
    for keys in (Keys, held):
        yield lambda options, keys=keys: provider.auth(REQUEST, keys(KEY, options))  # type: ignore[misc]
        yield lambda options, keys=keys: provider.auth(REQUEST, keys("", options))  # type: ignore[misc]
        if access := provider.access:
            yield lambda options, keys=keys, access=access: begun(access(keys("", options)))  # type: ignore[misc]
    for function in (provider.base, provider.ambient, provider.infers, provider.settles):
        if function:
            yield function
    for endpoint in provider.routes:
        for model in families(provider, endpoint):
            yield lambda options, endpoint=endpoint, model=model: asked(provider, endpoint, model, options)  # type: ignore[misc]


def held(api_key: str, options: Mapping[str, str]) -> Keys:
    return Keys(api_key, options, held=True)


def begun(flow: Iterator[object]) -> None:
    """A flow up to the first thing that it wants done."""
    next(flow, None)


def asked(provider: Provider, endpoint: Endpoint, model: str, options: Mapping[str, str]) -> None:
    route = routed(provider, endpoint, model)
    path_of(route, provider, model, options)
    if route.codec.request:
        body = {**BODY, "model": model}
        route.codec.request(body, Context(provider=provider.name, model=model, options=options, request=body))


# ── credentials ──────────────────────────────────────────────────────────

REQUEST = Request("POST", f"{HOST}/path", {}, b"{}")


def shown_by(provider: Provider) -> tuple[Shown, ...]:
    """How a key is shown, and what else is by options that are secrets."""
    places = dict.fromkeys(path for endpoint in provider.routes for path in paths(provider, endpoint))
    requests = [Request("POST", HOST + place, {}, b"{}") for place in places]
    ways = [signed(provider, request, KEY, samples(provider)) for request in requests or [REQUEST]]
    ways += [
        signed(provider, REQUEST, "", {**samples(provider), name: sample(name)}) for name in sorted(SECRETS)
    ]
    made: dict[tuple[str, str], Shown] = {}
    for way in filter(None, ways):
        made.setdefault(way[:2], way)
    return tuple(made.values())


def signed(provider: Provider, request: Request, key: str, given: Mapping[str, str]) -> Shown | None:
    """What signing adds to a request; None where it adds nothing."""
    given, brought = dict(given), tuple(name for name in given if name in SECRETS)
    while True:
        try:
            made = provider.auth(request, Keys(key, given))
            break
        except GatewayError as error:
            lacking = error.param or ""
            if key or lacking not in NAMES or lacking in given:
                return None
            given[lacking], brought = sample(lacking), (*brought, lacking)
        except ODD:
            return None
    return told(made, key, brought)


def told(made: Request, key: str, brought: tuple[str, ...]) -> Shown | None:
    if key and key in made.url:
        return Shown("(the address)", f"{urlsplit(made.url).query.replace(key, '<key>')}", ())
    secret = key or next(map(sample, brought), "")
    name, value = next(
        ((name, value) for name, value in made.headers.items() if secret and secret in value), ("", "")
    )
    if not name:
        return None
    plain = value.replace(secret, "<key>" if key else f"<{brought[0]}>")
    return Shown(name, plain if len(plain) < 80 else f"{value.partition(' ')[0]} …", () if key else brought)


# ── addresses ────────────────────────────────────────────────────────────


def path_of(
    route: Route, provider: Provider, model: str, options: Mapping[str, str], stream: bool = False
) -> str:
    """The path of a route below the provider's address. Raises what its function raises."""
    if isinstance(route.path, str):
        return route.path
    body = {**BODY, "model": model}
    context = Context(provider=provider.name, model=model, options=options, request=body, stream=stream)
    return route.path(context)


def paths(provider: Provider, endpoint: Endpoint) -> tuple[str, ...]:
    """The paths at which a provider is asked: of each family of its models, streamed and not."""
    options, made = samples(provider), dict[str, None]()
    for model in provider.models.get(endpoint, (MODEL,)):
        route = routed(provider, endpoint, model)
        for stream in (False, True)[: 1 + endpoint.streams]:
            with suppress(*ODD):  # an address that takes more of a model's name than a sample has
                made[named(path_of(route, provider, model, options, stream), model, provider)] = None
    return tuple(made) or ("(by the model's name)",)


def named(path: str, model: str, provider: Provider) -> str:
    """A path with the names of the samples in their place."""
    for option in provider.requires:
        path = path.replace(sample(option), f"{{{option}}}")
    for spelled in (quote(model, safe=""), model, model.rpartition("/")[2]):
        path = path.replace(spelled, "{model}")
    return path
