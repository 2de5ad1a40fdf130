"""The log: nothing that matters is lost, floods are counted, texts are clean, a screen can page through it."""

import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from engine.logs import log_trade
from engine.logs.backlog import KEPT_RANK
from engine.logs.log_file import LogFile
from engine.model.clock import VirtualClock
from engine.model.errors import ConfigError
from engine.model.log_counts import COMPONENTS
from engine.model.ports import LogLine
from tests.support.log_lines import SECOND, STAMP, START_NS, Open, lines, logger
from tests.support.waiting import PATIENCE_S


def test_a_line_says_when_how_grave_who_and_what(open_book: Open, tmp_path: Path, clock: VirtualClock) -> None:
    book = open_book()
    log_trade("BUY %d at %s", 75, "216.00")
    log_trade("refused", component="broker", level=logging.ERROR)
    clock.advance(1_500_000_000)
    logger("recording").warning("stopped")
    logging.getLogger("myquant.feed.smartapi").error("link lost")
    logging.getLogger("myquant").info("up")
    book.close()
    assert lines(tmp_path) == [
        f"{STAMP} INFO  trader   BUY 75 at 216.00",
        f"{STAMP} ERROR broker   refused",
        "2025-10-01T09:20:50.500+05:30 WARN  recording stopped",
        "2025-10-01T09:20:50.500+05:30 ERROR feed.smartapi link lost",
        "2025-10-01T09:20:50.500+05:30 INFO  engine   up",
    ]
    assert book.problem == ""
    assert stat.S_IMODE((tmp_path / "engine.log").stat().st_mode) == 0o600


