"""What `explain` says of configs: its script, its world, its tree; that it sends nothing and reads no key."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callers import HELLO
from every import every
from gatewaymw import ConfigError, Gateway
from gatewaymw.cli import main
from gatewaymw.core.commands import Flow, all_of, ask, wait
from gatewaymw.core.endpoints import CHAT
from gatewaymw.core.errors import BadRequest, GatewayError
from gatewaymw.core.providers import PROVIDERS, serving
from gatewaymw.core.routing.flow import run
from gatewaymw.core.routing.strategies import STRATEGIES
from gatewaymw.core.routing.trace import replayed
from gatewaymw.explaining.explanation import answering_plainly, error_of
from gatewaymw.explaining.script import WORDS, Script, outcome_of, table_of
from gatewaymw.explaining.store import Store
from gatewaymw.explaining.world import World

KEY = "env:GATEWAYMW_A_KEY_THAT_IS_NOT_SET"
CONFIG: dict[str, Any] = {
    "strategy": {"mode": "fallback"},
    "retry": {"attempts": 2},
    "targets": [
        {"provider": "openai", "api_key": KEY},
        {
            "name": "pair",
            "strategy": {"mode": "loadbalance"},
            "targets": [
                {"name": "claude", "provider": "anthropic", "api_key": KEY, "weight": 3},
                {"provider": "groq", "api_key": KEY},
            ],
        },
        {"provider": "google", "api_key": KEY},
    ],
}
VALUES = {
    "aws_region": "us-east-1",
    "azure_foundry_url": "https://models.example",
    "databricks_host": "https://models.example",
}
STREAM = {"body": {**HELLO, "stream": True}}


def gateway(config: Any = None, **options: Any) -> Gateway:
    return Gateway(CONFIG if config is None else config, auth="public", **options)


def said(made: Any) -> list[tuple[str, str]]:
    return [(each.target, each.said) for each in made.account.attempts]


# ── the script ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "what", "times", "headers", "after"),
    [
        ("503", "503", None, {}, 0.1),
        ("429x2", "429", 2, {}, 0.1),
        ("timeout", "timeout", None, {}, 0.1),
        ("cut-latex3", "cut-late", 3, {}, 0.1),
        ("429,retry-after=2", "429", None, {"retry-after": "2"}, 0.1),
        (
            "429x1,retry-after=Wed, 31 Dec 2025 12:00:05 GMT,after=0.5",
            *("429", 1, {"retry-after": "Wed, 31 Dec 2025 12:00:05 GMT"}, 0.5),
        ),
    ],
)
def test_an_outcome_is_read(text: str, what: str, times: Any, headers: Any, after: float) -> None:
    made = outcome_of(text)
    assert (made.what, made.times, dict(made.headers), made.after) == (what, times, headers, after)


@pytest.mark.parametrize(
    "text", ["", "99", "600", "slow", "503x0", "503,soon=1", "503,after=x", "503,after=-1"]
)
def test_an_outcome_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        outcome_of(text)


@pytest.mark.parametrize("pair", ["503", "=503", "openai=", "openai"])
def test_a_pair_that_is_none_is_refused(pair: str) -> None:
    with pytest.raises(ConfigError):
        table_of([pair])


@given(
    st.lists(st.tuples(st.sampled_from(["429", "timeout", "503"]), st.integers(1, 4)), max_size=4),
    st.integers(0, 20),
)
def test_outcomes_are_used_up_in_their_order(told: list[tuple[str, int]], more: int) -> None:
    script = Script({"a": [f"{what}x{times}" for what, times in told]})
    expected = [what for what, times in told for _ in range(times)] + ["ok"] * more
    assert [script.next(["b", "a"]).what for _ in expected] == expected


# ── who is asked ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["config.targets[0]", "targets[0]", "openai", "api.openai.com", "*"], ids=str
)
def test_a_target_goes_by_its_path_its_provider_and_its_host(name: str) -> None:
    made = gateway().explain(script={name: "400x1"}, dice=lambda: 0.1)
    assert said(made) == [("config.targets[0]", "400"), ("config.targets[1].targets[0]", "200")]
    assert made.target == "config.targets[1].targets[0]" and made.unused == ()


def test_a_target_goes_by_its_name() -> None:
    made = gateway().explain(script={"openai": "400", "claude": "529"}, dice=lambda: 0.1)
    assert [each for each, _ in said(made)][-1] == "config.targets[2]"


def test_a_name_that_is_nobodys_is_told() -> None:
    assert gateway().explain(script={"openia": "503"}).unused == ("openia",)
    assert "'openia' is no target that was asked" in str(gateway().explain(script={"openia": "503"}))


def test_the_same_seed_throws_the_same_dice() -> None:
    config = {"strategy": {"mode": "loadbalance"}, "targets": [{"provider": "openai", "api_key": KEY}] * 8}
    asked = [[gateway(config).explain(seed=seed).target for seed in range(20)] for _ in range(2)]
    assert asked[0] == asked[1] and len(set(asked[0])) > 3


def test_pauses_and_times_are_on_a_clock_of_its_own() -> None:
    script = {"openai": ["429x1", "timeout"]}
    config = {**CONFIG["targets"][0], "retry": {"attempts": 2}, "request_timeout": 30_000}
    made = gateway(config).explain(script=script, dice=lambda: 0.5)
    assert said(made) == [("config", "429"), ("config", "timeout")]
    assert made.waits == [0.5] and made.account.ended == pytest.approx(30.6)


@pytest.mark.parametrize("what", WORDS)
@pytest.mark.parametrize("asked", [{}, STREAM], ids=["whole", "stream"])
def test_every_word_means_something(what: str, asked: Any) -> None:
    made = gateway(CONFIG["targets"][0]).explain(asked, {"openai": what})
    well = what == "ok" or (asked == STREAM and what.endswith("-late")) or (not asked and "error" in what)
    assert (made.status == 200) is well, made
    assert (made.stream == "whole") is (what == "ok" and asked == STREAM)
    assert str(made) and json.dumps(made.as_json())


@every(product(sorted({*serving(CHAT)} - {"mock"}), [{}, STREAM]))
def test_every_provider_is_asked_in_its_own_dialect(name: str, asked: Any) -> None:
    options = {
        **{option: VALUES.get(option, "name") for option in PROVIDERS[name].requires},
        **({} if PROVIDERS[name].base_url else {"custom_host": "https://models.example"}),
    }
    body = {**HELLO, **asked.get("body", {}), "model": PROVIDERS[name].models.get(CHAT, ("model",))[0]}
    made = gateway({"provider": name, "api_key": KEY, **options}).explain({"body": body})
    assert (made.status, len(made.account.attempts)) == (200, 2 if name == "replicate" else 1), made


PAINTING = {"path": "/images/generations", "body": {"model": "photon-1", "prompt": "a cat"}}


def test_a_job_is_followed_up_and_not_begun_anew() -> None:
    config = {"provider": "luma", "api_key": KEY, "retry": {"attempts": 2}}
    made = gateway(config).explain(PAINTING)
    assert said(made) == [("config", "200"), ("config", "200")] and made.waits == [1.0]
    assert made.account.attempts[0].why == "200: followed up in 1.000 s"
    made = gateway(config).explain(PAINTING, {"luma": ["200x1", "404"]})
    assert (made.status, said(made)) == (404, [("config", "200"), ("config", "404")])
    assert made.account.attempts[1].why == "404: not begun anew, since it may be under way or done"
    assert "followed up in 1.000 s" in str(made)


def test_embeddings_that_are_asked_for_one_by_one_are_side_by_side() -> None:
    config = {"provider": "bedrock", "api_key": KEY, "aws_region": "us-east-1"}
    body = {"model": "amazon.titan-embed-text-v2:0", "input": [str(number) for number in range(12)]}
    made = gateway(config).explain({"path": "/embeddings", "body": body})
    assert (made.status, len(made.account.attempts), made.account.ended) == (200, 12, pytest.approx(0.2))
    assert made.headers["x-gateway-attempts"] == "12"


def test_files_that_a_client_names_are_not_fetched() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://pictures.example/cat.png"}}
    body = {"model": "anthropic.claude-x", "messages": [{"role": "user", "content": [image]}]}
    config = {"provider": "bedrock", "api_key": KEY, "aws_region": "us-east-1"}
    made = gateway(config, fetch_media=True).explain({"body": body})
    assert (made.status, said(made)) == (200, [("config", "200")])


ASKING = {"input": "x", "prompt": "x", "query": "x", "documents": ["x"], "voice": "v"}
MODELS = {"stability-ai": "core", "replicate": "owner/name"}
CHATLESS = sorted(PROVIDERS.keys() - {*serving(CHAT)})


@pytest.mark.parametrize("name", CHATLESS)
def test_those_without_chats_are_asked_for_what_they_serve(name: str) -> None:
    provider = PROVIDERS[name]
    target = {"provider": name, "api_key": KEY, **dict.fromkeys(provider.requires, "name")}
    host = {} if provider.base_url else {"custom_host": "https://models.example"}
    for endpoint in (each for each in provider.routes if each.body == "json"):
        body = {each: ASKING[each] for each in endpoint.required if each != "model"}
        asked = {"path": endpoint.path, "body": {**body, "model": MODELS.get(name, "m")}}
        made = gateway({**target, **host}).explain(asked)
        assert (made.status, made.seen["config"]) == (200, 200), made
    refused = gateway({**target, **host}).explain()
    assert (refused.status, refused.account.attempts) == (400, []), refused


@pytest.mark.parametrize("path", ["/audio/speech", "/v1/audio/speech"])
def test_sound_is_a_stream_of_bytes(path: str) -> None:
    body = {"model": "m", "input": "x", "voice": "v"}
    made = gateway(CONFIG["targets"][0]).explain({"path": path, "body": body})
    assert (made.status, made.stream) == (200, "whole")
    broken = gateway(CONFIG["targets"][0]).explain({"path": path, "body": body}, {"*": "cut-late"})
    assert (broken.status, broken.stream) == (200, "broken")


MORE: dict[str, dict[str, Any]] = {"conditional": {"default": "one"}}
"""What a mode cannot do without."""


@pytest.mark.parametrize("mode", sorted(STRATEGIES))
@pytest.mark.parametrize("asked", [{}, STREAM], ids=["whole", "stream"])
def test_every_strategy_is_explained(mode: str, asked: Any) -> None:
    targets = [{"name": name, "provider": "openai", "api_key": KEY} for name in ("one", "two")]
    made = gateway({"strategy": {"mode": mode, **MORE.get(mode, {})}, "targets": targets}).explain(asked)
    assert made.status == 200 and made.seen["config"] == 200
    assert f"config {mode} -> 200" in str(made)


# ── requests ─────────────────────────────────────────────────────────────


def test_a_caller_may_bring_a_config_of_its_own() -> None:
    told = {"x-portkey-config": json.dumps({"provider": "groq"}), "Authorization": "Bearer sk"}
    made = gateway().explain({"headers": told})
    assert (made.headers["x-portkey-provider"], made.status) == ("groq", 200)


def test_a_refusal_is_told() -> None:
    made = gateway().explain({"body": {"messages": []}})
    assert (made.status, made.root, made.account.attempts) == (400, None, [])
    assert "invalid_request: `model` is missing" in str(made)
    assert made.as_json()["error"]["param"] == "model"
    assert error_of(b"x") is None


@pytest.mark.parametrize(
    "asked",
    [{"path": "/nowhere"}, {"verb": "GET"}, {"method": "GET"}],
)
def test_a_request_that_is_none_is_refused(asked: Any) -> None:
    with pytest.raises(ConfigError):
        gateway().explain(asked)


def test_the_gateway_itself_stays_as_it_was() -> None:
    made = gateway({"provider": "mock"})
    before = dict(vars(made))
    made.explain(script={"mock": "503"})
    assert vars(made) == before


# ── the world ────────────────────────────────────────────────────────────


def test_lanes_run_side_by_side() -> None:
    world = World(Script({}), lambda: 0.5)
    assert world.run(all_of(wait(3), all_of(wait(1), wait(2)), wait(1))) == (None, (None, None), None)
    assert world.time == 3.0


def refusing() -> Flow[None]:
    yield from wait(1)
    raise BadRequest("nothing of the kind")


def test_lanes_that_fail_fail_what_began_them() -> None:
    world = World(Script({}), lambda: 0.5)
    with pytest.raises(BadRequest, match="nothing of the kind"):
        world.run(all_of(refusing(), wait(2)))
    assert world.time == 2.0 and world.run(all_of()) == ()


def test_services_of_the_host_are_not_asked() -> None:
    world = World(Script({}), lambda: 0.5)
    with pytest.raises(GatewayError, match="hook is not asked"):
        world.run(ask("hook", "x"))
    assert world.run(ask("identity", "aws", {})) == {"api_key": "explained-key"}
    assert world.run(ask("store", "add", "n", 2, 10.0)) == 2


def test_what_remembers_is_explained_as_on_a_first_day() -> None:
    """A cache with nothing in it, breakers that are closed, functions of the host that are content."""
    config = {
        **CONFIG,
        "cache": "simple",
        "cb_config": {"failure_threshold": 1, "cooldown_interval": 60_000},
        "input_guardrails": [{"mine": {}, "deny": True}, {"wordCount": {"minWords": 1, "maxWords": 9}}],
    }
    asked = gateway(config, checks={"mine": lambda facts: False})
    assert asked.explain({"body": HELLO}, {"openai": "503"}).status == 200
    compared = {"strategy": {"mode": "compare"}, "targets": CONFIG["targets"]}
    assert gateway(compared).explain({"body": HELLO}).status == 200


def test_state_lasts_as_long_as_it_is_said_to() -> None:
    now = [0.0]
    store = Store(lambda: now[0])
    assert store.do("get", "k") is None
    store.do("set", "k", b"v", 10.0)
    assert store.do("get", "k") == b"v"
    assert store.do("swap", "k", b"x", b"y", 10.0) is False
    assert store.do("swap", "k", b"v", b"w", 10.0) is True
    assert store.do("swap", "k", b"w", None, 10.0) is True
    assert store.do("swap", "k", None, b"new", 10.0) is True
    assert [store.do("add", "n", 2, 10.0), store.do("add", "n", 3, 99.0)] == [2, 5]
    now[0] = 10.0
    assert store.do("get", "n") is None and store.do("get", "k") is None
    store.do("set", "k", b"v", 10.0)
    store.do("drop", "k")
    assert store.do("get", "k") is None
    with pytest.raises(KeyError):
        store.do("count", "k")


def test_a_recorded_explanation_gives_the_same_decisions() -> None:
    """The trace of an explanation is one that can be played again."""
    made = gateway().explain(script={"openai": "503", "claude": "429x1"}, seed=5)
    from gatewaymw.core.values import Call

    assert made.root is not None
    asked = Call(
        endpoint=CHAT,
        method="POST",
        path="/chat/completions",
        headers={"content-type": "application/json"},
        body={"model": "model", "messages": [{"role": "user", "content": "Hello"}]},
        raw=b'{"model":"model","messages":[{"role":"user","content":"Hello"}]}',
        deadline=600.0,
        traced=True,
    )
    root = answering_plainly(made.root)
    assert replayed(lambda env: run(root, asked, env), made.trace).status == made.status


# ── the tree ─────────────────────────────────────────────────────────────

TREE = """\
config fallback -> 200
|  config.targets[0] came to 503, which falls back
|  config.targets[1] came to 200: well done
+- targets[0] openai -> 503
|     0.000 s  503 after 0.100 s: tried again in 0.500 s (retry 1 of 2)
|     0.600 s  503 after 0.100 s: tried again in 1.000 s (retry 2 of 2)
|     1.700 s  503 after 0.100 s: all 2 retries are used up
+- targets[1] loadbalance -> 200
|  |  2.000 was drawn of 4: config.targets[1].targets[1], whose share is 2
|  +- targets[0] anthropic: left
|  `- targets[1] groq -> 200
|        1.800 s  200 after 0.100 s
`- targets[2] google: left

                              0                                                    1.900 s
