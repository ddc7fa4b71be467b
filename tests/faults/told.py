"""What a client believes after a fault: asked with OpenAI's SDK, judged by what it was told."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import anyio
import httpx2
import openai
from openai import AsyncOpenAI, OpenAI
from table import TEXT, Case

BOUND = 20.0
"""Seconds after which what has no end is called hanging."""
ASKED: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}


class Told(NamedTuple):
    text: str
    error: Exception | None
    seconds: float

    @property
    def truncated(self) -> bool:
        """The client takes for whole what is not."""
        return self.error is None and self.text != TEXT

    @property
    def hung(self) -> bool:
        return isinstance(self.error, openai.APITimeoutError) or self.seconds > BOUND

    @property
    def status(self) -> int | None:
        return getattr(self.error, "status_code", None)

    @property
    def code(self) -> str | None:
        return getattr(self.error, "code", None)

    def wrong(self, case: Case) -> str:
        """What is not as it should be; empty where all is."""
        if self.hung:
            return f"no end within {BOUND} s: {self.error!r}"
        if self.truncated:
            return f"a broken answer that looks whole: {self.text!r}"
        if case.saved:
            return "" if self.error is None else f"it could have been whole: {self.error!r}"
        if self.error is None:
            return "" if case.fault.begun else "an answer from nowhere"
        return self.unlike(case)

    def unlike(self, case: Case) -> str:
        if not isinstance(self.error, openai.APIError):
            return f"no error of the SDK's own: {self.error!r}"
        status, code = case.fault.status, case.fault.code
        if not case.fault.begun and status is not None and self.status != status:
            return f"status {self.status}, not {status}: {self.error!r}"
        if code is not None and self.code != code:
            return f"code {self.code}, not {code}: {self.error!r}"
        return ""


def options(case: Case) -> dict[str, Any]:
    return {"stream": case.mode == "streamed", "extra_headers": {"x-gateway-config": case.name}, **ASKED}


def told(client: OpenAI, case: Case) -> Told:
    text, begun = "", time.monotonic()
    try:
        answer = client.chat.completions.create(**options(case))
        if case.mode == "whole":
            return Told(answer.choices[0].message.content, None, time.monotonic() - begun)
        for chunk in answer:
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
    except Exception as error:
        return Told(text, error, time.monotonic() - begun)
    return Told(text, None, time.monotonic() - begun)


async def atold(client: AsyncOpenAI, case: Case) -> Told:
    text, begun = "", time.monotonic()
    try:
        answer = await client.chat.completions.create(**options(case))
        if case.mode == "whole":
            return Told(answer.choices[0].message.content, None, time.monotonic() - begun)
        async for chunk in answer:
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
    except Exception as error:
        return Told(text, error, time.monotonic() - begun)
    return Told(text, None, time.monotonic() - begun)


def client(url: str, **more: Any) -> OpenAI:
    return OpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0, timeout=BOUND, **more)


def below_wsgi(app: Any) -> OpenAI:
    transport = httpx2.WSGITransport(app=app)
    return client("http://host", http_client=httpx2.Client(transport=transport))


def below_asgi(app: Any, played: list[Case]) -> list[Told]:
    """All of them, side by side, on an event loop of their own."""

    async def run() -> list[Told]:
        found: dict[str, Told] = {}
        transport = httpx2.ASGITransport(app=app)
        http = httpx2.AsyncClient(transport=transport)
        asker = AsyncOpenAI(
            base_url="http://host/v1", api_key="unused", max_retries=0, timeout=BOUND, http_client=http
        )

        async def one(case: Case) -> None:
            found[case.name] = await atold(asker, case)

        async with asker, anyio.create_task_group() as tasks:
            for case in played:
                tasks.start_soon(one, case)
        await app.gateway.aclose()
        return [found[case.name] for case in played]

    return anyio.run(run)
