"""A list of inputs for a model that embeds one a request, over real sockets, side by side on both drivers."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from callers import Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway
from upstream import Upstream, whole

MODEL = "amazon.titan-embed-text-v2:0"
PATH = "/model/amazon.titan-embed-text-v2%3A0/invoke"
WAYS = pytest.mark.parametrize("way", ["asgi", "wsgi"])


def asked(way: str, upstream: Upstream, inputs: list[str]) -> Answer:
    config = {"provider": "bedrock", "custom_host": upstream.url, "aws_region": "r", "api_key": "key-of-ours"}
    body: dict[str, Any] = {"model": MODEL, "input": inputs}
    if way == "wsgi":
        app = WSGIGateway(nothing_wsgi, config, auth="public")
        try:
            return ask_wsgi(app, "/v1/embeddings", body)
        finally:
            app.gateway.close()

    async def run() -> Answer:
        app = ASGIGateway(nothing, config, auth="public")
        try:
            return await ask(app, "/v1/embeddings", body)
        finally:
            await app.gateway.aclose()

    return anyio.run(run)


@WAYS
def test_each_input_is_sent_once_and_all_come_back_in_one_list(way: str, upstream: Upstream) -> None:
    vector = whole({"embedding": [0.5, 1.0]}, x_amzn_bedrock_input_token_count="3")
    upstream.script(PATH, vector)
    inputs = [f"input {index}" for index in range(20)]
    answer = asked(way, upstream, inputs)
    assert answer.status == 200, answer.body
    assert [row["index"] for row in answer.json["data"]] == [*range(20)]
    assert answer.json["usage"] == {"prompt_tokens": 60, "total_tokens": 60}
    assert sorted(seen.json["inputText"] for seen in upstream.seen) == sorted(inputs)
    assert 1 < upstream.connections <= 8


@WAYS
def test_one_refusal_is_the_answer(way: str, upstream: Upstream) -> None:
    upstream.script(PATH, whole({"embedding": [0.5]}), whole({"message": "Too many tokens."}, 429))
    answer = asked(way, upstream, ["a"] * 40)
    assert (answer.status, answer.error["message"]) == (429, "Too many tokens.")
    assert answer.headers["x-gateway-provider"] == "bedrock" and len(upstream.seen) <= 16
