"""Which interpreter servers are measured on, and the least that passes a request on."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import httpx
import pytest

from upstream import Script, Upstream, chunked, whole

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "bench"))

from peers import interpreter, ours, places  # noqa: E402


def test_the_quickest_is_taken_where_it_is_clearly_better() -> None:
    assert interpreter.best({sys.executable: 1.0, "/other": 0.9}) == "/other"
    assert interpreter.best({sys.executable: 1.0, "/other": 0.97}) == sys.executable
    assert interpreter.best({"/one": 2.0, "/other": 1.0}) == "/other"


def test_interpreters_are_those_on_the_path_each_once(tmp_path: Path) -> None:
    (tmp_path / "python3").symlink_to(sys.executable)
    (tmp_path / "python3.12").write_text("no program")
    found = interpreter.found(f"{tmp_path}{os.pathsep}{tmp_path}")
    assert found == [sys.executable]
    (tmp_path / "python3.13").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3.13").chmod(0o755)
    assert interpreter.found(str(tmp_path)) == [str(tmp_path / "python3.13"), sys.executable]


def test_one_that_does_not_run_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    (told,) = interpreter.times([str(broken), sys.executable]).items()
    assert told[0] == sys.executable
    assert 0 < told[1] < 10


def test_its_version_is_its_own() -> None:
    assert interpreter.version_of(sys.executable) == platform.python_version()


def test_without_an_environment_of_its_own_it_is_measured_on_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "KEPT", tmp_path)
    assert places.python_of_ours() == sys.executable
    python = tmp_path / "gatewaymw" / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert places.python_of_ours() == str(python)


PATH = "/v1/chat/completions"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # the transport is asyncio's


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("script", "body"),
    [(whole(b'{"a": 1}'), b'{"a": 1}'), (chunked([b"one ", b"two"]), b"one two")],
    ids=["whole", "stream"],
)
async def test_what_only_passes_on_passes_on_all(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, script: Script, body: bytes
) -> None:
    monkeypatch.setattr(ours, "UPSTREAM", upstream.url)
    upstream.script(PATH, script)
    ours.transport.cache_clear()
    app = httpx.ASGITransport(ours.passing)
    try:
        async with httpx.AsyncClient(transport=app, base_url="http://here") as client:
            answer = await client.post(PATH, content=b"{}")
    finally:
        await ours.transport().aclose()
        ours.transport.cache_clear()
    assert (answer.status_code, answer.content) == (200, body)
    (asked,) = upstream.seen
    assert (asked.body, asked.header("authorization")) == (b"{}", "Bearer sk-held-by-the-operator")
