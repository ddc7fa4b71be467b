"""The wire contract of headers: what callers ask for in them, and what they are told (pure).

Every header is read as `x-portkey-NAME` and `x-gateway-NAME`; the latter wins. Answers use the
prefix the request used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from functools import lru_cache
from typing import Any, NamedTuple

from .core import json
from .core.errors import BadRequest
from .core.frozen import dataclass
from .core.routing.account import line
from .core.routing.reply import Live, Reply
from .core.values import NOTHING, Call, Secret

PREFIXES = OURS, ORIGINAL = "x-gateway-", "x-portkey-"
LENGTH = len(OURS)
LONGEST = 64 * 1024
"""Characters of a header with guardrails."""
GUARDRAILS = ("default-input-guardrails", "default-output-guardrails")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one request asks of the gateway by header."""

    prefix: str = OURS
    given: Mapping[str, str] = field(default_factory=lambda: NOTHING, repr=False)
    """All gateway headers, without prefix."""
    key: Secret | None = None
    """The caller's provider key."""

    @property
    def routes(self) -> bool:
        """Whether the request itself names whom to ask."""
        return "provider" in self.given or "config" in self.given or "virtual-key" in self.given


def wishes_of(headers: Mapping[str, str]) -> Wishes:
    """Read a client's headers (names lower-case). Raises BadRequest."""
    names = "\n".join(headers)
    if OURS not in names and ORIGINAL not in names:  # as from any SDK as it is
        return Wishes(OURS, NOTHING, caller_key(headers))
    given: dict[str, str] = {}
    prefix = ""
    for name in [name for name in headers if name.startswith(PREFIXES)]:
        value = clean(name, headers[name])
        if name.startswith(OURS):
            given[name[LENGTH:]] = value
            prefix = OURS
        else:
            given.setdefault(name[LENGTH:], value)
            prefix = prefix or ORIGINAL
    return Wishes(prefix or OURS, given or NOTHING, caller_key(headers))


def clean(name: str, value: str) -> str:
    if not value.isprintable():
        raise BadRequest(f"the header {name} holds control characters; send plain text", param=name)
    return value


def caller_key(headers: Mapping[str, str]) -> Secret | None:
    """The provider key a caller brought, in whichever header its SDK sends it."""
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else authorization
        if token.isprintable():
            return Secret(token) if token else None
        clean("authorization", token)
    for name in ("x-api-key", "api-key"):
        if token := headers.get(name, ""):
            return Secret(clean(name, token))
    return None


def metadata(wishes: Wishes) -> Mapping[str, str]:
    """`metadata`: a JSON object of strings. Raises BadRequest."""
    text = wishes.given.get("metadata")
    if text is None:
        return NOTHING
    name = wishes.prefix + "metadata"
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadRequest(f"the header {name} is not JSON: {error}", param=name) from None
    if not isinstance(value, dict) or not all(isinstance(item, str | int | float) for item in value.values()):
        raise BadRequest(f'the header {name} must be a JSON object of strings: {{"user": "u1"}}', param=name)
    return {key: item if isinstance(item, str) else json.dumps(item).decode() for key, item in value.items()}


def caching(call: Call, wishes: Wishes) -> Call:
    """The call with what its headers say of the cache. Raises BadRequest."""
    namespace = wishes.given.get("cache-namespace", "")
    refresh = wishes.given.get("cache-force-refresh", "false").strip().lower() not in ("", "false")
    if len(namespace) > 256:
        name = wishes.prefix + "cache-namespace"
        raise BadRequest("a cache namespace has 256 characters at most", param=name)
    return replace(call, namespace=namespace, refresh=refresh) if namespace or refresh else call


def overrides(wishes: Wishes) -> dict[str, Any]:
    """The headers that have the last word over each target of a config. Raises BadRequest."""
    given = wishes.given
    made: dict[str, Any] = {}
    if "request-timeout" in given:
        made["request_timeout"] = milliseconds(wishes, given["request-timeout"])
    if "custom-host" in given:
        made["custom_host"] = given["custom-host"]
    if "forward-headers" in given:
        made["forward_headers"] = [
            name.strip() for name in given["forward-headers"].split(",") if name.strip()
        ]
    if given.get("strict-open-ai-compliance") == "false":
        made["strict_open_ai_compliance"] = False
    return made


