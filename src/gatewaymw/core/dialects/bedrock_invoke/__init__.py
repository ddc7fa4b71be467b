"""Bedrock's InvokeModel, which takes each maker's own shapes: embeddings and images, spoken as OpenAI's.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html. Which shape it is
follows from the model's id; `aws_bedrock_model` names the model behind an ARN that does not tell.
"""

from __future__ import annotations

from dataclasses import replace

from ...model import Batch, Codec
from .. import links, ranking
from ..converse.errors import error
from ..vectors import joined
from . import edits, embeddings, images

EMBED = Codec(
    request=embeddings.request,
    response=embeddings.response,
    error=error,
    links=links.embedded,
    batch=Batch(embeddings.cut, joined),
)
IMAGE = Codec(request=images.request, response=images.response, error=error, links=links.painted)
EDIT = Codec(form=edits.editing, response=images.response, error=error)

AMAZON_RANKS = replace(ranking.ranking(ranking.AMAZON), error=error)
COHERE_RANKS = replace(ranking.ranking(ranking.AMAZON_COHERE), error=error)

__all__ = ["AMAZON_RANKS", "COHERE_RANKS", "EDIT", "EMBED", "IMAGE"]
