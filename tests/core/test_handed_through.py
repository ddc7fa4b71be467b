"""Providers without endpoints: paths are handed to them, at their addresses and with their keys."""

from __future__ import annotations

import json
from typing import Any

import pytest
from machine import World, target, world

from gatewaymw.config import Book, compile_config
from gatewaymw.core.endpoints import CHAT, PROXY
from gatewaymw.core.errors import ConfigError
from gatewaymw.core.providers import PROVIDERS, serving, some
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.reply import Reply
from gatewaymw.core.values import Answer, Call, Secret

QDRANT = {"base_url": "https://xyz.eu-central.aws.cloud.qdrant.io:6333"}
MILVUS = {"base_url": "http://localhost:19530"}
BEARER = ("authorization", "Bearer key-1")
BOOK = Book({}, held=True, providers=PROVIDERS)


def asked(name: str, made: Call, **more: Any) -> tuple[Reply, World]:
    here = world(Answer(200, {"content-type": "application/json"}, stream=1), reads={1: [b"{}"]})
    return here.run(run(target(provider=PROVIDERS[name], **more), made, here.env())), here


def proxied(path: str, method: str = "POST", query: str = "") -> Call:
    return Call(
        endpoint=PROXY, method=method, path=path, query=query, raw=b'{"a": 1}', key=Secret("key-1"),
        headers={"content-type": "application/json"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "more", "path", "url", "header"),
    [
        (
            *("qdrant", QDRANT, "/collections/a/points/query"),
            *(QDRANT["base_url"] + "/collections/a/points/query", ("api-key", "key-1")),
        ),
        (
            *("milvus", MILVUS, "/v2/vectordb/collections/list"),
            *(MILVUS["base_url"] + "/v2/vectordb/collections/list", BEARER),
        ),
        ("meshy", {}, "/image-to-3d", "https://api.meshy.ai/openapi/v1/image-to-3d", BEARER),
        ("meshy", {}, "/text-to-3d/id-1", "https://api.meshy.ai/openapi/v2/text-to-3d/id-1", BEARER),
        ("meshy", {}, "/v1/balance", "https://api.meshy.ai/openapi/v1/balance", BEARER),
        ("tripo3d", {}, "/task", "https://api.tripo3d.ai/v2/openapi/task", BEARER),
    ],
)
def test_a_path_goes_to_its_address_with_the_key_in_its_header(
    name: str, more: Any, path: str, url: str, header: tuple[str, str]
) -> None:
    reply, here = asked(name, proxied(path), **more)
    (sent,) = here.sent
    assert reply.status == 200
    assert (sent.request.method, sent.request.url, sent.request.body) == ("POST", url, b'{"a": 1}')
    assert {each for each in sent.request.headers.items() if "key-1" in each[1]} == {header}


@pytest.mark.parametrize(
    ("name", "more"), [("qdrant", QDRANT), ("milvus", MILVUS), ("meshy", {}), ("tripo3d", {})]
)
def test_a_chat_is_refused_with_the_names_of_those_who_serve_it(name: str, more: Any) -> None:
    body = {"model": "m", "messages": []}
    made = Call(endpoint=CHAT, method="POST", path=CHAT.path, body=body, key=Secret("key-1"))
    reply, here = asked(name, made, **more)
    error = json.loads(reply.body)["error"]
    assert (reply.status, here.sent) == (400, [])
    assert error["message"] == (
        f"/chat/completions is not supported by {name}; it is by {some(serving(CHAT))}"
    )


@pytest.mark.parametrize("name", ["qdrant", "milvus"])
def test_a_store_of_ones_own_needs_an_address_and_no_key(name: str) -> None:
    with pytest.raises(ConfigError, match="give it a custom_host"):
        compile_config({"provider": name}, BOOK)
    compile_config({"provider": name, "custom_host": "http://localhost:6333"}, BOOK)
    assert not PROVIDERS[name].needs_key
