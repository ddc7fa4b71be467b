"""Stability (https://platform.stability.ai/docs/api-reference): forms, answered with JSON where that is asked
for; the older engines take JSON, by the first version of the API."""

from __future__ import annotations

from ..auth.keys import bearer
from ..dialects import stability
from ..endpoints import IMAGE
from ..model import Provider, Route
from .registry import provide

STABLE = Route(stability.path, stability.IMAGE)
ENGINE = Route("/v1/generation/{model}/text-to-image", stability.FIRST)


def painting(model: str) -> Route:
    return ENGINE if stability.engine(model) else STABLE


STABILITY = provide(
    Provider(
        name="stability-ai",
        base_url="https://api.stability.ai",
        routes={IMAGE: STABLE},
        by_model={IMAGE: painting},
        models={IMAGE: ("core", "sd3.5-large", "stable-diffusion-xl-1024-v1-0")},
        auth=bearer,
        headers={"accept": "application/json"},
        option_headers={
            "stability_client_id": "stability-client-id",
            "stability_client_user_id": "stability-client-user-id",
            "stability_client_version": "stability-client-version",
        },
        env_key="STABILITY_API_KEY",
        doc="https://platform.stability.ai/docs/api-reference",
    )
)
