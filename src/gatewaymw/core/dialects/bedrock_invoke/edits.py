"""OpenAI's edits of images, by Stability's models on Bedrock.

https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html (a model for each kind of
edit) and …/model-parameters-diffusion-3-5-large.html (images of images). What a model needs beyond OpenAI's
fields goes by Stability's names: `search_prompt`, `strength`, `left`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ... import json
from ...errors import BadRequest, Unsupported
from ...model import Context, Encoded
from ...values import JSON, NOTHING, Part
from ..fields import text
from ..forms import fields, files, others
from ..imagery import as_a_whole
from ..media import base64, pictured
from .images import IDLE
from .makers import maker_of


class Made(NamedTuple):
    """How one model is asked."""

    known: frozenset[str]
    """Its parameters beside the images."""
    needed: tuple[str, ...] = ()
    """Those of them that it cannot do without, beyond what OpenAI's clients always give."""
    images: tuple[str, ...] = ("image",)
    """What it calls the images, in their order."""
    masked: bool = False
    """Takes a mask."""
    fixed: Mapping[str, str] = NOTHING
    """What else it must be told."""


COMMON = frozenset({"prompt", "negative_prompt", "seed", "output_format"})
STYLED = COMMON | {"style_preset"}
SIDES = ("left", "right", "up", "down")
MODELS: Mapping[str, Made] = {
    "stability.stable-image-inpaint": Made(STYLED | {"grow_mask"}, masked=True),
    "stability.stable-image-erase-object": Made(
        frozenset({"seed", "output_format", "grow_mask"}), masked=True
    ),
    "stability.stable-image-search-replace": Made(
        STYLED | {"search_prompt", "grow_mask"}, needed=("search_prompt",)
    ),
    "stability.stable-image-search-recolor": Made(
        STYLED | {"select_prompt", "grow_mask"}, needed=("select_prompt",)
    ),
    "stability.stable-image-remove-background": Made(frozenset({"output_format"})),
    "stability.stable-outpaint": Made(STYLED | {"creativity", *SIDES}),
    "stability.stable-image-control-sketch": Made(STYLED | {"control_strength"}),
    "stability.stable-image-control-structure": Made(STYLED | {"control_strength"}),
    "stability.stable-image-style-guide": Made(STYLED | {"aspect_ratio", "fidelity"}),
    "stability.stable-style-transfer": Made(
        COMMON | {"style_strength", "composition_fidelity", "change_strength"},
        images=("init_image", "style_image"),
    ),
    "stability.stable-conservative-upscale": Made(COMMON | {"creativity"}),
    "stability.stable-creative-upscale": Made(STYLED | {"creativity"}),
    "stability.stable-fast-upscale": Made(frozenset({"output_format"})),
    "stability.sd3": Made(COMMON | {"strength"}, needed=("strength",), fixed={"mode": "image-to-image"}),
}
WORDS = frozenset(
    {*("prompt", "negative_prompt", "output_format", "style_preset", "search_prompt", "select_prompt")}
    | {"aspect_ratio"}
)
"""The parameters that are text; all others are numbers."""


def editing(parts: tuple[Part, ...], context: Context) -> Encoded:
    """Stability's request, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    form = {name: value for name, value in fields(parts).items() if not idle(name, value)}
    made = maker_of(form, context, MODELS)
    as_a_whole(form, "Bedrock")
    for name in made.needed:
        text(form.get(name), name)
    out: JSON = {name: told(form[name], name) for name in form if name in made.known}
    out |= {**dict(zip(made.images, shown(parts, made), strict=True)), **made.fixed}
    if mask := files(parts, "mask"):
        out["mask"] = masking(mask[0], made)
    lost = [name for name in form if name not in made.known and name != "model"]
    return Encoded(out, (*lost, *others(parts, ("image", "mask"))))


def idle(name: str, value: Any) -> bool:
    """Whether a field says nothing, or what all of these models do anyway."""
    return value == "" or (name, value) == ("n", "1") or value in IDLE.get(name, ())


def told(value: Any, name: str) -> Any:
    """A parameter as JSON has it. Raises BadRequest."""
    if name in WORDS:
        return text(value, name)
    try:
        number = json.loads(value, finite=True)
    except (ValueError, TypeError):
        number = None
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise BadRequest(f"{name} must be a number", param=name)
    return number


def shown(parts: tuple[Part, ...], made: Made) -> list[str]:
    """The images, as many as the model takes. Raises BadRequest."""
    given = files(parts, "image")
    if len(given) != len(made.images) or not all(pictured(part.data) for part in given):
        count = "one image" if len(made.images) == 1 else f"{len(made.images)} images (image[])"
        raise BadRequest(f"image: this model takes {count}, PNG, JPEG or WebP", param="image")
    return [base64(part.data) for part in given]


ALPHA = (b"\x04", b"\x06")
"""The types of PNG that have transparency (https://www.w3.org/TR/png-3/#11IHDR), told by its 26th byte."""


def masking(mask: Part, made: Made) -> str:
    """The mask. OpenAI's are transparent where the image is to change, Stability's are white: what may be
    transparent can only be the former. Raises BadRequest, Unsupported."""
    kind = pictured(mask.data)
    if not made.masked:
        raise Unsupported("mask: this model takes none; leave it out", param="mask")
    if not kind or (kind == "image/png" and mask.data[25:26] in ALPHA):
        raise BadRequest(
            "mask must be an image without transparency, white where the image is to change and black"
            " elsewhere; without a mask, what is transparent in the image itself changes",
            param="mask",
        )
    return base64(mask.data)
