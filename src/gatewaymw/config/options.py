"""The table of provider options: what a target may say that only its own provider understands.

The type of an option says what it may be. Those that become part of an address have the strictest:
a `#`, `/`, `@` or dot too many would send a credential to somebody else's host.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    PlainValidator,
    SecretStr,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema

from ..core.values import Secret
from .hosts import trusted_hosts
from .secrets import LONGEST, is_reference


class Shape(BaseModel):
    """What all models have in common: both spellings, no changes, nothing secret in a repr or an error.

    Unknown keys are kept, for whoever reads the model to refuse or to report.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
        json_schema_extra={"additionalProperties": False},
    )

    def __repr_args__(self) -> Any:
        return [
            (name, getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set
        ]


def written(value: Any) -> Any:
    """YAML and TOML read `1` and `true` where a string was meant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) and abs(value) < 10**64 else value


def hidden(value: Any) -> Secret:
    """A secret of one line."""
    secret = hidden_text(value)
    if re.search(r"[\x00-\x1f\x7f]", secret.reveal()):
        raise ValueError("must not hold line ends or other control characters")
    return secret


def hidden_text(value: Any) -> Secret:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("must be a string")
    if not 0 < len(value) <= LONGEST:
        raise ValueError(f"must have 1 to {LONGEST} characters")
    return Secret(value)


def hidden_object(value: Any) -> Secret:
    """An object, or the JSON text of one."""
    return hidden_text(json.dumps(value, default=str) if isinstance(value, dict) else value)


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the text of an option may be. A reference (`env:NAME`, `file:PATH`) is let through: what it leads
    to is held against the same, once it is known."""

    pattern: str
    longest: int

    def __call__(self, value: str) -> str:
        if is_reference(value):
            return hidden_text(value).reveal()
        if fault := self.fault(value):
            raise ValueError(fault)
        return value

    def fault(self, value: str) -> str:
        """What is wrong with a text that is none; empty where nothing is. It does not tell the text."""
        if len(value) > self.longest:
            return f"must have at most {self.longest} characters"
        return "" if re.fullmatch(self.pattern, value) else f"must match the pattern '^{self.pattern}$'"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        return core_schema.no_info_after_validator_function(self, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> Any:
        return {**handler(schema), "pattern": f"^({self.pattern}|(env|file):.+)$"}


def _like(pattern: str, longest: int = 128) -> Any:
    return Grammar(pattern, longest)


WRITTEN = BeforeValidator(written)
STARS = PlainSerializer(lambda secret: "***", when_used="json")

Label: TypeAlias = Annotated[str, WRITTEN, _like("[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", 63)] | None
"""One label of a host name: no dot."""
Token: TypeAlias = Annotated[str, WRITTEN, _like("[A-Za-z0-9_-]+")] | None
Dotted: TypeAlias = Annotated[str, WRITTEN, _like(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")] | None
"""Words with single dots between: one step of a path, or several labels."""
Steps: TypeAlias = (
    Annotated[str, WRITTEN, _like(r"[A-Za-z0-9_-][A-Za-z0-9_:=@-]*([./][A-Za-z0-9_:=@-]+)*", 1024)] | None
)
"""Several steps of a path, none of which is empty, `.` or `..`."""
Ocid: TypeAlias = Annotated[str, WRITTEN, _like(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*", 255)] | None
"""What Oracle calls its things by: `ocid1.tenancy.oc1..aaaa`. It is quoted in a signature."""
Fingerprint: TypeAlias = Annotated[str, WRITTEN, _like("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")] | None
Printable: TypeAlias = Annotated[str, WRITTEN, _like(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", 1024)] | None
"""What a header can carry."""
Url: TypeAlias = str | None
"""Checked against the hosts that may be named."""
Hidden: TypeAlias = (
    Annotated[Secret, PlainValidator(hidden), STARS, WithJsonSchema({"type": "string"})] | None
)
HiddenText: TypeAlias = (
    Annotated[Secret, PlainValidator(hidden_text), STARS, WithJsonSchema({"type": "string"})] | None
)
HiddenObject: TypeAlias = (
    Annotated[Secret, PlainValidator(hidden_object), STARS, WithJsonSchema({"type": ["string", "object"]})]
    | None
)


class Options(Shape):
    """One field an option, by provider. All become strings of `Target.options`, by these names."""

    # OpenAI
    openai_organization: Printable = None
    openai_project: Printable = None
    openai_beta: Printable = None
    # Azure OpenAI
    resource_name: Label = None
    deployment_id: Dotted = None
    api_version: Dotted = None
    azure_model_name: Steps = None
    azure_ad_token: Hidden = None
    azure_auth_mode: Token = None
    azure_entra_client_id: Dotted = None
    azure_entra_client_secret: Hidden = None
    azure_entra_tenant_id: Dotted = None
    azure_entra_scope: Printable = None
    azure_managed_client_id: Dotted = None
    azure_workload_client_id: Dotted = None
    # Azure AI, GitHub
    azure_foundry_url: Url = None
    azure_api_version: Dotted = None
    azure_endpoint_name: Dotted = None
    azure_deployment_name: Dotted = None
    azure_extra_parameters: Printable = None
    # Bedrock, SageMaker
    aws_access_key_id: Hidden = None
    aws_secret_access_key: Hidden = None
    aws_session_token: Hidden = None
    aws_region: Label = None
    aws_auth_type: Token = None
    aws_role_arn: Printable = None
    aws_external_id: Printable = None
    aws_service: Label = None
    aws_s3_bucket: Dotted = None
    aws_s3_object_key: Steps = None
    aws_bedrock_model: Steps = None
    aws_server_side_encryption: Printable = None
    aws_server_side_encryption_kms_key_id: Printable = None
    amzn_sagemaker_custom_attributes: Printable = None
    amzn_sagemaker_target_model: Printable = None
    amzn_sagemaker_target_variant: Printable = None
    amzn_sagemaker_target_container_hostname: Printable = None
    amzn_sagemaker_inference_id: Printable = None
    amzn_sagemaker_enable_explanations: Printable = None
    amzn_sagemaker_inference_component: Printable = None
    amzn_sagemaker_session_id: Printable = None
    amzn_sagemaker_model_name: Printable = None
    # Vertex AI
    vertex_project_id: Token = None
    vertex_region: Label = None
    vertex_service_account_json: HiddenObject = None
    vertex_storage_bucket_name: Dotted = None
    vertex_model_name: Steps = None
    vertex_batch_endpoint: Steps = None
    filename: Steps = None
    # Anthropic, also on Bedrock, Vertex AI and Azure AI
    anthropic_api_key: Hidden = None
    anthropic_beta: Printable = None
    anthropic_version: Printable = None
    # Others
    workers_ai_account_id: Token = None
    huggingface_base_url: Url = None
    cloudflare_account_id: Token = None
    cloudflare_gateway_id: Token = None
    cloudflare_aig_token: Hidden = None
    databricks_host: Url = None
    friendli_team: Printable = None
    portkey_provider: Printable = None
    portkey_config: Printable = None
    fireworks_account_id: Token = None
    predibase_tenant_id: Token = None
    fireworks_file_length: Printable = None
    stability_client_id: Printable = None
    stability_client_user_id: Printable = None
    stability_client_version: Printable = None
    mistral_fim_completion: Printable = None
    # Oracle
    oracle_api_version: Dotted = None
    oracle_region: Label = None
    oracle_compartment_id: Ocid = None
    oracle_serving_mode: Annotated[str, _like("(ON_DEMAND|DEDICATED)")] | None = None
    oracle_tenancy: Ocid = None
    oracle_user: Ocid = None
    oracle_fingerprint: Fingerprint = None
    oracle_private_key: HiddenText = None
    oracle_key_passphrase: Hidden = None
    # IBM, Snowflake, Sber, Yandex
    watsonx_region: Label = None
    watsonx_project_id: Token = None
    watsonx_space_id: Token = None
    watsonx_api_version: Dotted = None
    watsonx_token: Hidden = None
    snowflake_account: Dotted = None
    snowflake_token_type: Annotated[str, _like("(KEYPAIR_JWT|OAUTH|PROGRAMMATIC_ACCESS_TOKEN)")] | None = None
    gigachat_scope: Annotated[str, _like("GIGACHAT_API_(PERS|B2B|CORP)")] | None = None
    gigachat_token: Hidden = None
    yandex_folder_id: Token = None


NAMES = frozenset(Options.model_fields)
GRAMMARS: Mapping[str, Grammar] = {
    name: each
    for name, field in Options.model_fields.items()
    for kind in get_args(field.annotation)
    for each in getattr(kind, "__metadata__", ())
    if isinstance(each, Grammar)
}
"""What the text of each option must be, but for secrets and addresses."""

SECRETS = frozenset(
    name
    for name, field in Options.model_fields.items()
    for kind in get_args(field.annotation)
    if STARS in getattr(kind, "__metadata__", ())
)
"""Options that are credentials, or parts of one."""

VARIABLES: Mapping[str, str] = {
    # https://github.com/openai/openai-python: OpenAI(), AzureOpenAI()
    "openai_organization": "OPENAI_ORG_ID",
    "openai_project": "OPENAI_PROJECT_ID",
    "azure_ad_token": "AZURE_OPENAI_AD_TOKEN",
    # https://learn.microsoft.com/python/api/azure-identity/azure.identity.environmentcredential
    "azure_entra_tenant_id": "AZURE_TENANT_ID",
    "azure_entra_client_id": "AZURE_CLIENT_ID",
    "azure_entra_client_secret": "AZURE_CLIENT_SECRET",
    "azure_managed_client_id": "AZURE_CLIENT_ID",
    "azure_workload_client_id": "AZURE_CLIENT_ID",
    # https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN",
    "aws_region": "AWS_REGION",
    "aws_role_arn": "AWS_ROLE_ARN",
    # https://docs.cloud.google.com/docs/authentication/application-default-credentials
    "vertex_project_id": "GOOGLE_CLOUD_PROJECT",
    "vertex_region": "GOOGLE_CLOUD_LOCATION",
}
"""The official environment variable of an option, where its provider does not say (`Provider.requires`)."""

URLS = {
    # https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/endpoints
    "azure_foundry_url": trusted_hosts(
        [
            "*.services.ai.azure.com",
            "*.models.ai.azure.com",
            "*.inference.ai.azure.com",
            "*.openai.azure.com",
            "*.cognitiveservices.azure.com",
        ]
    ),
    # https://huggingface.co/docs/inference-endpoints
    "huggingface_base_url": trusted_hosts(["*.endpoints.huggingface.cloud", "*.huggingface.co"]),
    # https://docs.databricks.com/aws/en/workspace/workspace-details#workspace-instance-names-urls-and-ids
    "databricks_host": trusted_hosts(
        ["*.cloud.databricks.com", "*.gcp.databricks.com", "*.azuredatabricks.net", "*.databricks.azure.us"]
    ),
}
"""Options that are addresses, and the hosts of the provider's own that any caller may name there."""

PLACES: Mapping[str, re.Pattern[str]] = {
    # https://learn.microsoft.com/azure/ai-foundry/openai/supported-languages: AZURE_OPENAI_ENDPOINT
    "resource_name": re.compile(r"https://([A-Za-z0-9-]+)\.openai\.azure\.com/?"),
    # https://cloud.ibm.com/apidocs/watsonx-ai#endpoint-url: WATSONX_URL
    "watsonx_region": re.compile(r"https://([A-Za-z0-9-]+)\.ml\.cloud\.ibm\.com/?"),
}
"""Options whose official variable holds an address that they are a word of."""


def read(name: str, text: str) -> str:
    """What the text that a reference led to means as an option."""
    found = PLACES[name].fullmatch(text) if name in PLACES else None
    return found[1] if found else text


FREE = frozenset(
    {"openai_beta", "anthropic_beta", "anthropic_version", "azure_extra_parameters", "mistral_fim_completion"}
)
"""All a caller may say of a target that runs on the operator's credential: the rest says where or as whom."""

AMBIENT = {
    "azure_auth_mode": frozenset({"managed", "workload"}),
    "aws_auth_type": frozenset({"assumedRole"}),
}
"""Values by which the machine itself is the credential: the operator's to use, not a caller's."""
