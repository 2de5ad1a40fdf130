"""A recorded run at a simulated exchange: each order as it went there, its costs to the last digit, and the day beside paper."""

from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from engine.assembly.recording_config import header_of
from engine.backtest.live_comparison import compare
from engine.model.commands import Flat, Lock, Unlock
from engine.model.errors import InputError
from engine.model.events import TradeClosed
from engine.model.marks import DeskMark, InputMark, Mark, StartMark
from engine.model.order_courses import LiveComparison
from engine.model.order_reports import OrderSeen
from engine.model.order_rows import External
from engine.model.types import Tick
from engine.recording import FileRecorder
from engine.recording.daily_recorder import DailyRecorder
from tests.simulation import engine_run
from tests.simulation.engine_run import EngineRun
from tests.simulation.recorded import FAULTS, Files, recorded_run
from tests.simulation.trading_days import (
    AT_THE_PRICE,
    CALL,
    DAY,
    QUICK,
    TWELVE,
    play,
    recorded_day,
    run_at_exchange,
    wandering,
)
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.securities import Security
from tests.support.builders import config, nifty
from tests.support.recorded_runs import record, rewrite
from tests.support.spoken_orders import instrument_of


def paid(found: LiveComparison) -> Decimal:
    return sum((sum(each.costs.values(), Decimal(0)) for each in found.courses), Decimal(0))


def recorded(folder: Path, stream: list[Tick], **options: object) -> tuple[EngineRun, Files]:
    """A run that is about to begin with `stream`, and its files."""
    files = Files(folder, securities=options.get("securities", (CALL,)))  # type: ignore[arg-type]
    return run_at_exchange(stream, recorder=files.recorder, checkpoint_ticks=20, **options), files  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run with faults of all kinds."""
    files = recorded_run(tmp_path_factory.mktemp("faulty"), wandering(300, step_ms=500), script=FAULTS)
    return files.paths[0]


@pytest.fixture(scope="module")
def continued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The second recording of a run that went on in it while it held something."""
    stream = wandering(400)
    run, files = recorded(tmp_path_factory.mktemp("continued"), stream)
    for at, tick in enumerate(stream):
        held = run.trader.state.portfolio.net(0) and not run.trader.orders.desk.busy
        if at > 150 and held and len(files.paths) == 1:
            files.go_on(run)
        play(run, [tick])
    run.end()
    files.verified()
    return files.paths[1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_where_the_book_stands_at_the_decided_price_live_is_paper(tmp_path: Path, seed: int) -> None:
    stream = wandering(600, seed=seed)
    run, files = recorded(tmp_path, stream)
    play(run, stream).end()
    found = compare(files.paths[0])
    assert (found.outcome, found.reason, found.remarks) == ("same", "", ())
    over = [each for each in found.courses if each.state == "FILLED"]
    assert len(over) > 40
    assert {(each.lost(each.decided), each.lost(each.best), each.filled) for each in over} == {
        (0, 0, each.filled) for each in over
    }
    both = [each for each in found.beside if each.live and each.paper]
    assert len(both) >= len(found.beside) - 1  # the last tick fills on paper, and no more at an exchange
    assert [each.live.net for each in both if each.live] == [each.paper.net for each in both if each.paper]
    assert paid(found) == run.trader.state.portfolio.costs_paid
    assert all(0 < each.sent_ms <= each.accepted_ms <= each.filled_ms for each in over)


@pytest.mark.slow
def test_the_recorded_day_at_the_exchange_is_that_of_paper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_run, "BEAT_MS", 1_000)
    day, rules = recorded_day(), config(*AT_THE_PRICE)
    listed = nifty(rules)
    security = Security(CALL.symbol, CALL.token, lot=listed.lot_size, freeze=listed.freeze_quantity + 1, tick=1)
    path, instruments = tmp_path / "day.mqr", (instrument_of(security),)
    header = header_of(rules, "by hand", instruments, real_orders=True)
    recorder = DailyRecorder(lambda: FileRecorder(path, header, flush_ms=10))
    exchange = SimulatedExchange((security,), Random(1), day[0].exch_ms - 10_000, delays=QUICK, cash=10**12)
    run = EngineRun(rules, instruments, exchange, DAY, recorder=recorder, checkpoint_ticks=2_000)
    run.pass_time(run.now_ms + 5_000)
    for tick in day:
        play(run, [tick])
        run.settle(10_000)
    run.end()
    found = compare(path)
    assert (found.outcome, found.remarks) == ("same", ())
    assert len(found.courses) > 100
    assert {each.lost(each.decided) for each in found.courses} == {0}
    assert [pair for pair in found.beside if pair.live is None or pair.paper is None] == []
    assert len({(pair.live.net, pair.paper.net) for pair in found.beside if pair.live and pair.paper}) > 30
    assert all(pair.live.net == pair.paper.net for pair in found.beside if pair.live and pair.paper)
    assert paid(found) == run.trader.state.portfolio.costs_paid


