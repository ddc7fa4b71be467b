"""Every transport before uvicorn, by both of its parsers. Before nginx: `test_conformance_nginx.py`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carriers import EACH, Carrying
from servers import serving

BIG = b"x" * 2_000_000
APP = '''
async def app(scope, receive, send):
    """Says back how much it was sent: whole at /length, in pieces elsewhere."""
    if scope["type"] == "lifespan":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    said = b"%d" % size
    whole = [(b"content-length", b"%d" % len(said))] if scope["path"] == "/length" else []
    await send({"type": "http.response.start", "status": 200, "headers": whole})
    for sign in said if not whole else ():
        await send({"type": "http.response.body", "body": bytes([sign]), "more_body": True})
    await send({"type": "http.response.body", "body": said if whole else b""})
'''


@pytest.fixture(scope="module", params=["httptools", "h11"])
def uvicorn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "echo.py").write_text(APP)
    command = ("uvicorn", "--app-dir", str(folder), "echo:app", "--port", "0", "--http", request.param)
    with serving(command) as url:
        yield url


@EACH
def test_uvicorn(way: str, uvicorn: str, carrying: Carrying) -> None:
    with carrying(way) as carrier:
        for path in ("/length", "/pieces"):
            for body, said in ((b"", b"0"), (b"{}", b"2"), (BIG, b"2000000")):
                assert carrier.ask(uvicorn + path, body=body) == (200, said)
