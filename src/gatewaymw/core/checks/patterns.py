"""Checks that look for a regular expression."""

from __future__ import annotations

import re
from typing import Any

from .findings import empty, found, unjudged
from .model import Finding, Given, Make, Parameter, Pattern, Subject
from .parameters import NOT, SCOPE, flag, pattern, text
from .registry import check
from .texts import texts, with_texts

SLASHED = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
REDACTED = "[REDACTED]"


@check(
    "default.regexMatch",
    pattern("rule", "of JavaScript, without slashes and flags, as far as RE2 knows it"),
    NOT,
    SCOPE,
    words="the pattern is found in the text",
)
def regex_match(subject: Subject, given: Given) -> Finding:
    said, rule = subject.inspected(given["scope"]), given["rule"]
    if not said:
        return empty()
    matched = rule.search(said)
    words = f"the pattern {'is' if matched else 'is not'} in the text"
    return found(matched != given["not"], words, said, **{"not": given["not"]})


def slashed(name: str, words: str) -> Parameter:
    """A pattern that may have flags: `/source/flags`."""

    def make(value: Any, tools: Any, path: str) -> Pattern:
        if not isinstance(value, str) or not value:
            raise ValueError("is a text: a pattern, or /pattern/flags")
        parts = SLASHED.fullmatch(value)
        return tools.regex(*parts.groups()) if parts else tools.regex(value, "")  # type: ignore[no-any-return]

    made: Make = make
    return Parameter(name, "pattern, or /pattern/flags", made, words, True)


def replaceable(given: Given) -> str | None:
    around = re.search(r"(?:^|[^$])(?:\$\$)*\$[`']", given["redactText"])
    return "redactText may not hold $` or $', which repeat the whole text for each match" if around else None


@check(
    "default.regexReplace",
    slashed("rule", "of JavaScript; without the flag g the first match alone is replaced"),
    text(
        "redactText",
        f"goes in its place ({REDACTED}); may name groups: $1, $<name>, $&",
        default=REDACTED,
    ),
    flag("failOnDetection", "a match is a failure"),
    SCOPE,
    words="always, unless `failOnDetection`; what matches is replaced",
    agree=replaceable,
)
def regex_replace(subject: Subject, given: Given) -> Finding:
    places = [each for each in texts(subject.kind, subject.body) if each.text and each.of(given["scope"])]
    said = subject.inspected(given["scope"])
    if not said:
        return empty()
    if not places:
        return unjudged("the text that is looked at cannot be changed here", said)
    changes, matches = {}, 0
    try:
        for each in places:
            new, count = given["rule"].replace(each.text, given["redactText"])
            if count:
                changes[each.steps], matches = new, matches + count
    except ValueError as error:
        return unjudged(str(error))
    verdict = not (matches and given["failOnDetection"])
    words = f"{matches} matches were replaced" if matches else "the pattern is not in the text"
    made = found(verdict, words, None if matches else said, matches=matches)
    return Finding(verdict, None, made.data, with_texts(subject.body, changes)) if matches else made
