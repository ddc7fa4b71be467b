"""Documents in the order of how well they answer a query, by Oracle.

https://docs.oracle.com/iaas/api/#/EN/generative-ai-inference/20231130/RerankTextResult/RerankText.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import Codec, Context, Encoded
from .. import openai
from ..ranking import Ranks, ranking
from .request import serving

NAMES = {"query": "input", "documents": "documents", "top_n": "topN", "return_documents": "isEcho"}
WORDED = ranking(Ranks(names=NAMES, results="documentRanks", score="relevanceScore"))


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to rank, and the names of what it cannot carry. Raises BadRequest."""
    assert WORDED.request
    made = WORDED.request(body, context)
    return Encoded({**serving(body, context), **made.body}, made.dropped)


RERANK = Codec(request=request, response=WORDED.response, error=openai.error)
