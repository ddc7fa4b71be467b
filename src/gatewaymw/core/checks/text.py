"""Checks that count and compare characters, words and sentences."""

from __future__ import annotations

import re
from typing import Any

from .findings import empty, found
from .model import Finding, Given, Subject
from .parameters import NOT, OPERATOR, SCOPE, listed, number, text, whole
from .registry import check

SPACE = "\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
"""JavaScript's white space (https://tc39.es/ecma262/#sec-white-space), which is not quite Python's."""
WORD = re.compile(f"[^{SPACE}]+")
SMALL, CAPITAL = re.compile("[a-z]"), re.compile("[A-Z]")


def bounds(least: str, most: str) -> Any:
    """What is wrong with two bounds, where something is."""

    def agree(given: Given) -> str | None:
        return f"{least} is more than {most}" if given[least] > given[most] else None

    return agree


def counted(subject: Subject, given: Given, what: str, count: int, unit: str) -> Finding:
    """Whether a count is within its bounds."""
    least, most = given[f"min{unit}"], given[f"max{unit}"]
    verdict = (least <= count <= most) != given["not"]
    data = {what: count, f"min{unit}": least, f"max{unit}": most, "not": given["not"]}
    words = f"{count} {unit.lower()}, where {least} to {most} {'may not' if given['not'] else 'may'} be"
    return found(verdict, words, subject.inspected(given["scope"]), **data)


@check(
    "default.sentenceCount",
    number("minSentences", required=True),
    number("maxSentences", required=True),
    NOT,
    SCOPE,
    words="the number of `.`, `!` and `?` is within the bounds; an empty text has none",
    agree=bounds("minSentences", "maxSentences"),
)
def sentence_count(subject: Subject, given: Given) -> Finding:
    said = subject.inspected(given["scope"])
    return counted(subject, given, "sentenceCount", sum(map(said.count, ".!?")), "Sentences")


@check(
    "default.wordCount",
    whole("minWords", required=True),
    whole("maxWords", required=True),
    NOT,
    SCOPE,
    words="the number of words between white space is within the bounds",
    agree=bounds("minWords", "maxWords"),
)
def word_count(subject: Subject, given: Given) -> Finding:
    said = subject.inspected(given["scope"])
    if not said:
        return empty()
    return counted(subject, given, "wordCount", sum(1 for _ in WORD.finditer(said)), "Words")


@check(
    "default.characterCount",
    whole("minCharacters", required=True),
    whole("maxCharacters", required=True),
    NOT,
    SCOPE,
    words="the length in UTF-16 units, as JavaScript counts, is within the bounds",
    agree=bounds("minCharacters", "maxCharacters"),
)
def character_count(subject: Subject, given: Given) -> Finding:
    said = subject.inspected(given["scope"])
    if not said:
        return empty()
    count = len(said.encode("utf-16-le", "surrogatepass")) // 2
    return counted(subject, given, "characterCount", count, "Characters")


@check(
    "default.contains",
    listed("words", "parts of the text; capitals matter", required=True),
    OPERATOR,
    SCOPE,
    words="any, all or none of the words are in the text",
)
def contains(subject: Subject, given: Given) -> Finding:
    said, operator = subject.inspected(given["scope"]), given["operator"]
    there = [word for word in given["words"] if word in said]
    missing = [word for word in given["words"] if word not in said]
    verdict = {"any": bool(there), "all": not missing, "none": not there}[operator]
    words = f"{len(there)} of {len(there) + len(missing)} words are in the text, where {operator} should be"
    return found(verdict, words, said, foundWords=there, missingWords=missing, operator=operator)


@check(
    "default.endsWith",
    text("suffix", required=True),
    NOT,
    SCOPE,
    words="the text ends with the suffix, or with the suffix and a full stop",
)
def ends_with(subject: Subject, given: Given) -> Finding:
    said, suffix = subject.inspected(given["scope"]), given["suffix"]
    if not said:
        return empty()
    ends = said.endswith((suffix, suffix + "."))
    words = f"the text {'ends' if ends else 'does not end'} with the suffix"
    return found(ends != given["not"], words, said, suffix=suffix, **{"not": given["not"]})


@check("default.alluppercase", NOT, SCOPE, words="no ASCII letter of the text is small")
def all_upper_case(subject: Subject, given: Given) -> Finding:
    return cased(subject, given, SMALL, "small")


@check("default.alllowercase", NOT, SCOPE, words="no ASCII letter of the text is a capital")
def all_lower_case(subject: Subject, given: Given) -> Finding:
    return cased(subject, given, CAPITAL, "capital")


def cased(subject: Subject, given: Given, other: re.Pattern[str], name: str) -> Finding:
    said = subject.inspected(given["scope"])
    if not said:
        return empty()
    none = other.search(said) is None
    words = f"the text has {'no ' if none else ''}{name} letters"
    return found(none != given["not"], words, said, **{"not": given["not"]})


@check("default.notNull", NOT, SCOPE, words="there is a text")
def not_null(subject: Subject, given: Given) -> Finding:
    said = subject.inspected(given["scope"])
    words = "there is a text" if said else "there is no text"
    return found(bool(said) != given["not"], words, said, **{"not": given["not"]})
