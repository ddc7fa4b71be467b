"""What is made of measurements next to other gateways, and the C programs that measure. Starts no gateway."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "bench"))

from peers import plot, processes, report, verdicts  # noqa: E402
from peers.install import PARTS, signed  # noqa: E402
from peers.measure import FULL, QUICK, SURE, Failed, Target, noted, parsed  # noqa: E402
from peers.results import Figure, Results, read, save  # noqa: E402
from peers.servers import PEERS, Place  # noqa: E402
from peers.traffic import EVENTS, MODES, Cell, body, cells, request, write_answers  # noqa: E402
from peers.verdicts import AIMS, HEAVIEST, OURS, Aim, needed, ratio, verdict, worst  # noqa: E402
from tables import replaced, text  # noqa: E402

SMALL = Cell("identity", "1 KB", "whole", 64)
PACED = Cell("identity", "1 KB", "paced", 16)
TOLD = (
    '{"done": 3, "failed": 0, "unfinished": 0, "why": "", "seconds": 1.5, '
    '"p50": 1.0, "p99": 2.0, "first_p50": 0.5, "word_p50": 0.75}\n'
)


def results(**by_peer: list[float]) -> Results:
    """A run that measured one cell: microseconds of each round."""
    made = Results()
    for peer, figures in by_peer.items():
        for us in figures:
            made.add(peer, SMALL.name, Figure(us, 1e6 / us))
    return made


# ── verdicts ─────────────────────────────────────────────────────────────


def test_a_ratio_is_of_best_rounds_within_one_run() -> None:
    run = results(gatewaymw=[120, 100, 400], portkey=[900, 2000])
    assert ratio(SMALL, "portkey")(run) == 100 / 900
    assert ratio(SMALL, "nginx")(run) is None


def test_a_ratio_may_be_to_another_cell() -> None:
    run = results(gatewaymw=[30])
    run.add("nginx", PACED.name, Figure(10, 1))
    assert ratio(SMALL, "nginx", base=PACED)(run) == 3


def test_the_worse_of_both_modes_counts() -> None:
    run = Results()
    run.know(OURS, "identity", p50=1.0)
    assert worst("p50")(run) is None
    run.know(OURS, "translated", p50=1.25)
    assert worst("p50")(run) == 1.25
    assert worst("p50", "direct")(run) is None
    run.know("direct", "identity", p50=0.25)
    run.know("direct", "translated", p50=0.75)
    assert worst("p50", "direct")(run) == 0.75


@pytest.mark.parametrize(
    ("portkey", "word", "shown"), [(800, "held", "1/8.0"), (799, "MISSED", "1/8.0"), (50, "MISSED", "2.00")]
)
def test_a_verdict_is_held_at_its_limit_and_missed_above_it(portkey: float, word: str, shown: str) -> None:
    aim = Aim("ours ÷ Portkey", ratio(SMALL, "portkey"), 1 / 8, wish=1 / 12)
    made = verdict(aim, results(gatewaymw=[100], portkey=[portkey]))
    assert made == ("ours ÷ Portkey", shown, "≤ 1/8 (better: 1/12)", word)


def test_what_was_not_measured_is_not_judged_and_what_failed_is_said() -> None:
    aim = Aim("memory", worst("streams"), 160, "MiB", "open streams")
    run = Results(failures={"portkey: 1000 open streams, identity": "it broke"})
    assert verdict(aim, run) == ("memory", "–", "≤ 160 MiB", "not measured")
    run.know(OURS, "identity", streams=100)
    run.know(OURS, "translated", streams=141.4)
    assert verdict(aim, run) == ("memory", "141 MiB", "≤ 160 MiB", "held")
    run.failures["gatewaymw: 1000 open streams, translated"] = "999 right, 1 wrong"
    assert verdict(aim, run) == ("memory", "–", "≤ 160 MiB", "FAILED")


def test_every_aim_is_measured_in_the_matrix() -> None:
    """All peers at the same cost for everything: then each ratio is 1, and none is missing."""
    run = Results()
    for name, peer in PEERS.items():
        for cell in filter(peer.takes, cells()):
            run.add(name, cell.name, Figure(10, 1))
    for mode in MODES:
        for name in (OURS, "direct"):
            run.know(name, mode, p50=1, word=1, idle=1, loaded=1, streams=1, growth=1)
    assert [each.title for each in verdicts.verdicts(run) if each.word in ("FAILED", "not measured")] == []
    for aim in AIMS:
        if not aim.unit:
            assert aim.figure(run) == 1, aim.title


def test_the_cells_that_verdicts_need_are_enough_for_them_and_few() -> None:
    run, measured = Results(), 0
    for name, peer in PEERS.items():
        for cell in (cell for cell in cells() if peer.takes(cell) and needed(name, cell)):
            run.add(name, cell.name, Figure(10, 1))
            measured += 1
    ratios = [aim for aim in AIMS if not aim.unit]
    assert [aim.title for aim in ratios if aim.figure(run) != 1] == []
    assert len(ratios) < measured < 25
    assert not needed(OURS, Cell("identity", "1 KB", "whole", 256)) and not needed("litellm", PACED)
    assert [cell for cell in HEAVIEST if not PEERS[OURS].takes(cell)] == []


def test_those_in_the_readme_are_judged_as_on_the_page() -> None:
    run = results(gatewaymw=[100], portkey=[900])
    assert set(verdicts.key_verdicts(run)) < set(verdicts.verdicts(run))
    assert verdicts.key_verdicts(run)[0].word == "held"


# ── results and tables ───────────────────────────────────────────────────


def test_what_was_measured_is_read_back_as_it_was(tmp_path: Path) -> None:
    run = results(gatewaymw=[100, 90], nginx=[20])
    run.know(OURS, "identity", idle=50.5)
    run.setting["Python"], run.absent["portkey"], run.failures["x: y"] = "3.11", "no node", "broke"
    save(run, tmp_path / "new" / "figures.json")
    assert read(tmp_path / "new" / "figures.json") == run


def test_tables_show_best_and_middle_dashes_and_what_went_wrong() -> None:
    run = results(gatewaymw=[120, 100, 400], portkey=[900])
    run.add("nginx", PACED.name, Figure(9, 1))
    run.absent["litellm"] = f"{ROOT}/x | failed\nbadly"
    shown = "\n".join(text(table) for table in report.tables(run))
    costs = next(line for line in shown.splitlines() if line.startswith("request, 1 KB, 64 clients"))
    assert costs.split()[5:] == ["100", "(120)", "–", "900", "(900)"]
    assert "identity, 64 clients  10,000" in shown
    assert "1/9.0" in shown and "litellm  ./x / failed badly" in shown
    assert "Under gunicorn" not in shown  # nothing of it was measured


def test_what_is_added_is_the_difference_to_the_upstream_itself() -> None:
    run = Results()
    run.know("direct", "identity", p50=0.25, p99=1.0)
    run.know(OURS, "identity", p50=0.5, p99=3.5)
    assert report.added(run, OURS, "identity") == "0.25 / 3.50"
    assert report.added(run, "nginx", "identity") == "– / –"


def test_a_first_word_stands_before_a_first_byte_and_memory_has_its_highest() -> None:
    run = Results()
    run.know("direct", "identity", first=0.25, word=2.25)
    run.know(OURS, "identity", first=2.75, word=2.5, idle=50, loaded=80, peak=120)
    assert report.later_words(run, OURS, "identity") == "0.25 / 2.50"
    assert report.memory(run, OURS) == "50.0 → 80.0 (120)"


def test_the_readme_gets_the_key_verdicts_and_the_plot() -> None:
    page, marks = (ROOT / "README.md").read_text(), (report.BEGIN, report.END)
    made = [report.key_aims(results(gatewaymw=[100], portkey=[900]))]
    written = replaced(page, "set so", made, marks, {"CPU": "docs/plot.png"})
    shown = written.partition(report.BEGIN)[2].partition(report.END)[0]
    assert "÷ Portkey | 1/9.0 |" in shown and shown.endswith("\n![CPU](docs/plot.png)\n\n")
    assert written.partition(report.END)[2] == page.partition(report.END)[2]


def test_tables_go_between_marks_of_their_own_and_the_docs_have_them() -> None:
    marks = (report.BEGIN, report.END)
    page = (ROOT / "docs" / "performance.md").read_text()
    assert page.count(report.BEGIN) == page.count(report.END) == 1
    written = replaced(page, "set so", report.tables(results(gatewaymw=[100])), marks)
    assert "set so." in written and "What must be reached" in written
    assert written.partition(report.BEGIN)[0] == page.partition(report.BEGIN)[0]
    assert written.partition(report.END)[2] == page.partition(report.END)[2]


def test_the_plot_takes_the_best_round_of_who_has_one(tmp_path: Path) -> None:
    save(results(portkey=[900, 800], gatewaymw=[100]), tmp_path / "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert plot.bars(figures, SMALL.name) == {"gatewaymw": (100, 100), "Portkey": (800, 850)}
    names = {cell.name for cell in cells()}
    assert [cell for cell in plot.PANELS.values() if cell not in names] == []


# ── what is asked and answered ───────────────────────────────────────────


def test_an_event_counts_where_events_are_paced_and_a_request_elsewhere() -> None:
    assert (SMALL.per, PACED.per, Cell("identity", "1 KB", "burst", 1).per) == (1, EVENTS["identity"], 1)


@pytest.mark.parametrize(("size", "least", "most"), [("1 KB", 900, 1_100), ("200 KB", 199_000, 201_000)])
def test_bodies_have_the_size_that_they_are_called_by(size: str, least: int, most: int) -> None:
    made = json.loads(body("bench-whole", size, True))
    assert (made["model"], made["stream"]) == ("bench-whole", True)
    assert least < len(body("bench-whole", size, True)) < most


def test_a_request_is_for_the_one_who_is_asked(tmp_path: Path) -> None:
    place = Place(1, 9000, "translated", tmp_path)
    cell = Cell("translated", "1 KB", "burst", 1)
    portkey = Target("portkey", PEERS["portkey"], place, None).request(cell).decode()
    assert "\r\nx-portkey-provider: anthropic\r\n" in portkey and '"model":"bench-burst"' in portkey
    tensorzero = Target("tensorzero", PEERS["tensorzero"], place, None).request(cell, "slow").decode()
    assert tensorzero.startswith("POST /openai/v1/chat/completions HTTP/1.1\r\n")
    assert '"model":"tensorzero::model_name::translated-slow"' in tensorzero
    head, _, content = tensorzero.partition("\r\n\r\n")
    assert f"content-length: {len(content)}" in head


def test_a_slow_server_is_spared_what_it_could_not_finish() -> None:
    litellm = PEERS["litellm"]
    assert litellm.takes(Cell("identity", "1 KB", "whole", 256))
    assert not litellm.takes(Cell("identity", "1 KB", "burst", 256))
    assert not litellm.takes(Cell("identity", "200 KB", "whole", 256))
    assert not PEERS["nginx"].takes(Cell("translated", "1 KB", "whole", 1))
    assert not PEERS["wsgi"].takes(Cell("identity", "1 KB", "paced", 1))


def test_all_commands_keep_to_loopback(tmp_path: Path) -> None:
    for name, peer in PEERS.items():
        command = peer.command(Place(12345, 9000, "identity", tmp_path))
        said = " ".join(command) + "".join(path.read_text() for path in tmp_path.iterdir())
        assert "127.0.0.1" in said or "loopback.cjs" in said, name
        assert "0.0.0.0" not in said, name


def test_a_changed_program_is_built_again_and_a_new_version_fetched() -> None:
    for word in ("epoll_wait", "static long long now(void)"):  # in one of them, and in what they share
        assert word in signed(PARTS["programs"])
    assert signed(PARTS["litellm"]) == "litellm[proxy]==1.106.2 mcp"


# ── measuring ────────────────────────────────────────────────────────────


def test_a_failure_is_kept_and_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run = Results()
    with noted(run, "nginx: a cell"):
        raise Failed("wrong answer")
    assert run.failures == {"nginx: a cell": "wrong answer"}
    assert "FAILED nginx: a cell: wrong answer" in capsys.readouterr().out


def test_a_family_is_a_process_and_all_below_it() -> None:
    parents = {1: 0, 10: 1, 11: 10, 12: 11, 20: 1}
    assert sorted(processes.descendants(10, parents)) == [10, 11, 12]
    assert processes.on_cpu(["1500 20 3\n", "500 1 1\n"]) == 2000


def test_the_highest_memory_is_no_lower_than_what_there_is() -> None:
    ours = os.getpid()
    assert processes.highest(ours) >= processes.resident(ours) > 10
    assert processes.status(0) == ""


def test_a_quick_run_has_less_of_everything_but_streams() -> None:
    for more in (FULL, SURE):
        assert all(quick <= other for quick, other in zip(QUICK, more, strict=True))
    assert (
        SURE.rounds > FULL.rounds and QUICK.open == FULL.open == SURE.open == 1000
    )  # the verdict says how many


def test_what_the_generator_tells_is_read() -> None:
    assert parsed(TOLD).done == 3 and parsed(TOLD).word_p50 == 0.75


def run_program(folder: Path, name: str) -> Path:
    source = ROOT / "bench" / "peers" / f"{name}.c"
    command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(folder / name), str(source)]
    subprocess.run(command, check=True)
    return folder / name


compiled = pytest.mark.skipif(
    not shutil.which("cc"), reason="the upstream and the clients are C programs, and there is no cc"
)


@compiled
def test_the_upstream_answers_and_the_generator_reads_and_checks(tmp_path: Path) -> None:
    write_answers(tmp_path)
    upstream, load = run_program(tmp_path, "upstream"), run_program(tmp_path, "load")
    asking = tmp_path / "request"

    def asked(cell: Cell, expected: str, path: str, most: int, rate: int = 0) -> str:
        asking.write_bytes(request(path, f"bench-{cell.answer}", cell, {}))
        words = [port, asking, expected, cell.begins, cell.clients, 5, most, rate]
        return subprocess.run([load, *map(str, words)], capture_output=True, text=True, check=True).stdout

    command = [str(upstream), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        port = int(process.stdout.readline())
        for path, mode in {"/v1/chat/completions": "identity", "/v1/messages": "translated"}.items():
            for size, answer in (("1 KB", "whole"), ("200 KB", "whole"), ("1 KB", "burst")):
                cell = Cell(mode, size, answer, 4)
                told = parsed(asked(cell, cell.expected, path, 40))
                assert (told.done, told.failed, told.unfinished) == (40, 0, 0), told
        paced = parsed(asked(PACED, PACED.expected, "/v1/chat/completions", 16))
        assert (paced.done, paced.failed) == (16, 0)
        assert paced.p50 >= (EVENTS["identity"] - 1) * 2000 > paced.first_p50  # 2 ms from event to event
        assert paced.word_p50 >= max(2000, paced.first_p50)  # it is in the second event
        spread = parsed(asked(SMALL, SMALL.expected, "/v1/chat/completions", 5, rate=50))
        assert spread.done == 5 and spread.seconds >= 0.08  # the fifth goes out after 80 ms
        wrong = parsed(asked(SMALL, "nobody says this", "/v1/chat/completions", 5))
        assert (
            wrong.done == 0
            and wrong.failed == 5
            and wrong.why.startswith("not what was expected: HTTP/1.1 200")
        )
        process.stdin.close()
        assert process.wait(10) == 0  # it ends with whoever started it


HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def answer(listener: socket.socket, pieces: tuple[bytes, ...]) -> None:
    """One request's answer, a chunk for each piece, 30 ms apart."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(HEAD)
        for piece in pieces:
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            time.sleep(0.03)
        connection.sendall(b"0\r\n\r\n")
        connection.recv(1)  # until the client has closed


