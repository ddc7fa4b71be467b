"""Oracle Cloud's Generative AI (https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/).

Other realms than the commercial one (`oraclegovcloud.com`, `oraclecloud.eu`, …) are a `custom_host`. Models
are listed by another service, at another host.
"""

from __future__ import annotations

from ..auth.oci import oracle
from ..dialects import oracle as dialect
from ..endpoints import CHAT, EMBED, RERANK
from ..model import Provider, Route
from .registry import provide

ORACLE = provide(
    Provider(
        name="oracle",
        base_url="https://inference.generativeai.{oracle_region}.oci.oraclecloud.com",
        routes={
            CHAT: Route("/{oracle_api_version}/actions/chat", dialect.CHAT),
            EMBED: Route("/{oracle_api_version}/actions/embedText", dialect.EMBED),
            RERANK: Route("/{oracle_api_version}/actions/rerankText", dialect.RERANK),
        },
        models={
            CHAT: ("meta.llama-3.3-70b-instruct", "openai.gpt-oss-120b", "cohere.command-a-03-2025"),
            EMBED: ("cohere.embed-v4.0",),
            RERANK: ("cohere.rerank-v4.0-fast",),
        },
        auth=oracle,
        requires={"oracle_region": "OCI_CLI_REGION", "oracle_compartment_id": "OCI_COMPARTMENT_ID"},
        assumes={"oracle_api_version": "20231130", "oracle_serving_mode": "ON_DEMAND"},
        locating=frozenset({"oracle_region"}),
        needs_key=False,
        env_key="OCI_GENAI_API_KEY",
        doc="https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/ChatResult/Chat",
    )
)
"""A key is not needed where a signing key is among the options: the signature says what is missing."""
