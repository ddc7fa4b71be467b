"""What a config says of checks: taken as it is, or refused with the place and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from checked import WARNED, asked, prepared, subject

from every import every
from gatewaymw.core.checks.catalogue import CHECKS
from gatewaymw.core.checks.model import Finding
from gatewaymw.core.checks.registry import check
from gatewaymw.core.errors import ConfigError

NAMES = """regexMatch regexReplace sentenceCount wordCount characterCount contains endsWith alluppercase
alllowercase containsCode jsonSchema jsonKeys validUrls webhook log modelWhitelist modelRules
allowedRequestTypes requiredMetadataKeys jwt addPrefix notNull""".split()


def refused(id: Any, parameters: Any, held: bool = False) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        prepared(id, parameters, held=held)
    return caught.value


def test_all_checks_of_the_original_are_there() -> None:
    assert sorted(CHECKS) == sorted(f"default.{name}".lower() for name in NAMES)
    assert all(each.words and (each.run is None) != (each.inquire is None) for each in CHECKS.values())
    with pytest.raises(ValueError, match="two checks"):
        check("default.contains", words="again")(lambda subject, given: Finding(True))


@pytest.mark.parametrize("id", ["notNull", "default.notNull", "default.notnull"])
def test_an_id_may_lack_its_plugin_and_its_capitals(id: str) -> None:
    made = prepared(id)
    assert (made.id, made.pure, made.fail_on_error) == ("default.notNull", True, False)
    assert asked(made, subject("x")).verdict is True
    assert prepared(id, {"failOnError": True}).fail_on_error


@pytest.mark.parametrize(
    ("id", "words"),
    [
        ("default.regexmach", "did you mean default.regexMatch?"),
        ("zz.zz", "docs/guardrails.md"),
        ("portkey.moderateContent", "no check 'portkey.moderateContent'"),
        ("pg-my-guardrail", "no check"),
        (7, "is a text"),
        (None, "is a text"),
        ("x" * 9999, "no check"),
    ],
)
def test_an_unknown_check_is_refused(id: Any, words: str) -> None:
    error = refused(id, {})
    assert words in error.message and error.code == "unknown_check" and len(error.message) < 300
    assert error.path == "config.checks[0]"


URL = "https://a.example/"
RULE = {"rules": {"defaults": ["a"]}}
WRONG: list[tuple[str, Any, str, str]] = [
    ("contains", [], "", "are an object"),
    ("contains", {}, "", "needs words: list of texts"),
    ("contains", {"words": ["a"]}, "", "needs operator: any, all or none"),
    ("contains", {"words": ["a"], "operator": "some"}, "operator", "one of any, all, none"),
    ("contains", {"words": ["a"], "operator": ["any"]}, "operator", "one of any, all, none"),
    ("contains", {"words": "a", "operator": "any"}, "words", "list of 1 to 1000 texts"),
    ("contains", {"words": [], "operator": "any"}, "words", "list of 1 to 1000 texts"),
    ("contains", {"words": ["a"] * 1001, "operator": "any"}, "words", "list of 1 to 1000 texts"),
    ("contains", {"words": [1], "operator": "any"}, "words", "text of 1 to 10000"),
    ("contains", {"words": [""], "operator": "any"}, "words", "text of 1 to 10000"),
    (
        "contains",
        {"words": ["a"], "operator": "any", "not": True},
        "",
        "takes no 'not'; it takes words",
    ),
    ("contains", {"words": ["a"], "operator": "any", "scope": "user"}, "scope", "last, all, system, tools"),
    ("notNull", {"not": "false"}, "not", "true or false"),
    ("notNull", {"failOnError": 1}, "failOnError", "true or false"),
    ("endsWith", {"suffix": ""}, "suffix", "text of 1"),
    ("endsWith", {"suffix": None}, "", "needs suffix"),
    ("endsWith", {"suffix": "x" * 10_001}, "suffix", "text of 1"),
    ("wordCount", {"minWords": 1}, "", "needs maxWords: whole number"),
    ("wordCount", {"minWords": "1", "maxWords": 2}, "minWords", "whole number"),
    ("wordCount", {"minWords": True, "maxWords": 2}, "minWords", "whole number"),
    ("wordCount", {"minWords": 1.5, "maxWords": 2}, "minWords", "whole number"),
    ("wordCount", {"minWords": -1, "maxWords": 2}, "minWords", "from 0 on"),
    ("wordCount", {"minWords": 0, "maxWords": float("inf")}, "maxWords", "whole number"),
    ("wordCount", {"minWords": 3, "maxWords": 2}, "", "minWords is more than maxWords"),
    ("sentenceCount", {"minSentences": 3, "maxSentences": 2}, "", "is more than"),
    ("sentenceCount", {"minSentences": "3", "maxSentences": 5}, "minSentences", "is a number"),
    ("sentenceCount", {"minSentences": False, "maxSentences": 5}, "minSentences", "is a number"),
    ("sentenceCount", {"minSentences": 0, "maxSentences": float("nan")}, "maxSentences", "is a number"),
    ("characterCount", {"minCharacters": 3, "maxCharacters": 2}, "", "is more than"),
    ("regexMatch", {"rule": "("}, "rule", "no pattern that RE2 takes"),
    ("regexMatch", {"rule": 5}, "rule", "is a text"),
    ("regexReplace", {"rule": "/a/x"}, "rule", "flags other than"),
    ("regexReplace", {"rule": ""}, "rule", "is a text: a pattern"),
    ("regexReplace", {"rule": 1}, "rule", "is a text: a pattern"),
    ("regexReplace", {"rule": "a", "redactText": "x$`"}, "", "may not hold"),
    ("jsonSchema", {"schema": "x"}, "schema", "is a JSON Schema"),
    ("jsonSchema", {"schema": {"type": "x"}}, "schema", "is no JSON Schema"),
    ("modelRules", {"rules": {}}, "rules", "defaults, metadata or both"),
    ("modelRules", {"rules": []}, "rules", "defaults, metadata or both"),
    ("modelRules", {"rules": {"default": []}}, "rules", "defaults, metadata or both"),
    ("modelRules", {"rules": {"metadata": ["a"]}}, "rules", "of the form"),
    ("modelRules", {"rules": {"metadata": {"a": "b"}}}, "rules", "of the form"),
    ("modelRules", {"rules": {"metadata": {"a": {"b": "c"}}}}, "rules", "lists of at most"),
    ("modelRules", {"rules": {"metadata": {"a": {"b": [1]}}}}, "rules", "which are texts"),
    (
        "modelRules",
        {"rules": {"metadata": {"a": {str(n): [] for n in range(1001)}}}},
        "rules",
        "more than 1000",
    ),
    ("allowedRequestTypes", {"allowedTypes": 1}, "allowedTypes", "list of 1"),
    ("allowedRequestTypes", {"allowedTypes": " , "}, "allowedTypes", "list of 1"),
    ("allowedRequestTypes", {"allowedTypes": "a,b", "blockedTypes": ["b"]}, "", "both name b"),
    ("requiredMetadataKeys", {"metadataKeys": [1], "operator": "all"}, "metadataKeys", "text of"),
    ("addPrefix", {"prefix": 1}, "prefix", "text of"),
    ("webhook", {"webhookURL": "ftp://a"}, "webhookURL", "must be an address"),
    ("webhook", {"webhookURL": URL, "timeout": 0}, "timeout", "between 1 and 60000"),
    ("webhook", {"webhookURL": URL, "timeout": 60_001}, "timeout", "between 1 and 60000"),
    ("webhook", {"webhookURL": URL, "headers": []}, "headers", "names and texts"),
    ("webhook", {"webhookURL": URL, "headers": "[]"}, "headers", "names and texts"),
    ("webhook", {"webhookURL": URL, "headers": {"a b": "c"}}, "headers", "no header's"),
    ("webhook", {"webhookURL": URL, "headers": {"Host": "c"}}, "headers", "sets itself"),
    ("webhook", {"webhookURL": URL, "headers": {"": "c"}}, "headers", "no header's"),
    ("webhook", {"webhookURL": URL, "headers": {"a": "b\r\nc: d"}}, "headers", "no line of ASCII"),
    ("webhook", {"webhookURL": URL, "headers": {"a": 1}}, "headers", "no line of ASCII"),
    ("webhook", {"webhookURL": URL, "headers": {"a": "é"}}, "headers", "no line of ASCII"),
    ("jwt", {}, "", "needs jwksUri: address"),
    ("jwt", {"jwksUri": URL, "maxTokenAge": "soon"}, "maxTokenAge", "such as 90s"),
    ("jwt", {"jwksUri": URL, "maxTokenAge": 0}, "maxTokenAge", "such as 90s"),
    ("jwt", {"jwksUri": URL, "maxTokenAge": True}, "maxTokenAge", "such as 90s"),
    ("jwt", {"jwksUri": URL, "algorithms": ["HS256"]}, "algorithms", "some of RS256"),
    ("jwt", {"jwksUri": URL, "algorithms": []}, "algorithms", "some of RS256"),
    ("jwt", {"jwksUri": URL, "algorithms": "RS256"}, "algorithms", "some of RS256"),
    ("jwt", {"jwksUri": URL, "algorithms": [{}]}, "algorithms", "some of RS256"),
]


@every(range(len(WRONG)))
def test_wrong_parameters_are_refused_with_their_place(number: int) -> None:
    id, parameters, place, words = WRONG[number]
    error = refused(id, parameters)
    assert words in error.message, error.message
    assert error.path == "config.checks[0]" + (f".{place}" if place else "")


def test_headers_may_be_json_and_a_broken_one_is_refused() -> None:
    made = prepared("webhook", {"webhookURL": URL, "headers": '{"X-A": " b "}'})
    assert made.given["headers"] == {"x-a": "b"}
    assert refused("webhook", {"webhookURL": URL, "headers": "{"}).path.endswith(".headers")
    assert prepared("jwt", {"jwksUri": URL, "algorithms": ["ES256"]}).given["algorithms"] == ("ES256",)


def test_where_and_with_what_a_check_asks_is_in_no_repr() -> None:
    url = "https://hook.example/T0KEN"
    made = prepared("webhook", {"webhookURL": url, "headers": {"authorization": "s3cret"}})
    assert "T0KEN" not in repr(made) + repr(made.given["webhookURL"]) and "s3cret" not in repr(made)


def test_the_operators_patterns_may_need_more_than_re2() -> None:
    before = len(WARNED)
    assert asked(prepared("regexMatch", {"rule": "a(?=b)"}, held=True), subject("ab")).verdict is True
    assert len(WARNED) == before + 1
    assert refused("regexMatch", {"rule": "a(?=b)"}).path.endswith(".rule")
