"""A gateway with one config, below a server, and a client of it that is a socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callers import STREAMED
from servers import serving
from sockets import sent
from upstream import Upstream


@contextmanager
def below(command: Sequence[str], upstream: Upstream, folder: Path, **options: Any) -> Iterator[str]:
    """The address; what is asked goes to OpenAI, which the upstream plays below `/a`."""
    file = folder / "configs.json"
    target = {"provider": "openai", "api_key": "k", "custom_host": f"{upstream.url}/a"}
    file.write_text(json.dumps({"one": target}))
    env = {"FAULTS_CONFIGS": str(file), "FAULTS": json.dumps(options)}
    with serving(command, env, Path(__file__).parent) as url:
        yield url


def asked(url: str) -> socket.socket:
    return sent(url, STREAMED, headers={"x-gateway-config": "one"})
