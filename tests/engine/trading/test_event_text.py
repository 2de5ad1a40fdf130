"""What the log says of a flat that waits."""

from datetime import date

from engine.model.events import FlatChanged
from engine.trading.event_text import EventText
from tests.support.builders import nifty


def test_a_flat_that_waits_beyond_the_end_of_the_calendar_says_so() -> None:
    words = EventText((nifty(),), str, lambda at_ms: date(2026, 12, 31) if at_ms > 5 else None)
    lines = [words.tell(FlatChanged("HELD", "me", 1, until_ms)) for until_ms in (5, 6)]
    assert [line.text for line in lines if line] == [
        "flat HELD until 5: the market is closed (me)",
        "flat HELD until 6: the market is closed, and the calendar ends 2026-12-31 (me)",
    ]
