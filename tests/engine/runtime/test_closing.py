"""What came of a session day is told once it is over, and of a replay at its end: equal to the days of its journal and its summary."""

from decimal import Decimal
from pathlib import Path
from threading import Event

from engine.assembly import build
from engine.backtest.headless import run_to_end
from engine.journal.chain_reader import ChainReader
from engine.journal.days import day_results, day_trades
from engine.journal.history import History
from engine.presentation import closing
from engine.presentation.format import day as day_of
from engine.reports.summary import summarise
from engine.runtime.closing import Closing
from engine.runtime.uptime import Uptime
from tests.support.builders import DAY, EAGER, ListSource, config, ms, tick
from tests.support.clock_runs import VirtualRun

FLAT = (*EAGER, "risk.tp_points=[1]", "risk.tp_percents=[1.0]", "strategy.min_warmup_ticks=1")
NEXT_DAY = "2025-10-02"
END_MS = ms("15:30:00")
MINUTE_MS = 60_000


class Watched:
    """A run on a virtual clock whose end of day is looked for, as a snapshot would."""

    def __init__(self, *overrides: str) -> None:
        self.run = VirtualRun(*FLAT, *overrides)
        self.closing = Closing(self.run.parts, None)
        self.seq = 0

    def prices(self, at_ms: int, *prices: float) -> "Watched":
        for number, price in enumerate(prices):
            self.seq += 1
            self.run.play([tick(self.seq, price, at_ms + 1000 * number)])
            self.look()
        return self

    def look(self, at_ms: int = 0):
        if at_ms:
            self.run.parts.clock.at_ms = at_ms
        return self.closing.view(self.run.parts.market_clock.now_ms)


def test_a_day_is_told_once_its_session_is_over_and_until_the_next() -> None:
    day = Watched().prices(ms("09:30:00"), 100, 101, 102, 102)
    assert day.look(END_MS) is None
    over = day.look(END_MS + MINUTE_MS)
    assert over is not None
    assert (over.statistics.exits, over.statistics.date, over.whole) == (1, DAY, False)
    assert day.look(END_MS + 60 * MINUTE_MS) is over
    assert day.prices(ms("09:30:00", NEXT_DAY), 100).look() is None


def test_a_day_with_something_held_is_not_over() -> None:
    day = Watched("risk.tp_points=[1000]", "risk.base_sl_points=1000").prices(ms("09:30:00"), 100, 101)
    assert day.run.parts.trader.state.portfolio.net(0)
    assert day.look(END_MS + MINUTE_MS) is None


def test_a_day_that_was_over_before_this_engine_came_is_not_told_again() -> None:
    day = Watched().prices(ms("09:30:00"), 100, 101, 102)
    assert Closing(day.run.parts, None).view(END_MS + MINUTE_MS) is None
    day.look(END_MS + MINUTE_MS)
    late = Closing(day.run.parts, None)
    assert [late.view(END_MS + MINUTE_MS * each) for each in (1, 2, 3)] == [None] * 3


def test_it_says_how_much_of_the_session_was_watched() -> None:
    day = Watched().prices(ms("09:30:00"), 100, 101, 102, 102)
    uptime = Uptime(day.run.parts.trader.state.all_hours)
    day.closing = Closing(day.run.parts, None, uptime)
    day.look()
    for second in range(601):
        uptime.look(END_MS + 1000 * second - 10 * MINUTE_MS, second * 1_000_000_000, fresh=True)
    over = day.look(END_MS + MINUTE_MS)
    assert over is not None
    assert dict(closing.rows(over, "Asia/Kolkata"))["watched"] == "10 of 375 minutes (2.66 %)"
    assert "watched 10 of 375 minutes (2.66 %)" in " ".join(closing.log_lines(over, "Asia/Kolkata"))
    nobody = Watched().prices(ms("09:30:00"), 100, 101, 102, 102).look(END_MS + MINUTE_MS)
    assert nobody is not None
    assert "watched" not in dict(closing.rows(nobody, "Asia/Kolkata"))


def test_round_the_clock_a_day_is_over_with_the_next() -> None:
    day = Watched("session.daily=false").prices(ms("09:30:00"), 100, 101, 102)
    assert day.look(ms("23:59:59")) is None
    over = day.prices(ms("00:10:00", NEXT_DAY), 100).look()
    assert over is not None
    assert (over.statistics.date, over.statistics.exits) == (DAY, 1)


def test_a_replay_s_card_its_summary_its_journal_and_its_log_say_the_same(tmp_path: Path) -> None:
    prices = [100 + each % 7 - (each % 11) / 2 for each in range(400)]
    stream = [tick(n, price, ms("09:30:00") + 1000 * n) for n, price in enumerate(prices, 1)]
    rules = (*EAGER, "risk.tp_points=[1, 2]", "risk.tp_percents=[0.5, 0.5]", "risk.base_sl_points=2")
    with build(config(*rules), ListSource(stream), "replay", speed=0, title="by hand", state_root=tmp_path) as run:
        run_to_end(run, Event())
        over, summary = run.engine.snapshot.closing, summarise(run, 1.0)
        lines = run.logs.lines_since(0, 1000)
    assert over is not None
    made = over.statistics
    assert made.exits > 10
    history = History(ChainReader(tmp_path))
    (day,) = day_results(history, 5)
    assert day.statistics == made
    assert day.cumulative == made.net
    marks = history.days(1)
    trades = list(day_trades(history, marks, made.date))
    assert sum((each.net for each in trades), Decimal(0)) == made.net
    assert {each.instrument.symbol for each in trades} == {"NIFTY"}
    assert (summary.exits, summary.positions, summary.won) == (made.exits, made.positions, made.won)
    assert Decimal(summary.net_pnl) == round(made.net, 2)
    assert summary.exits_by_reason == made.reasons
    for line in closing.log_lines(over, "Asia/Kolkata"):
        assert any(line in each.text for each in lines)
    assert {day_of(line.run_ns // 1_000_000, "Asia/Kolkata") for line in lines} == {
        DAY
    }  # those of the start and end too
