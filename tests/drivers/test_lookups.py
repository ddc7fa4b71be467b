"""What checks have looked up: addresses of names, and who signed a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gatewaymw.core import json
from gatewaymw.core.checks.tokens import ALGORITHMS
from gatewaymw.drivers.lookups import resolve, resolve_sync, verify, verify_async

RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
EC, ED = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()


def public(algorithm: str, key: Any, kid: str, **more: Any) -> Any:
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    return {**made, "kid": kid, **more}


KEYS = json.dumps(
    {
        "keys": [
            public("RS256", RSA, "rsa", alg="RS256"),
            public("RS256", RSA, "any"),
            public("ES256", EC, "ec", alg="ES256"),
            public("EdDSA", ED, "ed"),
            {"kty": "oct", "k": "c2VjcmV0", "kid": "oct", "alg": "HS256"},
            {"kty": "odd", "kid": "odd"},
            {"kty": "RSA", "kid": "numbers", "n": 5, "e": [], "alg": ["RS256"]},
            {"kty": "RSA", "kid": "short", "n": "", "e": "A", "alg": "RS256"},
            {"kty": "RSA"},
        ]
    }
)


def token(key: Any = RSA, algorithm: str = "RS256", kid: Any = "rsa", **claims: Any) -> str:
    return jwt.encode({"sub": "me", **claims}, key, algorithm, {"kid": kid} if kid else None)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [
        (RSA, "RS256", "rsa"),
        (RSA, "RS256", "any"),
        (RSA, "PS384", "any"),
        (EC, "ES256", "ec"),
        (ED, "EdDSA", "ed"),
    ],
)
@pytest.mark.anyio
async def test_a_token_that_a_key_signed_has_claims(key: Any, algorithm: str, kid: str) -> None:
    made = token(key, algorithm, kid, exp=1, nbf=10**11, iat=10**11, aud=["x"])
    expected = {"claims": {"sub": "me", "exp": 1, "nbf": 10**11, "iat": 10**11, "aud": ["x"]}}
    assert verify(made, KEYS, ALGORITHMS) == expected
    assert await verify_async(made, KEYS, ALGORITHMS) == expected


def forged() -> str:
    """Signed with the public key as if it were a secret."""
    head, body, _ = token(kid="any").split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "any"})).rstrip(b"=").decode()
    signature = hmac.digest(KEYS, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


@pytest.mark.parametrize(
    "made",
    [
        token(OTHER),
        token(RSA, "RS512", "rsa"),
        token("secret" * 9, "HS256", "oct"),
        token("", "none", "any"),
        token(kid=None),
        token(kid="odd"),
        token(kid="numbers"),
        token(kid="short"),
        token()[:-4] + "AAAA",
        forged(),
        "no token",
        "a.b.c",
        "",
        "é.é.é",
    ],
    ids=[
        *"other algorithm secret none unnamed odd numbers short changed forged".split(),
        *"words dots no é".split(),
    ],
)
def test_g7_a_token_that_no_key_signed_has_none(made: str) -> None:
    assert verify(made, KEYS, ALGORITHMS).keys() == {"error"}


def test_which_algorithms_count_is_for_the_config_to_say() -> None:
    assert verify(token(), KEYS, ("ES256",)).keys() == {"error"}
    assert verify(token(kid="new"), KEYS, ALGORITHMS) == {}


@pytest.mark.parametrize(
    "keys", [b"", b"<html>", b"[]", b'{"keys": 5}', b'{"keys": [5]}', b'{"keys": null}', b"\xff"]
)
def test_a_key_set_that_is_none_is_said_to_be_none(keys: bytes) -> None:
    assert verify(token(), keys, ALGORITHMS).keys() == {"unable"}


@pytest.mark.parametrize("name", ["localhost", "no-such-name.invalid", "a..b", "x" * 300, "\udcff"])
@pytest.mark.anyio
async def test_names_have_addresses_or_none(name: str) -> None:
    here = resolve_sync(name)
    assert bool(here) is (name == "localhost") and set(here) <= {"127.0.0.1", "::1"}
    assert set(await resolve(name)) == set(here)
