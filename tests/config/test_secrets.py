"""Following a credential to where it is: the environment, a file, a function."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gatewaymw.config import resolve
from gatewaymw.core.errors import Unauthorized
from gatewaymw.core.values import Secret

ENVIRON = {"KEY": "sk-env", "PADDED": " sk-env\n", "EMPTY": ""}


async def fetched() -> Any:
    return Secret("sk-async")


@pytest.mark.parametrize(
    ("source", "secret"),
    [
        ("env:KEY", "sk-env"),
        ("env:PADDED", "sk-env"),
        ("sk-literal", "sk-literal"),
        (Secret("sk-1"), "sk-1"),
        (SecretStr("sk-1"), "sk-1"),
        (lambda: "sk-called", "sk-called"),
        (lambda: SecretStr("sk-called"), "sk-called"),
        (None, ""),
    ],
    ids=range(8),
)
def test_a_source_is_followed(source: Any, secret: str) -> None:
    assert resolve(source, ENVIRON) == secret


def test_a_coroutine_function_is_awaited_by_who_asked() -> None:
    found = resolve(fetched)
    assert not isinstance(found, str)

    async def wait() -> str:
        return await found

    assert asyncio.run(wait()) == "sk-async"


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "key"
    for key in ("sk-old", "sk-new"):
        file.write_text(f"{key}\n")
        assert resolve(f"file:{file}") == key


def test_a_variable_that_is_not_set_is_named() -> None:
    for name in ("MISSING", "EMPTY"):
        with pytest.raises(Unauthorized, match=f"the environment variable {name} is not set") as caught:
            resolve(f"env:{name}", ENVIRON)
        assert (caught.value.status, caught.value.code) == (401, "missing_credentials")


def test_a_file_that_cannot_be_used_is_named_without_its_folder(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "long").write_text("x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("empty", "long", "binary", "missing", "."):
        with pytest.raises(Unauthorized) as caught:
            resolve(f"file:{tmp_path / name}")
        assert caught.value.code == "missing_credentials"
        assert (tmp_path / name).name in caught.value.message
        assert str(tmp_path.parent) not in caught.value.message


@pytest.mark.parametrize("given", [None, "", 7, b"sk", ["sk"]])
def test_a_function_that_gives_no_key_is_a_missing_credential(given: Any) -> None:
    with pytest.raises(Unauthorized) as caught:
        resolve(lambda: given)
    assert caught.value.code == "missing_credentials" and "function" in caught.value.message
