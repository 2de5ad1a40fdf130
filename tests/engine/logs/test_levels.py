"""The levels of the log while it runs: an operator's choice goes back by itself, and goes before what the log does by itself."""

import logging
from pathlib import Path

import pytest

from engine.logs import LogBook
from engine.logs.levels import span
from engine.model.clock import VirtualClock
from engine.model.log_counts import COMPONENTS, LONGEST_S, ComponentLevel, objection_to
from tests.support.log_lines import SECOND, Open, logger
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def book(open_book: Open) -> LogBook:
    return open_book(level="warning", levels={"feed": "error"})


def now(book: LogBook) -> dict[str, ComponentLevel]:
    return {each.component: each for each in book.level_view}


def texts(book: LogBook) -> list[str]:
    assert book.flush(PATIENCE_S)
    return [line.text for line in book.lines_since(0, 99)]


def test_a_level_that_was_chosen_goes_back_by_itself(book: LogBook, clock: VirtualClock) -> None:
    begun_ns, levels = clock.monotonic_ns(), book.levels
    assert tuple(each.component for each in book.level_view) == COMPONENTS
    assert {each.by for each in book.level_view} == {""}
    assert levels.choose("trader", "debug", 600, begun_ns) == ""
    assert now(book)["trader"] == ComponentLevel("trader", "debug", begun_ns + 600 * SECOND, "warning", "operator")
    logger("trader").debug("a detail")
    logger("broker").info("not asked for")
    assert levels.due_ns == begun_ns + 600 * SECOND
    levels.look(begun_ns + 600 * SECOND - 1)
    assert now(book)["trader"].level == "debug"
    levels.look(levels.due_ns)
    assert now(book)["trader"] == ComponentLevel("trader", "warning")
    logger("trader").debug("not asked for any more")
    assert levels.due_ns > begun_ns + LONGEST_S * SECOND
    assert texts(book) == [
        "log trader → debug: operator for 10 min",
        "a detail",
        "log trader → warning: the time that was said is over",
    ]


def test_a_level_for_good_goes_back_when_it_is_said(book: LogBook) -> None:
    levels = book.levels
    assert (levels.choose("feed", "info", 0, 5), levels.choose("engine", "debug", 90, 5)) == ("", "")
    assert (now(book)["feed"].until_ns, levels.chosen) == (0, ("feed", "engine"))
    assert levels.choose("feed", "warning", 0, 6) == ""
    assert logging.getLogger("myquant.feed").level == logging.WARNING
    assert levels.choose("feed", "default", 0, 7) == ""
    assert (now(book)["feed"], levels.chosen) == (ComponentLevel("feed", "error"), ("engine",))
    assert texts(book)[-1] == "log feed → error: operator"


def test_what_an_operator_has_chosen_goes_before_what_the_log_does_by_itself(book: LogBook) -> None:
    levels = book.levels
    levels.detail(("broker", "trader"), on=True, because="order 3 rejected")
    assert levels.escalated == book.counts().escalated == ("trader", "broker")
    assert now(book)["broker"] == ComponentLevel("broker", "debug", 0, "warning", "adaptive")
    levels.choose("trader", "info", 60, 0)
    assert (levels.escalated, levels.in_detail) == (("broker",), ("broker",))
    assert now(book)["trader"] == ComponentLevel("trader", "info", 60 * SECOND, "debug", "operator")
    levels.look(60 * SECOND)
    assert now(book)["trader"].level == "debug"
    levels.detail(("broker", "trader"), on=False, because="calm for 120 s")
    assert (levels.escalated, {each.by for each in book.level_view}) == ((), {""})
    assert texts(book)[0] == "log broker, trader → debug: order 3 rejected"
    assert texts(book)[-1] == "log broker, trader → warning: calm for 120 s"


@pytest.mark.parametrize(
    ("component", "level", "for_s", "objection"),
    [
        (
            "tradr",
            "debug",
            0,
            "component 'tradr' is not known; allowed: engine, feed, trader, broker, journal, recording",
        ),
        ("trader", "loud", 0, "level 'loud' is not known; allowed: debug, info, warning, error, default"),
        ("trader", "debug", -1, "for -1 s: too long"),
        ("trader", "debug", LONGEST_S + 1, f"for {LONGEST_S + 1} s: too long"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    book: LogBook, component: str, level: str, for_s: int, objection: str
) -> None:
    before = book.level_view
    assert book.levels.choose(component, level, for_s, 0) == objection
    assert book.level_view == before
    assert texts(book) == []


def test_words_of_a_stretch_of_time() -> None:
    assert [span(seconds) for seconds in (45, 60, 90, 3600, 5400)] == ["45 s", "1 min", "90 s", "1 h", "90 min"]
    assert objection_to("trader", "default") == ""


def test_the_levels_of_the_next_run_are_those_of_its_configuration(
    book: LogBook, open_book: Open, tmp_path: Path
) -> None:
    book.levels.choose("trader", "debug", 0, 0)
    book.close()
    (tmp_path / "next").mkdir()
    assert {each.level for each in open_book(tmp_path / "next").level_view} == {"info"}


def test_detail_by_itself_keeps_within_a_rate_and_a_number_of_bytes(open_book: Open, clock: VirtualClock) -> None:
    book = open_book(lines_per_s=1_000, levels={"feed": "debug"})
    book.go_into_detail(("trader",), on=True, because="P&L −2.3 % in 60 s, from #18233")
    for _ in range(300):
        logger("trader").debug("a detail")
        logger("feed").debug("as configured")
    assert book.flush(PATIENCE_S)
    counts = book.counts()
    assert (counts.lines["trader"]["debug"], counts.lines["feed"]["debug"], counts.suppressed) == (200, 300, 100)
    a_line = book.detail_bytes // 200
    book.detail_ceiling = book.detail_bytes + 2 * a_line
    clock.advance(SECOND)
    for _ in range(5):
        logger("trader").debug("a detail")
        logger("trader").warning("no detail")
    assert book.flush(PATIENCE_S)
    assert book.detail_bytes == book.detail_ceiling
    newest = [line.text for line in book.lines_since(book.last_number - 7, 9)]
    assert newest == [*["a detail", "no detail"] * 2, *["no detail"] * 3]
    assert book.counts().suppressed == 103
    book.go_into_detail(("trader",), on=False, because="calm for 120 s")
    logger("trader").debug("not asked for any more")
    for _ in range(300):
        logger("trader").info("news")
    assert book.flush(PATIENCE_S)
    assert book.counts().suppressed == 103
