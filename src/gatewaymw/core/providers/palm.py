"""Google's PaLM, which ended on 2024-08-15 (https://ai.google.dev/palm_docs/deprecation).

Its id is that of its successor here: the Gemini API, with its own models. Portkey's users know it by `palm`.
"""

from __future__ import annotations

from ..dialects.completing import completions
from ..endpoints import CHAT, COMPLETE, EMBED
from ..model import Provider
from .google import EMBEDS, GOOGLE, TALK
from .registry import provide

PALM = provide(
    Provider(
        name="palm",
        base_url=GOOGLE.base_url,
        routes={CHAT: TALK, COMPLETE: completions(TALK), EMBED: EMBEDS},
        models={endpoint: GOOGLE.models[endpoint] for endpoint in (CHAT, EMBED)},
        auth=GOOGLE.auth,
        env_key=GOOGLE.env_key,
        doc="https://ai.google.dev/palm_docs/deprecation",
    )
)
