"""Anthropic Messages, spoken as OpenAI chat completions.

Formats: https://platform.claude.com/docs/en/api/messages and OpenAI's
https://platform.openai.com/docs/api-reference/chat. Carriers other than Anthropic's own host
(Bedrock, Vertex) take `CHAT` and `replace` what they do otherwise.
"""

from __future__ import annotations

from ...model import Codec
from .errors import error
from .request import request, untiered
from .response import response
from .stream import STREAM

CHAT = Codec(request=request, response=response, stream=STREAM, error=error)

__all__ = ["CHAT", "STREAM", "error", "request", "response", "untiered"]
