"""Clouds whose keys are sent as they are, a row each."""

from __future__ import annotations

from ...dialects import cortex, yandex
from ...dialects.cousins import LISTED
from ...endpoints import CHAT, EMBED, MODELS
from ..compatible import compatible

# fmt: off

# The API that Snowflake's page has today; Portkey's `inference:complete` is no longer on it. Which kind of
# token comes is found out by Snowflake itself: https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api
CORTEX = compatible(
    "cortex", "https://{snowflake_account}.snowflakecomputing.com/api/v2/cortex", CHAT, EMBED,
    paths={CHAT: "/v1/chat/completions", EMBED: "/inference:embed"},
    codecs={CHAT: cortex.CHAT, EMBED: cortex.EMBED}, base=cortex.base,
    requires={"snowflake_account": "SNOWFLAKE_ACCOUNT"}, locating=frozenset({"snowflake_account"}),
    option_headers={"snowflake_token_type": "x-snowflake-authorization-token-type"},
    env_key="SNOWFLAKE_PAT", doc="https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api",
)

# A key is a bearer, the folder a header and part of a model's address:
# https://yandex.cloud/en/docs/ai-studio/concepts/openai-compatibility
YANDEX = compatible(
    "yandex", "https://ai.api.cloud.yandex.net/v1", CHAT, EMBED, MODELS,
    codecs={CHAT: yandex.CHAT, EMBED: yandex.EMBED, MODELS: LISTED},
    option_headers={"yandex_folder_id": "openai-project"},
    requires={"yandex_folder_id": "YANDEX_CLOUD_FOLDER"}, env_key="YANDEX_CLOUD_API_KEY",
    doc="https://yandex.cloud/en/docs/ai-studio/concepts/openai-compatibility",
)
