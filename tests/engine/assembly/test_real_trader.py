"""With what a run at a broker begins: locked, within its limits, with the day's orders of the runs before."""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.assembly import LiveSupply, Run, build
from engine.assembly.real_orders import RealOrders
from engine.config import Config
from engine.journal import JOURNAL_FILE
from engine.model.clock import Clock
from engine.model.commands import Unlock
from engine.model.lanes_view import LanesView
from engine.model.order_reports import Accepted, OrderAnswer, RoundRead, Sent, SessionChanged
from engine.model.order_requests import OrderRequest, PlaceOrder, ReadRound
from engine.model.order_rows import SendBegun
from engine.model.ports import OrderJournal
from engine.model.types import Instrument
from engine.serving.arming_checks import salts_of, today_of
from engine.serving.live_gate import owes
from engine.text.sanitize import CleanText
from tests.support.builders import EAGER, config, nifty
from tests.support.live_config import SAID
from tests.support.scripted_feed import ScriptedRun
from tests.support.waiting import until, until_turn

REAL = RealOrders(CleanText("****3456"))


class ToldLanes:
    """Lanes whose answers a test gives; what was asked is in `asked`, each with its row."""

    def __init__(self, post: Callable[[OrderAnswer], None], journal: OrderJournal) -> None:
        self.asked: list[tuple[OrderRequest, int]] = []
        self.post = post
        self.journal = journal
        self.started = self.stopped = False

    def ask(self, request: OrderRequest, row: int) -> None:
        self.asked.append((request, row))
        if isinstance(request, ReadRound):
            now_ms = self.clock_ms()
            self.post(RoundRead(request.number, now_ms - 20, now_ms, 1, (), (), ()))

    def clock_ms(self) -> int:
        return self.clock.wall_ns() // 1_000_000

    def start(self) -> None:
        self.started = True
        self.post(SessionChanged(1, True, CleanText("")))

    def stop(self, timeout_s: float) -> None:
        self.stopped = True

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        self.instruments = instruments

    def view(self) -> LanesView:
        return LanesView(generation=1, session_up=True)

    @property
    def placed(self) -> list[PlaceOrder]:
        return [each for each, _ in self.asked if isinstance(each, PlaceOrder)]


class LiveRun(ScriptedRun):
    """A run at a broker that a test plays; `lanes` are those of the run."""

    def __init__(self, tmp_path: Path, *, real: RealOrders = REAL, chosen: Config | None = None) -> None:
        self.folder, self.seq = tmp_path, 0
        symbol = nifty().symbol
        said = {
            **SAID,
            "live.symbols": f"[{symbol}]",
            "risk.max_daily_loss": "100000",
            "live.max_order_value": "900000",
        }
        del said["feed.source"], said["feed.symbols"]
        chosen = chosen or config(
            *EAGER, f"recording.directory={tmp_path / 'kept'}", *(f"{key}={value}" for key, value in said.items())
        )
        supply = LiveSupply("scripted", (nifty(),), self._connect, broker=self._lanes)
        self.run: Run = build(chosen, supply, "live-sim", state_root=tmp_path / "state", real=real)
        self.run.engine.start()

    def _lanes(
        self,
        instruments: Sequence[Instrument],
        post: Callable[[OrderAnswer], None],
        journal: OrderJournal,
        clock: Clock,
    ) -> ToldLanes:
        self.lanes = ToldLanes(post, journal)
        self.lanes.clock = clock  # type: ignore[attr-defined]
        return self.lanes

    def knows(self) -> None:
        """Two rounds are read."""
        until(lambda: self.run.trader.orders.desk.blotter.trusted >= 2)  # type: ignore[attr-defined]

    def enter(self) -> PlaceOrder:
        """Prices rise, and an entry is asked for."""
        price = 100.0
        while not self.lanes.placed:
            price += 0.05
            self.tick(price)
            self.worked()
            assert self.seq < 50, self.run.trader.state.instrument_states[0].objection
        return self.lanes.placed[0]


@contextmanager
def live_run(tmp_path: Path, **options: Any) -> Iterator[LiveRun]:
    run = LiveRun(tmp_path, **options)
    try:
        yield run
    finally:
        run.run.close()
    assert run.lanes.started
    assert run.lanes.stopped


def test_it_begins_locked_and_an_unlock_lets_entries_go_out_behind_their_rows(tmp_path: Path) -> None:
    with live_run(tmp_path) as live:
        live.knows()
        for step in range(5):
            live.tick(100 + step)
        live.worked()
        assert not live.lanes.placed
        assert live.run.engine.snapshot.broker_account == "****3456"
        live.run.engine.send(Unlock())
        until_turn(live.run.engine, lambda: not live.run.trader.state.gate.locked)
        order = live.enter()
        assert order.quantity == nifty().lot_size  # max_lots is one
        row = next(row for each, row in live.lanes.asked if each is order)
        until(lambda: live.run.journal is not None and live.run.journal.durable >= row)


