"""Which rounds of the broker's books are believed: each way in which a book lies is one row."""

import pytest
from msgspec.structs import replace

from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundRead
from engine.text.sanitize import CleanText
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.rounds import Sorted, doubt, is_twin, sort

NIFTY = CleanText("NIFTY")
TAG = "L8N0A0010001E"
BEGUN_MS = 50_000


def known(**changes: object) -> LiveOrder:
    fields: dict[str, object] = {
        "number": 1, "tag": TAG, "instrument": 0, "side": "BUY", "quantity": 150, "purpose": "ENTRY", "reason": "signal",
        "decided": 10_000, "limit": 10_050, "at_ms": 1_000, "sent_ms": 1_000, "state": "WORKING", "broker_id": "b1",
        "known_ms": 1_100,
    }  # fmt: skip
    return LiveOrder(**{**fields, **changes})  # type: ignore[arg-type]


def report(**changes: object) -> OrderReport:
    whole = OrderReport(
        CleanText("b1"), CleanText("u1"), CleanText(TAG), 0, NIFTY, "BUY", 150, 75, 10_050, 10_000, "working",
        CleanText("open"), 2_000,
    )  # fmt: skip
    return replace(whole, **changes)


def trade(**changes: object) -> FillReport:
    return replace(FillReport(CleanText("f1"), CleanText("b1"), 0, NIFTY, "BUY", 75, 10_000, 2_000), **changes)


GOOD = RoundRead(1, BEGUN_MS, BEGUN_MS + 300, 3, (report(),), (trade(),), (NetReport(0, NIFTY, 75, 0),))


def judged(read: RoundRead, *orders: LiveOrder, generation: int = 3) -> str:
    return doubt(read, sort(read, orders), orders, generation)


def test_a_round_that_has_everything_is_trusted() -> None:
    assert judged(GOOD, known(filled=75, filled_ms=2_000, fills={"f1": (75, 10_000)})) == ""
    assert judged(replace(GOOD, orders=(), fills=(), net=())) == ""


@pytest.mark.parametrize(
    ("read", "changes", "why"),
    [
        (replace(GOOD, orders=(), fills=(), net=()), {}, "is not in the order book"),
        (GOOD, {"filled": 150, "filled_ms": 2_000}, "is filled by 150, not 75"),
        (GOOD, {"state": "CANCELLED"}, "was cancelled and works again"),
        (GOOD, {"fills": {"f0": (25, 9_990)}}, "has lost 1 of its trades"),
        (replace(GOOD, net=(NetReport(0, NIFTY, 0, 0),)), {}, "NIFTY: 0 held is not 0 carried over with its trades"),
        (replace(GOOD, net=()), {}, "NIFTY was traded and is in no position"),
        (replace(GOOD, generation=2), {}, "it was read under login 2, now it is 3"),
    ],
)
def test_each_way_in_which_it_lies(read: RoundRead, changes: dict[str, object], why: str) -> None:
    assert judged(read, known(**changes)).endswith(why)


def test_what_was_learnt_while_it_was_read_need_not_be_in_it() -> None:
    late = {"filled": 150, "filled_ms": BEGUN_MS + 100}
    assert judged(GOOD, known(**late)) == ""
    assert judged(GOOD, known(), known(number=2, tag="other", broker_id="b2", known_ms=BEGUN_MS + 1)) == ""


def test_a_tombstone_may_turn_up_and_a_carried_position_counts() -> None:
    assert judged(GOOD, known(state="NOT_PLACED", known_ms=0)) == ""
    assert judged(replace(GOOD, net=(NetReport(0, NIFTY, 375, 300),)), known()) == ""


def test_ours_are_found_by_tag_else_by_number_and_their_trades_with_them() -> None:
    again = report(broker_id=CleanText("b9"))  # a modified order may have another number
    untagged = report(tag=CleanText(""), broker_id=CleanText("b2"))
    others = report(tag=CleanText("PHONE"), broker_id=CleanText("b3"))
    fills = (trade(broker_id=CleanText("b9")), trade(broker_id=CleanText("b1")), trade(broker_id=CleanText("b3")))
    read = replace(GOOD, orders=(again, untagged, others), fills=fills)
    found = sort(read, (known(), known(number=2, tag="L8N0A0010002E", broker_id="b2")))
    assert found == Sorted({1: again, 2: untagged}, {1: [fills[0], fills[1]]}, (others,), (fills[2],))
    assert found.filled(1) == 150


@pytest.mark.parametrize(
    ("changes", "same"),
    [({}, True), ({"tag": CleanText("X")}, False), ({"quantity": 75}, False), ({"side": "SELL"}, False), ({"instrument": 1}, False)],
)  # fmt: skip
def test_a_twin_is_like_it_in_all_but_the_tag(changes: dict[str, object], same: bool) -> None:
    assert is_twin(report(**{"tag": CleanText("")} | changes), known(state="UNKNOWN")) == same


def test_a_trade_that_was_believed_and_is_gone_is_doubted_whoever_made_it() -> None:
    others = replace(GOOD, orders=(report(tag=CleanText("")),))
    empty = replace(GOOD, orders=(), fills=(), net=())
    assert doubt(empty, sort(empty, ()), (), 3, others) == "the trade book has lost a trade that it had"
    assert doubt(others, sort(others, ()), (), 3, others) == ""
    moved = replace(
        others,
        orders=(report(tag=CleanText(""), broker_id=CleanText("b9")),),
        fills=(trade(broker_id=CleanText("b9")),),
    )
    assert doubt(moved, sort(moved, ()), (), 3, others) == ""
