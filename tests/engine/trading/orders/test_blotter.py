"""What is believed of orders where several tell of them, in whatever order: lanes that are late, a login that is gone, other hands."""

from datetime import date

import pytest

from engine.model.order_reports import (
    Accepted,
    BrokerState,
    FillReport,
    NetReport,
    OrderReport,
    OrderSeen,
    RoundRead,
    SessionChanged,
)
from engine.model.order_rows import Booked, External
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.tags import Tags

CALL = CleanText("NIFTY06OCT2625000CE")
NOTHING = CleanText("")
AT_MS = 1_000_000


@pytest.fixture
def blotter() -> Blotter:
    """One order of 65 to be sold, of which nothing was told."""
    found = Blotter([Instrument(CALL, CALL, lot_size=65)], Tags(date(2026, 9, 21), "A0", 1))
    found.add(LiveOrder(1, found.tags.make(1, "EXIT"), 0, "SELL", 65, "EXIT", "Stop Loss", 10_000, 9_950, AT_MS))
    return found


def report(
    blotter: Blotter,
    state: BrokerState,
    *,
    filled: int = 0,
    tagged: bool = True,
    reason: str = "",
    broker_id: str = "b1",
) -> OrderReport:
    order = blotter.orders[1]
    tag = CleanText(order.tag) if tagged else NOTHING
    return OrderReport(
        CleanText(broker_id), CleanText("u1"), tag, 0, CALL, "SELL", 65, filled, 9_950, 10_000 if filled else 0, state,
        CleanText(state), AT_MS, CleanText(reason),
    )  # fmt: skip


def sold(orders: tuple[OrderReport, ...]) -> RoundRead:
    fills = (FillReport(CleanText("f1"), CleanText("b1"), 0, CALL, "SELL", 65, 10_000, AT_MS),)
    return RoundRead(1, AT_MS + 500, AT_MS + 900, 1, orders, fills, (NetReport(0, CALL, -65, 0),))


def test_a_login_that_is_gone_tells_nothing_of_the_one_behind_it(blotter: Blotter) -> None:
    blotter.take(SessionChanged(2, True, NOTHING), AT_MS)
    blotter.take(SessionChanged(1, False, NOTHING), AT_MS)
    assert (blotter.generation, blotter.logged_in) == (2, True)


def test_what_may_be_ours_is_nobody_elses_trade_before_its_sending_was_told(blotter: Blotter) -> None:
    blotter.take(sold((report(blotter, "complete", filled=65, tagged=False),)), AT_MS + 900)
    assert not blotter.doubt
    assert not any(isinstance(each, External) for each in blotter.told)
    blotter.take(Accepted(1, "place", CleanText("b1"), CleanText("u1")), AT_MS + 1_000)
    blotter.take(sold((report(blotter, "complete", filled=65, tagged=False),)), AT_MS + 2_000)
    assert (blotter.net, blotter.orders[1].state, blotter.others.foreign) == ([-65], "FILLED", {})


@pytest.mark.parametrize(
    ("unwanted", "reason", "stirs"),
    [
        (False, "", True),
        (True, "", False),
        (True, "RMS: cancelled before auto square off", True),
    ],
)
def test_an_order_that_others_take_back_stirs_what_is_held(
    blotter: Blotter, unwanted: bool, reason: str, stirs: bool
) -> None:
    blotter.orders[1].unwanted = unwanted
    blotter.take(OrderSeen(report(blotter, "cancelled", reason=reason), 1), AT_MS)
    assert blotter.orders[1].state == "CANCELLED"
    assert blotter.others.stirred == ({0: AT_MS} if stirs else {})


def test_what_the_broker_held_before_it_was_known_to_be_ours_is_not_added_once_more(blotter: Blotter) -> None:
    seen = report(blotter, "complete", filled=65, tagged=False)
    blotter.take(sold((seen,)), AT_MS + 900)
    blotter.take(Accepted(1, "place", CleanText("b1"), CleanText("u1")), AT_MS + 1_000)
    blotter.take(OrderSeen(seen, 1), AT_MS + 1_100)
    assert (blotter.net, blotter.broker_net(0)) == ([-65], -65)


def test_an_order_without_a_tag_is_known_by_a_number_that_no_answer_has_told(blotter: Blotter) -> None:
    blotter.take(Accepted(1, "place", CleanText("b1"), CleanText("u1")), AT_MS)
    seen = report(blotter, "complete", filled=65, tagged=False, broker_id="b2")  # a change has given it that
    blotter.take(OrderSeen(seen, 1), AT_MS + 100)
    assert (blotter.orders[1].ids, blotter.net, blotter.others.stirred) == (("b1", "b2"), [-65], {})


def lost_exit(blotter: Blotter) -> RoundRead:
    """An entry of which no fill is known, and an exit that is in no journal, both filled; the exit is listed first."""
    entry = LiveOrder(2, blotter.tags.make(2, "ENTRY"), 0, "BUY", 65, "ENTRY", "Entry", 10_000, 10_050, AT_MS)
    entry.answered("sent", AT_MS)
    blotter.add(entry)
    tags = (CleanText(blotter.tags.make(3, "EXIT")), CleanText(entry.tag))
    orders = tuple(
        OrderReport(
            CleanText(f"b{side}"), CleanText(f"u{side}"), tag, 0, CALL, side, 65, 65, 10_000, 10_000, "complete",
            CleanText("complete"), AT_MS,
        )
        for tag, side in zip(tags, ("SELL", "BUY"), strict=True)
    )  # fmt: skip
    fills = tuple(
        FillReport(CleanText(f"f{each.side}"), each.broker_id, 0, CALL, each.side, 65, 10_000, AT_MS) for each in orders
    )
    return RoundRead(1, AT_MS + 500, AT_MS + 900, 1, orders, fills, (NetReport(0, CALL, 0, 0),))


@pytest.mark.parametrize("heard", [False, True], ids=["round", "update before the round"])
def test_what_was_bought_is_booked_before_an_exit_that_no_journal_has(blotter: Blotter, heard: bool) -> None:
    read = lost_exit(blotter)
    if heard:
        blotter.take(SessionChanged(1, True, NOTHING), AT_MS)
        blotter.take(OrderSeen(read.orders[0], 1), AT_MS + 100)
        assert blotter.net == [0]
    blotter.take(read, AT_MS + 900)
    booked = [blotter.orders[each.order].side for each in blotter.told if isinstance(each, Booked)]
    assert (booked, blotter.net) == (["BUY", "SELL"], [0])
    assert blotter.locked
