"""Those who speak OpenAI's dialect, give or take: what a row of theirs can say.

A row (`providers.rows`) says where a provider is, what it serves, and in what its requests and answers
differ, by its own documentation. What it does not say passes as it came; where it says nothing, not a byte is
touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ..auth.keys import bearer
from ..dialects.cousins import Delta, adapted
from ..dialects.history import Manners
from ..dialects.told import Told, Usage, telling
from ..endpoints import MODEL, MODELS, TRANSCRIBE, TRANSLATE, Endpoint
from ..model import Auth, Codec, Context, Provider, Route
from ..values import JSON, NOTHING
from .registry import provide


def compatible(
    name: str,
    base_url: str,
    *endpoints: Endpoint,
    rename: Mapping[str, str] = NOTHING,
    without: Collection[str] = (),
    implied: Collection[str] = (),
    defaults: Mapping[str, Any] = NOTHING,
    roles: Mapping[str, str] = NOTHING,
    turns: Collection[str] = (),
    manners: Manners | None = None,
    finish: Mapping[str, str | int] = NOTHING,
    thoughts: str = "",
    usage: Usage = "",
    lacks: bool = False,
    codecs: Mapping[Endpoint, Codec] = NOTHING,
    paths: Mapping[Endpoint, str | Callable[[Context], str]] = NOTHING,
    auth: Auth = bearer,
    headers: Mapping[str, str] = NOTHING,
    accepts: Collection[str] = (),
    error: Callable[[Any, int, Context], JSON] | None = None,
    doc: str = "",
    **more: Any,
) -> Provider:
    """Add a provider that speaks OpenAI's dialect. Raises ValueError where the name is taken.

    `rename`, `without`, `implied`, `defaults`, `roles`, `turns` and `manners` are what its requests differ
    in (`dialects.cousins.Delta`), for each of its endpoints that take JSON; `finish`, `thoughts`, `usage` and
    `lacks` what its answers do (`dialects.told.Told`). `codecs` are the codecs of those endpoints that differ
    in more: what such a codec says of requests or answers stands in place of those. `error` is how its error
    bodies are read where `dialects.openai.error` does not do, `paths` the endpoints that live elsewhere than
    at OpenAI's paths. `more` are `Provider`'s own: `requires`, `assumes`, `env_key`, `needs_key`, …
    """
    told = Told(finish=finish, thoughts=thoughts, usage=usage, lacks=lacks)
    delta = Delta(
        rename=rename,
        without=frozenset(without),
        implied=frozenset(implied),
        defaults=defaults,
        roles=roles,
        turns=frozenset(turns),
        manners=manners,
        thoughts=told.field,
    )
    request = adapted(delta) if delta else None

    def route(endpoint: Endpoint) -> Route:
        row = telling(told, endpoint)
        codec = codecs.get(endpoint, row)
        codec = replace(
            codec,
            request=codec.request or (request if endpoint.body == "json" else None),
            response=codec.response or row.response,
            stream=codec.stream or row.stream,
            error=codec.error or error,
        )
        return Route(paths.get(endpoint, endpoint.path), codec)

    made = {endpoint: route(endpoint) for endpoint in endpoints}
    tail = {"headers": headers, "accepts": frozenset(accepts), "doc": doc, **more}
    return provide(Provider(name=name, base_url=base_url, routes=made, auth=auth, **tail))


LENGTH = {"max_completion_tokens": "max_tokens"}
"""The older name of the limit, for those who do not know the newer."""
SYSTEM = {"developer": "system"}
"""The older name of the developer's role, likewise."""
ECHOED = ("refusal", "annotations", "audio")
"""What OpenAI's SDKs send back with an assistant's turn, as they got it."""
SOUND = (TRANSCRIBE, TRANSLATE)
CATALOGUE = (MODELS, MODEL)
OLDER: Mapping[str, Any] = {"rename": LENGTH, "roles": SYSTEM}
"""Both of them, for a row: `**OLDER`."""
