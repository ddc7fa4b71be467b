"""What went wrong, in the client's dialect and without credentials."""

from __future__ import annotations

from dataclasses import replace

from .. import json
from ..dialects import openai
from ..endpoints import Client
from ..errors import GatewayError, UpstreamError
from ..model import Keys
from ..plan import Target
from ..values import Answer, Call, Failure, Outcome
from .encode import Prepared
from .kinds import listed
from .pipeline import ODD
from .reply import Reply

LENT = ("azure_ad_token", "aws_session_token")
"""Options that are credentials and travel as they are."""


def refusal(error: GatewayError, client: Client) -> Reply:
    """The gateway's own words."""
    return Reply(status=error.status, body=json.dumps(client.error(error)), headers=error.headers)


def failed(result: Answer | Failure, made: Prepared, target: Target, call: Call, tries: int) -> Reply:
    """A provider's error, or the want of any answer, after so many retries."""
    retry = target.retry
    status, body = told(result, made, call)
    headers = result.headers if isinstance(result, Answer) else {}
    spent = retry.attempts > 0 and listed(retry.on, retry.kinds, result.status, body)
    return Reply(
        status=status,
        body=body,
        headers=headers,
        target=target,
        tries=-1 if spent else tries,
        again=spent or tries > 0,
        attempts=tries + 1 - call.spent,
    )


def told(result: Answer | Failure, made: Prepared, call: Call) -> tuple[int, bytes]:
    """The status and the body by which the client hears of it."""
    if isinstance(result, Answer):
        status = result.status if result.status >= 400 else 502
        return status, redacted(explained(result, status, made), made.keys)
    provider = made.context.provider
    error = GatewayError(
        worded(result, provider, made),
        status=result.status,
        type=UpstreamError.TYPES.get(result.status, "upstream_error"),
        code=result.code,
    )
    body = json.dumps({**call.endpoint.client.error(error), "provider": provider})
    return result.status, redacted(body, made.keys)


def worded(failure: Failure, provider: str, made: Prepared) -> str:
    if failure.kind == "timeout" and failure.status == 408:
        limit = round((made.request.timeout or 0) * 1000)
        return f"Request exceeded the timeout sent in the request: {limit}ms"
    return failure.message if provider in failure.message else f"{provider}: {failure.message}"


def explained(answer: Answer, status: int, made: Prepared) -> bytes:
    """The provider's error body in the client's shape."""
    if 300 <= answer.status < 400:
        message = f"{made.context.provider} answered with a redirect, which is not followed"
        inner = {"message": message, "type": "upstream_error", "param": None, "code": "upstream_redirect"}
        return json.dumps({"error": inner, "provider": made.context.provider})
    render, body = made.codec.error or openai.error, parsed(answer.body)
    context = made.context.answered(answer.headers)
    try:
        shaped = render(body, status, context)
    except ODD:
        shaped = openai.error(body, status, context)
    return json.dumps({**shaped, "provider": made.context.provider})


def redacted(body: bytes, keys: Keys) -> bytes:
    """Words without the credentials, which some providers quote, whole or in an event of a stream."""
    for secret in secrets(keys):
        body = body.replace(json.dumps(secret)[1:-1], b"[redacted]")
    return body


def discreet(outcome: Outcome, keys: Keys) -> Outcome:
    """An outcome without the headers that hold a credential: a proxy may echo what it was sent."""
    if isinstance(outcome, Failure):
        return outcome
    hidden, told = secrets(keys), "\n".join(outcome.headers.values())
    for secret in hidden:
        if secret in told:
            break
    else:
        return outcome
    kept = {
        name: value
        for name, value in outcome.headers.items()
        if not any(secret in value for secret in hidden)
    }
    return replace(outcome, headers=kept)


def secrets(keys: Keys) -> tuple[str, ...]:
    """What a request was signed with and an answer must not hold; shorter ones would be found in any text."""
    if keys.hidden is None:
        lent = [keys.options[name] for name in LENT if name in keys.options]
        hidden = tuple(key for key in (keys.api_key, *lent) if len(key) >= 8)
        object.__setattr__(keys, "hidden", hidden)
        return hidden
    return keys.hidden


def parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
