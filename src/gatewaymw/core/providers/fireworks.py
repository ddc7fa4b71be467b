"""Fireworks, whose images are another API than its texts.

Texts speak OpenAI's dialect: https://docs.fireworks.ai/api-reference/post-chatcompletions. Images of FLUX are
asked for at the model's own path, those of Stable Diffusion's kin at an older one; without `accept` they come
as a file: https://docs.fireworks.ai/api-reference/generate-a-new-image-from-a-text-prompt. FLUX Kontext's are
jobs, as Black Forest Labs have them:
https://docs.fireworks.ai/api-reference/generate-or-edit-image-using-flux-kontext and
…/get-generated-image-from-flux-kontex
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from ..dialects import black_forest_labs
from ..dialects.diffusion import Host, drawing, shaped
from ..dialects.imagery import sides
from ..dialects.ranking import PLAIN, Ranks, ranking
from ..endpoints import CHAT, COMPLETE, EMBED, IMAGE, MODELS, RERANK
from ..model import Context, Route
from .compatible import compatible

SHAPES = ("1:1", "21:9", "16:9", "3:2", "5:4", "4:5", "2:3", "9:16", "9:21", "4:3", "3:4")
FLOW = Host(model="", sized=shaped(*SHAPES), formats={"b64_json": ""})
OLDER = Host(model="", names={"n": "samples"}, sized=sides, formats={"b64_json": ""})
RANKS = Ranks(names=PLAIN, own=frozenset({"task"}), results="data")
"""https://docs.fireworks.ai/api-reference/rerank-documents"""


def path(form: str) -> Callable[[Context], str]:
    """A model's name (`accounts/fireworks/models/flux-1-dev-fp8`) is several steps of its path."""
    return lambda context: form.format(quote(context.model))


FLOWS = Route(path("/workflows/{}/text_to_image"), drawing(FLOW))
DRAWINGS = Route(path("/image_generation/{}"), drawing(OLDER))
KONTEXT = Route(path("/workflows/{}"), black_forest_labs.polled(path("/workflows/{}/get_result")))


def made_by(model: str) -> Route:
    name = model.lower()
    if "kontext" in name:
        return KONTEXT
    return FLOWS if "flux" in name else DRAWINGS


FIREWORKS = compatible(
    "fireworks-ai",
    "https://api.fireworks.ai/inference/v1",
    *(CHAT, COMPLETE, EMBED, IMAGE, RERANK, MODELS),
    codecs={IMAGE: FLOWS.codec, RERANK: ranking(RANKS)},
    paths={IMAGE: FLOWS.path},
    by_model={IMAGE: made_by},
    models={
        IMAGE: (
            "accounts/fireworks/models/flux-1-schnell-fp8",
            "accounts/fireworks/models/flux-kontext-pro",
            "accounts/fireworks/models/stable-diffusion-xl-1024-v1-0",
        )
    },
    headers={"accept": "application/json"},
    env_key="FIREWORKS_API_KEY",
    prices="fireworks",
    doc="https://docs.fireworks.ai/api-reference/post-chatcompletions",
)
