"""What others do in the same account: counted once, told apart from ours, and a broker that holds something else is told in time."""

from engine.model.order_reports import FillReport, NetReport
from engine.model.order_rows import External
from engine.model.types import Instrument, Side
from engine.text.sanitize import CleanText
from engine.trading.orders.others import Mismatch, Others

CALL, PUT = CleanText("NIFTY06OCT2625000CE"), CleanText("NIFTY06OCT2625000PE")
INSTRUMENTS = [Instrument(each, each, lot_size=65) for each in (CALL, PUT)]


def fill(side: Side, quantity: int, *, number: str = "f1", instrument: int = 0, symbol: CleanText = CALL) -> FillReport:
    return FillReport(CleanText(number), CleanText("b9"), instrument, symbol, side, quantity, 10_000, 1_000)


def test_a_sale_of_theirs_closes_ours_first_and_counts_once() -> None:
    others, net = Others(INSTRUMENTS), [65, 0]
    row = others.trade(fill("SELL", 130), net)
    assert row == External("b9", "f1", 0, CALL, "SELL", 130, 10_000, 65)
    assert (net, others.foreign, others.traded) == ([0, 0], {CALL: -65}, {"b9"})
    assert others.trade(fill("SELL", 130), net) is None
    assert others.trade(fill("BUY", 65, number="f2"), net) is not None
    assert (net, others.foreign[CALL]) == ([0, 0], 0)


def test_what_is_none_of_the_run_s_is_theirs_alone() -> None:
    others, net = Others(INSTRUMENTS), [65, 65]
    row = others.trade(fill("SELL", 65, instrument=-1, symbol=CleanText("SENSEX")), net)
    assert row is not None
    assert (row.booked, net, others.foreign) == (0, [65, 65], {"SENSEX": -65})


def test_a_row_tells_a_restart_the_same() -> None:
    before, net = Others(INSTRUMENTS), [65, 0]
    row = before.trade(fill("SELL", 130), net)
    assert row is not None
    after, again = Others(INSTRUMENTS), [65, 0]
    after.know(row, again)
    assert (after.foreign, after.fills, again) == (before.foreign, before.fills, net)


def test_the_third_round_in_a_row_that_disagrees_is_told_once() -> None:
    others = Others(INSTRUMENTS)
    told = [NetReport(0, CALL, 130, 65), NetReport(1, PUT, 65, 0)]
    assert [others.compare([0, 65], [130, 65], told) for _ in range(4)] == [[], [], [Mismatch(0, 0, 65)], []]
    assert others.compare([65, 65], [130, 65], told) == []
    assert others.apart == {}


def test_an_order_that_was_seen_stirs_until_a_round_that_began_later() -> None:
    others = Others(INSTRUMENTS)
    others.stirred = {0: 1_000, 1: 3_000}
    others.calm(2_000)
    assert others.stirred == {1: 3_000}
