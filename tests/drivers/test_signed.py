"""What Oracle's signature covers is what goes over the wire, whichever transport carries it."""

from __future__ import annotations

from base64 import b64decode
from contextlib import closing
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from callers import ask_wsgi, nothing_wsgi
from gatewaymw import Gateway, WSGIGateway
from upstream import Seen, Upstream, whole

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
CONFIG = {
    "provider": "oracle",
    "oracle_compartment_id": "ocid1.compartment.oc1..a",
    "oracle_tenancy": "ocid1.tenancy.oc1..a",
    "oracle_user": "ocid1.user.oc1..b",
    "oracle_fingerprint": "20:3b:97",
    "oracle_private_key": PEM,
}
CHOICE = {"index": 0, "message": {"content": [{"type": "TEXT", "text": "Hi"}]}, "finishReason": "stop"}
ANSWER = {"modelId": "m", "chatResponse": {"apiFormat": "GENERIC", "choices": [CHOICE]}}
BODY = {"model": "meta.llama", "messages": [{"role": "user", "content": "Grüße"}]}
PATH = "/20231130/actions/chat"


def check(seen: Seen) -> None:
    """As Oracle does it: with what arrived. Raises InvalidSignature."""
    scheme, _, rest = (seen.header("authorization") or "").partition(" ")
    parts = {name: value.strip('"') for name, _, value in (part.partition("=") for part in rest.split(","))}
    assert (scheme, parts["keyId"]) == ("Signature", "ocid1.tenancy.oc1..a/ocid1.user.oc1..b/20:3b:97")
    own = {"(request-target)": f"{seen.method.lower()} {seen.target}"}
    said = "\n".join(f"{name}: {own.get(name) or seen.header(name)}" for name in parts["headers"].split())
    public: Any = KEY.public_key()
    public.verify(b64decode(parts["signature"]), said.encode(), PKCS1v15(), SHA256())


@pytest.mark.parametrize("transport", ["wire", "httpx"])
def test_a_signature_holds_at_the_other_end(transport: Any, upstream: Upstream) -> None:
    upstream.script(PATH, whole(ANSWER))
    with closing(
        Gateway({**CONFIG, "custom_host": upstream.url}, auth="public", transport=transport)
    ) as gateway:
        answer = ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=BODY)
    assert answer.status == 200, answer.body
    (seen,) = upstream.seen
    check(seen)
    assert len([name for name, _ in seen.headers if name == "content-length"]) == 1


def test_a_key_shows_in_no_error_and_no_repr(upstream: Upstream) -> None:
    upstream.script(PATH, whole({"code": "NotAuthenticated", "message": "bad signature"}, 401))
    config = {**CONFIG, "oracle_private_key": "no key at all", "custom_host": upstream.url}
    with closing(Gateway(config, auth="public")) as gateway:
        answer = ask_wsgi(WSGIGateway(nothing_wsgi, gateway=gateway), body=BODY)
        assert "no key at all" not in repr(gateway) + answer.body.decode()
    assert (answer.status, answer.error["code"]) == (401, "invalid_credentials")
    assert upstream.seen == []
