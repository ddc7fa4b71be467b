"""Amazon's errors, whole and within a stream.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (errors) and
…/API_runtime_ConverseStreamOutput.html (exceptions). The name of an error stands in a header, or in `__type`
of the body, behind a namespace; its words in `message` or, by AWS's front doors, in `Message`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import UpstreamError
from ...model import Context
from ...values import JSON
from .. import openai

STATUSES: Mapping[str, int] = {
    "accessdeniedexception": 403,
    "expiredtokenexception": 403,
    "internalserverexception": 500,
    "modelerrorexception": 502,
    "modelnotreadyexception": 429,
    "modelstreamerrorexception": 502,
    "modeltimeoutexception": 504,
    "resourcenotfoundexception": 404,
    "servicequotaexceededexception": 400,
    "serviceunavailableexception": 503,
    "throttlingexception": 429,
    "unrecognizedclientexception": 403,
    "validationexception": 400,
}
"""The status that an error of each name has where it comes by itself. Amazon gives a model's own failures 424
and 408, as if the client were to blame; here they are what a gateway calls them, and are tried again."""


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body in OpenAI's shape: Amazon's words, and as `code` the error's name. Never raises."""
    told, name = plain(body), name_of(context.answer.get("x-amzn-errortype"))
    if name and isinstance(told, dict):
        told = {"code": name, "message": name, **told}
    return openai.error(told, status, context)


def plain(body: Any) -> Any:
    """An error body with its words in `message` and its name in `code`."""
    if not isinstance(body, dict):
        return body
    inner = body.get("Output")
    if isinstance(inner, dict):
        body = {**{name: value for name, value in body.items() if name != "Output"}, **inner}
    fields = {name: value for name, value in body.items() if name not in ("Message", "__type")}
    code = name_of(body.get("__type"))
    message = body.get("message") or body.get("Message") or code
    return {**fields, **({"code": code} if code else {}), **({"message": message} if message else {})}


def name_of(kind: Any) -> str:
    """An error's name without its namespace: `com.amazon.coral.service#UnknownOperationException`."""
    return kind.rpartition("#")[2].partition(":")[0] if isinstance(kind, str) else ""


def fault(name: str, body: Any, context: Context) -> UpstreamError:
    """The error that an exception within a stream reports."""
    status = STATUSES.get(name.lower(), 502)
    told = error({"code": name, **body} if isinstance(body, dict) else body, status, context)["error"]
    message = told["message"]
    own = body.get("originalMessage") if isinstance(body, dict) else None
    if isinstance(own, str) and own and own not in message:
        message = f"{message.rstrip('.')}: {own}"
    return UpstreamError(message, status=status, type=told["type"], code=name or None)


def wordless(body: Any, context: Context) -> UpstreamError:
    """The error of an answer that holds no message."""
    told = plain(body)
    if isinstance(told, dict) and ("code" in told or "message" in told):
        return fault(str(told.get("code") or ""), told, context)
    return UpstreamError(f"{context.provider} answered with something that is no message")
