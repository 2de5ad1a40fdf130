"""The log on a disk that refuses and a terminal that nobody reads: told, counted, and no trade line lost."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.logs import log_trade
from tests.support.log_lines import Open, lines, logger
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S, until


def test_a_log_that_cannot_be_opened_is_told_and_catches_up_later(open_book: Open, tmp_path: Path) -> None:
    book = open_book(tmp_path / "absent")
    log_trade("bought")
    logger().info("small talk")
    assert book.flush(PATIENCE_S)
    refused = f"log {tmp_path / 'absent' / 'engine.log'}: No such file or directory"
    assert book.problem == f"{refused}; 1 line lost (1 INFO)"
    assert [line.text for line in book.lines_since(0, 9)] == ["bought", "small talk"]
    (tmp_path / "absent").mkdir()
    log_trade("sold")
    book.close()
    assert book.problem == ""
    assert [line.split(maxsplit=3)[3] for line in lines(tmp_path / "absent")] == [
        "bought",
        "sold",
        "1 line lost (1 INFO) here: the disk did not take more",
    ]


@pytest.mark.parametrize(
    "place",
    [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path.with_name("victim"))],
    ids=["pipe", "folder", "link"],
)
def test_what_is_no_file_in_place_of_the_log_is_put_aside(
    open_book: Open, tmp_path: Path, place: Callable[[Path], object]
) -> None:
    (tmp_path / "victim").write_text("")
    place(tmp_path / "engine.log")
    book = open_book()
    log_trade("sold")
    book.close()
    assert book.problem == ""
    assert not (tmp_path / "engine.log").is_symlink()
    assert "sold" in (tmp_path / "engine.log").read_text()
    assert list(tmp_path.glob("engine.log.aside-*"))
    assert (tmp_path / "victim").read_text() == ""


def test_a_full_disk_costs_small_talk_but_no_trade(tmp_path: Path) -> None:
    script = """
import logging, resource, sys
from datetime import timezone
from pathlib import Path
from engine.model.clock import VirtualClock
from engine.logs import LogBook, log_trade
book = LogBook(Path(sys.argv[1]), VirtualClock(), timezone.utc, lines_per_s=0)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
for number in range(100):
    log_trade("trade %d", number)
    logging.getLogger("myquant.feed").info("tick %d", number)
    book.flush(30)
print(book.problem, book.last_number, sep="\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
book.close()
print(book.problem)
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        f"log {tmp_path / 'engine.log'}: File too large; 91 lines lost (91 INFO)",
        "200",
        "",
    ]
    found = lines(tmp_path)
    assert found[19] == "19"  # all of tick 9 that still fitted
    assert [line[45:] for line in found[:19]] == [f"{what} {n}" for n in range(10) for what in ("trade", "tick")][:19]
    assert [line[45:] for line in found[20:-1]] == [f"trade {n}" for n in range(10, 100)]
    assert found[-1].endswith("91 lines lost (91 INFO) here: the disk did not take more")


