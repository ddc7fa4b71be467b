"""Those who embed texts and rank documents, a row each."""

from __future__ import annotations

from ...dialects import embedding, ranking
from ...endpoints import EMBED, RERANK
from ..compatible import compatible

# fmt: off
# `dimensions` has another name, `user` none: https://docs.voyageai.com/reference/embeddings-api,
# https://docs.voyageai.com/reference/reranker-api
VOYAGE = compatible(
    "voyage", "https://api.voyageai.com/v1", EMBED, RERANK,
    codecs={EMBED: embedding.VOYAGE, RERANK: ranking.ranking(ranking.VOYAGE)},
    env_key="VOYAGE_API_KEY", prices="voyageai", doc="https://docs.voyageai.com/reference/embeddings-api",
)

# `encoding_format` is called `embedding_type`, and may be `binary` too: https://api.jina.ai/redoc
JINA = compatible(
    "jina", "https://api.jina.ai/v1", EMBED, RERANK, without=("user",),
    rename={"encoding_format": "embedding_type"}, codecs={RERANK: ranking.ranking(ranking.COMMON)},
    env_key="JINA_API_KEY", doc="https://api.jina.ai/redoc",
)

# https://www.mixedbread.com/api-reference/endpoints/embeddings, …/endpoints/reranking
MIXEDBREAD = compatible(
    "mixedbread", "https://api.mixedbread.com/v1", EMBED, RERANK, without=("user",),
    codecs={RERANK: ranking.ranking(ranking.MIXEDBREAD)}, paths={RERANK: "/reranking"},
    env_key="MXBAI_API_KEY", doc="https://www.mixedbread.com/api-reference",
)

# https://docs.nomic.ai/reference/api/embed-text-v-1-embedding-text-post
NOMIC = compatible(
    "nomic", "https://api-atlas.nomic.ai/v1", EMBED,
    codecs={EMBED: embedding.NOMIC}, paths={EMBED: "/embedding/text"},
    env_key="NOMIC_API_KEY", doc="https://docs.nomic.ai/reference/api/embed-text-v-1-embedding-text-post",
)
