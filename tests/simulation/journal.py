"""The journal of a history: rows reach the disk after a while and in order; a crash leaves those that have."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from engine.journal import SqliteJournal
from engine.journal.day_rows import DayRows
from engine.journal.rows import Waiting
from engine.model.events import AnyEvent, StateKept
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import SendBegun
from tests.support.waiting import PATIENCE_S


class Row(Struct, frozen=True):
    """A row and when it is on the disk."""

    number: int
    durable_ms: int
    content: object


class AwaitedRows:
    """The rows of a journal on a disk: they take no time of the history, which waits for them."""

    def __init__(self, journal: SqliteJournal) -> None:
        self._journal = journal
        self.next_ms: int | None = None  # when the newest row is on the disk; None: that was told

    def write(self, content: AnyEvent, now_ms: int) -> int:
        """Take a row; its number."""
        self.next_ms = now_ms
        return self._journal.write(content)

    def durable(self, _now_ms: int) -> int:
        """Number of the newest row on the disk, once all that were written are there."""
        self.next_ms = None
        if self._journal.waiting:
            assert self._journal.wait_durable(self._journal.durable + self._journal.waiting, PATIENCE_S)
        return self._journal.durable


class VirtualJournal:
    """`lag_ms` says how long the next row takes."""

    def __init__(self, lag_ms: Callable[[], int]) -> None:
        self._lag_ms = lag_ms
        self._rows: list[Row] = []
        self._told = 0
        self._anew: list[object] = []  # what the file begins with, where it was begun anew
        self._from = 0  # the row that is the first behind that

    def write(self, content: object, now_ms: int, *, awaited: bool = False) -> int:
        """Take a row; its number. `awaited`: it is on the disk before anything goes on."""
        before_ms = self._rows[-1].durable_ms if self._rows else 0
        number = len(self._rows) + 1
        self._rows.append(Row(number, max(before_ms, now_ms + (0 if awaited else self._lag_ms())), content))
        return number

    def renew(self, account: StateKept, now_ms: int) -> None:
        """Somebody takes the file away: another begins with the day's orders and the account as it is."""
        day = DayRows()
        day.follow([Waiting(0, now_ms, content) for content in self._in_file()], "")  # type: ignore[arg-type]
        self._anew = [*(entry for _, entry in day.anew(account.symbols)), account]
        self._rows = [replace(row, durable_ms=min(row.durable_ms, now_ms)) for row in self._rows]
        self._from = len(self._rows)

    def _in_file(self) -> list[object]:
        return [*self._anew, *(row.content for row in self._rows[self._from :])]

    @property
    def contents(self) -> list[object]:
        """What the rows so far say."""
        return [row.content for row in self._rows]

    @property
    def next_ms(self) -> int | None:
        """When the next row is durable that was not told yet; None: all are."""
        return self._rows[self._told].durable_ms if self._told < len(self._rows) else None

    def durable(self, now_ms: int) -> int:
        """Number of the newest row on the disk."""
        while self._told < len(self._rows) and self._rows[self._told].durable_ms <= now_ms:
            self._told += 1
        return self._told

    def has_begun(self, tag: str, now_ms: int) -> bool:
        """Whether the disk has the order with this tag, and that its sending begins."""
        rows = self._rows[: self.durable(now_ms)]
        placed = (row.content for row in reversed(rows) if isinstance(row.content, PlaceOrder))
        order = next((each.order for each in placed if each.tag == tag), 0)
        return any(row.content == SendBegun(order) for row in reversed(rows))

    def crash(self, now_ms: int) -> list[object]:
        """Forget what is not on the disk; what is."""
        del self._rows[self.durable(now_ms) :]
        return self._in_file()
