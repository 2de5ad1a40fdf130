"""What the log says of a flat that waits, of an entry with its reason, of an exit, and of orders at a real broker."""

from datetime import date
from decimal import Decimal
from typing import get_args

import pytest

from engine.model.events import FillBooked, FlatChanged, LiveOrderEvent, TradeClosed
from engine.model.order_reports import Accepted, NotSent, Refused, Unclear
from engine.model.order_requests import AmendOrder, LogIn, PlaceOrder, ReadOrder, ReadQuote, ReadRound, WithdrawOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, External, OrderWarned, PartFilled, SendBegun
from engine.model.types import Fill, Trade
from engine.text.sanitize import CleanText
from engine.trading.event_line import DEBUG, ERROR, INFO, WARNING
from engine.trading.event_text import EventText
from engine.trading.strategy.ema_macd_vwap import entry_reason
from tests.support.builders import nifty


def test_a_flat_that_waits_beyond_the_end_of_the_calendar_says_so() -> None:
    words = EventText((nifty(),), str, lambda at_ms: date(2026, 12, 31) if at_ms > 5 else None)
    lines = [words.tell(FlatChanged("HELD", "me", 1, until_ms)) for until_ms in (5, 6)]
    assert [line.text for line in lines if line] == [
        "flat HELD until 5: the market is closed (me)",
        "flat HELD until 6: the market is closed, and the calendar ends 2026-12-31 (me)",
    ]


def test_of_an_exit_the_result_comes_before_the_reason_and_prices_have_two_decimals() -> None:
    words = EventText((nifty(),), lambda _ms: "11:42:17", lambda _ms: None)
    money = Decimal("-982.50")
    closed = Trade(1, 0, 0, 1, 15_610, 14_955, 150, money, Decimal(30), money - 30, "Stop Loss", operator_stop=True)
    line = words.tell(TradeClosed(closed))
    assert line is not None
    assert line.text == "11:42:17 exit 150 NIFTY 156.10 → 149.55 P&L -1012.50, Stop Loss (the operator's)"


def test_an_entry_says_its_reason() -> None:
    values = {"ema_fast": 15505.0, "ema_slow": 15498.4, "macd": 12.0, "macd_signal": None, "vwap": 15412.0, "rsi": 61.7}
    reason = entry_reason(3, values, 100)
    assert reason == "3 green ticks, EMA 155.05 over 154.98, above VWAP 154.12, RSI 62"
    assert entry_reason(1, {}, 100) == "1 green tick"
    booked = FillBooked(Fill(1, 0, "BUY", 150, 15_610, 1), None, "76550.85")
    for why, behind in ((lambda _: reason, f": {reason}"), (lambda _: "", "")):
        line = EventText((nifty(),), lambda _ms: "09:21:02", lambda _ms: None, why).tell(booked)
        assert line is not None
        assert (line.text, line.keep) == (f"09:21:02 entry 150 NIFTY @ 156.10, cash 76550.85{behind}", True)


PLACED = PlaceOrder(7, "LA1", 0, "SELL", 150, 15_535, "EXIT", 15_610, "Stop Loss")
PART = PartFilled(Fill(7, 0, "SELL", 75, 15_600, 1), None, "76550.85", {})
NOBODY_KNOWS = "order 7: place: nobody knows what became of it: no answer"
LIVE: list[tuple[LiveOrderEvent, int, bool, str]] = [
    (PLACED, DEBUG, False, "order 7 (EXIT) is to be placed: limit 155.35, decided at 156.10"),
    (AmendOrder(7, "B1", 0, 150, 15_500, "EXIT"), INFO, False, "order 7 is to be moved: limit 155.00"),
    (WithdrawOrder(7, "B1", "EXIT"), INFO, False, "order 7 is to be taken back"),
    (SendBegun(7), DEBUG, False, "order 7: its sending begins"),
    (Accepted(7, "place", CleanText("B1"), CleanText("U1")), DEBUG, False, "order 7: place taken as B1"),
    (Refused(7, "place", "funds", CleanText("no")), DEBUG, False, "order 7: place refused (funds): no"),
    (Refused(7, "modify", "price", CleanText("no")), WARNING, True, "order 7: modify refused (price): no"),
    (NotSent(7, "place", CleanText("late")), WARNING, True, "order 7: place was not sent: late"),
    (Unclear(7, "place", CleanText("no answer")), WARNING, True, NOBODY_KNOWS),
    (PART, DEBUG, False, "order 7: sold 75 NIFTY @ 156.00, cash 76550.85"),
    (Ended(7, "FILLED", 150, 2_340_000), INFO, False, "order 7 FILLED, 150 filled"),
    (Ended(7, "REFUSED", 0, 0), DEBUG, False, "order 7 REFUSED, 0 filled"),
    (ClosedOthers(7, 75, 15_600), WARNING, True, "order 7: 75 of it closed what is not ours"),
    (
        Adopted(8, "LA2", 0, "BUY", 75, 15_600, "ENTRY"), ERROR, True,
        "order 8 (LA2) BUY 75 NIFTY @ 156.00 was found at the broker: it is ours",
    ),
    (
        External("B9", "F9", 0, "NIFTY", "SELL", 150, 15_600, 75), ERROR, True,
        "EXTERNAL SELL 150 NIFTY @ 156.00: somebody else traded; it closed 75 that we held",
    ),
    (External("B9", "F9", -1, "INFY", "BUY", 3, 1, 0), ERROR, True, "EXTERNAL BUY 3 INFY: somebody else traded it"),
    (OrderWarned(7, "order LA1 is unknown", 1), ERROR, True, "order LA1 is unknown"),
    (LogIn(), WARNING, True, "the broker's session is over: logging in anew"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "level", "keep", "text"), LIVE)
def test_an_order_at_a_real_broker_is_told_line_by_line(
    event: LiveOrderEvent, level: int, keep: bool, text: str
) -> None:
    line = EventText((nifty(),), str, lambda _ms: None).tell(event)
    assert line is not None
    assert (line.component, line.level, line.keep, line.text) == ("broker", level, keep, text)


def test_what_is_only_read_is_no_line_and_every_other_event_of_live_orders_is_one() -> None:
    words = EventText((nifty(),), str, lambda _ms: None)
    reads = (ReadRound(1), ReadOrder(7, "U1"), ReadQuote(0))
    assert [words.tell(each) for each in reads] == [None] * 3
    assert {type(event) for event, *_ in LIVE} | {type(each) for each in reads} == set(get_args(LiveOrderEvent))
