"""Azure: OpenAI's models on Azure OpenAI, those and others on Foundry.

https://learn.microsoft.com/azure/foundry/openai/reference, …/openai/api-version-lifecycle and
https://learn.microsoft.com/azure/foundry/foundry-models/concepts/endpoints. A model is called by the name of
its deployment. A dated API version has the deployment in the path; the v1 API has it as the body's `model`,
and no version but `preview`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from ..auth.azure import SERVERLESS, foundry, resource
from ..auth.identity import azure as entra
from ..auth.identity import azure_ambient
from ..dialects import anthropic, azure
from ..dialects.catalogue import LISTED, SHOWN
from ..dialects.history import plain
from ..endpoints import (
    CHAT,
    COMPLETE,
    EMBED,
    IMAGE,
    IMAGE_EDIT,
    MODEL,
    MODELS,
    SPEECH,
    TRANSCRIBE,
    TRANSLATE,
    Endpoint,
)
from ..errors import BadRequest
from ..model import IDENTITY, Codec, Context, Provider, Route
from ..values import NOTHING
from .registry import provide

UNDATED = ("v1", "preview")
"""API versions of the v1 API: `preview` is a version of it, `v1` what it is without one."""
CODECS: Mapping[Endpoint, Codec] = {CHAT: azure.CHAT, COMPLETE: azure.COMPLETE}
DEPLOYED = (CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, SPEECH, TRANSCRIBE, TRANSLATE)
"""What deployments serve."""

Path = Callable[[Context], str]


def versioned(path: str, version: str) -> str:
    return path if version in ("", "v1") else f"{path}?api-version={quote(version, safe='')}"


# ── Azure OpenAI ─────────────────────────────────────────────────────────


def deployed(path: str) -> Path:
    """Where a deployment is called: the one that the target names, or else the one the request's model is."""

    def where(context: Context) -> str:
        version = context.options["api_version"]
        if version in UNDATED:
            return versioned(f"/v1{path}", version)
        deployment = context.options.get("deployment_id") or context.model
        if not deployment:
            raise BadRequest(
                "model must be the name of a deployment on Azure; name one, or set deployment_id in the"
                " config or by the header x-gateway-azure-deployment-id",
                param="model",
            )
        return versioned(f"/deployments/{quote(deployment, safe='')}{path}", version)

    return where


def catalogued(path: str) -> Path:
    """Where models are listed, which belong to no deployment."""

    def where(context: Context) -> str:
        version = context.options["api_version"]
        below = path.replace("{model}", quote(context.model, safe=""))
        return versioned(f"/v1{below}" if version in UNDATED else below, version)

    return where


def chosen(options: Mapping[str, str]) -> Mapping[str, Any]:
    """The v1 API finds a deployment by the body's model only: there the target's own is what is asked for."""
    deployment = options.get("deployment_id")
    return {"model": deployment} if deployment and options.get("api_version") in UNDATED else NOTHING


AZURE_OPENAI = provide(
    Provider(
        name="azure-openai",
        base_url="https://{resource_name}.openai.azure.com/openai",
        routes={
            **{each: Route(deployed(each.path), CODECS.get(each, IDENTITY)) for each in DEPLOYED},
            MODELS: Route(catalogued(MODELS.path), LISTED),
            MODEL: Route(catalogued(MODEL.path), SHOWN),
        },
        auth=resource,
        access=entra,
        ambient=azure_ambient,
        token="azure_ad_token",
        settles=chosen,
        option_headers={"openai_beta": "openai-beta"},
        accepts=frozenset({"openai-beta"}),
        requires={"resource_name": "AZURE_OPENAI_ENDPOINT", "api_version": "OPENAI_API_VERSION"},
        locating=frozenset({"resource_name"}),
        needs_key=False,
        env_key="AZURE_OPENAI_API_KEY",
        prices="azure",
        doc="https://learn.microsoft.com/azure/foundry/openai/reference",
    )
)
"""A key is not needed where a token is among the options: the auth says what is missing."""


# ── Foundry ──────────────────────────────────────────────────────────────

SURFACES = ("/models", "/openai/v1", "/anthropic/v1", "/anthropic")
"""Paths of a resource by which its several APIs are known."""


def root(options: Mapping[str, str]) -> str:
    """A resource's address without the path of one of its APIs, which each request brings."""
    url = options["azure_foundry_url"]
    return next((url.removesuffix(surface) for surface in SURFACES if url.endswith(surface)), url)


def surface(options: Mapping[str, str]) -> str:
    """The path of the API to call: that in the target's URL; where it has none, that of the version."""
    place = urlsplit(options.get("azure_foundry_url", ""))
    if place.path or (place.hostname or "").endswith(SERVERLESS):
        return next((each for each in SURFACES[:2] if place.path.endswith(each)), "")
    return "/openai/v1" if options.get("azure_api_version", "v1") in UNDATED else "/models"


def inferred(path: str) -> Path:
    """Where OpenAI's dialect is spoken: a dated version is one of the Model Inference API
    (https://learn.microsoft.com/rest/api/aifoundry/modelinference)."""

    def where(context: Context) -> str:
        options = context.options
        if options.get("azure_foundry_url", "").endswith(SURFACES[2:]):
            raise BadRequest(
                "azure_foundry_url is the address of Claude, whose deployments are known by claude in their"
                " name; name one as model, or leave /anthropic out of the address",
                param="model",
            )
        return versioned(surface(options) + path, options.get("azure_api_version", ""))

    return where


FOUNDRY: Mapping[Endpoint, Codec] = {**CODECS, CHAT: replace(azure.CHAT, request=plain)}
"""Some of its models have thoughts of their own, which they may want back."""
OPENAI_LIKE = {each: Route(inferred(each.path), FOUNDRY.get(each, IDENTITY)) for each in DEPLOYED}
CLAUDE = Route("/anthropic/v1/messages", replace(anthropic.CHAT, request=anthropic.untiered))


def speaking(model: str) -> Route:
    """Claude is spoken to in Anthropic's dialect; a deployment of it has to be named so."""
    return CLAUDE if "claude" in model.lower() else OPENAI_LIKE[CHAT]


AZURE_AI = provide(
    Provider(
        name="azure-ai",
        base_url="{azure_foundry_url}",
        base=root,
        routes=OPENAI_LIKE,
        by_model={CHAT: speaking},
        models={CHAT: ("gpt-5", "claude-sonnet-4-5")},
        auth=foundry,
        access=entra,
        ambient=azure_ambient,
        token="azure_ad_token",
        headers={"anthropic-version": "2023-06-01"},
        option_headers={
            "azure_extra_parameters": "extra-parameters",
            "azure_deployment_name": "azureml-model-deployment",
            "anthropic_version": "anthropic-version",
            "anthropic_beta": "anthropic-beta",
        },
        accepts=frozenset({"anthropic-version", "anthropic-beta"}),
        assumes={"azure_extra_parameters": "pass-through"},
        requires={"azure_foundry_url": "AZURE_INFERENCE_ENDPOINT"},
        locating=frozenset({"azure_foundry_url"}),
        needs_key=False,
        env_key="AZURE_INFERENCE_CREDENTIAL",
        prices="azure",
        doc="https://learn.microsoft.com/azure/foundry/foundry-models/concepts/endpoints",
    )
)
"""Of what a body holds beyond the Model Inference API, the model itself judges (`pass-through`): Azure's own
default refuses all of it, `drop` would lose it in silence."""
