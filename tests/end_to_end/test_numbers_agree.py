"""What a run says of its trades, on the screen, in its closing card, its summary and the lists of days, is what its journal comes to; after kills too."""

import re
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assembly import Run, build
from engine.backtest.headless import run_to_end
from engine.cli.running import lines_of
from engine.journal import read_events
from engine.journal.chain_reader import ChainReader
from engine.journal.days import day_results, day_trades
from engine.journal.history import History
from engine.journal.months import JOURNAL_FILE
from engine.model.events import FillBooked
from engine.model.statistics import DayStatistics
from engine.model.types import Tick
from engine.presentation import closing as card
from engine.reports.day_records import day_record
from engine.reports.summary import summarise
from tests.support.builders import EAGER, ListSource, config, ms, tick
from tests.support.journal_harness import instruments_named
from tests.support.recomputed import recomputed
from tests.support.screens.snapshots import view
from tests.support.told_money import by_card, by_lines, by_summary, due, number, paise
from tui.frame import closing as drawn_card
from tui.frame.screen import frame
from tui.text.rows import plain

pytestmark = pytest.mark.slow
ZONE = "Asia/Kolkata"
NAMES = instruments_named("NIFTY", "BANKNIFTY")
RULES = (
    *EAGER,
    "risk.max_position_value_percent=40",
    "risk.base_sl_points=3",
    "risk.tp_points=[2, 4]",
    "risk.tp_percents=[0.5, 0.5]",
    "risk.max_positions_per_day=1000",
    "risk.max_daily_loss=0",
    "strategy.green_ticks_after_stop_loss=1",
    "recording.enabled=off",
)
_steps = st.tuples(st.integers(0, 1), st.integers(-4, 5), st.sampled_from((500, 500, 1000, 2500)))
_days = st.lists(st.lists(_steps, min_size=20, max_size=50), min_size=1, max_size=3)


def streamed(days: list[list[tuple[int, int, int]]]) -> list[Tick]:
    """The ticks of sessions one day after the other."""
    stream, day = [], date(2025, 10, 7)
    for steps in days:
        at_ms = ms("09:30:00", day.isoformat())
        for instrument, step, step_ms in steps:
            at_ms += step_ms
            stream.append(tick(len(stream) + 1, 100 + 1.5 * step, at_ms, instrument=instrument))
        day += timedelta(days=1)
    return stream


def killed(folder: Path, rows: int) -> Path:
    """The state directory as a kill after so many rows would have left it."""
    left = folder.with_name(f"{folder.name}-")
    left.mkdir(mode=0o700)
    for name in (JOURNAL_FILE, "mode"):
        shutil.copyfile(folder / name, left / name)
    with closing(sqlite3.connect(left / JOURNAL_FILE, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS events_stay")
        for table, column in (("events", "number"), ("fills", "event"), ("orders", "event"), ("positions", "event")):
            connection.execute(f"DELETE FROM {table} WHERE {column} > ?", (rows,))
        connection.execute("UPDATE runs SET ended_ns = NULL, outcome = NULL")
    return left


def cut(rows: list[object], share: float, *, behind_exit: bool) -> int:
    """How many of the rows are on the disk; `behind_exit`: the last is a fill that sold, whose exit was not written any more."""
    sold = [number for number, row in enumerate(rows, 1) if isinstance(row, FillBooked) and row.fill.side == "SELL"]
    places = sold if sold and behind_exit else range(1, len(rows) + 1)
    return places[min(len(places) - 1, int(share * len(places)))]


def rows_of(folder: Path) -> list[object]:
    return [row.entry() for row in read_events(folder / JOURNAL_FILE)]


def lines_of_card(lines: list[str]) -> dict[str, str]:
    """The card as it is drawn, by what each line is about."""
    told: dict[str, str] = {}
    name = ""
    for line in lines:
        name = line[:9].strip() or name
        told[name] = f"{told.get(name, '')} {line[9:].strip()}".strip()
    return told


def check(run: Run, folder: Path, whole: bool) -> None:
    """All that is said of it against the rows."""
    by_hand = recomputed(rows_of(folder))
    total, seen = by_hand[""], run.engine.snapshot
    today = by_hand.get(seen.account.day.date, DayStatistics())
    assert (seen.account.total, seen.account.day) == (total, today)
    over = seen.closing
    assert over is not None
    of = total if whole else today
    told = card.rows(over, ZONE)
    assert by_card(dict(told)) == due(of)
    assert (
        dict(told)
        .get("best", "longest")
        .endswith(f"longest losing streak {of.longest_lost}" if of.longest_lost else "")
    )
    shown = view(seen)
    assert by_card(lines_of_card(plain(drawn_card.rows(shown, 70, 40)).split("\n"))) == due(of)
    check_screen(plain(frame(shown, 200, 60)), today)
    summary = summarise(run, 1.0)
    assert by_summary(summary) == due(total)
    # of costs by kind nothing is printed before there is an exit
    assert by_lines(lines_of(summary, total, ZONE)) == due(total)._replace(**({} if total.exits else {"kinds": {}}))
    check_days(folder, by_hand)


def check_screen(screen: str, today: DayStatistics) -> None:
    """The pane of the account, as it is drawn."""
    assert f"won {today.won} of {today.positions} " in screen
    (realised,) = re.findall(r"realised +([+-]?[\d,.]+)", screen)
    assert number(realised) == paise(today.net)


def check_days(folder: Path, by_hand: dict[str, DayStatistics]) -> None:
    """The days and exits that the commands list."""
    history = History(ChainReader(folder))
    days = day_results(history, 100)
    marks = history.days(100)
    traded = {day: made for day, made in by_hand.items() if day}
    assert {day.statistics.date: day.statistics for day in days} == traded
    for day in days:
        record = day_record(day)
        assert (record.net, record.costs) == (paise(day.statistics.net), paise(day.statistics.costs))
        sold = [each for each in day_trades(history, marks, day.statistics.date) if each.exit_ms is not None]
        assert (len(sold), sum((each.net for each in sold), Decimal(0))) == (day.statistics.exits, day.statistics.net)


@settings(max_examples=8, deadline=None)
@given(_days, st.lists(st.tuples(st.floats(0.1, 0.9), st.floats(0, 1), st.booleans()), max_size=2), st.booleans())
def test_all_that_is_said_of_trades_is_what_the_rows_come_to(days, kills, overnight) -> None:
    """Each run plays a share of the ticks and is killed behind some of its rows; the last plays all that are left."""
    stream = streamed(days)
    rules = config(*RULES, f"session.daily={str(not overnight).lower()}")
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        for share, rows, behind_exit in [*sorted(kills), (1.0, None, False)]:
            source = ListSource(stream[: round(len(stream) * share)], NAMES)
            with build(rules, source, "paper", speed=0, state_root=folder, title="any", unlock=True) as run:
                run_to_end(run, Event())
                if rows is None:
                    check(run, folder, whole=False)
            if rows is not None:
                folder = killed(folder, cut(rows_of(folder), rows, behind_exit=behind_exit))


@settings(max_examples=4, deadline=None)
@given(_days)
def test_at_the_end_of_a_replay_it_is_of_all_its_days(days) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "state"
        with build(config(*RULES), ListSource(streamed(days), NAMES), "replay", speed=0, state_root=folder) as run:
            run_to_end(run, Event())
            check(run, folder, whole=True)
