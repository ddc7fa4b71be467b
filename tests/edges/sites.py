"""A gateway to all of the headline providers, or others, which are one upstream, a path each; and the SDK
before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from openai import OpenAI

from cells import HEADLINE, HOMES
from servers import serving
from upstream import Seen, Upstream, listening

SERVERS = {
    "asgi": ("uvicorn", "host:asgi", "--port", "0"),
    "wsgi": ("gunicorn", "host:wsgi", "-b", "127.0.0.1:0", "--no-control-socket", "-k", "gthread"),
}


class Site(NamedTuple):
    client: OpenAI
    upstream: Upstream

    def sdk(self, provider: str) -> OpenAI:
        """The SDK, its calls routed to one provider."""
        return self.client.with_options(
            default_headers={"x-gateway-metadata": json.dumps({"plan": provider})}
        )

    @property
    def seen(self) -> Seen:
        """The only request."""
        [seen] = self.upstream.seen
        return seen

    def cleared(self) -> Site:
        self.upstream.seen.clear()
        self.upstream.scripts.clear()
        return self


@contextmanager
def opened(command: Sequence[str], targets: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Site]:
    """A server with the gateway in it, and the SDK as strict as it can be. `targets` are providers by their
    names, the headline ones unless others are given, and what their targets say."""
    with listening() as upstream:
        env = {"HOST_CONFIG": json.dumps(config(upstream.url, targets or HEADLINES))}
        with (
            serving(command, env, Path(__file__).parent) as url,
            OpenAI(
                base_url=f"{url}/v1", api_key="unused", max_retries=0, _strict_response_validation=True
            ) as client,
        ):
            yield Site(client, upstream)


HEADLINES = {name: HOMES[name].target for name in HEADLINE}


def config(url: str, targets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Each provider by its name in the metadata."""
    conditions = [{"query": {"metadata.plan": name}, "then": name} for name in targets]
    leaves = [
        {"name": name, "provider": name, "custom_host": f"{url}/{name}", **more}
        for name, more in targets.items()
    ]
    return {"strategy": {"mode": "conditional", "conditions": conditions}, "targets": leaves}
