"""What becomes of sampled stacks: read, put into layers, drawn. Samples nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "bench"))

import flame  # noqa: E402
from icicle import COLOURS, LEAST, boxes, svg, tree  # noqa: E402
from stacks import LAYERS, Frame, Stack, layered, read, shares  # noqa: E402

ABOVE = "main (uvicorn/main.py:448);Server.run (uvicorn/server.py:86);"
LOOP = ABOVE + "Runner.run (asyncio/runners.py:118);run_forever (loop.c:9);Py_DECREF (object.h:500);"
CALL = LOOP + "__call__ (gatewaymw/asgi.py:{line});"
FOLDED = f"""\
{CALL.format(line=8)}serve (gatewaymw/gateway.py:1);run (gatewaymw/core/routing/machine.py:2) 3
{CALL.format(line=9)}serve (gatewaymw/gateway.py:7);run (gatewaymw/core/routing/machine.py:9) 2
{CALL.format(line=9)}send (gatewaymw/drivers/wire/aio.py:3);<lambda> (json/encoder.py:3) 1
{CALL.format(line=9)}loads (json/__init__.py:3);gc_collect_main (libpython3.11.so.1.0) 1
{CALL.format(line=9)}send (uvicorn/a.py:1);write (loop.c:4);UVStream (loop.c:5);write (libc.so.6) 2
{LOOP}epoll_pwait (libc.so.6) 1
{ABOVE}load_app (uvicorn/config.py:434);_load (<frozen importlib._bootstrap>:690);<module> (ours.py:1) 90
{CALL.format(line=9)}late (gatewaymw/asgi.py:2);_load (<frozen importlib._bootstrap>:690) 9
{ABOVE}parse_args (click/core.py:7) 4
"""

frames = st.builds(Frame, st.text(max_size=40), st.text(max_size=40), st.sampled_from(sorted(LAYERS)))
samples = st.dictionaries(
    st.lists(frames, min_size=1, max_size=6).map(tuple), st.integers(1, 1000), min_size=1, max_size=40
)


def names(stack: Stack) -> list[str]:
    return [frame.name for frame in stack]


def test_only_a_server_at_work_counts_and_lines_make_no_difference() -> None:
    seen = read(FOLDED)
    assert sum(seen.values()) == 10
    most = max(seen, key=lambda stack: seen[stack])
    assert seen[most] == 5
    assert names(most) == ["Runner.run", "event loop", "__call__", "serve", "run"]
    assert [frame.layer for frame in most] == ["loop", "loop", "edge", "edge", "core"]


def test_each_layer_has_what_its_own_functions_took_and_what_they_called_without_one() -> None:
    parts = shares(read(FOLDED))
    assert parts == {
        "server": 0, "edge": 0, "core": 0.5, "transport": 0.1, "loop": 0, "kernel": 0.3, "gc": 0.1, "other": 0
    }  # fmt: skip
    assert list(parts) == list(LAYERS) and shares({})["core"] == 0


def test_native_frames_are_named_or_left_out() -> None:
    shown = layered(
        [
            "feed (gatewaymw/drivers/wire/answer.py:1)",
            "llhttp__on_header (api.c:4)",
            "0x7f839d64524a (libc.so.6)",
            "Py_DECREF (object.h:12)",
            "readv (libc.so.6)",
            "no shape at all",
        ]
    )
    assert shown[1:] == (Frame("parser", "httptools", "transport"),)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("/a/lib/python3.11/site-packages/anyio/_core/_tasks.py", "anyio/_core/_tasks.py"),
        ("/a/checkout/src/gatewaymw/asgi.py", "gatewaymw/asgi.py"),
        ("/usr/lib/python3.11/json/decoder.py", "json/decoder.py"),
        ("/srv/app/ours.py", "ours.py"),
        ("<string>", "<string>"),
    ],
)
def test_places_are_names_of_modules_not_of_folders_here(file: str, place: str) -> None:
    assert [frame.place for frame in layered([f"call ({file}:12)"])] == [place]


@given(samples)
def test_boxes_lie_within_those_that_call_them_and_side_by_side(stacks: dict[Stack, int]) -> None:
    rows: dict[int, list[tuple[float, float]]] = {}
    for box in boxes(tree(stacks)):
        assert LEAST <= box.share <= 1 + 1e-9 and box.left + box.share <= 1 + 1e-9
        rows.setdefault(box.row, []).append((box.left, box.share))
    for row in map(sorted, rows.values()):
        for (left, share), (following, _) in pairwise(row):
            assert left + share <= following + 1e-9
    assert sum(shares(stacks).values()) == pytest.approx(1)


def test_the_picture_is_plain_and_the_same_each_time() -> None:
    seen = read(FOLDED)
    shown = svg("identity & more", seen)
    assert shown == svg("identity & more", Counter(dict(reversed(seen.items()))))
    root = ElementTree.fromstring(shown)
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert "run (gatewaymw/core/routing/machine.py): 50.0%" in titles
    assert "<lambda> (json/encoder.py): 10.0%" in titles
    assert "core 50%" in shown and "script" not in shown and "10 samples" in shown
    assert set(COLOURS) == set(LAYERS)


def test_what_is_too_small_to_see_is_not_drawn() -> None:
    loop = Frame("run", "asyncio/runners.py", "loop")
    stacks = {(loop, Frame(f"call{at}", "gatewaymw/asgi.py", "edge")): 1 for at in range(1000)}
    assert svg("many", stacks).count("<title>") == 2  # the loop, and the legend's one layer
    stacks[loop, Frame("call0", "gatewaymw/asgi.py", "edge")] = 3
    assert svg("many", stacks).count("<title>") == 2
    stacks[loop, Frame("call0", "gatewaymw/asgi.py", "edge")] = 4
    assert svg("many", stacks).count("<title>") == 3


def test_the_docs_show_the_pictures_and_they_are_small() -> None:
    page = (ROOT / "docs" / "performance.md").read_text()
    assert page.count(flame.BEGIN) == page.count(flame.END) == 1
    for name in flame.CELLS:
        drawn = ROOT / "docs" / f"flame-{name}.svg"
        assert f"({drawn.name})" in page and drawn.stat().st_size < 150_000
        assert not re.search(r"script|/home/|/usr/|site-packages", drawn.read_text())


def test_a_page_without_marks_is_refused_before_anything_is_sampled(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no marks here")
    command = [sys.executable, "bench/flame.py", "--write", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "has no <!-- flames: begin -->" in done.stderr


def test_the_table_has_a_row_for_each_picture(tmp_path: Path) -> None:
    seen = {name: read(FOLDED) for name in flame.CELLS}
    page = tmp_path / "page.md"
    page.write_text(f"{flame.BEGIN}\nold\n{flame.END}\n")
    flame.publish(page, seen, flame.table(seen))
    written = page.read_text()
    assert "| identity, whole | 0% | 0% | 50% | 10% | 0% | 30% | 10% |" in written and "old" not in written
    for name, title in flame.TITLES.items():
        assert f"![{title}](flame-{name}.svg)" in written
        assert title in (tmp_path / f"flame-{name}.svg").read_text()
