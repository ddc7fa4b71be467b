"""Oracle Cloud's request signature: a pure function of a request, an API signing key and the time.

https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm, version 1: RSA-SHA256 over the date,
the target, the host and, of what has a body, its length, type and digest. The key is the PEM text whose
public half its owner uploaded (https://docs.oracle.com/iaas/Content/API/Concepts/apisigningkey.htm).

RSA is `cryptography`'s, which is imported when a request is first signed.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from ..errors import Unauthorized
from ..model import Keys
from ..values import Request
from .keys import bearer, needed
from .sigv4 import host

ALWAYS = ("date", "(request-target)", "host")
"""What is signed of each request, in the order in which Oracle's own SDKs sign it."""
WITH_BODY = ("content-length", "content-type", "x-content-sha256")
BODIED = frozenset({"POST", "PUT", "PATCH"})
MADE_HERE = frozenset({"authorization", "date", "host", "content-length", "x-content-sha256"})
"""Headers that a signature brings, or that the transport writes as they are signed here."""
READ = 64
"""Keys that are kept as they were read: reading one takes longer than signing with it."""
VARIABLES: Mapping[str, str] = {
    "oracle_tenancy": "OCI_CLI_TENANCY",
    "oracle_user": "OCI_CLI_USER",
    "oracle_fingerprint": "OCI_CLI_FINGERPRINT",
    "oracle_private_key": "OCI_CLI_KEY_CONTENT",
}
"""What a signature cannot do without, and the variables that Oracle's command line reads
(https://docs.oracle.com/iaas/Content/API/SDKDocs/clienvironmentvariables.htm)."""
CALLED = f"Oracle is called with {', '.join(VARIABLES)}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An API signing key: whose it is (`tenancy/user/fingerprint`), and its PEM text."""

    id: str
    pem: str = field(repr=False)
    passphrase: str = field(default="", repr=False)


def oracle(request: Request, keys: Keys) -> Request:
    """An auth that signs with the key among the options `oracle_*`, or else sends the API key as a bearer
    token (https://docs.oracle.com/en-us/iaas/Content/generative-ai/api-keys.htm).

    It raises Unauthorized where neither is there, naming what is missing.
    """
    options = keys.options
    if keys.api_key and not any(options.get(name) for name in VARIABLES):
        return bearer(request, keys)
    tenancy, user, fingerprint, pem = (needed(options, name, CALLED, VARIABLES[name]) for name in VARIABLES)
    key = SigningKey(f"{tenancy}/{user}/{fingerprint}", pem, options.get("oracle_key_passphrase", ""))
    return signed(request, key, keys.clock)


def signed(request: Request, by: SigningKey, clock: float) -> Request:
    """The request with its signature. `clock` is seconds since 1970: Oracle takes it for five minutes.

    Raises Unauthorized for a key that is none.
    """
    url = urlsplit(request.url)
    headers = {name.lower(): value for name, value in request.headers.items()}
    headers = {name: value for name, value in headers.items() if name not in MADE_HERE}
    headers["date"] = formatdate(clock, usegmt=True)
    covered: tuple[str, ...] = ALWAYS
    said = {"host": host(url), "(request-target)": f"{request.method.lower()} {target(request.url)}"}
    if request.method.upper() in BODIED:
        headers.setdefault("content-type", "application/json")
        headers["x-content-sha256"] = base64(sha256(request.body).digest())
        said["content-length"] = str(len(request.body))
        covered += WITH_BODY
    text = "\n".join(f"{name}: {({**headers, **said})[name]}" for name in covered)
    headers["authorization"] = (
        f'Signature algorithm="rsa-sha256",headers="{" ".join(covered)}",keyId="{by.id}",'
        f'signature="{base64(signature(by, text.encode()))}",version="1"'
    )
    return replace(request, headers=headers)


def target(url: str) -> str:
    """The path with its query, as it goes over the wire."""
    place = urlsplit(url)
    return f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"


def base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode()


def signature(by: SigningKey, text: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256: the same bytes for the same text. Raises Unauthorized."""
    key, padding, digest = read(by.pem, by.passphrase)
    made: bytes = key.sign(text, padding, digest)
    return made


@lru_cache(READ)
def read(pem: str, passphrase: str, library: str = "cryptography") -> tuple[Any, Any, Any]:
    """The private key in a PEM text, and the library's words for how it signs.

    Raises Unauthorized, without a word of what the text holds.
    """
    rsa, padding, hashes, load, unknown = parts(library)
    try:
        secret = passphrase.encode(errors="surrogatepass") or None
        key = load(pem.strip().encode(errors="surrogatepass"), secret)
    except (ValueError, TypeError, unknown):  # no key, or one whose passphrase is another, or that has none
        key = None
    if isinstance(key, rsa.RSAPrivateKey):
        return key, padding.PKCS1v15(), hashes.SHA256()
    raise Unauthorized(
        "oracle_private_key is no RSA private key in PEM, or oracle_key_passphrase is not its passphrase (a"
        " key without one needs none)",
        code="invalid_credentials",
        param="oracle_private_key",
    )


def parts(library: str) -> tuple[Any, Any, Any, Any, type[Exception]]:
    """What signing takes of the library. Raises Unauthorized where that is not installed."""
    try:
        rsa = import_module(f"{library}.hazmat.primitives.asymmetric.rsa")
        padding = import_module(f"{library}.hazmat.primitives.asymmetric.padding")
        hashes = import_module(f"{library}.hazmat.primitives.hashes")
        load = import_module(f"{library}.hazmat.primitives.serialization").load_pem_private_key
        unknown = import_module(f"{library}.exceptions").UnsupportedAlgorithm
        return rsa, padding, hashes, load, unknown
    except ImportError:
        raise Unauthorized(
            "the library that signs for Oracle is not installed: pip install 'gatewaymw[oracle]'",
            code="missing_credentials",
        ) from None
