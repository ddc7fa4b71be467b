"""Every snippet of the README is run, and does what stands beside it."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from gatewaymw import Gateway
from gatewaymw.cli import parser
from gatewaymw.core.mock import FAULTS
from servers import Serve
from snippets import Snippet, commands, curl, snippets

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SNIPPETS = snippets(README)
ADDRESS = "http://127.0.0.1:8787"
KEYS = {"house": {"provider": "openai", "api_key": "env:OPENAI_API_KEY"}}
HOST = """
import anyio, django.conf, httpx
django.conf.settings.configure(ROOT_URLCONF="nowhere")
{text}
made = globals().get("application") or app
body = {{"model": "mock-echo", "messages": [{{"role": "user", "content": "Hello"}}]}}
async def ask():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(made), base_url="http://host") as client:
        return await client.post("/v1/chat/completions", json=body)
if hasattr(made, "wsgi_app"):
    answer = made.test_client().post("/v1/chat/completions", json=body).get_data(as_text=True)
else:
    answer = anyio.run(ask).text
print("You said: Hello" in answer)
"""


def of(language: str) -> list[object]:
    return [pytest.param(each, id=f"line {each.line}") for each in SNIPPETS if each.language == language]


@pytest.fixture(scope="module")
def server(serve: Serve) -> str:
    command = ("uvicorn", "--app-dir", "examples/fastapi", "app:app", "--port", "0")
    return serve(*command, env={"DEMO_PUBLIC": "1"})


def test_every_snippet_has_a_test() -> None:
    assert {each.language for each in SNIPPETS} == {"bash", "json", "python"}


@pytest.mark.parametrize("snippet", of("python"))
def test_python(snippet: Snippet, server: str) -> None:
    hosted = re.search(r"^(app|application) = ", snippet.text, re.MULTILINE)
    text = HOST.format(text=snippet.text) if hosted else snippet.text.replace(ADDRESS, server)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, cwd=ROOT, env=os.environ, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ("True" if hosted else expected(snippet.text))


def expected(text: str) -> str:
    """What stands as a comment behind, or below, each line that prints."""
    return "\n".join(re.findall(r"print\([^\n]*\)(?:  |\n)# (.*)", text))


@pytest.mark.parametrize("snippet", of("json"))
def test_json(snippet: Snippet) -> None:
    gateway = Gateway(json.loads(snippet.text), virtual_keys=KEYS, auth="public")
    gateway.close()


@pytest.mark.parametrize("snippet", of("bash"))
def test_bash(snippet: Snippet, server: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in commands(snippet.text):
        if words[0] == "curl":
            assert curl(words, server).json()["choices"][0]["message"]["content"] == "You said: Hello"
        elif words[0] == "make":
            assert words[1] in targets
        elif words[1] == "serve":
            assert words[0] == "gatewaymw" and parser().parse_args(words[1:]).config
        else:
            assert words[0] == "gatewaymw"
            command = [sys.executable, "-m", *words]
            subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=50)


def test_the_table_of_the_mock_is_complete() -> None:
    rows = re.findall(r"^\| `(mock-\S+)` \| (.*) \|$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows[2:] == [(fault.example, fault.meaning) for fault in FAULTS]


def test_the_table_of_features_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    made = runpy.run_path(str(ROOT / "docs" / "features.py"))["written"](text)
    assert made == text, "`python docs/features.py` writes it anew"
    assert "| `anthropic` | ✅ | ✅ | ❌ | ❌ | ✅ | ✅ | ❌ |" in text


def test_links_lead_somewhere() -> None:
    for document in (README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document.name}: {link}"