def test_every_order_is_a_row_as_the_exchange_had_it(tmp_path: Path) -> None:
    stream = wandering(300, step_ms=500)
    run, files = recorded(tmp_path, stream, script=FAULTS)
    play(run, stream).end()
    found = compare(files.paths[0])
    blotter = run.trader.orders.desk.blotter.orders
    assert [each.number for each in found.courses] == [*blotter]
    for course, order in zip(found.courses, blotter.values(), strict=True):
        assert (course.tag, course.state, course.filled, course.limit) == (
            order.tag, order.state, order.filled, order.limit,
        )  # fmt: skip
        assert course.turnover == order.exact_turnover or not order.is_over
    assert {"FILLED", "CANCELLED", "NOT_PLACED", "REFUSED"} <= {each.state for each in found.courses}
    assert any(0 < each.filled < each.quantity for each in found.courses)
    assert any("Limit Price Protection" in each.said for each in found.courses)
    assert paid(found) == run.trader.state.portfolio.costs_paid
    trades = [event.trade for event in run.events_of(TradeClosed)]  # type: ignore[attr-defined]
    assert sum(each.live.net for each in found.beside if each.live) == sum(each.net_pnl for each in trades)
    assert any(each.live is None for each in found.beside)


def test_what_an_order_loses_is_told_against_both_prices(tmp_path: Path) -> None:
    stream = wandering(120)
    run, files = recorded(tmp_path, stream)
    for tick in stream:
        run.pass_time(tick.exch_ms)
        bid, ask = [(tick.price - 5, 1_000_000)], [(tick.price + 10, 1_000_000)]
        run.exchange.set_book(run.now_ms, CALL.symbol, bid, ask, tick.price)
        run.tick(tick)
    run.end()
    found = compare(files.paths[0])
    lost = {(each.side, each.lost(each.decided) // each.filled) for each in found.courses if each.filled}
    assert lost == {("BUY", 10), ("SELL", 5)}


def test_hands_of_others_and_commands_are_followed(tmp_path: Path) -> None:
    stream = wandering(400)
    run, files = recorded(tmp_path, stream)
    play(run, stream[:100])
    run.command(Lock())
    play(run, stream[100:150])
    run.command(Unlock())
    for at, tick in enumerate(stream[150:], 150):
        play(run, [tick])
        if at > 200 and not run.events_of(External) and run.trader.state.portfolio.net(0):
            run.exchange.fault(run.now_ms, f"external {-run.trader.state.portfolio.net(0)} {CALL.symbol}")
            run.pass_time(run.now_ms + 6_000)
        elif at == 390:
            run.command(Flat())
    run.end()
    found = compare(files.paths[0])
    assert found.outcome == "same", found.reason
    assert [each.side for each in found.courses if each.purpose == "EXTERNAL"] == ["SELL"]
    assert paid(found) == run.trader.state.portfolio.costs_paid
    locked = range(stream[100].exch_ms + 1, stream[150].exch_ms)
    decided = [each.decided_ms for pair in found.beside for each in (pair.live, pair.paper) if each]
    assert decided
    assert not [at_ms for at_ms in decided if at_ms in locked]


def test_a_run_that_goes_on_in_another_file_is_compared_with_the_state_it_had(continued: Path) -> None:
    found = compare(continued)
    assert (found.outcome, found.remarks) == ("same", ())
    assert len(found.beside) > 5
    assert [pair for pair in found.beside[:-1] if pair.live is None or pair.paper is None] == []


def test_an_order_on_its_way_where_a_file_ends_is_a_row_of_both(tmp_path: Path) -> None:
    stream = wandering(200)
    run, files = recorded(tmp_path, stream)
    on_its_way: list[str] = []
    for at, tick in enumerate(stream):
        play(run, [tick])
        if at > 80 and not on_its_way and run.trader.orders.desk.blotter.open:
            on_its_way = [each.tag for each in run.trader.orders.desk.blotter.open.values()]
            files.go_on(run)
    run.end()
    files.verified()
    first, second = map(compare, files.paths)
    assert (first.outcome, second.outcome) == ("same", "same")
    (before,) = (each for each in first.courses if each.tag in on_its_way)
    (behind,) = (each for each in second.courses if each.tag in on_its_way)
    assert (before.state, before.filled, behind.state, behind.filled) == ("INTENT", 0, "FILLED", behind.quantity)
    assert behind.costs
    assert paid(first) + paid(second) == run.trader.state.portfolio.costs_paid
    assert any("indicators" in each for each in second.remarks)


def test_of_several_instruments_each_row_has_its_own(tmp_path: Path) -> None:
    stream = wandering(600, step_ms=500, instruments=3)
    run, files = recorded(tmp_path, stream, securities=TWELVE[:3])
    play(run, stream).end()
    found = compare(files.paths[0])
    assert {each.instrument.symbol for each in found.courses} == {each.symbol for each in TWELVE[:3]}
    assert paid(found) == run.trader.state.portfolio.costs_paid


# ── Odd files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_replay_that_is_not_the_same_says_so_first(faulty: Path) -> None:
    def lost(mark: Mark) -> Mark | None:
        return None if isinstance(mark, InputMark) and isinstance(mark.answer, OrderSeen) else mark

    found = compare(rewrite(faulty, lost))
    assert found.outcome == "different"
    assert "tick" in found.reason
    assert found.courses


def test_one_of_paper_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its orders were simulated"):
        compare(record(tmp_path))


def test_one_that_does_not_say_how_its_orders_began_is_refused(faulty: Path) -> None:
    path = rewrite(faulty, lambda mark: None if isinstance(mark, DeskMark) else mark)
    with pytest.raises(InputError, match="it does not say with what they began"):
        compare(path)


def test_a_cut_file_is_compared_as_far_as_it_goes(faulty: Path, tmp_path: Path) -> None:
    whole = faulty.read_bytes()
    path = tmp_path / "cut.mqr"
    for length in (len(whole) * 3 // 4, len(whole) - 1):
        path.write_bytes(whole[:length])
        found = compare(path)
        assert found.outcome in {"same", "damaged", "different"}
        assert found.remarks
    path.write_bytes(b"")
    with pytest.raises(InputError):
        compare(path)


def test_an_account_that_cannot_be_taken_over_is_told(continued: Path) -> None:
    def wrongly(mark: Mark) -> Mark:
        return replace(mark, kept=replace(mark.kept, fields={}), fields={}) if isinstance(mark, StartMark) else mark

    found = compare(rewrite(continued, wrongly))
    assert found.outcome == "not comparable"
    assert any("not taken over on paper" in each for each in found.remarks)
