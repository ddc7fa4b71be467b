"""OpenAI's image generation, in the shapes of Nova Canvas, Titan and Stability on Bedrock.

Nova Canvas: https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html; Titan:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-image.html; Stability:
…/model-parameters-stability-diffusion.html and …/model-parameters-diffusion-3-5-large.html. All answer in
base64, whatever `response_format` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from ...errors import UpstreamError
from ...model import Context, Encoded
from ...values import JSON
from ..converse.errors import wordless
from ..fields import pick, table, text, whole
from ..imagery import IDLE as OPENAIS_IDLE
from ..imagery import as_a_whole, moderated, ratio_of, sides, size_of
from .makers import maker_of, picture

Body: TypeAlias = Mapping[str, Any]
Maker: TypeAlias = Callable[[Body, list[str]], JSON]
"""(the client's body, names of what is lost) → the maker's body."""


class Made(NamedTuple):
    """How one maker's models are asked."""

    make: Maker
    known: frozenset[str]
    """The parameters it looks at."""


ALWAYS = frozenset({"model", "prompt"})
IDLE: Mapping[str, tuple[Any, ...]] = {
    **OPENAIS_IDLE,
    **{"output_format": ("png",), "quality": ("auto",), "response_format": ("b64_json",)},
}
"""OpenAI's parameters at values that ask for nothing, or for what all of these models do."""


def request(body: Body, context: Context) -> Encoded:
    """The maker's request, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    made = maker_of(body, context, MAKERS)
    asked = {
        name: value for name, value in body.items() if value is not None and value not in IDLE.get(name, ())
    }
    as_a_whole(body, "Bedrock")
    text(body.get("prompt"), "prompt")
    lost = [name for name in asked if name not in made.known | ALWAYS]
    return Encoded(made.make(asked, lost), tuple(lost))


# ── Amazon's ─────────────────────────────────────────────────────────────

WORDS = table(prompt="text", negative_prompt="negativeText")
SETTINGS = table("seed", cfg_scale="cfgScale")
QUALITIES: Mapping[str, str] = {
    **dict.fromkeys(("standard", "low", "medium"), "standard"),
    **dict.fromkeys(("premium", "hd", "high"), "premium"),
}
OPENAIS = frozenset({"vivid", "natural"})
"""OpenAI's styles, which no other has."""


def amazon(body: Body, lost: list[str]) -> JSON:
    config = pick(body, SETTINGS)
    if "n" in body:
        config["numberOfImages"] = whole(body["n"], "n")
    if size := size_of(body):
        config |= sides(size)
    quality = body.get("quality")
    if isinstance(quality, str) and quality in QUALITIES:
        config["quality"] = QUALITIES[quality]
    elif quality is not None:
        lost.append("quality")
    made: JSON = {"taskType": "TEXT_IMAGE", "textToImageParams": pick(body, WORDS)}
    return {**made, "imageGenerationConfig": config} if config else made


def canvas(body: Body, lost: list[str]) -> JSON:
    made = amazon(body, lost)
    if "style" not in body:
        return made
    style = text(body["style"], "style")
    if style in OPENAIS:
        lost.append("style")
        return made
    return {**made, "textToImageParams": {**made["textToImageParams"], "style": style}}


# ── Stability's ──────────────────────────────────────────────────────────

STABLE = table("prompt", "negative_prompt", "aspect_ratio", "seed", "output_format", "mode", "strength")
RATIOS = frozenset({"16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"})


def stable(body: Body, lost: list[str]) -> JSON:
    """One image a request, whose number of pixels is the model's own: a size tells the ratio of its sides."""
    made = pick(body, STABLE)
    if size := size_of(body):
        ratio = ratio_of(size)
        if ratio in RATIOS and "aspect_ratio" not in made:
            made["aspect_ratio"] = ratio
        else:
            lost.append("size")
    if "image" in body:
        made["image"] = picture(body["image"], "image").data
    return made


DIFFUSION = table("cfg_scale", "seed", "steps", "style_preset", "samples")


def diffusion(body: Body, lost: list[str]) -> JSON:
    """Stable Diffusion XL, which came before."""
    prompts = [{"text": body["prompt"], "weight": 1}]
    if "negative_prompt" in body:
        prompts.append({"text": body["negative_prompt"], "weight": -1})
    made: JSON = {"text_prompts": prompts, **pick(body, DIFFUSION)}
    if size := size_of(body):
        made |= sides(size)
    return made


AMAZON = frozenset({"n", "size", "quality", "negative_prompt", "seed", "cfg_scale"})
MAKERS: Mapping[str, Made] = {
    "amazon.nova-canvas": Made(canvas, AMAZON | {"style"}),
    "amazon.titan-image": Made(amazon, AMAZON),
    "stability.stable-image": Made(stable, frozenset({"size", "image", *STABLE})),
    "stability.sd3": Made(stable, frozenset({"size", "image", *STABLE})),
    "stability.stable-diffusion-xl": Made(diffusion, frozenset({"size", "negative_prompt", *DIFFUSION})),
}


# ── answers ──────────────────────────────────────────────────────────────


def response(body: JSON, context: Context) -> JSON:
    """OpenAI's list of images. Raises UpstreamError where the body holds none: then it says why."""
    if not isinstance(body, dict):
        raise wordless(body, context)
    found = body.get("images")
    if found is None and isinstance(body.get("artifacts"), list):
        found = [each.get("base64") for each in body["artifacts"] if isinstance(each, dict)]
    images = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    if not images:
        raise unmade(body, context)
    made: JSON = {"created": context.created, "data": [{"b64_json": each} for each in images]}
    if context.strict:
        return made
    return {**{name: value for name, value in body.items() if name not in ("images", "artifacts")}, **made}


def unmade(body: JSON, context: Context) -> UpstreamError:
    """Why there is no image: mostly that a filter held it back."""
    reasons = body.get("finish_reasons")
    listed = reasons if isinstance(reasons, list) else ()
    why = body.get("error") or next((each for each in listed if each), None)
    if not isinstance(why, str) or not why:
        return wordless(body, context)
    if "inference error" in why.lower():
        return UpstreamError(f"{context.provider}: {why}", status=502)
    return moderated(f"{context.provider} made no image: {why}")
