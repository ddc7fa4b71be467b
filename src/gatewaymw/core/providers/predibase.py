"""Predibase (https://docs.predibase.com/user-guide/inference/migrate-openai): OpenAI's dialect, below the
address of a tenant's deployment.

The model is the deployment, and after a colon the adapter that it is to run with: `qwen3-8b:reviews/2`. The
tenant is an option, or the body's `user`, as Portkey's clients say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..endpoints import CHAT
from ..model import Codec, Context, Encoded
from .compatible import compatible

TENANT = "predibase_tenant_id"


def deployed(context: Context) -> str:
    tenant, model = context.options[TENANT], context.model.partition(":")[0]
    return f"/{quote(tenant, safe='')}/deployments/v2/llms/{quote(model, safe='')}/v1/chat/completions"


def asked(body: Mapping[str, Any], context: Context) -> Encoded:
    """The body with the adapter for a model, or none, and without a user that is the tenant."""
    kept = {name: body[name] for name in body if name != "user" or body[name] != context.options[TENANT]}
    return Encoded({**kept, "model": context.model.partition(":")[2]})


PREDIBASE = compatible(
    "predibase",
    "https://serving.app.predibase.com",
    CHAT,
    paths={CHAT: deployed},
    codecs={CHAT: Codec(request=asked)},
    requires={TENANT: "PREDIBASE_TENANT_ID"},
    from_body={TENANT: "user"},
    env_key="PREDIBASE_API_TOKEN",
    doc="https://docs.predibase.com/user-guide/inference/migrate-openai",
)
