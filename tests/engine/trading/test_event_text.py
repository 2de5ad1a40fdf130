"""What the log says of a flat that waits, of an entry with its reason, and of an exit."""

from datetime import date
from decimal import Decimal

from engine.model.events import FillBooked, FlatChanged, TradeClosed
from engine.model.types import Fill, Trade
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
