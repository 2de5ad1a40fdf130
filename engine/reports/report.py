"""A report while it is made: days come in one at a time, and go to the sums of their mode and to whoever writes lists. Pure."""

from collections.abc import Sequence
from typing import Protocol

from engine.model.session_result import PositionResult, ReportedDay
from engine.reports.mode_report import ModeReport
from engine.reports.other_rates import Rates
from engine.reports.position_figures import PositionFigures

Told = Sequence[tuple[PositionResult, PositionFigures]]


class DayTaker(Protocol):
    """Writes or keeps what it wants of each day; the day is forgotten then."""

    def take(self, day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day with its positions; `report` is of its mode, the day included."""


class Report:
    """Reports by mode, which are never added up; `heads` say where the trades come from, `remarks` what else must be known."""

    def __init__(self, takers: Sequence[DayTaker] = (), rates: Rates | None = None) -> None:
        self.modes: dict[str, ModeReport] = {}
        self.heads: list[str] = []
        self.remarks: list[str] = []
        self.settings: dict[str, str] = {}  # by which all was traded, as far as files tell
        self._rates = rates or Rates()
        self._takers = takers

    def take(self, day: ReportedDay) -> None:
        """Take the next day."""
        report = self.modes.get(day.mode)
        if report is None:
            report = self.modes[day.mode] = ModeReport(day.mode, day.zone or "UTC", self._rates)
        told = list(report.add(day))
        for each in self._takers:
            each.take(day, told, report)

    @property
    def title(self) -> str:
        """What it is of, in a few words: `paper, 2025-10-01 … 2025-12-30`."""
        return "; ".join(title_of(each) for each in self.modes.values()) or "no session day"


def title_of(report: ModeReport) -> str:
    """Mode and days: `paper, 2025-10-01`."""
    days = report.days
    if not days:
        return report.mode
    span = days[0].date if len(days) == 1 else f"{days[0].date} … {days[-1].date}, {len(days)} days"
    return f"{report.mode}, {span}"
