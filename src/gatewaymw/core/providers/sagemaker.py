"""Amazon SageMaker's endpoints (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html).

A chat's model is the name of an endpoint whose container speaks OpenAI's dialect. Whatever else containers
speak goes through as it is: `/endpoints/NAME/invocations` below the gateway's own path, signed.
"""

from __future__ import annotations

from ..auth.identity import amazon_service, aws_ambient
from ..auth.sigv4 import aws
from ..dialects import sagemaker
from ..endpoints import CHAT
from ..model import Provider, Route
from .registry import provide

HEADERS = (
    *("custom_attributes", "target_model", "target_variant", "target_container_hostname", "inference_id"),
    *("enable_explanations", "inference_component", "session_id", "model_name"),
)

SAGEMAKER = provide(
    Provider(
        name="sagemaker",
        base_url="https://runtime.sagemaker.{aws_region}.amazonaws.com",
        routes={CHAT: Route(sagemaker.invoked, sagemaker.CHAT)},
        auth=aws("sagemaker"),
        access=amazon_service,
        ambient=aws_ambient,
        option_headers={
            f"amzn_sagemaker_{name}": f"x-amzn-sagemaker-{name.replace('_', '-')}" for name in HEADERS
        },
        requires={"aws_region": "AWS_REGION"},
        needs_key=False,
        doc="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html",
    )
)
"""A key is not needed where an access key is among the options: the signature says what is missing."""
