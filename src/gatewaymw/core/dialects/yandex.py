"""Yandex AI Studio: OpenAI's dialect, in which a model is called by an address with its folder in it.

https://yandex.cloud/en/docs/ai-studio/concepts/openai-compatibility: `gpt://FOLDER/yandexgpt/latest`,
`emb://FOLDER/text-search-doc/latest`. A client may give the whole address, or what comes after the folder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..model import Codec, Context, Encoded
from .history import PLAIN, mannered


def placed(scheme: str) -> Callable[[Mapping[str, Any], Context], Encoded]:
    """The request transform of models of one scheme."""

    def request(body: Mapping[str, Any], context: Context) -> Encoded:
        mild, model = mannered(body, PLAIN), body.get("model")
        if not isinstance(model, str) or "://" in model:
            return mild
        whole = f"{scheme}://{context.options['yandex_folder_id']}/{model}"
        return Encoded({**mild.body, "model": whole}, mild.dropped)

    return request


CHAT = Codec(request=placed("gpt"))
EMBED = Codec(request=placed("emb"))
