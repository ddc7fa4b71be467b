"""NVIDIA's Triton inference server (https://github.com/triton-inference-server/server).

A `custom_host` is the address of one model (`http://triton:8000/v2/models/ensemble`), as in Portkey's
configs. Without one, the server is the machine's own, and the request names the model.
"""

from __future__ import annotations

from urllib.parse import quote

from ..auth.keys import bearer
from ..dialects import triton
from ..endpoints import COMPLETE
from ..model import Context, Provider, Route
from .registry import provide


def generate(context: Context) -> str:
    model = f"/v2/models/{quote(context.model, safe='')}" if context.home else ""
    return f"{model}/generate_stream" if context.stream else f"{model}/generate"


TRITON = provide(
    Provider(
        name="triton",
        base_url="http://localhost:8000",
        routes={COMPLETE: Route(generate, triton.COMPLETE)},
        auth=bearer,
        needs_key=False,
        doc="https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_generate.html",
    )
)
