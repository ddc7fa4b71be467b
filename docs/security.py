"""Writes the last table of docs/security.md, each attack and its tests: `python docs/security.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- attacks: python docs/security.py -->\n", "<!-- /attacks -->\n"
TEST = re.compile(r"^(?:async )?def test_(\w+)\(", re.MULTILINE)
FAMILY = re.compile(r"ssrf|key|hdr|leak|auth|ws|dos|cache|code|sql|log")
RIVAL = re.compile(r"[rtscgpx][0-9]{1,2}")

PARTNERS = "guardrails of partners"
CONSOLE, REALTIME, DIALECTS = "the console", "realtime", "the Messages and Responses endpoints"
FILES = "files and batches"

ATTACKS = {
    "SSRF-01": "a custom host that spells loopback otherwise: `2130706433`, `0x7f000001`, `127.1`",
    "SSRF-02": "an address that embeds a private one: IPv4-mapped, NAT64, 6to4, carrier-grade NAT",
    "SSRF-03": "a name that resolves to something else the second time (rebinding)",
    "SSRF-04": "a name with one public and one private address",
    "SSRF-05": "a provider that redirects",
    "SSRF-06": "`#`, `/`, `@`, `..` in a region, resource, project or deployment",
    "SSRF-07": "any text in any option that enters an address, at each provider",
    "SSRF-08": "webhooks and key sets in a caller's config",
    "SSRF-09": "the address of a file in a message that leads inside",
    "SSRF-10": "a proxy of the environment, for a host that a caller chose",
    "SSRF-11": "the same by every other path: proxied, files, realtime, old names",
    "SSRF-12": "an address that a provider names for what is to follow: another host, scheme, port or user",
    "KEY-01": "the operator's key to a host of the caller's",
    "KEY-02": "the identity of the machine for a caller's target",
    "HDR-01": "hop-by-hop headers, a length that lies, `Host`, `Expect` of a client",
    "HDR-02": "the same of a provider, and its cookies, `Server`, CORS",
    "HDR-03": "line ends and other control characters in headers, either way",
    "HDR-04": "an answer in a coding nobody asked for",
    "HDR-05": "many, long and double headers",
    "LEAK-01": "the caller's key, cookies and headers at the second target of a fallback",
    "LEAK-02": "a target without a key that is given the caller's",
    "LEAK-03": "the caller's key before the target's on a proxied path",
    "LEAK-04": "a key for one service at another",
    "LEAK-05": "secrets in logs, errors, traces, `repr` and headers",
    "LEAK-06": "a provider that quotes the key, whole or within a stream",
    "AUTH-01": "paths that two readers read differently, mounts, the `Host` header",
    "AUTH-02": "tokens guessed by the time it takes to refuse them",
    "AUTH-03": "the operator's keys without anybody who says whom they serve",
    "WS-01": "a handshake from a page of another site",
    "WS-02": "giant, tiny and half-open frames",
    "WS-03": "a key in a subprotocol",
    "DOS-01": "a body over the limit, with and without its length",
    "DOS-02": "a body that never comes to its end",
    "DOS-03": "JSON that is deep, wide or no JSON: `NaN`, `1e999`, half a surrogate pair",
    "DOS-04": "a config that is long, deep, wide or out of range",
    "DOS-05": "compressed bombs and endless answers of a provider",
    "DOS-06": "a compressed request",
    "DOS-07": "an event without end",
    "DOS-08": "Amazon's frames with lengths and checksums that lie",
    "DOS-09": "a provider that stalls or drips, in each phase",
    "DOS-10": "a pattern that takes for ever",
    "DOS-11": "a pattern that the linear engine does not take",
    "DOS-12": "forms with giant boundaries, heads and counts",
    "DOS-13": "a cache that grows without end",
    "DOS-14": "listeners that do not listen",
    "CACHE-01": "one tenant's answer to another",
    "CACHE-02": "a shared cache without anybody known",
    "CACHE-03": "errors and broken streams that are kept",
    "CACHE-04": "an answer in somebody else's cache",
    "CODE-01": "words of a request that become code",
    "SQL-01": "words of a request that become SQL",
    "LOG-01": "line ends and escapes of a caller in logs",
    "R1": "no targets, or weights of nothing: the client waits for ever",
    "R2": "weights that are negative or no numbers",
    "R3": "a target that fails inside ends the fallback",
    "R4": "a target that changes the request of the next",
    "R5": "which errors a fallback goes on from",
    "R6": "a chain without a deadline",
    "R7": "`strict_open_ai_compliance` of a parent",
    "R8": "a rule of inheritance for each key",
    "R9": "clauses of a condition that are not looked at",
    "R10": "conditions on two steps of a path only",
    "R11": "an error of another shape on another path",
    "R12": "conditions and overrides that do not see forms",
    "R13": "an upload that the first try has used up",
    "R14": "strategies without memory",
    "R15": "dice that cannot be seeded",
    "R16": "tries that the client is not told of",
    "T1": "pauses without jitter or cap",
    "T2": "broken connections that are always tried again",
    "T3": "`Retry-After` as a date, and with 503",
    "T4": "`Retry-After: 0`",
    "T5": "tries of a guardrail that multiply",
    "T6": "one time limit for all phases",
    "T7": "bytes that are taken for text",
    "T8": "no time limit by default",
    "T9": "paths without retries and time limits",
    "S1": "a stream that is cut looks like one that ended",
    "S2": "events by the letter of their standard",
    "S3": "Amazon's frames, cut anywhere",
    "S4": "an exception of Bedrock's within a stream",
    "S5": "an error of Anthropic's within a stream",
    "S6": "streams that never say that they are done",
    "S7": "Gemini's last candidate without parts",
    "S8": "parallel calls of Gemini's under one number",
    "S9": "usage and calls of OpenAI's cousins that get lost",
    "S10": "calls of Cohere's without numbers",
    "S11": "a first word that is held back",
    "S12": "a provider that is read to its end for nobody",
    "S13": "`stream_options.include_usage` that is ignored",
    "S14": "guardrails on streams that look at nothing",
    "S15": "ids that are made up",
    "C1": "a cache key without provider, key and host",
    "C2": "errors that are kept and told as 200",
    "C3": "answers from a cache that nobody asked for",
    "C4": "the failure of a first target that is kept",
    "C5": "`max_age` in milliseconds",
    "C6": "a cache without a bound",
    "C7": "streams that are never kept",
    "C8": "guardrails that are left out on a hit",
    "C9": "`cache-status` where there is no cache",
    "G1": "endpoints that guardrails do not see",
    "G2": "a check that fails or is unknown lets all pass",
    "G3": "only the last message is looked at",
    "G4": "checks that never run",
    "G5": "an id that is read letter by letter",
    "G6": "changes that overwrite each other",
    "G7": "tokens whose issuer is not checked",
    "G8": "keys of a request in a log that is sent on",
    "G9": "JSON that is cut at the wrong brace",
    "G10": "TLS that is not checked",
    "G11": "usage that a denial throws away",
    "G12": "patterns of a check without a time limit",
    "P1": "parameters that get lost or clamped in silence",
    "P2": "another provider's default model",
    "P3": "a body that is no JSON: 500",
    "P4": "an answer that is none: 200",
    "P5": "texts wrapped as JSON",
    "P6": "addresses in errors of the network",
    "P7": "what Anthropic could be told and is not",
    "P8": "results of tools apart, arguments that are no JSON",
    "P9": "what Bedrock could be told and is not",
    "P10": "what Gemini could be told and is not",
    "P11": "reasoning efforts that a Gemini model does not have",
    "P12": "what Cohere could be told and is not",
    "P13": "what Azure could be told and is not",
    "P14": "what OpenAI's cousins could be told and are not",
    "P15": "`/v1/messages` and `/v1/responses` for few providers only",
    "P16": "extra fields in strict answers",
    "P17": "details of errors that get lost",
    "P18": "rerank without a type",
    "P19": "proxied paths that lose a step, lists of models of any shape",
    "P20": "tokens that are fetched for each call",
    "P21": "a schema that a provider cannot enforce",
    "P22": "batches that are read whole into memory",
    "X1": "proxied paths round the guard of hosts",
    "X2": "options in addresses that nobody checks",
    "X3": "loopback that is trusted, redirects that are followed",
    "X4": "all of a client's headers on proxied paths",
    "X5": "`forward_headers` with credentials and hops",
    "X6": "all of a provider's headers to the client",
    "X7": "keys in addresses, and addresses in logs and errors",
    "X8": "addresses that a config has fetched",
    "X9": "no login, no limit of a body",
    "X10": "a token that is compared letter by letter",
    "X11": "one request that ends the process",
}
"""Each attack by its number: the threat model's (SSRF…LOG), and where the original gateway went wrong."""
LATER = {
    "AUTH-02": CONSOLE,
    "WS-01": REALTIME,
    "WS-02": REALTIME,
    "WS-03": REALTIME,
    "DOS-14": CONSOLE,
    "P15": DIALECTS,
    "P22": FILES,
    "G10": PARTNERS,
}
"""What is not built yet cannot be attacked: these come with it. Tests beside them hold what there is now."""


def ids(name: str) -> Iterator[str]:
    """The numbers at the front of a test's name: `ssrf_01_and_02_hosts…` → SSRF-01, SSRF-02."""
    family = ""
    for word in name.split("_"):
        if FAMILY.fullmatch(word):
            family = word.upper()
        elif RIVAL.fullmatch(word):
            yield word.upper()
        elif family and re.fullmatch("[0-9]{2}", word):
            yield f"{family}-{word}"
        elif word != "and":
            return


def proven() -> dict[str, list[str]]:
    """The names of the tests of each attack."""
    made: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in TEST.findall(file.read_text("utf-8")):
            for each in ids(name):
                place = f"`{file.stem}::test_{name}`"
                if place not in made.setdefault(each, []):
                    made[each].append(place)
    return made


def rows() -> Iterator[str]:
    tests = proven()
    yield "| | What is tried | Tests |"
    yield "|---|---|---|"
    for name, words in ATTACKS.items():
        later = [f"comes with {LATER[name]}"] if name in LATER else []
        yield f"| {name} | {words} | {'; '.join(later + tests.get(name, []))} |"


def written(text: str) -> str:
    """The text, with the table as it is now between its two marks."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}{chr(10).join(rows())}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
