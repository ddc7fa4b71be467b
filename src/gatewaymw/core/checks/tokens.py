"""Whether the client brings a token that its issuer has signed (https://www.rfc-editor.org/rfc/rfc7519)."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from typing import Any

from ..commands import Flow, ask
from ..values import Env
from .asking import get
from .findings import found, unjudged
from .model import Address, Finding, Given, Parameter, Subject
from .parameters import address, commas, number, text, whole
from .registry import inquiry

LONGEST = 16_384
"""Characters of a token."""
LARGEST = 256 * 2**10
"""Bytes of a key set."""
SECONDS = 5.0
PATIENCE = 60.0
"""Seconds in which a key set is not fetched again for a key that it does not hold."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those with a public key: a key set is no secret."""
DAY = 86_400
UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY, "y": 31_557_600}
BEARER = re.compile(r"^bearer(?: +|$)", re.IGNORECASE)
AGE = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?"
    r"(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?|y|yrs?|years?)",
    re.IGNORECASE,
)


def age(value: Any, tools: Any, path: str) -> float:
    """Seconds: a number of them, or a number and a unit (`1d`, `12 hours`). Raises ValueError."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return value
    parts = AGE.fullmatch(value) if isinstance(value, str) else None
    if parts is None:
        raise ValueError("is a time such as 90s, 15m, 12h or 1d")
    return float(parts[1]) * UNITS[parts[2][0].lower()]


def algorithms(value: Any, tools: Any, path: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value or any(each not in ALGORITHMS for each in value):
        raise ValueError(f"is a list of some of {', '.join(ALGORITHMS)}")
    return tuple(value)


@inquiry(
    "default.jwt",
    address("jwksUri", "where the issuer's key set is"),
    text("headerKey", "the header with the token (Authorization)", default="Authorization"),
    whole("cacheMaxAge", "seconds for which a key set is kept (86400)", default=DAY),
    number("clockTolerance", "seconds that clocks may differ by (5)", default=5),
    Parameter("maxTokenAge", "time", age, "since the token was issued (1d)", default=float(DAY)),
    commas("issuer", "one of which the token must come from (`iss`)"),
    commas("audience", "one of which the token must be for (`aud`)"),
    Parameter("algorithms", "list of texts", algorithms, "of signatures (all these)", default=ALGORITHMS),
    words="a key of the set signed it; it is in its time, not too old, of the issuer, for the audience",
)
def jwt(subject: Subject, given: Given, env: Env) -> Flow[Finding]:
    header = subject.headers.get(given["headerKey"].lower(), "")
    token = BEARER.sub("", header.strip())
    if not token:
        return denied("there is no token")
    if len(token) > LONGEST:
        return denied("the token is too long")
    checked = yield from verified(token, given)
    if isinstance(checked, str):
        return unjudged(f"the key set {checked}")
    if "unable" in checked:
        return unjudged(checked["unable"])
    if "claims" not in checked:
        return denied(checked.get("error", "no key of the set signed the token"))
    fault = amiss(checked["claims"], given, env.clock())
    return denied(fault) if fault else found(True, "the token is sound")


def denied(why: str) -> Finding:
    return found(False, why)


def verified(token: str, given: Given) -> Flow[Mapping[str, Any] | str]:
    """What the service `jwt` says: `{claims}`, `{error}`, `{unable}`, or `{}` where the set lacks the key; or
    why there is no key set. A key that is not in a set that was kept may be new: then the set is fetched
    again, but not each time that somebody makes up a key."""
    where: Address = given["jwksUri"]
    name = "jwks:" + hashlib.sha256(where.url.encode()).hexdigest()
    keys = yield from ask("store", "get", name)
    if keys is not None:
        checked: Mapping[str, Any] = yield from ask("jwt", token, keys, given["algorithms"])
        if checked or (yield from ask("store", "get", name + ":new")) is not None:
            return checked
    outcome = yield from get(where, SECONDS, LARGEST)
    if isinstance(outcome, str):
        return outcome
    checked = yield from ask("jwt", token, outcome.body, given["algorithms"])
    if "unable" not in checked:
        yield from ask("store", "set", name, outcome.body, float(given["cacheMaxAge"] or DAY))
        yield from ask("store", "set", name + ":new", b"1", PATIENCE)
    return checked


def amiss(claims: Mapping[str, Any], given: Given, now: float) -> str | None:
    """What is wrong with what a token says of itself; None where nothing is."""
    tolerance = given["clockTolerance"]
    expires, begins, issued = (_seconds(claims, name) for name in ("exp", "nbf", "iat"))
    if any(map(math.isnan, (expires, begins, issued))):
        return "the token has times that are no numbers"
    if expires <= now - tolerance:
        return "the token has expired"
    if begins > now + tolerance:
        return "the token is not valid yet"
    if "iat" not in claims:
        return "the token does not say when it was issued (iat)"
    if issued > now + tolerance or now - issued > given["maxTokenAge"] + tolerance:
        return "the token is too old, or from the future"
    if given["issuer"] and claims.get("iss") not in given["issuer"]:
        return "the token is of another issuer"
    audience = claims.get("aud")
    meant = audience if isinstance(audience, list) else [audience]
    if given["audience"] and not any(each in given["audience"] for each in meant):
        return "the token is for another audience"
    return None


ENDLESS = {"exp": math.inf, "nbf": -math.inf, "iat": -math.inf}
FARTHEST = 2.0**53


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    """A time; NaN where it is none."""
    value = claims.get(name, ENDLESS[name])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if name not in claims or abs(value) < FARTHEST else math.nan
