"""Where a report's trades come from: recordings re-run, ticks traded anew, journals; each session once, both sources alike."""

from decimal import Decimal
from pathlib import Path

import pytest

from engine.backtest import report_inputs
from engine.backtest.journal_days import JournalDays
from engine.backtest.report_inputs import Collected, Options, Span, collect, find_inputs
from engine.backtest.rerun import rerun
from engine.backtest.verification import rules_of, verify
from engine.model.errors import InputError
from engine.model.marks import Mark
from engine.model.session_result import PositionResult, ReportedDay
from engine.model.types import Tick
from engine.recording import MqrSource
from engine.trading.trader import Trader
from tests.simulation.recorded import FAULTS, recorded_run
from tests.simulation.trading_days import wandering
from tests.support.builders import DAY
from tests.support.day_journals import Run, counted, write
from tests.support.recorded_runs import harness_with_position, record, record_by_hand, rewrite, zigzag
from tests.support.shared_data import shared
from tests.support.trader_harness import TraderHarness

NEXT_DAY = "2025-10-03"


def told(*paths: Path, **options: object) -> tuple[list[ReportedDay], Collected]:
    """The days of `paths`, and what came of the inputs."""
    days: list[ReportedDay] = []
    found = collect(find_inputs(paths), Options(**options), days.append)  # type: ignore[arg-type]
    return days, found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run that was recorded has its state and its recordings."""
    made = tmp_path_factory.mktemp("run")
    record(made)
    return made


@pytest.fixture(scope="module")
def recording(folder: Path) -> Path:
    (path,) = (folder / "recordings").iterdir()
    return path


def positions(days: list[ReportedDay]) -> list[PositionResult]:
    return [each for day in days for each in day.positions]


def test_a_recording_is_re_run_as_it_was_and_its_money_is_the_books(recording: Path) -> None:
    days, found = told(recording)
    (day,), (worked,) = days, found.worked
    judged = verify(recording, None, ())
    assert worked.verdict == judged
    assert (judged.outcome, worked.mode, worked.is_replay) == ("same", "mock", False)
    assert f"{day.net:.2f}" == judged.net_pnl
    assert f"{day.cash_after:.2f}" == judged.cash
    assert sum(len(each.exits) for each in day.positions) == len(judged.exits) > 10
    assert sum(each.left > 0 for each in day.positions) == judged.open_positions


def test_costs_by_kind_add_up_to_what_was_booked(recording: Path) -> None:
    (day,), _ = told(recording)
    ended = [each for each in day.positions if not each.left]
    paid = sum((sum(each.costs_by_kind.values()) for each in ended), Decimal(0))
    paid += sum((sum(sold.costs_by_kind.values()) for each in ended for sold in each.exits), Decimal(0))
    assert paid == sum((each.costs for each in ended), Decimal(0))
    assert day.net == sum((net for _, net in day.exits), Decimal(0))


def test_how_far_each_went_is_that_of_all_its_ticks(recording: Path) -> None:
    _hold_to_brute_force(recording, *told(recording))


def test_so_it_is_on_the_real_day() -> None:
    path = shared("nifty_option_20251001.csv")
    overrides = ("risk.max_position_value_percent=100", "charges.model=percent", "paper.fill=last")
    days, found = told(path, overrides=overrides)
    (day,) = days
    assert found.worked[0].is_replay
    assert (len(day.positions), len(day.exits)) == (46, 102)
    assert f"{day.cash_after:.2f}" == "141375.06"
    _hold_to_brute_force(path, days, found)


def _hold_to_brute_force(path: Path, days: list[ReportedDay], found: Collected) -> None:
    """MAE, MFE and what came behind, by all ticks from the entry's to the last exit's, once more and plainly."""
    (day,) = days
    times, prices = list(day.paths[0].at_ms), list(day.paths[0].prices)
    ended = [each for each in day.positions if not each.left]
    assert len(ended) > 5
    for each in ended:
        # Several ticks may share a moment: the entry's is the last at its price, the exit's the first at its.
        first = max(n for n, ms in enumerate(times) if ms == each.entry_ms and prices[n] == each.decided)
        last = min(
            n for n, ms in enumerate(times) if n > first and ms == each.last_ms and prices[n] == each.exits[-1].decided
        )
        lasts = [
            n for n, ms in enumerate(times) if n > first and ms == each.last_ms and prices[n] == each.exits[-1].decided
        ]
        spans = [prices[first : n + 1] for n in lasts]
        assert (each.low, each.high) in [(min(span), max(span)) for span in spans]
        behind = [
            price
            for ms, price in zip(times[last + 1 :], prices[last + 1 :], strict=True)
            if ms <= each.last_ms + 300_000
        ]
        assert each.high_after is None if not behind else each.high_after is not None and each.high_after <= max(behind)


def test_the_marked_account_falls_as_deep_as_at_any_tick(recording: Path) -> None:
    (day,), _ = told(recording)
    worth: list[float] = [100_000.0]

    def look(trader: Trader, tick: Tick) -> None:
        held = sum(
            (inst.instrument.money(each.quantity * tick.price) for inst, each in trader.state.held()), Decimal(0)
        )
        worth.append(float(trader.state.portfolio.cash + held))

    source = MqrSource(recording)
    config, instruments, _ = rules_of(source, None, ())
    rerun(source, config, instruments, look=look)
    fall = max(max(worth[: n + 1]) - each for n, each in enumerate(worth))
    assert day.fall is not None
    assert day.fall.amount == pytest.approx(fall, abs=1e-6)
    assert (day.equity[0], day.equity[-1]) == (worth[0], pytest.approx(worth[-1]))
    assert (min(day.equity), max(day.equity)) == (pytest.approx(min(worth)), pytest.approx(max(worth)))
    assert list(day.equity_ms) == sorted(day.equity_ms)


def test_journal_and_recording_agree_exit_by_exit(folder: Path, recording: Path) -> None:
    days, found = told(recording, folder / "state")
    assert (len(days), found.difference) == (1, "")
    assert found.compared == len(days[0].exits) > 10
    alone, _ = told(folder / "state")
    assert positions(alone)[0].low is None  # without ticks nobody knows
    assert [each.net for each in positions(alone)] == [each.net for each in positions(days)]
    assert alone[0].costs_by_kind == days[0].costs_by_kind
    assert alone[0].cash == days[0].cash


def test_the_first_difference_between_both_is_told(folder: Path, tmp_path: Path, monkeypatch) -> None:
    other = record(tmp_path, zigzag(400))
    _, found = told(other, folder / "state")
    assert found.difference.startswith("exit ")
    assert "nothing in the recording" in found.difference


def test_the_same_session_twice_counts_once(recording: Path, tmp_path: Path) -> None:
    again = tmp_path / recording.name
    again.write_bytes(recording.read_bytes())
    days, found = told(recording, again)
    assert (len(days), found.twice) == (1, 1)


def test_bare_ticks_are_traded_anew_and_so_is_what_is_asked_for(recording: Path, tmp_path: Path) -> None:
    def none(_: Mark) -> Mark | None:
        return None

    own = tmp_path / recording.name
    own.write_bytes(recording.read_bytes())
    days, found = told(rewrite(own, none))
    assert (found.worked[0].mode, found.worked[0].is_replay, days[0].mode) == ("replay", True, "replay")
    days, found = told(recording, replay=True, overrides=("risk.base_sl_points=1",))
    assert found.worked[0].is_replay
    assert len(positions(days)) > 5


def test_days_that_are_not_asked_for_are_left_out(folder: Path, recording: Path) -> None:
    assert told(recording, days=Span(first=NEXT_DAY))[0] == []
    assert told(recording, days=Span(last="2000-01-01"))[0] == []
    assert len(told(recording, days=Span(DAY, DAY))[0]) == 1
    assert told(folder / "state", days=Span(first=NEXT_DAY))[0] == []


def test_a_folder_is_its_journal_or_all_recordings_in_it(folder: Path, recording: Path, tmp_path: Path) -> None:
    assert find_inputs([folder / "recordings"]).files == (recording,)
    assert find_inputs([folder / "state"]).journals == (folder / "state",)
    with pytest.raises(InputError, match="holds no recording"):
        find_inputs([tmp_path])


def test_one_of_several_that_cannot_be_read_is_told_and_the_others_count(recording: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.mqr"
    wrong.write_text("no recording")
    days, found = told(wrong, recording)
    assert (len(days), len(found.unreadable)) == (1, 1)
    with pytest.raises(InputError):
        told(wrong)


@pytest.mark.parametrize("anew", [False, True])
def test_a_journal_of_several_runs_comes_to_what_its_fills_do(tmp_path: Path, anew: bool) -> None:
    runs = (Run((DAY,), ("A", "B"), 400, 1), Run((DAY, NEXT_DAY), ("B", "C"), 500, 2))
    write(tmp_path / "state", runs, anew=anew)
    wanted = counted(tmp_path / "state")
    days = {day.date: day for day in JournalDays(tmp_path / "state").days()}
    for date, each in wanted.items():
        assert (len(days[date].exits), days[date].net) == (each.exits, each.net)


def test_a_run_at_a_broker_tells_decided_prices_and_how_long_fills_took(tmp_path: Path) -> None:
    files = recorded_run(tmp_path, wandering(300, step_ms=500), script=FAULTS)
    days, found = told(files.paths[0])
    assert found.worked[0].verdict is not None
    assert found.worked[0].verdict.outcome == "same"
    ended = [each for each in positions(days) if not each.left]
    assert ended
    assert all(each.decided > 0 for each in ended)
    assert any(each.waited_ms for each in ended)
    assert MqrSource(files.paths[0]).real_orders
    assert days[0].mode == "live"


def test_options_have_no_end_unless_one_is_said() -> None:
    assert report_inputs.Span().holds("2025-10-01")
    assert not Span("2025-10-02").holds("2025-10-01")


def test_of_a_position_that_another_recording_has_begun_nobody_says_how_far_it_went(tmp_path: Path) -> None:
    harness, _ = harness_with_position()
    kept = harness.trader.state.keep(0)
    path = record_by_hand(tmp_path / "next.mqr", TraderHarness(), zigzag(200, step_ms=1000), {}, kept)
    days, _ = told(path)
    first = positions(days)[0]
    assert first.exits
    assert (first.low, first.high, first.high_after, first.first_stop) == (None, None, None, None)
    assert first.quantity == sum(each.quantity for each in first.exits) + first.left
