"""Amazon Bedrock's Converse, spoken as OpenAI chat completions.

Formats: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and OpenAI's
https://platform.openai.com/docs/api-reference/chat.
"""

from __future__ import annotations

from ...model import Codec
from ..links import chatted
from .errors import error
from .request import request
from .response import response
from .stream import STREAM

CHAT = Codec(request=request, response=response, stream=STREAM, error=error, links=chatted)

__all__ = ["CHAT", "STREAM", "error", "request", "response"]
