"""What compiles parameters of checks: JavaScript's patterns, schemas that count their steps, hosts."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.config import schemas
from gatewaymw.config.check_tools import tools
from gatewaymw.config.hosts import NOBODY, trusted_hosts
from gatewaymw.config.javascript import pattern
from gatewaymw.config.regexes import LONGEST, engine
from gatewaymw.core.errors import ConfigError

WARNED: list[str] = []
CALLER, OPERATOR = tools(NOBODY, WARNED.append), tools(None, WARNED.append)

REPLACED: list[tuple[str, str, str, str]] = [
    ("a", "", "banana", "b-nana"),
    ("a", "g", "banana", "b-n-n-"),
    ("A", "gi", "banana", "b-n-n-"),
    ("^b", "gm", "a\nb", "a\n-"),
    ("a.b", "s", "a\nb", "-"),
    ("a.b", "", "a\nb", "a\nb"),
    ("x*", "g", "aéb", "-a-é-b-"),
    (r"\s+", "g", "a\u00a0\ufeffb", "a-b"),
    (r"[\s,]+", "g", "a\u2003,b", "a-b"),
    (r"\S+", "g", "a\u00a0b", "-\u00a0-"),
    (r"[\S]", "g", "a b", "- -"),
    (r"\u0041\x42\u{43}\/\-", "", "ABC/-", "-"),
    (r"[\u0061-\u0063]", "g", "abcd", "---d"),
    (r"\cJ", "", "\n", "-"),
    (r"\0", "", "\x00", "-"),
    ("[^]", "g", "a\n", "--"),
    ("a[]|b", "g", "ab", "a-"),
    ("[[a]", "g", "[a", "--"),
    (r"[\]]", "", "]", "-"),
    ("[-a]", "g", "-a", "--"),
    (r"\e\:\A", "", "e:A", "-"),
    (r"\bword\b", "", "a word", "a -"),
    ("(?:a|b)+?c", "", "abc", "-"),
    ("\ud800", "", "x", "x"),
    ("é", "", "é\ud800", "-?"),
]


@pytest.mark.parametrize("number", range(len(REPLACED)))
def test_patterns_mean_what_they_mean_in_javascript(number: int) -> None:
    source, flags, text, after = REPLACED[number]
    if source == "\ud800":
        with pytest.raises(ValueError, match="RE2"):
            CALLER.regex(source, flags)
        return
    made = CALLER.regex(source, flags)
    assert made.replace(text, "-")[0] == after
    assert made.search(text) is (after != text)


@pytest.mark.parametrize(
    ("source", "to", "after"),
    [
        (r"(\d+)-(\d+)", "$2/$1", "2/1"),
        (r"(\d+)-(\d+)", "$02 $10 $3 $0 $$1", "2 10 $3 $0 $1"),
        (r"(\d+)-(\d+)", "<$&> $x $", "<1-2> $x $"),
        (r"(?<a>\d+)-(?<b>\d+)", "$<b>$<a>$<c>.", "21."),
        (r"(\d+)-(\d+)", "$<b>", "$<b>"),
        (r"(\d+)-(\d+)|(x)", "[$3]", "[]"),
    ],
)
@pytest.mark.parametrize("re2", [engine(), None], ids=["RE2", "re"])
def test_replacements_may_name_groups(source: str, to: str, after: str, re2: Any) -> None:
    assert pattern(source, "", re2, WARNED.append).replace("1-2", to) == (after, 1)


@pytest.mark.parametrize(
    ("source", "flags", "words"),
    [
        ("(", "", "RE2"),
        ("(?=a)", "", "RE2"),
        ("(?<!a)b", "", "RE2"),
        (r"(a)\1", "", "RE2"),
        (r"(?<n>a)\k<n>", "", "RE2"),
        (r"\k", "", ""),
        ("a\\", "", "RE2"),
        (r"\u{110000}\u{FFFFFF}(", "", "RE2"),
        ("a" * (LONGEST + 1), "", "longer than"),
        ("a", "y", "flags"),
        ("a", "v", "flags"),
        ("a", "gg", "flags"),
    ],
)
def test_a_pattern_that_a_caller_cannot_have_is_refused(source: str, flags: str, words: str) -> None:
    if not words:
        assert CALLER.regex(source, flags).search("k")
        return
    with pytest.raises(ValueError, match=words):
        CALLER.regex(source, flags)


@pytest.mark.parametrize(
    ("source", "text"), [("a(?=b)", "ab"), (r"(?<n>a)\k<n>", "aa"), (r"(a)\1", "aa"), ("(?<!x)b", "ab")]
)
def test_the_operators_may_run_on_pythons_own(source: str, text: str) -> None:
    before = len(WARNED)
    made = OPERATOR.regex(source, "g")
    assert made.search(text) and made.replace(text, "-")[1] == 1
    assert len(WARNED) == before + 1
    with pytest.raises(ValueError, match="no regular expression"):
        OPERATOR.regex("(", "")


def test_without_re2_callers_have_no_patterns() -> None:
    with pytest.raises(ValueError, match=r"gatewaymw\[regex\]"):
        pattern("a", "", None, None)


def test_g12_finding_all_matches_ends_in_time() -> None:
    began = time.thread_time()
    with pytest.raises(ValueError, match="takes more than"):
        CALLER.regex("a*b|a", "g").replace("a" * 10**6, "x")
    assert time.thread_time() - began < 10


@given(st.text(st.sampled_from("ab[]^$.*+?(){}|\\/<-dswSku01:é\u00a0"), max_size=12))
def test_no_pattern_and_no_text_raises_anything_else(source: str) -> None:
    for made in (CALLER, OPERATOR):
        try:
            compiled = made.regex(source, "g")
        except ValueError:
            continue
        text, count = compiled.replace("ab \u00a0é-[", "")
        assert isinstance(text, str) and (count > 0) >= (text != "ab \u00a0é-[")


# ── schemas ──────────────────────────────────────────────────────────────

STRICT = {
    "properties": {"a": {"type": "integer"}},
    "patternProperties": {"^x-": {"type": "string"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "value", "valid"),
    [
        ({}, None, True),
        (STRICT, {"a": 1, "x-b": "c"}, True),
        (STRICT, {"a": 1, "x-b": 2}, False),
        (STRICT, {"b": 1}, False),
        (STRICT, "a", True),
        ({"additionalProperties": {"type": "null"}}, {"b": None}, True),
        ({"pattern": "^a+$"}, "aa", True),
        ({"pattern": "^a+$"}, "ab", False),
        ({"pattern": "^a+$"}, 5, True),
        ({"uniqueItems": True}, [1, True, {"a": 1}], True),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 1}], False),
        ({"uniqueItems": True}, [1, 2, 1], False),
        ({"prefixItems": [{"type": "string"}], "items": {"minimum": 2}}, ["a", 2], True),
        ({"items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"minimum": 2}}}, [1], False),
        ({"properties": {"pattern": {"const": "("}}}, {"pattern": "("}, True),
    ],
)  # fmt: skip
def test_schemas_are_of_draft_2020_12(schema: Any, value: Any, valid: bool) -> None:
    assert CALLER.schema(schema)(value) is valid


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "nope"}, "no JSON Schema"),
        ({"properties": []}, "no JSON Schema"),
        ({"pattern": "("}, "RE2"),
        ({"patternProperties": {"(?=a)": {}}}, "RE2"),
        ({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "beside"),
        ({"$ref": "http://169.254.169.254/x"}, "must lead into the schema"),
        ({"allOf": [{"$ref": "file:///etc/passwd"}]}, "must lead into the schema"),
        ({"$dynamicRef": "other.json"}, "must lead into the schema"),
    ],
)
def test_what_is_no_schema_or_leads_out_of_it_is_refused(schema: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CALLER.schema(schema)


def doubling(depth: int) -> Any:
    """A schema that asks for 2 ** depth steps."""
    defs: Any = {f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(depth)}
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{depth}": {}}}


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        (doubling(40), {}, "steps"),
        ({"uniqueItems": True}, [{"a": n} for n in range(5000)], "steps"),
        ({"items": {"type": "integer"}}, list(range(100_000)), "steps"),
        ({"$ref": "#"}, {}, "deeply"),
        ({"$ref": "#/$defs/none"}, {}, "not in it"),
    ],
)
def test_a_schema_ends_in_time(schema: Any, value: Any, words: str) -> None:
    began = time.thread_time()
    with pytest.raises(ValueError, match=words):
        CALLER.schema(schema)(value)
    assert time.thread_time() - began < 15


def test_steps_are_counted_for_each_value_anew() -> None:
    valid = CALLER.schema({"items": {"type": "integer"}})
    assert all(valid(list(range(1000))) for _ in range(32))
    assert schemas.LEFT.get(None) is None


# ── addresses ────────────────────────────────────────────────────────────

TRUSTED = tools(trusted_hosts(["inside:8080", "*.corp.example:8443"]), WARNED.append)


@pytest.mark.parametrize(
    ("made", "url", "sent", "guarded"),
    [
        (CALLER, "https://A.example/x?y=1", "https://a.example/x?y=1", True),
        (CALLER, "https://a.example?y=1", "https://a.example/?y=1", True),
        (CALLER, "https://a.example:443", "https://a.example:443/", True),
        (TRUSTED, "http://inside:8080/x", "http://inside:8080/x", False),
        (TRUSTED, "https://a.corp.example:8443/x", "https://a.corp.example:8443/x", True),
        (TRUSTED, "https://a.example/x", "https://a.example/x", True),
        (OPERATOR, "http://127.0.0.1:9/x", "http://127.0.0.1:9/x", False),
    ],
)
def test_a_check_asks_hosts_that_may_be_asked(made: Any, url: str, sent: str, guarded: bool) -> None:
    address = made.address(url, "config.x")
    assert (address.url, address.guarded) == (sent, guarded)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "https://a.example:8443/",
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://[::1]/",
        "https://2130706433/",
        "https://localhost/",
        "https://metadata.google.internal/",
        "https://user@a.example/",
        "https://a.example/\\x",
        "https://a.example/x#y",
        "https://a.example/ x",
        "ftp://a.example/",
        "https://" + "a" * 2048,
    ],
)
def test_x8_a_caller_has_no_check_ask_what_is_inside(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CALLER.address(url, "config.x")
    assert (caught.value.path, caught.value.code) == ("config.x", "invalid_host")
    assert not re.search(r"user@|\\x", caught.value.message)
