"""A validation that did not come out well is an alert for as long as it is the newest, with its sizes."""

import resource
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from engine.backtest.divergence import TradeRow, divergence
from engine.backtest.validation_record import DayOutcome, Validation, keep
from engine.backtest.validation_told import has_told, take_on
from engine.gateway.validated import Validated
from engine.text.sanitize import CleanText

ROW = TradeRow("A", 1, 2, Decimal(1), Decimal(2), Decimal("70.00"))


AT = datetime(2026, 11, 27, tzinfo=UTC)


def validation(outcome: DayOutcome, at: datetime = AT) -> Validation:
    sizes = divergence([ROW], [ROW, ROW])
    return Validation("2026-11-27", at, outcome, CleanText("a.mqr: tick 5"), (), sizes)


def kept(folder: Path, outcome: DayOutcome) -> None:
    keep(folder, validation(outcome))


class Service:
    """Its channels, which have told up to a moment, and what it says of the validation."""

    def __init__(self, folder: Path, *channels: str) -> None:
        self.told_ns = dict.fromkeys(channels, 0)
        self.now_ns, self.now = 100, AT
        self.validated = Validated(folder, lambda: self.told_ns, lambda: self.now_ns, lambda: self.now)

    def shows(self) -> dict[str, list[str]]:
        """What each channel is to tell, after another look at the disk."""
        self.now_ns += 100
        self.validated.read()
        return {name: [each.text for each in self.validated.alerts(name)] for name in self.told_ns}


TEXT = "validation of 2026-11-27: different: a.mqr: tick 5; trades 1 → 2, net +70.00"


def test_it_stands_until_a_newer_one_is_well(tmp_path: Path) -> None:
    service = Service(tmp_path, "webhook")
    assert service.shows() == {"webhook": []}
    kept(tmp_path, "different")
    assert service.shows() == service.shows() == {"webhook": [TEXT]}
    kept(tmp_path, "same")
    assert service.shows() == {"webhook": []}


def test_what_a_service_has_told_the_next_does_not_tell_again(tmp_path: Path) -> None:
    kept(tmp_path, "different")
    first = Service(tmp_path, "webhook", "telegram")
    first.shows()
    first.told_ns["webhook"] = first.now_ns + 1  # telegram fails
    assert first.shows() == {"webhook": [TEXT], "telegram": [TEXT]}  # both stand
    assert Service(tmp_path, "webhook", "telegram").shows() == {"webhook": [], "telegram": [TEXT]}


def test_what_validate_itself_tells_is_left_to_it_and_not_for_ever(tmp_path: Path) -> None:
    service = Service(tmp_path, "webhook", "telegram")
    take_on(tmp_path, validation("different"), "validate", ["webhook"], AT)
    kept(tmp_path, "different")
    assert service.shows() == {"webhook": [], "telegram": []}
    has_told(tmp_path, validation("different"), ["webhook"], ends=True)
    assert service.shows() == {"webhook": [], "telegram": [TEXT]}
    dead = Service(tmp_path, "webhook", "telegram")
    later = validation("different", AT + timedelta(days=1))
    take_on(tmp_path, later, "validate", ["webhook"], AT)
    keep(tmp_path, later)
    assert dead.shows() == {"webhook": [], "telegram": []}
    dead.now += timedelta(minutes=2)
    assert dead.shows() == {"webhook": [TEXT], "telegram": [TEXT]}


def test_a_second_one_that_is_not_well_is_another_alert(tmp_path: Path) -> None:
    service = Service(tmp_path, "webhook")
    keep(tmp_path, validation("different"))
    service.shows()
    (first,) = service.validated.alerts("webhook")
    keep(tmp_path, validation("different", AT + timedelta(hours=1)))
    service.shows()
    (second,) = service.validated.alerts("webhook")
    assert (first.key, first.text) == (second.key, second.text)
    assert first.of != second.of


def test_where_it_cannot_be_written_down_it_is_told_all_the_same(tmp_path: Path) -> None:
    kept(tmp_path, "different")
    service = Service(tmp_path, "webhook")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        assert service.shows() == {"webhook": [TEXT]}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
