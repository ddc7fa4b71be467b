"""Databricks' deviations from OpenAI's chats, whole and in chunks.

Its reasoning models answer with a list of parts, thoughts and text, where OpenAI has a string
(https://docs.databricks.com/aws/en/machine-learning/model-serving/query-reason-models); each chunk of a
stream tells what was counted by then (as recorded: https://github.com/llamastack/llama-stack,
tests/integration/recordings/responses/121a72d1c4cf.json); its errors have their code as `error_code`
(https://docs.databricks.com/api/workspace/servingendpoints/query).
"""

from __future__ import annotations

from typing import Any

from ..model import Codec, Context
from ..values import JSON
from . import openai
from .cousins import Progress, checked, choicewise, complete, progress
from .history import THOUGHT
from .told import in_each


def response(body: JSON, context: Context) -> JSON:
    """A whole answer. Raises UpstreamError where it is none."""
    return spoken(body, context, "message")


def step(state: Progress, event: Any, context: Context) -> tuple[Progress, tuple[JSON, ...]]:
    chunk = spoken(event, context, "delta")
    state = progress(state, chunk)
    return state, in_each(chunk, complete(state), context)


def spoken(body: JSON, context: Context, where: str) -> JSON:
    """A body with all its choices in OpenAI's shape; itself where they are."""
    choices = checked(body, context).get("choices") or ()
    made = [choice_of(choice, where) for choice in choices]
    return (
        body if all(new is old for new, old in zip(made, choices, strict=True)) else {**body, "choices": made}
    )


def choice_of(choice: JSON, where: str) -> JSON:
    turn: JSON = choice.get(where) or {}
    content = turn.get("content")
    return {**choice, where: {**turn, **told(content)}} if isinstance(content, list) else choice


def told(content: list[JSON]) -> JSON:
    """The text as a string, the thoughts as `reasoning_content`."""
    text = "".join(part.get("text") or "" for part in content if part.get("type") == "text")
    thought = "".join(thinking(part) for part in content if part.get("type") == "reasoning")
    return {"content": text, **({THOUGHT: thought} if thought else {})}


def thinking(part: JSON) -> str:
    return "".join(each.get("text") or "" for each in part.get("summary") or ())


def error(body: Any, status: int, context: Context) -> JSON:
    """Its error body in OpenAI's shape. Never raises."""
    if isinstance(body, dict) and "error_code" in body:
        body = {"code": body["error_code"], **body}
    return openai.error(body, status, context)


CHAT = Codec(response=response, stream=choicewise(Progress(), step, complete))
