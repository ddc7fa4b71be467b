"""Asking a codec, and checking that no argument is changed and that it says the same twice."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from conversed import CONTEXT
from refusals import refusing

from gatewaymw.core.errors import GatewayError, UpstreamError
from gatewaymw.core.model import Codec, Context, Encoded

PNG = "data:image/png;base64,iVBORw0KGgo="
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"


def asked(codec: Codec, body: dict[str, Any], context: Context = CONTEXT) -> Encoded:
    before = copy.deepcopy(body)
    assert codec.request
    made = codec.request(body, context)
    assert body == before
    assert codec.request(body, context) == made
    return made


def refused(codec: Codec, **body: Any) -> GatewayError:
    return refusing(asked, codec, body)


def told(codec: Codec, body: Any, context: Context = CONTEXT) -> dict[str, Any]:
    before = copy.deepcopy(body)
    assert codec.response
    made = codec.response(body, context)
    assert body == before
    assert codec.response(body, context) == made
    return made


def failed(codec: Codec, body: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        told(codec, body)
    return caught.value
