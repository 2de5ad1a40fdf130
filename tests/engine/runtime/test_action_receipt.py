"""What a screen and the log are told of an operator's action: each word on its way, the receipt at its end."""

from engine.model.commands import AllowEntries, BarEntries, ClosePosition, MoveStop
from engine.model.events import AnyEvent, FillBooked
from engine.model.types import Fill
from engine.runtime.action_receipt import ActionReceipt
from tests.support.brokers import LateBroker, RejectingBroker
from tests.support.builders import EAGER, nifty
from tests.support.trader_harness import TraderHarness

WIDE = ("risk.tp_points=[500]", "risk.tp_percents=[1.0]", "risk.base_sl_points=50", "risk.slippage_points_exit=0.5")
SYMBOL = nifty().symbol


def held(broker: object = None) -> TraderHarness:
    harness = TraderHarness(*EAGER, *WIDE, broker=broker).prices(99, 100)
    if isinstance(broker, LateBroker):
        harness.answer(*broker.answers())
    return harness


def noted(harness: TraderHarness, receipt: ActionReceipt, command: object) -> ActionReceipt:
    """`receipt` after `command` and all that came of it."""
    before = len(harness.events)
    harness.command(command)
    return told(receipt, harness.events[before:])


def told(receipt: ActionReceipt, events: list[AnyEvent]) -> ActionReceipt:
    for event in events:
        receipt.note(event)
    return receipt


def close(harness: TraderHarness, half_of: int = 0) -> ClosePosition:
    position = harness.trader.state.portfolio.positions[0]
    return ClosePosition(SYMBOL, position.entry_ms, position.entry_price, half_of, "pts/3")


def test_a_sale_is_sent_and_filled_and_its_receipt_tells_the_slippage() -> None:
    broker = LateBroker(1)
    harness = held(broker)
    quantity = harness.held
    receipt = noted(harness, ActionReceipt((nifty(),)), close(harness))
    assert (receipt.view.word, receipt.view.quantity, receipt.view.by) == ("SENT", quantity, "pts/3")
    assert receipt.take_lines() == []
    before = len(harness.events)
    harness.answer(*broker.answers())
    view = told(receipt, harness.events[before:]).view
    assert (view.word, view.filled, view.price, view.average) == ("FILLED", quantity, 10_000, 9_950)
    assert receipt.take_lines() == [
        f"receipt of close {SYMBOL} by pts/3: sold {quantity} of {quantity} @ 99.50, plan 100.00, slippage +0.50 a unit: FILLED"
    ]
    assert receipt.take_lines() == []


def test_what_another_order_has_sold_meanwhile_is_the_end_of_it() -> None:
    harness = held(LateBroker(1))
    receipt = noted(harness, ActionReceipt((nifty(),)), close(harness))
    told(receipt, [FillBooked(Fill(0, 0, "SELL", harness.held, 9_000, 1), None, "0")])
    assert receipt.view.word == "SOLD BY ANOTHER ORDER"
    assert receipt.take_lines() == [f"receipt of close {SYMBOL} by pts/3: SOLD BY ANOTHER ORDER"]


def test_a_refused_order_is_said_with_its_reason() -> None:
    harness = held(RejectingBroker(1, {2}))
    receipt = noted(harness, ActionReceipt((nifty(),)), close(harness))
    assert receipt.view.word == "REJ price band"
    assert receipt.take_lines() == [f"receipt of close {SYMBOL} by pts/3: REJ price band"]


def test_an_old_price_is_blind() -> None:
    harness = held()
    harness.now_ms += 22_000
    receipt = noted(harness, ActionReceipt((nifty(),)), close(harness))
    assert receipt.view.word == "BLIND 22 s FILLED"
    assert receipt.take_lines()[0].endswith(": BLIND 22 s FILLED")


def test_what_sends_nothing_is_done_at_once_and_what_is_refused_says_why() -> None:
    harness = held()
    receipt = ActionReceipt((nifty(),))
    assert receipt.view is None
    assert noted(harness, receipt, BarEntries(SYMBOL, "ann")).view.word == "DONE"
    refused = noted(harness, receipt, BarEntries(SYMBOL)).view
    assert (refused.number, refused.word, refused.reason) == (2, "REFUSED", "that is so already")
    noted(harness, receipt, AllowEntries(SYMBOL, "ann"))
    order = close(harness)
    noted(harness, receipt, MoveStop(SYMBOL, order.entry_ms, order.entry_price, 9_000, "ann"))
    assert receipt.take_lines() == [
        f"receipt of {each} {SYMBOL} by ann: DONE" for each in ("no new entries", "allow entries", "stop")
    ]


def test_exits_of_others_are_none_of_its_business() -> None:
    harness = held()
    receipt = ActionReceipt((nifty(),))
    before = len(harness.events)
    harness.prices(40)
    assert told(receipt, harness.events[before:]).view is None
