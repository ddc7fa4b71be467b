"""Images by Replicate's models (https://replicate.com/docs/topics/predictions/output-files): their addresses,
which hold for an hour, or data URIs."""

from __future__ import annotations

from ...model import Context, Encoded
from ...values import JSON
from ..imagery import Body, asked, listing, named
from .predictions import WAIT, predicting

NAMES = ("background", "moderation", "output_compression", "output_format", "quality", "size", "style")
"""OpenAI's parameters that are inputs of some models, by the same names."""


def imagining(body: Body, context: Context) -> Encoded:
    """The request for an image, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    model = named(body, "Replicate", "black-forest-labs/flux-schnell")
    own, wanted, lost = asked(body, "Replicate", NAMES)
    return Encoded(predicting({**own, **wanted}, model), tuple(lost), WAIT)


def imagined(answer: JSON, context: Context) -> JSON:
    """OpenAI's list of the images. Raises UpstreamError where there is none."""
    output = answer["output"]
    return listing(output if isinstance(output, list) else [output], context)