config.targets[0]             ===...............====...............................===
config.targets[1].targets[1]                                                          ===="""


def test_an_explanation_is_a_tree_with_a_timeline() -> None:
    pair = {**CONFIG["targets"][1]}
    pair["targets"] = [{**pair["targets"][0], "weight": 2}, {**pair["targets"][1], "weight": 2}]
    config = {**CONFIG, "targets": [CONFIG["targets"][0], pair, CONFIG["targets"][2]]}
    drawn = str(gateway(config).explain(script={"openai": "503"}, dice=lambda: 0.5))
    first, _, tree = drawn.partition("\n\n")
    assert first.endswith("targets[1] (groq): 4 requests, 1.500 s of pauses, 1.900 s in all")
    assert tree == TREE and drawn.isascii()


@pytest.mark.parametrize(
    ("model", "default", "why"),
    [
        ("a", "z", 'conditions[1] holds: "two"'),
        ("b", "z", 'conditions[0] holds: "one"'),
        ("c", "z", 'no condition holds: the default, "z"'),
        ("c", None, "no condition holds"),
    ],
)
def test_a_condition_that_holds_is_named(model: str, default: str | None, why: str) -> None:
    conditions = [
        {"query": {"params.model": {"$regex": "b"}}, "then": "one"},
        {"query": {"params.model": "a"}, "then": "two"},
    ]
    targets = [{"name": name, "provider": "openai", "api_key": KEY} for name in ("one", "two", "z")]
    strategy = {"mode": "conditional", "conditions": conditions, "default": default}
    made = gateway({"strategy": strategy, "targets": targets}).explain({"body": {**HELLO, "model": model}})
    assert made.account.reasons == [("config", why)]


def test_many_targets_are_told_in_few_lines() -> None:
    targets = [{"provider": "openai", "api_key": KEY, "retry": {"attempts": 0}} for _ in range(60)]
    made = gateway({"strategy": {"mode": "fallback"}, "targets": targets})
    lines = str(made.explain(script={"*": "503x30"})).splitlines()
    assert "`- targets[31] .. targets[59]: left" in lines
    assert "and 7 more targets" in lines


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("ok", "after the commit the stream goes on to its end"),
        (
            "cut-late",
            "after the commit the stream ends with an error (upstream_broken); nothing is tried again",
        ),
    ],
)
def test_a_stream_shows_where_it_was_committed(outcome: str, words: str) -> None:
    drawn = str(gateway().explain(STREAM, {"openai": outcome}))
    assert "200 after 0.150 s: committed with" in drawn and words in drawn


# ── the command ──────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path: Any) -> str:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(CONFIG))
    return str(path)


def test_the_command_prints_the_tree(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", file, "--fail", "targets[0]=429x2,retry-after=2", "--seed", "7"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("POST /v1/chat/completions -> 200 from config.targets[0] (openai): 3 requests")


def test_the_command_prints_json(file: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    request = tmp_path / "request.json"
    for content in (HELLO, {"path": "/chat/completions", "body": HELLO}):
        request.write_text(json.dumps(content))
        assert main(["explain", file, "--json", "--request", str(request), "--fail", "*=503"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["status"], told["target"], told["provider"]) == (503, "config.targets[2]", "google")
        assert len(told["attempts"]) == 9 and told["waited_ms"] > 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "holds no object"),
        ('{"path": "/x"}', "is no path"),
    ],
)
def test_a_request_file_that_is_none(
    content: Any, words: str, file: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    request = tmp_path / "request.json"
    if content is not None:
        request.write_text(content)
    assert main(["explain", file, "--request", str(request)]) == 2
    assert words in capsys.readouterr().err


def test_a_script_or_a_config_that_is_none(
    file: str, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", file, "--fail", "openai=soon"]) == 2
    assert "is no outcome" in capsys.readouterr().err
    (tmp_path / "bad.json").write_text('{"provider": "opnai"}')
    assert main(["explain", str(tmp_path / "bad.json")]) == 1
    assert "config.provider" in capsys.readouterr().err
