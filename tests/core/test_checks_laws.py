"""What holds for every check, whatever it looks at: it raises and changes nothing, and does not take long."""

from __future__ import annotations

import re
import time
from itertools import pairwise
from typing import Any

import pytest
from checked import Around, asked, prepared, subject
from hypothesis import given
from hypothesis import strategies as st

from gatewaymw.core import json
from gatewaymw.core.checks.catalogue import CHECKS
from gatewaymw.core.checks.scanning import MOST, objects, values
from gatewaymw.core.values import Answer, Failure

URL = "https://a.example/"
EACH: dict[str, dict[str, Any]] = {
    "regexMatch": {"rule": "(a+)+b"},
    "regexReplace": {"rule": "/(a|b)+c?/g", "redactText": "<$1>"},
    "sentenceCount": {"minSentences": 1, "maxSentences": 3},
    "wordCount": {"minWords": 1, "maxWords": 3},
    "characterCount": {"minCharacters": 1, "maxCharacters": 30},
    "contains": {"words": ["a", "aab"], "operator": "all"},
    "endsWith": {"suffix": "a"},
    "alluppercase": {},
    "alllowercase": {},
    "containsCode": {"format": "JSON"},
    "jsonSchema": {"schema": {"required": ["a"], "properties": {"a": {"pattern": "^(x+)+$"}}}},
    "jsonKeys": {"keys": ["a"], "operator": "any"},
    "validUrls": {},
    "webhook": {"webhookURL": URL},
    "log": {"logURL": URL},
    "modelWhitelist": {"models": ["a"]},
    "modelRules": {"rules": {"defaults": ["a"]}},
    "allowedRequestTypes": {},
    "requiredMetadataKeys": {"metadataKeys": ["a"], "operator": "any"},
    "jwt": {"jwksUri": URL},
    "addPrefix": {"prefix": "p"},
    "notNull": {},
}
PIECES = ["a", "B", "```", "json\n", "{", "}", '"a":', '"', "[", "]", ",", "1", "\\", URL, " ", "\ud800"]
TEXTS = st.text(max_size=40) | st.lists(st.sampled_from(PIECES)).map("".join)
OUTCOMES = st.sampled_from([Failure("timeout"), Answer(200, body=b"{}"), Answer(302, {"location": "//x"})])
FIELDS = st.sampled_from(["model", "prompt", "messages"])
BODIES = st.dictionaries(FIELDS, st.none() | TEXTS | st.lists(TEXTS))


def test_every_check_is_among_them() -> None:
    assert {f"default.{name}".lower() for name in EACH} == set(CHECKS)


@pytest.mark.parametrize("id", EACH)
@given(data=st.data())
def test_a_check_raises_nothing_and_changes_nothing(id: str, data: st.DataObject) -> None:
    check = prepared(id, EACH[id])
    kind: Any = data.draw(st.sampled_from(["input", "output"]))
    about = subject(
        data.draw(TEXTS),
        kind,
        request=data.draw(BODIES),
        metadata=data.draw(st.dictionaries(st.just("a"), TEXTS)),
        headers={"authorization": data.draw(TEXTS)},
        endpoint=data.draw(st.sampled_from(["chat", "proxy", "images/edits"])),
    )
    finding = asked(check, about, Around([data.draw(OUTCOMES)] * 99))
    assert finding.body is not about.body


LONG = 2**17
HOSTILE = {
    name: (piece * (LONG // len(piece) + 1))[:LONG]
    for name, piece in {
        "a": "a",
        "brackets": "{",
        "open objects": '{"a":',
        "open lists": '{"a":[',
        "quotes": '{"',
        "escapes": '{"\\"',
        "fences": "```",
        "tags": "```a",
        "blocks": "```{",
        "spaces": " ",
        "blank objects": "{ ",
        "addresses": "https://",
        "dots": ".",
        "wide": "\U0001f600",
    }.items()
}
PURE = [name for name in EACH if CHECKS[f"default.{name}".lower()].run]


@pytest.mark.untraced  # tracing takes time too
@pytest.mark.parametrize("text", HOSTILE)
def test_g12_no_text_takes_longer_than_its_length(text: str) -> None:
    said = HOSTILE[text]
    for id in [*PURE, "validUrls"]:
        check, about = prepared(id, EACH[id]), subject(said, kind="input")
        began = time.thread_time()
        Around({}).carry(check(about, Around().env()))
        assert time.thread_time() - began < 5, (id, text)


# ── JSON in a text ───────────────────────────────────────────────────────


def words(most: int) -> st.SearchStrategy[str]:
    """Without the marks of fenced blocks: where those are, nothing is looked for outside of them."""
    return st.text(max_size=most).filter(lambda text: "```" not in text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | words(5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words(4), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(words(4), VALUES, max_size=3)
PROSE = st.text(st.characters(exclude_characters='{}`"', exclude_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(PROSE, OBJECTS), min_size=1, max_size=4), PROSE)
def test_g9_objects_are_found_whole_between_any_prose(parts: list[Any], tail: str) -> None:
    text = "".join(before + json.dumps(value).decode() for before, value in parts) + tail
    assert json.dumps(values(text)) == json.dumps([value for _, value in parts])


@given(
    st.lists(st.sampled_from(['{"a":', "{", "}", "[", "]", ",", '"b"', ":", "1", "x", "\n", '"'])).map(
        "".join
    )
)
def test_what_is_found_is_json_and_no_part_of_another(text: str) -> None:
    spans = objects(text)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(isinstance(json.loads(text[start:end]), dict) for start, end in spans)
    for inner in re.finditer(r"\{\"a\":1\}", text):
        assert any(start <= inner.start() and inner.end() <= end for start, end in spans)


def test_json_that_is_nested_too_deeply_or_too_long_is_none() -> None:
    assert values('x {"a": ' + "[" * 100_000 + "]" * 100_000 + "}") == []
    with pytest.raises(ValueError, match="objects"):
        values("x" + "{}" * (MOST + 1))
