"""Azure's credentials: a resource's key, or a token of Entra ID.

https://learn.microsoft.com/azure/foundry/openai/reference#authentication. A token is a bearer everywhere; a
key goes by a header of its own, which depends on what is called.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from ..errors import Unauthorized
from ..model import Auth, Keys
from ..values import Request
from .keys import bearer, header

SERVERLESS = (".models.ai.azure.com", ".inference.ai.azure.com", ".inference.ml.azure.com")
"""Hosts of one model each, rather than of a resource with deployments."""

api_key: Auth = header("api-key")
x_api_key: Auth = header("x-api-key")


def azure(by_key: Auth, variable: str) -> Auth:
    """An auth that sends the option `azure_ad_token`, or else the key by `by_key`.

    It raises Unauthorized where there is neither, naming the official `variable` of the key.
    """

    def sign(request: Request, keys: Keys) -> Request:
        if token := keys.options.get("azure_ad_token"):
            return bearer(request, replace(keys, api_key=token))
        if not keys.api_key:
            raise Unauthorized(
                f'no credential for Azure; give the target an api_key (where "env:{variable}" reads the'
                " variable), a virtual_key or an azure_ad_token (header x-gateway-azure-ad-token), or (where"
                " one provider only is called) send a key as Authorization: Bearer",
                code="missing_credentials",
            )
        return by_key(request, keys)

    return sign


def by_surface(request: Request, keys: Keys) -> Request:
    """The key of a Foundry resource, by the header that what is called there asks for: Claude's messages
    (https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry), a serverless model,
    or any other."""
    place = urlsplit(request.url)
    if "/anthropic/" in place.path:
        return x_api_key(request, keys)
    if (place.hostname or "").endswith(SERVERLESS):
        return bearer(request, keys)
    return api_key(request, keys)


resource: Auth = azure(api_key, "AZURE_OPENAI_API_KEY")
"""Azure OpenAI: `api-key`."""
foundry: Auth = azure(by_surface, "AZURE_INFERENCE_CREDENTIAL")
"""Foundry, whatever is called there."""
