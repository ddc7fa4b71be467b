"""How costs may grow: routing and looking up not at all, all else no faster than what is asked for.

Each law compares the CPU time of two sizes, the best of some turns. The bounds are thrice what they should
be, which noise does not reach, and what is worse by a power does.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "bench"))

from gatewaymw.core.commands import Flow  # noqa: E402
from gatewaymw.core.endpoints import CHAT  # noqa: E402
from gatewaymw.core.errors import GatewayError  # noqa: E402
from gatewaymw.core.json import loads  # noqa: E402
from gatewaymw.core.plan import Group, Node, Target  # noqa: E402
from gatewaymw.core.providers import PROVIDERS  # noqa: E402
from gatewaymw.core.routing.reply import Reply  # noqa: E402
from gatewaymw.core.routing.strategies import STRATEGIES  # noqa: E402
from gatewaymw.core.values import Call  # noqa: E402
from gatewaymw.gateway import ENV  # noqa: E402
from growing import BODIES, CALLERS, FLAT, NAMES, TARGETS, Law  # noqa: E402
from growth import MARKS, exponent, judged  # noqa: E402

SLACK = 3
ATTEMPTS = 4


def spent(call: Callable[[], object]) -> float:
    """Seconds of this thread, for some milliseconds of calls."""
    begun, times = time.thread_time(), 0
    while (took := time.thread_time() - begun) < 0.002:
        call()
        times += 1
    return took / times


def grown(small: Callable[[], object], large: Callable[[], object]) -> float:
    """How many times the cost of the small one the large one has."""
    turns = [(spent(small), spent(large)) for _ in range(3)]
    return min(turn[1] for turn in turns) / min(turn[0] for turn in turns)


def holds(small: Callable[[], object], large: Callable[[], object], most: float) -> bool:
    """Tried again where it does not: others may have had the caches."""
    return any(grown(small, large) < most for _ in range(ATTEMPTS))


def laws(rows: dict[str, Law], small: int, large: int) -> list[Any]:
    return [pytest.param(law, small, large, id=name) for name, law in rows.items()]


@pytest.mark.parametrize(
    "law, small, large",
    [
        *laws(TARGETS, 20, 200),
        *laws(NAMES, 20, 400),
        *laws(CALLERS, 20, 400),
        *laws(BODIES, 50_000, 1_000_000),
    ],
)
def test_cost_grows_no_faster_than_it_may(law: Law, small: int, large: int) -> None:
    most = SLACK if law.most == FLAT else SLACK * large / small
    assert holds(law.make(small).call, law.make(large).call, most)


def choosing(mode: str, children: int) -> Callable[[], object]:
    """A strategy alone, among more children than a config may have."""
    leaf = Target(path="config", provider=PROVIDERS["openai"])
    group = Group(
        mode=mode,
        path="config",
        children=(leaf,) * children,
        bounds=tuple(map(float, range(1, children + 1))),
        choose=lambda call: children - 1,
    )
    answered = Reply(status=200)

    def visit(child: Node) -> Flow[Reply]:
        return answered
        yield

    flow: Any = STRATEGIES[mode]
    call = Call(endpoint=CHAT, method="POST", path="/chat/completions")
    return lambda: list(flow(group, call, visit, ENV))


@pytest.mark.parametrize("mode", sorted(STRATEGIES.keys() - {"compare"}))  # which visits them all
def test_a_strategy_does_not_go_through_children_that_it_does_not_visit(mode: str) -> None:
    assert holds(choosing(mode, 10), choosing(mode, 50_000), SLACK)


def test_looking_for_numbers_that_are_none_costs_nothing_for_long_texts() -> None:
    """Of a body that is a file in base64, only the items are looked at."""
    text = b'{"data": "' + b"A" * 4_000_000 + b'"}'
    assert holds(lambda: loads(text), lambda: loads(text, finite=True), 2)


def test_a_caller_is_not_compared_with_every_key_of_the_operator() -> None:
    """A name that is none of them costs the same, however many there are."""

    def refused(number: int) -> Callable[[], object]:
        from gatewaymw.config import Book, compile_config, compile_virtual_keys

        keys = compile_virtual_keys({"k": {"provider": "openai", "api_key": "sk-1"}})
        book = Book(virtual_keys={f"key-{each}": keys["k"] for each in range(number)})

        def call() -> None:
            with pytest.raises(GatewayError):
                compile_config({"virtual_key": "key-nobody"}, book)

        return call

    assert holds(refused(1), refused(20_000), SLACK)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found(power: float) -> None:
    sizes = (1, 10, 100, 1000)
    assert exponent(sizes, [7 * size**power for size in sizes]) == pytest.approx(power)


def test_a_row_says_whether_its_budget_is_held_at_the_end_too() -> None:
    flat, late = (5.0, 5.0, 5.0), (5.0, 5.0, 50.0)
    assert judged("a", (1, 10, 100), flat, 0.15)[-4:] == ("0.00", "0.00", "≤ 0.15", "held")
    assert judged("b", (1, 10, 100), late, 0.6)[-4:] == ("0.50", "1.00", "≤ 0.6", "MISSED")


def test_the_tables_are_printed_and_written_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Growth\n\n{MARKS[0]}\nold\n{MARKS[1]}\n\nThe end.\n")
    command = [sys.executable, "bench/growth.py", "--quick", "--only", "targets", "streams", "--write"]
    done = subprocess.run([*command, str(page)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for words in ("load balance", "Open streams", "MiB resident, from Anthropic", "exponent"):
        assert words in done.stdout and words in page.read_text()
    assert re.search(r"^\| load balance \| [\d.]+ \| ", page.read_text(), re.MULTILINE)
    assert page.read_text().endswith(f"\n{MARKS[1]}\n\nThe end.\n")
    assert "\nold\n" not in page.read_text()


def test_the_docs_have_a_place_for_the_tables() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert page.count(MARKS[0]) == page.count(MARKS[1]) == 1


def test_a_page_without_marks_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks here")
    command = [sys.executable, "bench/growth.py", "--quick", "--write", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and MARKS[0] in done.stderr and done.stdout == ""
