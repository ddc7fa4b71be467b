"""Requests to the mock, and how its answers are read."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from gatewaymw.core import mock
from gatewaymw.core.form import encode
from gatewaymw.core.framing.sse import SSE
from gatewaymw.core.mock import Script
from gatewaymw.core.values import Part, Request


def post(path: str, **body: Any) -> Script:
    headers = {"content-type": "application/json"}
    return mock.answer(Request("POST", f"mock://mock{path}", headers, json.dumps(body).encode()))


def get(path: str) -> Script:
    return mock.answer(Request("GET", f"mock://mock{path}"))


def upload(path: str, *parts: Part) -> Script:
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    return mock.answer(Request("POST", f"mock://mock{path}", headers, encode(parts, "xyz")))


def chat(*messages: Any, model: str = "mock-echo", **body: Any) -> Script:
    """Messages are the user's words, or whole messages."""
    said = [{"role": "user", "content": each} if isinstance(each, str) else each for each in messages]
    return post("/chat/completions", model=model, messages=said, **body)


def document(script: Script, status: int = 200) -> Any:
    assert (script.status, script.headers["content-type"]) == (status, "application/json")
    return json.loads(script.body)


def chunks(script: Script, done: bool = True) -> list[Any]:
    """The events of a stream, each of which must be one step, with `[DONE]` last."""
    assert (script.status, script.headers["content-type"]) == (200, "text/event-stream")
    framer = SSE()
    frames = [frame for _, data in script.steps for frame in framer.feed(data)]
    assert len(frames) == len(script.steps)
    assert framer.close() == []
    assert (frames[-1].data == b"[DONE]") is done
    return [json.loads(frame.data) for frame in (frames[:-1] if done else frames)]


def fault(script: Script, status: int = 400) -> dict[str, Any]:
    """The error object of a refusal."""
    error = document(script, status)["error"]
    assert isinstance(error["message"], str) and error["type"]
    return error


def field(name: str, value: str) -> Part:
    return Part(name, value.encode())


def strictly(kind: type[BaseModel], value: Any) -> Any:
    """Read a value by one of the official SDK's types, without leniency. Raises ValidationError."""
    return kind.model_validate_json(json.dumps(value), strict=True)