@compiled
@pytest.mark.parametrize(
    ("pieces", "late"),
    [
        ((b"a word0 ", b"more", b"end"), 0),
        ((b"role", b"a word0", b"end"), 1),
        ((b"a wor", b"d0 more", b"end"), 1),
        ((b"w", b"o", b"r", b"d", b"0", b"end"), 4),
        ((b"x" * 5000 + b"wo", b"rd0" + b"x" * 5000, b"end"), 1),
        ((b"word1", b"wo", b"word", b"end"), -1),
    ],
)
def test_the_first_word_is_noted_when_all_of_it_has_come(
    pieces: tuple[bytes, ...], late: int, tmp_path: Path
) -> None:
    load, asking = run_program(tmp_path, "load"), tmp_path / "request"
    asking.write_bytes(request("/", "bench-burst", PACED, {}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=answer, args=(listener, pieces))
        server.start()
        words = [listener.getsockname()[1], asking, "end", "word0", 1, 5, 1, 0]
        told = parsed(subprocess.check_output([load, *map(str, words)], text=True))
        server.join()
    if late < 0:
        assert (told.done, told.failed) == (0, 1) and told.why.startswith("without its first word: HTTP/1.1")
    else:
        assert (told.done, told.failed) == (1, 0)
        assert told.first_p50 <= told.word_p50 <= told.p50
        assert told.word_p50 >= 30_000 * late and told.p50 >= 30_000 * len(pieces)
        assert late or told.word_p50 - told.first_p50 < 10_000  # both were seen at once


def test_paced_answers_are_laid_out_event_by_event(tmp_path: Path) -> None:
    write_answers(tmp_path)
    for dialect, mode in {"openai": "identity", "anthropic": "translated"}.items():
        data, pieces = (tmp_path / f"{dialect}.paced").read_bytes(), []
        while data:
            (size,) = struct.unpack_from("<I", data)
            pieces.append(data[4 : 4 + size])
            data = data[4 + size :]
        assert len(pieces) == EVENTS[mode]
        assert pieces[0].startswith(b"HTTP/1.1 200 OK\r\n") and pieces[-1].endswith(b"0\r\n\r\n")
        assert b"".join(pieces) == (tmp_path / f"{dialect}.burst").read_bytes()