def milliseconds(wishes: Wishes, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) <= 86_400_000):
        name = wishes.prefix + "request-timeout"
        raise BadRequest(
            f"the header {name} must be a whole number of milliseconds, 1 to 86400000", param=name
        )
    return int(text)


def debugs(wishes: Wishes) -> bool:
    """Whether the answer is to say how it was come by."""
    given = wishes.given
    return given is not NOTHING and given.get("debug", "").strip().lower() in ("true", "1")


def guardrails(wishes: Wishes) -> dict[str, list[Any]]:
    """The guardrails that headers add to each target, by their keys in a config. Raises BadRequest."""
    made = {}
    for name in GUARDRAILS:
        text = wishes.given.get(name, "").strip()
        if not text:
            continue
        full = wishes.prefix + name
        if len(text) > LONGEST:
            raise BadRequest(f"the header {full} has {LONGEST} characters at most", param=full)
        try:
            value = json.loads(text)
        except ValueError as error:
            raise BadRequest(f"the header {full} is not JSON: {error}", param=full) from None
        if not isinstance(value, list):
            raise BadRequest(
                f'the header {full} must be a JSON array of guardrails: [{{"notNull": {{}}, "deny": true}}]',
                param=full,
            )
        made[name.replace("-", "_")] = value
    return made


# ── answers ──────────────────────────────────────────────────────────────

PASSED = frozenset(
    {
        "retry-after",
        "retry-after-ms",
        "x-ms-retry-after-ms",
        "x-should-retry",
        "request-id",
        "x-request-id",
        "apim-request-id",
        "x-amzn-requestid",
        "cf-ray",
        "content-disposition",
    }
)
PASSED_PREFIXES = ("ratelimit-", "openai-", "x-ms-region")


@lru_cache(512)
def passes(name: str) -> bool:
    """Whether an upstream's response header goes on to the client. Of rate limits each tells by a prefix of
    its own."""
    limits = "-ratelimit-" in name and not name.startswith(PREFIXES)
    return limits or name in PASSED or name.startswith(PASSED_PREFIXES)


class Names(NamedTuple):
    """Our headers of answers, without their prefix."""

    trace: str = "trace-id"
    retries: str = "retry-attempt-count"
    cache: str = "cache-status"
    provider: str = "provider"
    option: str = "last-used-option-index"
    dropped: str = "dropped-params"
    warning: str = "warning"
    attempts: str = "attempts"
    account: str = "trace"


NAMES = {prefix: Names(*(prefix + name for name in Names())) for prefix in PREFIXES}

OWN = (
    *("content-type", "content-length", "cache-control", "x-accel-buffering", "x-should-retry"),
    *(name for names in NAMES.values() for name in names),
)
"""All headers of answers that are not an upstream's."""
EMPTY = frozenset({204, 205, 304})
"""Statuses of answers that have no body to have a type."""


def answer(reply: Reply, wishes: Wishes, trace: str, warnings: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The headers of an answer, upstream's and ours."""
    names = NAMES[wishes.prefix]
    made = [(name, value) for name, value in reply.headers.items() if passes(name)]
    if reply.status not in EMPTY:
        made.append(("content-type", reply.content_type))
    if isinstance(reply, Live):
        made += [("cache-control", "no-cache, no-transform"), ("x-accel-buffering", "no")]
    else:
        made += [("content-length", str(len(reply.body))), ("cache-control", "private, no-store")]
    made += [(names.trace, trace), (names.retries, str(reply.tries)), (names.cache, reply.cache_status)]
    made.append((names.attempts, str(reply.attempts)))
    if reply.target:
        made.append((names.provider, reply.target.provider.name))
        made.append((names.option, plain(reply.target.path)))
    if reply.dropped:
        made.append((names.dropped, plain(", ".join(reply.dropped))))
    warnings += reply.warnings
    if warnings:
        made.append((names.warning, plain("; ".join(warnings))))
    if reply.trace and debugs(wishes):
        made.append((names.account, line(reply.trace)))
    if reply.again and reply.status >= 400:
        # The gateway has tried again already: an SDK that tried thrice would make it nine calls.
        made = [pair for pair in made if pair[0] != "x-should-retry"] + [("x-should-retry", "false")]
    return made


def plain(text: str) -> str:
    """Words that came from a request, fit for a header."""
    if len(text) <= 1000 and text.isascii() and text.isprintable():
        return text
    return text.encode("ascii", "replace").decode()[:1000].translate(UNPRINTABLE)


UNPRINTABLE = dict.fromkeys((*range(32), 127), "?")
