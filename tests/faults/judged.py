"""llmock as every provider behind the gateway: what it is told to do wrong, and what it says of who asked.

Attempts with the same body are one call to it, of which a later one is the retry of a failed one before.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from openai import OpenAI
from told import BOUND

from servers import PATIENCE, serving

HERE = Path(__file__).parent
PATHS = {"openai": "/v1", "anthropic": "/anthropic/v1", "google": "/gemini/v1beta", "cohere": "/cohere"}
"""Where it speaks whose dialect."""
MODES = ("whole", "streamed")
ASKED: Any = {
    "model": "m",
    "max_tokens": 9,
    "messages": [{"role": "user", "content": " ".join(map(str, range(40)))}],
}
NAMES = {"google": "gemini"}
"""What it calls them where that is not what we do."""
SERVERS = {
    "uvicorn": ("uvicorn", "host:asgi", "--port", "0"),
    "waitress": ("waitress", "--listen=127.0.0.1:PORT", "--threads=16", "host:wsgi"),
}
DICE = "0.999"
"""Waits are as long as they may be. Drawn at random, some are alike by chance, which it finds fault with."""
RETRY = {"attempts": 3, "base": 60, "cap": 5000, "use_retry_after_header": True}
SETTINGS: dict[str, dict[str, Any]] = {
    "usual": {},
    "hasty": {"request_timeout": 2500},
    "eager": {"retry": {**RETRY, "on_status_codes": [400, 408, 409, 500, 504, 529]}},
    "deaf": {"retry": {**RETRY, "use_retry_after_header": False}},
    "once": {"retry": {"attempts": 0}},
}
"""How targets are configured."""


class Verdict(NamedTuple):
    passed: bool
    calls: int
    attempts: int
    faults: int
    """How many attempts were spoilt."""
    findings: list[str]
    """`retry_after_ignored` and the like, errors first."""


class Judge:
    """One llmock, by its own HTTP interface."""

    def __init__(self, url: str, client: httpx2.Client) -> None:
        self.url, self._client = url, client

    def plays(self, *behaviours: dict[str, Any]) -> None:
        """From now on, and nothing of before: each of these once, or as many `times` as it says."""
        self._client.post("/_llmock/reset").raise_for_status()
        if behaviours:
            told = {"behaviors": behaviours}
            self._client.post("/_llmock/scenario", json=told).raise_for_status()

    def verdict(self) -> Verdict:
        said = self._client.get("/_llmock/verdict").raise_for_status().json()
        codes = [finding["code"] for finding in said["findings"]]
        return Verdict(said["passed"], said["calls"], said["attempts"], said["faults_injected"], codes)

    def settle(self, calls: int) -> None:
        """Until it has counted so many."""
        end = time.monotonic() + PATIENCE
        while self.verdict().calls < calls:
            assert time.monotonic() < end, self.verdict()
            time.sleep(0.1)

    def says(self, body: Any) -> str:
        """What it answers when nothing is wrong, whatever it was told before."""
        self.plays()
        answer = self._client.post("/v1/chat/completions", json=body).raise_for_status().json()
        return str(answer["choices"][0]["message"]["content"])


@contextmanager
def judging(**env: str) -> Iterator[Judge]:
    """`LLMOCK_RPM="60"` and the like set how it is from its start."""
    with (
        serving(("uvicorn", "llmock.main:app", "--port", "0"), env) as url,
        httpx2.Client(base_url=url, timeout=40) as client,
    ):
        yield Judge(url, client)


class Said(NamedTuple):
    """What a client of the gateway got."""

    text: str
    status: int | None = None
    code: str | None = None
    error: str = ""


class Site(NamedTuple):
    """A gateway before the judge, and a client of it that tries nothing twice."""

    judge: Judge
    client: OpenAI

    def play(
        self, fault: dict[str, Any], modes: Sequence[str] = MODES, setting: str = "usual", body: Any = ASKED
    ) -> list[Said]:
        """One request in each dialect and mode, all at once; each meets the fault, if there is one."""
        asked = [(name, mode == "streamed") for name in PATHS for mode in modes]
        faults = [
            {**fault, "match": {"provider": NAMES.get(name, name), "stream": streams}}
            for name, streams in asked
        ]
        self.judge.plays(*(faults if fault else ()))
        with ThreadPoolExecutor(len(asked)) as threads:
            return list(threads.map(lambda each: self.ask(f"{each[0]} {setting}", each[1], body), asked))

    def ask(self, config: str, streams: bool, body: Any = ASKED) -> Said:
        text, options = "", {**body, "stream": streams, "extra_headers": {"x-gateway-config": config}}
        try:
            answer = self.client.chat.completions.create(**options)
            if not streams:
                return Said(answer.choices[0].message.content)
            for chunk in answer:
                text += "".join(choice.delta.content or "" for choice in chunk.choices)
        except Exception as error:
            found = (getattr(error, name, None) for name in ("status_code", "code"))
            return Said(text, *found, type(error).__name__)
        return Said(text)


@contextmanager
def site(server: str, judge: Judge, folder: Path) -> Iterator[Site]:
    """Below a server, with configs `"openai usual"` and so on."""
    file = folder / "configs.json"
    file.write_text(json.dumps(configs(judge)))
    env = {"FAULTS_CONFIGS": str(file), "FAULTS_DICE": DICE, "FAULTS": '{"total_timeout": 8}'}
    with (
        serving(SERVERS[server], env, HERE) as url,
        OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=BOUND) as client,
    ):
        yield Site(judge, client)


def configs(judge: Judge) -> dict[str, Any]:
    return {
        f"{name} {setting}": {
            **{"provider": name, "api_key": "sk-house", "custom_host": judge.url + path},
            **{"retry": RETRY, **more},
        }
        for name, path in PATHS.items()
        for setting, more in SETTINGS.items()
    }
