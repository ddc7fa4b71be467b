"""OpenAI's image generations and chat completions, as predictions of Replicate's models.

https://replicate.com/docs/topics/predictions/create-a-prediction and
https://replicate.com/docs/reference/streaming. What a model takes is the model's own, and stands on its page:
parameters go to it by their names.
"""

from __future__ import annotations

from ...model import Codec
from .. import openai
from ..imagery import EACH
from .chat import chatted, chatting
from .images import imagined, imagining
from .predictions import follow
from .predictions import path as path
from .stream import STREAM

IMAGE = Codec(
    request=imagining, follow=follow, response=imagined, error=openai.error, batch=EACH, linked=True
)
CHAT = Codec(request=chatting, follow=follow, response=chatted, stream=STREAM, error=openai.error)