def test_ten_thousand_important_lines_of_four_threads_are_all_in_the_file(open_book: Open, tmp_path: Path) -> None:
    book = open_book(lines_per_s=5, level="error")

    def trade(thread: int) -> None:
        for number in range(2_500):
            log_trade("trade %d of %d", number, thread)

    threads = [threading.Thread(target=trade, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    book.close()
    found = [line.split("trader   ")[1] for line in lines(tmp_path)]
    for thread in range(4):
        assert [text for text in found if text.endswith(f" of {thread}")] == [
            f"trade {n} of {thread}" for n in range(2_500)
        ]
    assert len(found) == 10_000


def test_a_flood_is_cut_and_counted_exactly_and_only_for_its_component(
    open_book: Open, tmp_path: Path, clock: VirtualClock
) -> None:
    book = open_book(lines_per_s=10)
    for number in range(322):
        logger("feed").info("tick %d", number)
    logger("broker").info("quiet")
    logger("feed").warning("kept: a warning")
    logger("feed").info("kept: marked", extra={"keep": True})
    clock.advance(SECOND)
    logger("feed").info("another second")
    for _ in range(12):
        logger("feed").debug("switched off, not suppressed")
        logger("broker").info("noise")
    book.close()
    texts = [line.split("  ", 1)[1].strip() for line in lines(tmp_path)]
    assert texts == [
        *(f"feed     tick {number}" for number in range(10)),
        "broker   quiet",
        "feed     kept: a warning",
        "feed     kept: marked",
        "feed     … 312 lines of feed suppressed in 1 s",
        "feed     another second",
        *["broker   noise"] * 10,
        "broker   … 2 lines of broker suppressed in 1 s",
    ]


def test_suppression_is_told_without_a_further_line(open_book: Open, clock: VirtualClock) -> None:
    book = open_book(lines_per_s=1)
    for _ in range(4):
        logger().info("tick")
    assert book.flush(PATIENCE_S)
    assert [line.text for line in book.lines_since(0, 10)] == ["tick"]  # its second is not over
    clock.advance(SECOND)
    assert book.flush(PATIENCE_S)  # any turn of the book's thread looks
    assert book.flush(PATIENCE_S)
    assert [line.text for line in book.lines_since(1, 10)] == ["… 3 lines of feed suppressed in 1 s"]


def test_the_book_looks_again_by_itself(open_book: Open, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.logs.book.LOOK_AGAIN_S", 0.01)
    reader, writer = os.pipe()
    book = open_book(lines_per_s=1, console_fd=writer)
    logger().info("tick")
    assert book.flush(PATIENCE_S)  # the book now waits for whatever comes
    logger().info("tick")
    clock.advance(SECOND)
    with os.fdopen(reader) as shown:
        assert [shown.readline().split(maxsplit=3)[3] for _ in range(2)] == [
            "tick\n",
            "… 1 line of feed suppressed in 1 s\n",
        ]
        book.close()
    os.close(writer)


def test_lines_are_counted_by_component_and_level(open_book: Open) -> None:
    book = open_book(lines_per_s=3)
    for _ in range(5):
        logger("feed").info("tick")
    logging.getLogger("myquant.feed.smartapi").warning("slow")
    logging.getLogger("myquant").critical("broke")
    log_trade("entry")
    counts = book.counts()
    told = {(component, level): n for component, by in counts.lines.items() for level, n in by.items() if n}
    assert told == {("feed", "info"): 3, ("feed", "warning"): 1, ("engine", "error"): 1, ("trader", "info"): 1}
    assert set(counts.lines) == set(COMPONENTS)
    assert (counts.suppressed, counts.lost, counts.escalated) == (2, 0, ())


def test_no_limit_when_it_is_zero(open_book: Open, tmp_path: Path) -> None:
    book = open_book(lines_per_s=0)
    for number in range(1_000):
        logger().info("tick %d", number)
    book.close()
    assert len(lines(tmp_path)) == 1_000


def test_levels_by_component(open_book: Open, tmp_path: Path) -> None:
    book = open_book(level="warning", levels={"feed": "debug", "broker": "ERROR"})
    for component in ("feed", "broker", "journal"):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logger(component).log(level, "said")
    book.close()
    said = [line.split()[1:3] for line in lines(tmp_path)]
    assert said == [
        *(["DEBUG", "feed"], ["INFO", "feed"], ["WARN", "feed"], ["ERROR", "feed"]),
        *(["ERROR", "broker"], ["WARN", "journal"], ["ERROR", "journal"]),
    ]


def test_wrong_levels_are_told_all_at_once(open_book: Open) -> None:
    with pytest.raises(ConfigError) as raised:
        open_book(level="loud", levels={"feeed": "info", "feed": "quiet"})
    assert raised.value.lines == (
        "[log] level 'loud' is not known; allowed: debug, info, warning, error",
        "[log] level 'quiet' is not known; allowed: debug, info, warning, error",
        "[log] component 'feeed' is not known; allowed: engine, feed, trader, broker, journal, recording",
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}[0m"),
        ("two\nlines\r\nand\rmore\ttab", "two␤lines␤and␤more    tab"),
        ("bidi \N{RIGHT-TO-LEFT OVERRIDE}x", "bidi \N{REPLACEMENT CHARACTER}x"),
        ("lone \udcff surrogate", "lone \N{REPLACEMENT CHARACTER} surrogate"),
        ("c1 \x9b2J", "c1 \N{REPLACEMENT CHARACTER}2J"),
        ("x" * 5_000, "x" * 999 + "…"),
        ("[@click=app.quit]नमस्ते[/]", "[@click=app.quit]नमस्ते[/]"),
    ],
)
def test_texts_are_cleaned(open_book: Open, tmp_path: Path, text: str, shown: str) -> None:
    book = open_book()
    logger().info(text)
    logger().info("%s", text)
    book.close()
    assert lines(tmp_path) == [f"{STAMP} INFO  feed     {shown}"] * 2
    assert [line.text for line in book.lines_since(0, 9)] == [shown] * 2


def test_a_traceback_is_several_clean_lines(open_book: Open, tmp_path: Path) -> None:
    book = open_book()
    try:
        raise ValueError("bad\n\x1b]0;title\x07")
    except ValueError:
        logger("trader").exception("strategy raised")
    book.close()
    found = lines(tmp_path)
    assert all(line.startswith(f"{STAMP} ERROR trader   ") for line in found)
    texts = [line[len(f"{STAMP} ERROR trader   ") :] for line in found]
    assert texts[:2] == ["strategy raised", "Traceback (most recent call last):"]
    assert texts[-2:] == ["ValueError: bad", "\N{REPLACEMENT CHARACTER}]0;title\N{REPLACEMENT CHARACTER}"]


def test_a_line_that_cannot_be_put_together_is_told_and_takes_no_other_along(open_book: Open, tmp_path: Path) -> None:
    class Unprintable:
        def __str__(self) -> str:
            raise RuntimeError("no")

    book = open_book()
    logger().info("before")
    logger().info("%d ticks", "many")
    logger().info("%s", Unprintable())
    logger().info("after")
    book.close()
    assert [line.split(maxsplit=3)[3] for line in lines(tmp_path)] == [
        "before",
        "a log line failed: TypeError, %d ticks",
        "a log line failed: RuntimeError, %s",
        "after",
    ]


def test_a_clock_far_off_costs_no_line(open_book: Open, tmp_path: Path, clock: VirtualClock) -> None:
    clock.advance(2**62 * 1000)
    book = open_book()
    log_trade("sold")
    book.close()
    assert lines(tmp_path)[0].endswith("INFO  trader   sold")


def test_a_screen_pages_through_the_newest_two_thousand(open_book: Open, clock: VirtualClock) -> None:
    book = open_book(lines_per_s=0)
    assert book.lines_since(0, 10) == []
    for number in range(1, 2_501):
        logger().info("line %d", number)
    assert book.flush(PATIENCE_S)
    assert book.last_number == 2_500
    assert book.lines_since(2_499, 10) == [LogLine(2_500, clock.wall_ns(), "INFO", "feed", "line 2500")]
    assert book.lines_since(2_500, 10) == []
    seen: list[int] = []
    while page := book.lines_since(seen[-1] if seen else 0, 300):
        seen += [line.number for line in page]
    assert seen == list(range(501, 2_501))


def test_a_line_has_the_time_of_the_run_for_screens_and_that_of_the_machine_in_the_file(
    open_book: Open, tmp_path: Path
) -> None:
    book, run = open_book(), VirtualClock(1_600_000_000 * SECOND)
    logger().info("before there is a run")
    book.go_by(run)
    run.advance(90 * SECOND)
    logger().info("later")
    assert book.flush(PATIENCE_S)
    assert [line.run_ns // SECOND for line in book.lines_since(0, 9)] == [1_600_000_000, 1_600_000_090]
    assert {line.wall_ns for line in book.lines_since(0, 9)} == {START_NS}
    assert all(line.startswith(STAMP) for line in lines(tmp_path))


def test_a_trade_is_told_from_what_else_must_not_be_lost(open_book: Open) -> None:
    book = open_book()
    log_trade("entry 75", trade=True)
    log_trade("entries locked")
    logger("feed").warning("silent")
    book.close()
    assert [(line.text, line.trade) for line in book.lines_since(0, 9)] == [
        ("entry 75", True),
        ("entries locked", False),
        ("silent", False),
    ]


def test_large_files_are_set_aside_and_three_are_kept(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "engine.log", limit_bytes=100, kept=3)
    for number in range(60):
        file.write([(b"line %03d\n" % number, KEPT_RANK)])
    file.close()
    assert (file.problem, file.lost.lines) == ("", 0)
    names = ["engine.log", "engine.log.1", "engine.log.2", "engine.log.3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    found = [line for name in reversed(names) for line in lines(tmp_path, name)]
    assert found == [f"line {number:03d}" for number in range(22, 60)]  # eleven in each file, five in the newest
    assert all(path.stat().st_size <= 100 and stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_a_log_goes_on_where_the_last_run_stopped(open_book: Open, tmp_path: Path) -> None:
    (tmp_path / "engine.log").write_text("from before\n")
    (tmp_path / "engine.log").chmod(0o644)
    book = open_book()
    log_trade("sold")
    book.close()
    assert lines(tmp_path) == ["from before", f"{STAMP} INFO  trader   sold"]
    assert stat.S_IMODE((tmp_path / "engine.log").stat().st_mode) == 0o600


def test_two_books_one_after_the_other_share_nothing(open_book: Open, tmp_path: Path) -> None:
    handlers = list(logging.getLogger("myquant").handlers)
    open_book(level="error", levels={"feed": "debug"}).close()
    assert logging.getLogger("myquant").handlers == handlers
    second = tmp_path / "second"
    second.mkdir()
    book = open_book(second)
    logger("feed").debug("not asked for")
    logger("broker").info("asked for")
    book.close()
    assert [line.split(maxsplit=3)[3] for line in lines(second)] == ["asked for"]
    assert lines(tmp_path) == []
