"""Those who answer with jobs, which have to be looked at until they are done: `core/routing/following.py`."""

from __future__ import annotations

import re

from ..auth.keys import bearer, header
from ..dialects import assemblyai, black_forest_labs, luma, replicate
from ..endpoints import CHAT, IMAGE, TRANSCRIBE
from ..model import Provider, Route
from .registry import provide

# A host for all, two for regions, one for each cluster, which only the answers tell:
# https://docs.bfl.ai/integration_guidelines
BLACK_FOREST_LABS = provide(
    Provider(
        name="black-forest-labs",
        base_url="https://api.bfl.ai",
        routes={IMAGE: Route("/v1/{model}", black_forest_labs.IMAGE)},
        models={IMAGE: ("flux-2-pro", "flux-kontext-pro")},
        auth=header("x-key"),
        hosts=re.compile(r"api(?:\.(?:eu|us)[0-9]{0,2})?\.bfl\.ai"),
        env_key="BFL_API_KEY",
        doc="https://docs.bfl.ai/quick_start/generating_images",
    )
)

# https://docs.lumalabs.ai/docs/image-generation; the variable is that of https://github.com/lumalabs/lumaai-python
LUMA = provide(
    Provider(
        name="luma",
        base_url="https://api.lumalabs.ai",
        routes={IMAGE: Route("/dream-machine/v1/generations/image", luma.IMAGE)},
        models={IMAGE: ("photon-1",)},
        auth=bearer,
        env_key="LUMAAI_API_KEY",
        doc="https://docs.lumalabs.ai/docs/image-generation",
    )
)

# The key without a word before it: https://www.assemblyai.com/docs/api-reference/overview
ASSEMBLYAI = provide(
    Provider(
        name="assemblyai",
        base_url="https://api.assemblyai.com",
        routes={TRANSCRIBE: Route("/v2/upload", assemblyai.TRANSCRIPT)},
        models={TRANSCRIBE: ("universal-3-pro",)},
        auth=header("authorization"),
        env_key="ASSEMBLYAI_API_KEY",
        doc="https://www.assemblyai.com/docs/api-reference/transcripts/submit",
    )
)

# Streams are read from hosts beside the API's: https://replicate.com/docs/reference/streaming
REPLICATE = provide(
    Provider(
        name="replicate",
        base_url="https://api.replicate.com/v1",
        routes={CHAT: Route(replicate.path, replicate.CHAT), IMAGE: Route(replicate.path, replicate.IMAGE)},
        models={CHAT: ("meta/meta-llama-3-70b-instruct",), IMAGE: ("black-forest-labs/flux-schnell",)},
        auth=bearer,
        hosts=re.compile(
            r"stream\.replicate\.com|streaming\.api\.replicate\.com"
            r"|stream-[a-z]\.svc\.[a-z]{3}[0-9]\.c\.replicate\.net"
        ),
        env_key="REPLICATE_API_TOKEN",
        doc="https://replicate.com/docs/reference/http",
    )
)
