"""Those who serve none of OpenAI's endpoints: any path below the prefix is handed to them as it is."""

from __future__ import annotations

from typing import Any

from ..auth.keys import bearer, header
from ..model import Auth, Provider
from ..values import NOTHING
from .registry import provide


def handed(name: str, base_url: str, auth: Auth = bearer, **more: Any) -> Provider:
    """Add a provider without endpoints. Raises ValueError where the name is taken."""
    return provide(Provider(name=name, base_url=base_url, routes=NOTHING, auth=auth, **more))


def versioned(path: str) -> str:
    """Meshy's newer endpoints have a version of their own (https://docs.meshy.ai/api/text-to-3d); paths that
    name one are left to it."""
    if path.startswith(("/v1/", "/v2/")):
        return path
    return f"/{'v2' if path.startswith('/text-to-3d') else 'v1'}{path}"


# fmt: off
# Each cluster has an address, and the key a header of its own: https://qdrant.tech/documentation/security/
QDRANT = handed(
    "qdrant", "", header("api-key"), needs_key=False, env_key="QDRANT_API_KEY", doc="https://api.qdrant.tech/api-reference",
)

# "The URI of your Milvus instance"; the token is `user:password`: https://milvus.io/api-reference/restful/v2.4.x/About.md
MILVUS = handed(
    "milvus", "", needs_key=False, env_key="MILVUS_TOKEN", doc="https://milvus.io/api-reference/restful/v2.4.x/About.md",
)

# https://docs.meshy.ai/api/quick-start; `text-to-3d` is v2, all else v1.
MESHY = handed(
    "meshy", "https://api.meshy.ai/openapi", proxied=versioned, env_key="MESHY_API_KEY", doc="https://docs.meshy.ai/api/quick-start",
)

# https://platform.tripo3d.ai/docs/generation: tasks are begun at /task, and looked at below it.
TRIPO = handed(
    "tripo3d", "https://api.tripo3d.ai/v2/openapi", env_key="TRIPO_API_KEY", doc="https://platform.tripo3d.ai/docs/generation",
)
