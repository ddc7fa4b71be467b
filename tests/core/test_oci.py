"""Oracle's signature: the same as its own SDK makes, and who may sign with what."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core.auth.oci import SigningKey, oracle, read, signed
from gatewaymw.core.errors import Unauthorized
from gatewaymw.core.model import Keys
from gatewaymw.core.values import Request

PEM = """\
-----BEGIN PRIVATE KEY-----
MIIEuwIBADANBgkqhkiG9w0BAQEFAASCBKUwggShAgEAAoIBAQC+VroFlsQ8mqeW
cuF+TzUYRvOKhWS6LNGrknHXg0zMfo5vFgb3SrLWFc8/VIq17tsEH9jmdg51REDu
EoChMoa4kyjaKZtqW4iaCN2+U6VlwRPHe99oO/goMV4CocyvEs1JVsZJX4JRsjxN
9LGs1QzvFfaVxKGg5EIsPU8dSkCFmmTP4sVrA9zSlP86ft7eWR09IaCayRCF+5pq
vDVS+uf3MCzGboIvdmFJrDV75Ohy3RoNVBeO2aopEFnx0oiOs4Fbt9Um/GdXTSXo
A5lOJ227bG8z/bATG4YA2A2WQ6fiper6qVQ40mwfh+D/goz3Ni0gB+Gs+s8wKHqW
DHQ7ReLJAgMBAAECggEAKv13KA6Atah/rCM365mzxg82cCXHVaaMV9pshI73IGQA
QzZgLegNAv4rkGQFrWhsxt5zlL/67YEUQkFjFKWPGK7CRh4qKGhSrunMPbHyVEx6
7W48zDPpTZiy4VjOnIdcXxFumUFtc4rUhI39OGppcLHO/05JbEfJ62iQjy7HanVL
QEZTTHm0wyCEeBKiz27smw1smD6xaXs0e2sfy7NDKpvrchaHObz648Pi7goUtmj1
lyKnURO3RBPgYU1B6A2gvJswDFEf7odsphcFQ2/NgYahK39/vD5eVfXm8qHS1C+M
862byO5osGSLrk9J6WH3xpcYkxPydCbyqLR8qRyAlQKBgQD/mjrqYhN4M0s+jB+u
PugnMdgcX+Zl1OgcOQqlsKd0j3kwRkn53pfiuskhAgT2aDSDH/NLDfjFYUhXPL6y
c5pp7Dq1Kq5q1gfk389lyR3loZ7smc7S4lYVRf4gaA20vZZa/eshYUi3V3pMRyrb
sXacbVPvi5mUulf5ZWGZcLzFNQKBgQC+ooLmY1NBAJ4eZAdlRD8qLeSuhok1Ftpu
CNDZBdEe2FcrKVQH/B8nEIOyTvmlM5rjSkxTvUrjAuIjpFaTwzBJjkQUg8m/PGa8
3a6aO8NNpdS+neyn75/wl6KditPgcL+ooNM4jYWjzTCY19HCPE2cu/DDlUZ7Srjh
CwyJigK9xQKBgQDL//pZquFDJB0/1HJMjaSX8646J0gpqh1+uQAIcc+UthXRM6hD
JycuLEnucEApsc2Hge6ZzpLoZdZo2fCRWLa7J3FLur7uQdiXERHkePnFlpLS34c0
xLRT0kMa9jFKOa5Q/Su2voBc5BKV4o8QPLkf7Bn7q/1tuLQSNpoI7vOaqQKBgG5l
Lei9HDlIYki3JJFANFP4v7VRs6NK2LNf55HGDJQQNGqKRF9bYa79oUZg9bD1cXyu
SgU0WWmdAdgiEwD+x7fQ6xv2NZ7JG7XDqpkmgrM0lT7NtX6LBdQN+92/x3Lx2AuP
FsJpMjrpWHsqgA47XbamH4cjqu07GFU6UMhVY8EBAn9ddyBTewCBW06SLRRBsoKB
u3Y76nA3ZJUJJ717o1JaYg+YZZebOHCL6Pkjiea1FtaTzXFIf8XmC3jANTKFqPV0
XgsTCD3DjKGJ6K42Uh/N4C67oVZxOvm470uN0wtYCLoiSE40waoX60IBglMTEtjr
F23040l4N7QJEuN2Owoy
-----END PRIVATE KEY-----
"""
"""Made for these tests, and good for nothing else."""
ID = "ocid1.tenancy.oc1..a/ocid1.user.oc1..b/20:3b:97:13"
KEY = SigningKey(ID, PEM)
OPTIONS = {
    "oracle_tenancy": "ocid1.tenancy.oc1..a",
    "oracle_user": "ocid1.user.oc1..b",
    "oracle_fingerprint": "20:3b:97:13",
    "oracle_private_key": PEM,
}
HOST = "https://inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com"
MODELS = "https://generativeai.eu-frankfurt-1.oci.oraclecloud.com/20231130/models"
CHAT = Request("POST", f"{HOST}/20231130/actions/chat", {"content-type": "application/json"}, b"{}")
CLOCK = 1_700_000_000.0

# ── as Oracle's own SDK does it ──────────────────────────────────────────


@pytest.mark.parametrize(
    ("request_", "proof"),
    [
        (
            Request(
                "POST",
                f"{HOST}/20231130/actions/chat",
                {"content-type": "application/json"},
                b'{"compartmentId":"c"}',
            ),
            "njcn9X1y0z+vE3dd1KfwIHOCLgQz00Fms61wBq4hyMltvLkSvOUdufkljXeKU8zGqeg1Oykngqow+74/TvzA85r8"
            "vgcys0iBExKuSgKVFBXl5/jmn7f5cbr4Kt+wp6ugjJkdbUZKKxKnyh+ahWWFpfGQbPH2PTy2rcQ7HpYN1Sr5EqTo"
            "3RtJI/3+vcRtKHLqZJ/wfy+7O5Yj+BKBmnspqNGOsf0TUwdmAsoZnZBbNQonn/m+yOPG4puKgrI0XcE8D2GQgIzQ"
            "3pUvZOH3y21NFQSts4RGJ2g0h47Evoznl1TKP5cS0n5xXCLXjuguvQ/wgQzvVaIv9pEcr3szBjdCvw==",
        ),
        (
            Request(
                "GET",
                f"{MODELS}?compartmentId=ocid1.compartment.oc1..a&limit=5",
                {},
                b"",
            ),
            "BknmwzRHkuv2951hhHNuh9T5SvPnz1/CikNNx/dDDQYqj95vwjY1rHdwDYt9c4vkG9rgmgOjcj46W74YRx3iDD8A"
            "U9d/ADESg7gFJfaKG/fi5BDFfcqlWZGuplcuR4Ym9yRkuBcsODDsGXxV8M4nhTjnkSTeGshR9VLtfdt0Xy9PYtBR"
            "7Pm+Sgdjt5dUVPedKCQIm44W8S8fWQNb6CrGZCzrXzHS9+QzSUqzcHBPjsAmwD+Pbg6+lM7IQ3vN20G4kYT85Qav"
            "Ujf/+GAdL+/F7dAstcKFPmkheoGTtd5zykUQO3p8InRP2q/N3QuP3GGx/X+VgbMFyLCXKUgdFJytaA==",
        ),
    ],
    ids=["with a body", "without"],
)
def test_a_signature_is_the_one_that_oracles_sdk_makes(request_: Request, proof: str) -> None:
    """`oci.signer.Signer` of the package `oci` 2.189.0, at the same time with the same key."""
    made = signed(request_, KEY, CLOCK)
    assert made.headers["date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert parts_of(made)["signature"] == proof


def parts_of(request: Request) -> dict[str, str]:
    scheme, _, rest = request.headers["authorization"].partition(" ")
    assert scheme == "Signature"
    return {name: value.strip('"') for name, _, value in (part.partition("=") for part in rest.split(","))}


PATHS = st.text("abcXYZ019-_.~/", max_size=20).map(lambda path: f"/{path}")
QUERIES = st.text("abcXYZ019-_.~=&%", max_size=12)
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=12)
PUBLIC: Any = load_pem_private_key(PEM.encode(), None).public_key()


@given(
    st.sampled_from(["GET", "POST", "put", "DELETE", "PATCH"]),
    PATHS,
    QUERIES,
    st.dictionaries(st.sampled_from(["content-type", "Date", "accept", "Authorization", "Host"]), VALUES),
    st.binary(max_size=64),
    st.floats(0, 4_000_000_000),
)
def test_whoever_has_the_public_key_can_check_it(
    method: str, path: str, query: str, headers: dict[str, str], body: bytes, clock: float
) -> None:
    request = Request(method, HOST + path + (f"?{query}" if query else ""), headers, body)
    made = signed(request, KEY, clock)
    assert signed(request, KEY, clock) == made
    assert (made.method, made.url, made.body) == (request.method, request.url, request.body)
    parts = parts_of(made)
    assert (parts["keyId"], parts["algorithm"], parts["version"]) == (ID, "rsa-sha256", "1")
    known = {
        **made.headers,
        "host": HOST.removeprefix("https://"),
        "(request-target)": f"{method.lower()} {path}" + (f"?{query}" if query else ""),
        "content-length": str(len(body)),
    }
    said = "\n".join(f"{name}: {known[name]}" for name in parts["headers"].split())
    PUBLIC.verify(b64decode(parts["signature"]), said.encode(), PKCS1v15(), SHA256())
    if method.upper() in ("POST", "PUT", "PATCH"):
        assert b64decode(made.headers["x-content-sha256"]) == sha256(body).digest()
        assert parts["headers"].endswith("content-length content-type x-content-sha256")


def test_what_has_a_body_and_no_type_is_json() -> None:
    made = signed(Request("POST", HOST, {}, b"{}"), KEY, CLOCK)
    assert made.headers["content-type"] == "application/json"
    assert signed(Request("GET", f"{HOST}?a=b"), KEY, CLOCK).headers.keys() == {"date", "authorization"}


# ── keys ─────────────────────────────────────────────────────────────────


def test_a_key_with_a_passphrase() -> None:
    secret = BestAvailableEncryption(b"open")
    key = load_pem_private_key(PEM.encode(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret).decode()
    by = SigningKey(ID, f"\n{locked}\n", "open")
    assert signed(CHAT, by, CLOCK) == signed(CHAT, KEY, CLOCK)


def elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("pem", "passphrase"),
    [
        ("-----BEGIN PRIVATE KEY-----\nsecret", ""),
        ("secret", ""),
        ("\ud800secret", ""),
        (PEM, "secret"),
        (elliptic(), ""),
    ],
    ids=["cut", "none", "no text", "a passphrase that it has not", "of another kind"],
)
def test_what_is_no_key_is_refused_without_showing_it(pem: str, passphrase: str) -> None:
    with pytest.raises(Unauthorized, match="oracle_private_key is no RSA private key") as caught:
        signed(CHAT, SigningKey(ID, pem, passphrase), CLOCK)
    assert "secret" not in caught.value.message
    assert (caught.value.code, caught.value.param) == ("invalid_credentials", "oracle_private_key")


def test_a_machine_without_the_library_is_told_what_to_install() -> None:
    with pytest.raises(Unauthorized, match=r"pip install 'gatewaymw\[oracle\]'"):
        read(PEM, "", "no_such_library")


def test_a_key_shows_nothing_of_itself() -> None:
    assert repr(SigningKey(ID, PEM, "open")) == f"SigningKey(id={ID!r})"


# ── who signs with what ──────────────────────────────────────────────────


def test_a_signing_key_goes_before_an_api_key() -> None:
    made = oracle(CHAT, Keys("sk-dummy", OPTIONS, CLOCK))
    assert made == signed(CHAT, KEY, CLOCK)
    assert oracle(CHAT, Keys("", {**OPTIONS, "oracle_key_passphrase": ""}, CLOCK)) == made


def test_an_api_key_alone_is_a_bearer_token() -> None:
    made = oracle(CHAT, Keys("sk-1", {"oracle_region": "eu-frankfurt-1"}, CLOCK))
    assert made.headers["authorization"] == "Bearer sk-1"


@pytest.mark.parametrize("name", OPTIONS)
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(Unauthorized, match=f"no {name}: .*x-gateway-{name.replace('_', '-')}") as caught:
        oracle(CHAT, Keys("sk-1", {**OPTIONS, name: ""}, CLOCK))
    assert (caught.value.code, caught.value.param) == ("missing_credentials", name)


def test_without_anything_all_is_missing() -> None:
    with pytest.raises(Unauthorized, match="no oracle_tenancy"):
        oracle(CHAT, Keys())
