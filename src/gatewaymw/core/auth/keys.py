"""Credentials that are one header: what most providers ask for.

An empty key adds nothing: whether a provider may be called without one is `Provider.needs_key`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ..errors import Unauthorized
from ..model import Auth, Keys
from ..values import Request

# What HTTP/1.1 takes in a field value (RFC 9110, section 5.5): Latin-1, no control characters, no
# space at either end. A client library would refuse the rest later, quoting the key.
UNSENDABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]|[^\x00-\xff]|^ | $")


class Header:
    """An auth that sends the key in one header: what it adds depends on nothing but the key.

    It raises Unauthorized where the key cannot be sent, telling the place of the fault and not the key.
    """

    __slots__ = ("_name", "_prefix")

    def __init__(self, name: str, prefix: str) -> None:
        self._name, self._prefix = name.lower(), prefix

    def __call__(self, request: Request, keys: Keys) -> Request:
        if not keys.api_key:
            return request
        kept = {key: value for key, value in request.headers.items() if key.lower() != self._name}
        kept[self._name] = self._prefix + sendable(keys.api_key, self._name)
        return request.bearing(kept)


def header(name: str, prefix: str = "") -> Auth:
    """An auth that sends the key in the header `name`."""
    return Header(name, prefix)


def beside(auth: Auth, name: str, option: str) -> Auth:
    """The same, and the token that the option is, where there is one, as a bearer in the header `name`: for
    those who ask for a key of their own and one of whom they ask in turn."""
    token = header(name, "Bearer ")

    def sign(request: Request, keys: Keys) -> Request:
        return token(auth(request, keys), replace(keys, api_key=keys.options.get(option, "")))

    return sign


def none(request: Request, keys: Keys) -> Request:
    """Send no credential."""
    return request


def needed(options: Mapping[str, str], name: str, called: str, variable: str, more: str = "") -> str:
    """An option that a credential cannot do without. Raises Unauthorized, saying how the provider is `called`
    and where the option is given: the official environment `variable` among it."""
    if value := options.get(name):
        return value
    raise Unauthorized(
        f'no {name}: {called}, or with an api_key; set {name} in the config (where "env:{variable}" reads the'
        f' variable, and "file:PATH" a file), or send the header x-gateway-{name.replace("_", "-")}{more}',
        code="missing_credentials",
        param=name,
    )


def sendable(key: str, name: str) -> str:
    """The key, if the header `name` can carry it. Raises Unauthorized."""
    if fault := UNSENDABLE.search(key):
        raise Unauthorized(
            f"the API key cannot be sent in the header {name!r}: character {fault.start() + 1} of {len(key)}"
            " is a control character, a space at its end or outside Latin-1; check how the key was copied",
            code="invalid_api_key",
        )
    return key


bearer: Auth = header("authorization", "Bearer ")
"""`Authorization: Bearer <key>`, as OpenAI and most others ask."""
