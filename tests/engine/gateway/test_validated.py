"""A validation that did not come out well is an alert for as long as it is the newest, with its sizes."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from engine.backtest.divergence import TradeRow, divergence
from engine.backtest.validation_record import DayOutcome, Validation, keep
from engine.gateway.validated import Validated
from engine.text.sanitize import CleanText

ROW = TradeRow("A", 1, 2, Decimal(1), Decimal(2), Decimal("70.00"))


def kept(folder: Path, outcome: DayOutcome) -> None:
    sizes = divergence([ROW], [ROW, ROW])
    keep(
        folder,
        Validation("2026-11-27", datetime(2026, 11, 27, tzinfo=UTC), outcome, CleanText("a.mqr: tick 5"), (), sizes),
    )


def test_it_stands_until_a_newer_one_is_well(tmp_path: Path) -> None:
    validated = Validated(tmp_path)
    validated.read()
    assert validated.alerts() == ()
    kept(tmp_path, "different")
    validated.read()
    (alert,) = validated.alerts()
    assert alert.text == "validation of 2026-11-27: different: a.mqr: tick 5; trades 1 → 2, net +70.00"
    kept(tmp_path, "same")
    validated.read()
    assert validated.alerts() == ()
