"""Amazon Bedrock (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html).

No region is assumed where the target names none: AWS has no default either, and data would go to a place that
nobody chose. Europe's Sovereign Cloud and private endpoints are a `base_url`, to which the region still
belongs, since it is part of the signature.
"""

from __future__ import annotations

from urllib.parse import quote

from ..auth.identity import amazon, aws_ambient
from ..auth.sigv4 import aws
from ..dialects import bedrock_invoke, converse
from ..dialects.completing import completions
from ..endpoints import CHAT, COMPLETE, EMBED, IMAGE, IMAGE_EDIT, RERANK
from ..model import Context, Provider, Route
from .registry import provide


def conversing(context: Context) -> str:
    """The path of a chat. The model may be an id (`anthropic.claude-3-haiku-20240307-v1:0`), an inference
    profile's (`us.amazon.nova-lite-v1:0`) or a whole ARN: it is one step of the path."""
    operation = "converse-stream" if context.stream else "converse"
    return f"/model/{quote(context.model, safe='')}/{operation}"


TALK = Route(conversing, converse.CHAT)
INVOKE = "/model/{model}/invoke"
RANKINGS = (Route(INVOKE, bedrock_invoke.AMAZON_RANKS), Route(INVOKE, bedrock_invoke.COHERE_RANKS))


def ranking(model: str) -> Route:
    """Cohere's models want to be told the version of their dialect, Amazon's do not know it."""
    return RANKINGS["cohere." in model]


BESIDE = frozenset(
    f"x-amzn-bedrock-{name}"
    for name in (
        *("guardrailidentifier", "guardrailversion", "trace", "performanceconfig-latency", "service-tier"),
        *("request-metadata", "projectidentifier"),
    )
)
"""What Converse is told in its body and InvokeModel in headers
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html)."""

BEDROCK = provide(
    Provider(
        name="bedrock",
        base_url="https://bedrock-runtime.{aws_region}.amazonaws.com",
        routes={
            CHAT: TALK,
            COMPLETE: completions(TALK),
            EMBED: Route(INVOKE, bedrock_invoke.EMBED),
            IMAGE: Route(INVOKE, bedrock_invoke.IMAGE),
            IMAGE_EDIT: Route(INVOKE, bedrock_invoke.EDIT),
            RERANK: RANKINGS[1],
        },
        by_model={RERANK: ranking},
        models={
            CHAT: (
                *("anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-2-lite-v1:0"),
                *("openai.gpt-oss-120b-1:0", "meta.llama3-3-70b-instruct-v1:0"),
                *("mistral.mistral-large-2407-v1:0", "cohere.command-r-plus-v1:0"),
            ),
            EMBED: ("amazon.titan-embed-text-v2:0", "cohere.embed-v4:0"),
            IMAGE: ("amazon.nova-canvas-v1:0", "stability.stable-image-core-v1:1"),
            RERANK: ("amazon.rerank-v1:0", "cohere.rerank-v3-5:0"),
            IMAGE_EDIT: ("stability.stable-image-inpaint-v1:0",),
        },
        auth=aws("bedrock"),
        access=amazon,
        ambient=aws_ambient,
        accepts=BESIDE,
        requires={"aws_region": "AWS_REGION"},
        needs_key=False,
        env_key="AWS_BEARER_TOKEN_BEDROCK",
        prices="aws",
        doc="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html",
    )
)
"""A key is not needed where an access key is among the options: the signature says what is missing."""
