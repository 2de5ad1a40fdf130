"""What follows from a refusal for the orders beside the one that was refused, and what a blotter tells of refusals."""

from datetime import date

import pytest

from engine.model.order_reports import OrderReport, OrderSeen, RefusalFamily, Refused, Request
from engine.model.order_states import OrderState
from engine.model.types import Instrument, Side
from engine.text.sanitize import CleanText
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import AmendRefused, LiveOrder
from engine.trading.orders.order_budget import OrderBudget
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.pricing import Pricing
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.setbacks import take_refusal
from engine.trading.orders.tags import Tags
from engine.trading.orders.wishes import Wish

NOW_MS = 1_000_000
SYMBOLS = ("NIFTY06OCT2625000CE", "NIFTY06OCT2625000PE")
INSTRUMENTS = [Instrument(CleanText(each), CleanText(each), tick_size=5, lot_size=65) for each in SYMBOLS]
EXIT = Wish(1, 0, "SELL", "EXIT", 65, 10_000, "Stop Loss", NOW_MS)


def blotter() -> Blotter:
    return Blotter(INSTRUMENTS, Tags(date(2026, 9, 21), "A0", 1))


def order(number: int, side: Side, *, wish: int, instrument: int = 0) -> LiveOrder:
    purpose = "ENTRY" if side == "BUY" else "EXIT"
    return LiveOrder(
        number, f"L{number}", instrument, side, 65, purpose, "a reason", 10_000, 9_950, NOW_MS, state="WORKING",
        sent_ms=NOW_MS, broker_id=f"b{number}", wish=wish,
    )  # fmt: skip


def update(tag: str) -> OrderSeen:
    report = OrderReport(
        CleanText("b9"), CleanText("u9"), CleanText(tag), 0, CleanText(SYMBOLS[0]), "SELL", 65, 0, 9_950, 0, "working",
        CleanText("open"), NOW_MS,
    )  # fmt: skip
    return OrderSeen(report, 1)


@pytest.mark.parametrize(
    ("family", "taken_back"),
    [("funds", {2}), ("self_trade", {3}), ("price", set()), ("closed", set())],
)
def test_only_what_stands_in_its_way_is_taken_back(family: RefusalFamily, taken_back: set[int]) -> None:
    kept = blotter()
    for each in (order(2, "SELL", wish=2), order(3, "BUY", wish=3), order(4, "SELL", wish=4, instrument=1), order(5, "SELL", wish=1)):  # fmt: skip
        kept.add(each)
    refused = order(1, "SELL", wish=1)
    refused.family = family
    take_refusal(EXIT, refused, kept, Pricing(INSTRUMENTS, lambda _: Quote(0)), NOW_MS)
    assert {each.number for each in kept.open.values() if each.unwanted} == taken_back


def test_a_stranger_s_update_is_looked_after_at_once() -> None:
    kept = blotter()
    assert not kept.unsettled()
    kept.take(update(""), NOW_MS)
    assert kept.unsettled()


def test_a_price_that_is_refused_bounds_the_next_ones() -> None:
    kept = blotter()
    pursuit = Pursuit(kept, OrderBudget(100), lambda _: Quote(NOW_MS, 10_000, 10_010, 10_005), amends=True)
    wish = pursuit.wish(0, "SELL", "EXIT", 65, 10_000, "Stop Loss", NOW_MS)
    works = order(1, "SELL", wish=wish.number)
    kept.add(works)
    assert works.amend(9_000, NOW_MS)
    kept.take(Refused(1, "modify", "price", CleanText("beyond the range"), 9_500, above=True), NOW_MS)
    told = kept.take_told()
    assert told == [AmendRefused(1)]
    pursuit.note(told, NOW_MS)
    assert pursuit.pricing.bounds[0].allowed("SELL", NOW_MS)[0] == 9_505


@pytest.mark.parametrize(("asked", "state"), [("place", "SENDING"), ("cancel", "CANCELLING")])
def test_only_a_refused_change_is_told_as_one(asked: Request, state: OrderState) -> None:
    kept = blotter()
    works = order(1, "SELL", wish=1)
    works.state = state
    kept.add(works)
    kept.take(Refused(1, asked, "price", CleanText("beyond the range")), NOW_MS)
    assert not any(isinstance(each, AmendRefused) for each in kept.take_told())
