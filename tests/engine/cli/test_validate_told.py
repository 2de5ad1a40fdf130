"""What `validate --notify` tells: the verdict, and how far the day's trades are from their replay."""

from datetime import UTC, datetime
from decimal import Decimal

from engine.backtest.divergence import TradeRow, divergence
from engine.backtest.validation_record import Validation
from engine.cli.validate import told
from engine.text.sanitize import CleanText

ROW = TradeRow("A", 1, 2, Decimal(1), Decimal(2), Decimal("70.00"))


def test_the_verdict_is_told_with_the_sizes_where_they_are_known() -> None:
    at = datetime(2026, 11, 27, tzinfo=UTC)
    found = Validation("2026-11-27", at, "different", CleanText("tick 5"), (), divergence([ROW], [ROW, ROW]))
    assert told(found) == (
        "validation of 2026-11-27: DIFFERENT: tick 5",
        "trades 1 → 2, 1 differ",
        "net 70.00 → 140.00, +70.00 (+100.00 %)",
        "prices differ by 0.0000 at the entry, 0.0000 at the exit (mean of 1)",
        "times differ by 0.000 s (mean), 0.000 s (most)",
    )
    assert told(Validation("2026-11-27", at, "missing", CleanText(""))) == ("validation of 2026-11-27: MISSING",)
