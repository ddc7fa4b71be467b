"""IBM watsonx.ai on IBM Cloud (https://cloud.ibm.com/apidocs/watsonx-ai).

Watsonx at other hosts (on AWS, of Cloud Pak for Data) is a `custom_host`; where that does not take tokens of
IBM Cloud, `watsonx_token` brings one of its own.
"""

from __future__ import annotations

from ..auth.identity import ibm
from ..auth.keys import bearer
from ..dialects import watsonx
from ..endpoints import CHAT, EMBED, MODELS, RERANK
from ..model import Provider, Route
from .registry import provide

WATSONX = provide(
    Provider(
        name="watsonx",
        base_url="https://{watsonx_region}.ml.cloud.ibm.com",
        routes={
            CHAT: Route(watsonx.chat, watsonx.CHAT),
            EMBED: Route(watsonx.embed, watsonx.EMBED),
            RERANK: Route(watsonx.ranks, watsonx.RERANK),
            MODELS: Route(watsonx.catalogue, watsonx.MODELS),
        },
        models={
            CHAT: ("ibm/granite-4-h-small",),
            EMBED: ("ibm/granite-embedding-278m-multilingual",),
            RERANK: ("cross-encoder/ms-marco-minilm-l-12-v2",),
        },
        auth=bearer,
        access=ibm,
        token="watsonx_token",
        requires={"watsonx_region": "WATSONX_URL"},
        assumes={"watsonx_api_version": "2025-02-06"},
        locating=frozenset({"watsonx_region"}),
        needs_key=False,
        env_key="WATSONX_APIKEY",
        doc="https://cloud.ibm.com/apidocs/watsonx-ai#text-chat",
    )
)
"""A key is not needed where a token is among the options: the access says what is missing."""
