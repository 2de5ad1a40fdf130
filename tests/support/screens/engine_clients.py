"""A client of no engine: keeps what it was asked for and shows the snapshot it is given."""

from engine import Bar, Command, DayPage, ExitPage, LogLine, Snapshot, Trade
from tests.support.screens.snapshots import SNAPSHOT, bar, log
from tui.view.model import Attachment

HERE = Attachment()


class FakeClient:
    """An EngineClient whose snapshot a test sets and whose commands it reads."""

    def __init__(self, snapshot: Snapshot = SNAPSHOT, attachment: Attachment = HERE) -> None:
        self.snapshot = snapshot
        self.attachment = attachment
        self.control_asked: list[str] = []
        self.sent: list[Command] = []
        self.lines: list[LogLine] = list(log())
        self.started = self.stopped = False
        self.journal: dict[int, Trade] = {}
        self.pages_asked: list[tuple[int, int, int]] = []
        self.disk = "HERE"
        self.days: dict[str, DayPage] = {}  # by the date that is asked for

    def start(self) -> None:
        self.started = True

    def send(self, command: Command) -> None:
        self.sent.append(command)

    def history(self, instrument: int) -> tuple[Bar, ...]:
        return bar(1_759_290_300_000, 15_500), bar(1_759_290_305_000, 15_600)

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        return [line for line in self.lines if line.number > since][:limit]

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        self.pages_asked.append((first, last, rewinds))
        if self.disk != "HERE":
            return ExitPage(first, last, rewinds, self.disk, reason="the disk does not answer")
        return ExitPage(first, last, rewinds, "HERE", tuple(self.journal[n] for n in range(first, last + 1)))

    def day_page(self, date: str, today: str, rewinds: int) -> DayPage:
        if self.disk != "HERE":
            return DayPage(date, today, rewinds, self.disk, reason="the disk does not answer")
        return self.days.get(date) or DayPage(date, today, rewinds, "UNREADABLE", reason="no such day")

    def take_control(self) -> None:
        self.control_asked.append("take")

    def give_control(self) -> None:
        self.control_asked.append("give")

    def leave(self, detached: bool) -> None:
        self.stopped = True

    def stop(self) -> int:
        self.stopped = True
        return 0
