"""Documents in the order of how well they answer a query, as Cohere and Jina have made it common.

A client sends `model`, `query`, `documents` (texts, or objects with `text`), `top_n` and `return_documents`,
and reads `results` of `index`, `relevance_score` and, where it asked for it, `document`
(https://docs.cohere.com/reference/rerank, https://api.jina.ai/redoc#tag/rerank). Providers differ in names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import BadRequest
from ..model import Codec, Context, Encoded
from ..values import JSON
from .fields import array, mapping, text, unheard

OURS = ("model", "query", "documents", "top_n", "return_documents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """How a provider words it."""

    names: Mapping[str, str]
    """Our parameter → the provider's, for those it takes. `return_documents` it need not take: what the
    client sent is given back here."""
    own: frozenset[str] = frozenset()
    """Parameters of its own that pass as they are."""
    objects: bool = False
    """It takes documents that are objects, and so what else they hold."""
    results: str = "results"
    score: str = "relevance_score"
    constant: Mapping[str, Any] | None = None
    """What it wants to be told besides."""


def ranking(ranks: Ranks) -> Codec:
    """The codec of those words."""

    def request(body: Mapping[str, Any], context: Context) -> Encoded:
        text(body.get("query"), "query")
        given = {name: body[name] for name in OURS if body.get(name) is not None}
        given["documents"] = documents(body.get("documents"), ranks)
        out = {ranks.names[name]: value for name, value in given.items() if name in ranks.names}
        out |= {name: body[name] for name in body if name in ranks.own and body[name] is not None}
        lost = unheard(body, {*OURS, *ranks.own})
        lost += [] if ranks.objects else beside(body["documents"])
        return Encoded({**out, **(ranks.constant or {})}, tuple(lost))

    def response(body: JSON, context: Context) -> JSON:
        results = [ranked(row, ranks, context) for row in body[ranks.results]]
        made: JSON = {"object": "list", "model": body.get("model") or context.model, "results": results}
        made["usage"] = usage(body)
        return made if context.strict else {**body, **made}

    return Codec(request=request, response=response)


def documents(value: Any, ranks: Ranks) -> list[Any]:
    """The documents as the provider takes them. Raises BadRequest."""
    given = array(value, "documents")
    if not given:
        raise BadRequest("documents must not be empty", param="documents")
    return [document(each, f"documents[{index}]", ranks) for index, each in enumerate(given)]


def document(value: Any, path: str, ranks: Ranks) -> Any:
    if isinstance(value, str):
        return value
    spec = mapping(value, path)
    return spec if ranks.objects else text(spec.get("text"), f"{path}.text")


def beside(documents: list[Any]) -> list[str]:
    """What documents hold besides their texts."""
    names = dict.fromkeys(name for each in documents if isinstance(each, Mapping) for name in each)
    return [f"documents[].{name}" for name in names if name != "text"]


def ranked(row: JSON, ranks: Ranks, context: Context) -> JSON:
    """One result. The document is the client's own, where it asked for it and the provider gives none."""
    made: JSON = {"index": row["index"], "relevance_score": row[ranks.score]}
    given = row.get("document") or row.get("input")
    if given is None and context.request.get("return_documents") is True:
        given = context.request["documents"][row["index"]]
    if given is not None:
        made["document"] = {"text": given} if isinstance(given, str) else given
    return made


def usage(body: JSON) -> JSON:
    """Tokens, or the searches that Cohere bills (https://docs.cohere.com/docs/how-does-cohere-pricing-work)."""
    told = body.get("usage") or {}
    billed = (body.get("meta") or {}).get("billed_units") or {}
    tokens = body.get("tokens") or (body.get("meta") or {}).get("tokens") or {}
    if "total_tokens" in told:
        return {"prompt_tokens": told["total_tokens"], **told}
    if "search_units" in billed:
        return {"search_units": billed["search_units"]}
    count = tokens.get("input_tokens")
    return {"prompt_tokens": count, "total_tokens": count} if count else {}


PLAIN = {name: name for name in OURS}
COMMON = Ranks(names=PLAIN, objects=True)
"""Jina's words, which most servers took over (https://api.jina.ai/redoc#tag/rerank)."""
COHERE = Ranks(
    names={name: name for name in OURS if name != "return_documents"},
    own=frozenset({"max_tokens_per_doc", "priority"}),
)
"""https://docs.cohere.com/reference/rerank: its second version takes texts and gives none back."""
VOYAGE = Ranks(names={**PLAIN, "top_n": "top_k"}, own=frozenset({"truncation"}), results="data")
"""https://docs.voyageai.com/reference/reranker-api"""
MIXEDBREAD = Ranks(
    names={**PLAIN, "documents": "input", "top_n": "top_k", "return_documents": "return_input"},
    own=frozenset({"rank_fields"}),
    objects=True,
    results="data",
    score="score",
)
"""https://www.mixedbread.com/api-reference/endpoints/reranking"""
AMAZON = Ranks(names={name: name for name in ("query", "documents", "top_n")})
"""InvokeModel's, whose model is in the address: https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-use.html"""
AMAZON_COHERE = Ranks(names=AMAZON.names, own=frozenset({"max_tokens_per_doc"}), constant={"api_version": 2})
"""https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-rerank.html"""
TOGETHER = Ranks(names=PLAIN, own=frozenset({"rank_fields"}), objects=True)
"""https://docs.together.ai/reference/rerank-1"""
