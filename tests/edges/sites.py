"""A gateway to all of the headline providers, which are one upstream, a path each; and the SDK before it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
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
def opened(command: Sequence[str]) -> Iterator[Site]:
    """A server with the gateway in it, and the SDK as strict as it can be."""
    with listening() as upstream:
        env = {"HOST_CONFIG": json.dumps(config(upstream.url))}
        with (
            serving(command, env, Path(__file__).parent) as url,
            OpenAI(
                base_url=f"{url}/v1", api_key="unused", max_retries=0, _strict_response_validation=True
            ) as client,
        ):
            yield Site(client, upstream)


def config(url: str) -> dict[str, Any]:
    """Each provider by its name in the metadata."""
    conditions = [{"query": {"metadata.plan": name}, "then": name} for name in HEADLINE]
    targets = [
        {"name": name, "provider": name, "custom_host": f"{url}/{name}", **HOMES[name].target}
        for name in HEADLINE
    ]
    return {"strategy": {"mode": "conditional", "conditions": conditions}, "targets": targets}
