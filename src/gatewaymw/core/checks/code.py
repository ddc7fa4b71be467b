"""Whether a text holds code in a language: blocks between fences, by the language they name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .findings import empty, found
from .model import Finding, Given, Subject
from .parameters import NOT, SCOPE, text
from .registry import check

FENCE = "```"
MOST = 20
"""Formats in a finding."""
TAG = re.compile(r"([\w+#.-]+)[ \t]*\r?\n")
TAGS = {
    "SQL": "sql",
    "Python": "py python python3",
    "TypeScript": "ts tsx typescript",
    "JavaScript": "js jsx javascript",
    "Java": "java",
    "C#": "cs csharp c#",
    "C++": "cpp c++ cc",
    "C": "c",
    "Ruby": "rb ruby",
    "PHP": "php",
    "Swift": "swift",
    "Kotlin": "kt kotlin",
    "Go": "go golang",
    "Rust": "rs rust",
    "Scala": "scala",
    "R": "r",
    "Perl": "pl perl",
    "Shell": "sh bash zsh shell",
    "HTML": "html",
    "CSS": "css",
    "XML": "xml",
    "JSON": "json",
    "YAML": "yml yaml",
    "Markdown": "md markdown",
    "Dockerfile": "dockerfile docker",
}
FORMATS = {tag: name for name, tags in TAGS.items() for tag in tags.split()}


def language(name: str) -> str:
    """The one name of a language that has several; any other's own, in small letters."""
    return FORMATS.get(name.lower(), name.lower())


def blocks(said: str) -> Iterator[str]:
    """The languages of the blocks of code in a text, in order."""
    start = said.find(FENCE)
    while start >= 0:
        tag = TAG.match(said, start + len(FENCE))
        end = said.find("\n" + FENCE, tag.end()) if tag else start
        if end < 0:
            return
        if tag:
            yield language(tag[1])
            end += 1
        start = said.find(FENCE, end + len(FENCE))


@check(
    "default.containsCode",
    text("format", f"the language: {', '.join(TAGS)}, or the tag of another", required=True),
    NOT,
    SCOPE,
    words="a fenced block names the language; without any block, the verdict is `not`",
)
def contains_code(subject: Subject, given: Given) -> Finding:
    said, inverted = subject.inspected(given["scope"]), given["not"]
    if not said:
        return empty()
    there = list(blocks(said))
    verdict = (language(given["format"]) in there) != inverted
    some = "one" if verdict != inverted else "none"
    words = f"{len(there)} blocks of code, {some} of them in {given['format']}"
    return found(verdict, words, said, searchedFormat=given["format"], foundFormats=there[:MOST])