@pytest.mark.parametrize(
    ("real", "why"),
    [
        (RealOrders(CleanText("****3456"), CleanText("arming: not armed today")), "arming: not armed today"),
        (RealOrders(CleanText("****3456"), until_ms=1), "the arming has ended: arm again, and start again"),
    ],
)
def test_where_it_may_buy_nothing_no_unlock_changes_that(tmp_path: Path, real: RealOrders, why: str) -> None:
    with live_run(tmp_path, real=real) as live:
        live.knows()
        live.run.engine.send(Unlock())
        until_turn(live.run.engine, lambda: not live.run.trader.state.gate.locked)
        for step in range(9):
            live.tick(100 + step)
        live.worked()
        assert not live.lanes.placed
        assert live.run.trader.state.instrument_states[0].objection == why


def sent(live: LiveRun) -> PlaceOrder:
    """An order went out, and the broker has taken it."""
    live.knows()
    live.run.engine.send(Unlock())
    until_turn(live.run.engine, lambda: not live.run.trader.state.gate.locked)
    order = live.enter()
    row = live.lanes.journal.write(SendBegun(order.order))
    for each in (
        Sent(order.order, "place", True),
        Accepted(order.order, "place", CleanText("251201000000001"), CleanText("u1")),
    ):
        live.lanes.post(each)
    desk = live.run.trader.orders.desk  # type: ignore[attr-defined]
    until_turn(live.run.engine, lambda: desk.blotter.orders[order.order].broker_id)
    until(lambda: live.lanes.journal.durable > row)
    return order


def test_a_run_behind_one_that_was_killed_knows_its_orders_and_goes_on_under_its_salt(tmp_path: Path) -> None:
    with live_run(tmp_path / "one") as live:
        order = sent(live)
        shutil.copytree(tmp_path / "one", tmp_path / "two", ignore=shutil.ignore_patterns("lock", "*.sock", "kept"))
    with live_run(tmp_path / "two") as again:
        desk = again.run.trader.orders.desk  # type: ignore[attr-defined]
        assert [each.tag for each in desk.blotter.orders.values()] == [order.tag]
        assert desk.blotter.orders[order.order].broker_id == "251201000000001"
        assert (desk.blotter.tags.salt, desk.blotter.tags.run) == (order.tag[3:5], 2)
        assert desk.pursuit.exits_from_ms > 0
        assert desk.budget.orders == 1
        assert again.run.trader.state.gate.locked or again.run.opened.still_locked


def test_who_arms_again_knows_the_orders_of_the_day_for_ours_and_what_is_owed(tmp_path: Path) -> None:
    with live_run(tmp_path) as live:
        order, config = sent(live), live.run.config
    folder, now_ns = tmp_path / "state", time.time_ns()
    assert salts_of(folder, config, today_of(config, now_ns)) == {order.tag[3:5]}
    assert owes(folder, config, now_ns)
    assert not salts_of(folder, config, today_of(config, now_ns + 2 * 86_400 * 10**9))


def test_a_run_behind_one_that_ended_well_waits_for_nothing(tmp_path: Path) -> None:
    with live_run(tmp_path) as live:
        live.knows()
    with live_run(tmp_path) as again:
        desk = again.run.trader.orders.desk  # type: ignore[attr-defined]
        assert (desk.pursuit.exits_from_ms, desk.blotter.tags.run) == (0, 2)
        until_turn(again.run.engine, lambda: again.run.trader.state.gate.locked)


@pytest.mark.parametrize("lacking", ["missing", "damaged"])
def test_without_the_journal_of_before_nothing_is_closed_before_what_left_has_arrived(
    tmp_path: Path, lacking: str
) -> None:
    with live_run(tmp_path) as live:
        live.knows()
    journal = tmp_path / "state" / JOURNAL_FILE
    if lacking == "missing":
        journal.unlink()
    else:
        journal.write_bytes(b"x" * 5_000)
    with live_run(tmp_path) as again:
        assert again.run.trader.orders.desk.pursuit.exits_from_ms > 0  # type: ignore[attr-defined]
        assert again.run.opened.still_locked


def test_a_limit_that_is_out_of_reach_says_so(tmp_path: Path) -> None:
    symbol = nifty().symbol
    chosen = config(
        *EAGER, f"recording.directory={tmp_path / 'kept'}", f"live.symbols=[{symbol}]", "live.max_lots=1",
        "live.max_open_positions=1", "live.max_orders_per_day=300", "live.max_order_value=10",
    )  # fmt: skip
    assert chosen.live.max_order_value == Decimal(10)
    with live_run(tmp_path, chosen=chosen) as live:
        live.knows()
        live.run.engine.send(Unlock())
        until_turn(live.run.engine, lambda: not live.run.trader.state.gate.locked)
        for step in range(9):
            live.tick(100 + step)
        live.worked()
        assert live.run.trader.state.instrument_states[0].objection == "a lot is more than live.max_order_value"
