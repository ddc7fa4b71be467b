"""Where a credential is kept: in the environment, in a file, behind a function; fetched when it is needed."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import NoReturn

from pydantic import SecretStr

from ..core.errors import ConfigError, Unauthorized
from ..core.values import Secret

LONGEST = 64 * 1024
"""Bytes of a credential, whichever way it comes: the longest are private keys and service accounts."""


def is_reference(text: str) -> bool:
    """Whether the text says where a secret is, instead of being one."""
    return text.startswith(("env:", "file:"))


def check_reference(text: str, path: str) -> str:
    """The reference, if it can be one: whether it leads anywhere is seen when it is followed."""
    kind, _, name = text.partition(":")
    if kind == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ConfigError("env: is followed by the name of an environment variable", path=path)
    if kind == "file" and (not name.strip() or "\0" in name):
        raise ConfigError("file: is followed by the path of a file", path=path)
    return text


def resolve(source: object, environ: Mapping[str, str] = os.environ) -> str | Awaitable[str]:
    """The secret that `source` stands for: `env:NAME`, `file:PATH`, a function or the secret itself.

    A function may be a coroutine function; then the secret is to be awaited. None has no secret: the
    empty string. Files and variables are read anew each time, so a rotated key is picked up.
    Raises Unauthorized with code `missing_credentials`, naming the variable or file.
    """
    if isinstance(source, str):
        return look_up(source, environ)
    if source is None:
        return ""
    if isinstance(source, Secret | SecretStr):
        return shown(source)
    found = source() if callable(source) else source
    if inspect.isawaitable(found):
        return _awaited(found)
    return _given(found)


def look_up(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Follow a reference; any other text is the secret itself. Raises Unauthorized."""
    if text.startswith("env:"):
        name = text[4:]
        return environ.get(name, "").strip() or _missing(f"the environment variable {name} is not set")
    if text.startswith("file:"):
        return _read(Path(text[5:]))
    return text


def shown(secret: Secret | SecretStr) -> str:
    """What is in either kind of secret."""
    return secret.reveal() if isinstance(secret, Secret) else secret.get_secret_value()


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            text = opened.read(LONGEST + 1).decode().strip()
    except (OSError, ValueError):
        text = ""
    if not text or len(text) > LONGEST:
        # The folder is nobody's business but the operator's.
        _missing(f"the file {file.name} of the API key cannot be read, is empty or too long")
    return text


async def _awaited(found: Awaitable[object]) -> str:
    return _given(await found)


def _given(found: object) -> str:
    if isinstance(found, Secret | SecretStr):
        found = shown(found)
    if not isinstance(found, str) or not found:
        _missing("the function that should give the API key gave none")
    return found


def _missing(message: str) -> NoReturn:
    raise Unauthorized(f"{message}; this target cannot be called", code="missing_credentials")