def test_what_breaks_beside_the_disk_is_told_and_the_next_lines_are_written(
    open_book: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = open_book()
    with monkeypatch.context() as broken:
        broken.setattr("engine.logs.log_file._open", lambda _: 1 // 0)
        log_trade("bought")
        assert book.flush(PATIENCE_S)
        until(lambda: bool(book.problem))
        assert (
            book.problem == "log: the writer broke, not the disk: ZeroDivisionError: integer division or modulo by zero"
        )
    log_trade("sold")
    book.close()
    assert book.problem == ""
    assert [line.split(maxsplit=3)[3] for line in lines(tmp_path)] == ["bought", "sold"]


HUNG = """
import logging, os, sys, threading
from datetime import timezone
from pathlib import Path
from engine.logs import LogBook, log_trade
from engine.logs.log_writer import HANGS_NS
from engine.model.clock import VirtualClock
from engine.runtime.process_stats import rss_mb
clock = VirtualClock()
book = LogBook(Path(sys.argv[1]), clock, timezone.utc, level="debug", lines_per_s=0)
log = logging.getLogger("myquant.feed")
log.info("the disk answers")
book.flush(30)
reader, writer = os.pipe()  # a disk that hangs: a write into a full pipe waits for somebody who reads
os.dup2(writer, book._file._fd)
os.close(writer)
before_mb = rss_mb()
for number in range(int(sys.argv[2])):
    log.warning("no tick of NIFTY25NOV25900CE for %d s, and 60 characters more of what is wrong", number)
    if number % 1_000 == 0:
        log.debug("detail %d", number)
        log.info("news %d", number)
        log.error("failure %d", number)
        log_trade("trade %d", number)
grown_mb = rss_mb() - before_mb
clock.advance(HANGS_NS)
print(book.problem, f"{grown_mb:.1f}", sep="\\n")
found = []
reads = threading.Thread(target=lambda: found.extend(os.fdopen(reader)), daemon=True)
reads.start()
book.close()

reads.join(30)
counts = book.counts()
print(counts.lost, *counts.lines["feed"].values(), counts.lines["trader"]["info"])
print(*(sum(word in line for line in found) for word in ("trade ", "failure ", "WARN  feed", "news ", "detail ")))
print(found[-1][30:], end="")
"""


def test_what_is_logged_is_shown_while_the_disk_hangs(open_book: Open) -> None:
    shown_on, console = os.pipe()
    book = open_book(console_fd=console, lines_per_s=0)
    log_trade("the disk answers")
    assert book.flush(PATIENCE_S)
    reader, writer = os.pipe()  # a disk that hangs: a write into a full pipe waits for somebody who reads
    os.dup2(writer, book._file._fd)
    os.close(writer)
    for number in range(2_000):
        log_trade("%d %s", number, "x" * 60)
    until(lambda: book.lines_since(book.last_number - 1, 9)[-1].text.startswith("1999 "))
    with os.fdopen(shown_on) as shown:
        assert next(line for line in shown if " 1999 " in line)
    assert not book.flush(0)
    assert book.waiting > 100
    with os.fdopen(reader) as file:  # it answers again: all of them, in their order
        found = [next(file).split(maxsplit=4)[3] for _ in range(2_000)]
    assert found == [str(number) for number in range(2_000)]
    assert book.flush(PATIENCE_S)
    assert (book.waiting, book.counts().lost) == (0, 0)
    os.close(console)


@pytest.mark.slow
def test_a_disk_that_hangs_costs_bounded_memory_and_no_kept_line(tmp_path: Path) -> None:
    flood = 60_000  # what is beyond the bound costs nothing: 200,000 grow as little, and take longer
    command = [sys.executable, "-c", HUNG, str(tmp_path), str(flood)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    problem, grown_mb, counts, found, told = ended.stdout.splitlines()
    assert problem.startswith("log: the disk does not answer, ")
    assert re.search(r" wait; \d+,\d+ lines lost \(\d+ DEBUG, \d+ INFO, \d\d,\d+ WARN\)$", problem)
    assert float(grown_mb) <= 20
    lost, *logged = map(int, counts.split())
    each = flood // 1_000
    assert logged == [each, each + 1, flood, each, each]
    kept, errors, warnings, news, details = map(int, found.split())
    assert (kept, errors) == (each, each)
    assert warnings + news + details + lost == flood + 2 * each
    assert told.startswith(f"WARN  engine   {lost:,} lines lost (")
    assert told.endswith(" here: the disk did not take more")


def test_a_disk_that_refuses_gets_the_gravest_that_waited(
    open_book: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.logs.log_file.HELD_LIMIT", 10)
    book = open_book(tmp_path / "absent")
    for number in range(8):
        logger().warning("warning %d", number)
        logger().error("error %d", number)
        log_trade("trade %d", number)
        assert book.flush(PATIENCE_S)
    (tmp_path / "absent").mkdir()
    book.close()
    assert [line.split(maxsplit=3)[3] for line in lines(tmp_path / "absent")] == [
        *(f"trade {number}" for number in range(6)),
        "error 6",
        "trade 6",
        "error 7",
        "trade 7",
        "14 lines lost (8 WARN, 6 ERROR) here: the disk did not take more",
    ]


def test_the_console_gets_every_line_too(open_book: Open, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    book = open_book(console_fd=writer)
    log_trade("bought")
    logger().error("link lost")
    book.close()
    os.close(writer)
    with os.fdopen(reader) as shown:
        assert shown.read() == (tmp_path / "engine.log").read_text()


def test_a_terminal_that_nobody_reads_holds_up_nothing(
    open_book: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.logs.console.WAITING_LIMIT_BYTES", 100_000)
    monkeypatch.setattr("engine.logs.book.CONSOLE_TIMEOUT_S", 0.01)
    reader, writer = os.pipe()
    book = open_book(console_fd=writer, lines_per_s=0)
    for number in range(200):
        log_trade("%d %s", number, "x" * 900)
        assert book.flush(PATIENCE_S)
    assert len(lines(tmp_path)) == 200  # while the pipe is full
    with os.fdopen(reader) as shown:
        first = [shown.readline() for _ in range(110)]
        log_trade("after the stall")
        rest = [shown.readline()]
        while "after the stall" not in rest[-1]:
            rest.append(shown.readline())
        log_trade("told once")
        assert shown.readline().endswith("told once\n")
        book.close()
    os.close(writer)
    assert first == (tmp_path / "engine.log").read_text().splitlines(keepends=True)[:110]
    skipped = [line for line in rest if "were not shown" in line]
    assert len(skipped) == 1
    assert int(skipped[0].split()[1]) == 200 - 110 - (len(rest) - 2)


def test_a_console_that_hung_up_is_no_problem(open_book: Open, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    book = open_book(console_fd=writer)
    for number in range(3):
        log_trade("trade %d", number)
        assert book.flush(PATIENCE_S)
    book.close()
    os.close(writer)
    assert len(lines(tmp_path)) == 3
    assert book.problem == ""


def test_closing_from_any_thread_and_twice_loses_nothing(open_book: Open, tmp_path: Path) -> None:
    book = open_book(lines_per_s=0)
    for number in range(3_000):
        log_trade("trade %d", number)
    closers = [threading.Thread(target=book.close) for _ in range(3)]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join()
    assert len(lines(tmp_path)) == 3_000
    log_trade("after the end")
    assert len(lines(tmp_path)) == 3_000
    assert book.flush(0.0) is False
