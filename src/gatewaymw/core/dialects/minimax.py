"""MiniMax's answers, which may say within a 200 that they are none.

`base_resp` (https://platform.minimax.io/docs/api-reference/text-chat-openai) tells a code, which is 0 where
all is well, and what it means (https://platform.minimax.io/docs/api-reference/errorcode).
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import UpstreamError
from ..model import Codec, Context
from ..values import JSON
from .cousins import checked

STATUS: Mapping[int, int] = {
    **{1001: 504, 1002: 429, 1004: 401, 1008: 402, 1026: 400, 1027: 400, 1039: 400},
    **{1041: 429, 1042: 400, 2013: 400, 2049: 401, 2056: 429},
}
"""What its codes count as: limits, keys, balances, content. The rest are failures of its own."""


def answered(body: JSON, context: Context) -> JSON:
    """An answer as it came. Raises UpstreamError where it says that it is none."""
    told = body.get("base_resp") or {}
    if code := told.get("status_code"):
        message = told.get("status_msg") or f"{context.provider} gave no reason"
        raise UpstreamError(message, status=STATUS.get(code, 502), code=str(code))
    return checked(body, context)


CHAT = Codec(response=answered)
