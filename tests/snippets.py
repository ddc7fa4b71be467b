"""The code in our documents, taken out so that it can be run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import httpx

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = {"-s", "-N", "-sN", "-i", "-si"}


class Snippet(NamedTuple):
    """A fenced block, and the line it begins on."""

    language: str
    text: str
    line: int


def snippets(document: Path) -> list[Snippet]:
    text = document.read_text(encoding="utf-8")
    return [
        Snippet(found[1], found[2], text.count("\n", 0, found.start()) + 2) for found in FENCE.finditer(text)
    ]


def commands(script: str) -> list[list[str]]:
    """The words of each command of a shell script that has no more to it than commands and comments."""
    lines = script.replace("\\\n", " ")
    return [each for each in (shlex.split(line, comments=True) for line in joined(lines)) if each]


def joined(script: str) -> list[str]:
    """Lines, those with an open quote together with what follows."""
    whole: list[str] = []
    rest = ""
    for line in script.splitlines():
        rest = f"{rest}\n{line}" if rest else line
        if rest.lstrip().startswith("#") or rest.count("'") % 2 == 0:
            whole.append(rest)
            rest = ""
    assert not rest, f"a quote stays open: {rest}"
    return whole


def curl(words: list[str], server: str) -> httpx.Response:
    """Do what a curl command says, at `server` instead of the address it names. Needs no curl."""
    name, *options = words
    assert name == "curl", words
    method, headers, data, urls = "GET", [], None, []
    while options:
        option = options.pop(0)
        if option == "-H":
            key, _, value = options.pop(0).partition(": ")
            assert "\n" not in value, f"curl would send this as two lines: {value}"
            headers.append((key, value))
        elif option == "-d":
            method, data = "POST", options.pop(0)
        elif option not in FLAGS:
            assert not option.startswith("-"), f"curl's option {option} is not known here"
            urls.append(option)
    (url,) = urls
    address = url.replace("http://127.0.0.1:8787", server)
    return httpx.request(method, address, headers=headers, content=data, timeout=30)
