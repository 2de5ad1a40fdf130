"""The journal of a history: rows reach the disk after a while and in order; a crash leaves those that have."""

from collections.abc import Callable

from msgspec import Struct

from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import SendBegun


class Row(Struct, frozen=True):
    """A row and when it is on the disk."""

    number: int
    durable_ms: int
    content: object


class VirtualJournal:
    """`lag_ms` says how long the next row takes."""

    def __init__(self, lag_ms: Callable[[], int]) -> None:
        self._lag_ms = lag_ms
        self._rows: list[Row] = []
        self._told = 0

    def write(self, content: object, now_ms: int, *, awaited: bool = False) -> int:
        """Take a row; its number. `awaited`: it is on the disk before anything goes on."""
        before_ms = self._rows[-1].durable_ms if self._rows else 0
        number = len(self._rows) + 1
        self._rows.append(Row(number, max(before_ms, now_ms + (0 if awaited else self._lag_ms())), content))
        return number

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
        return [row.content for row in self._rows]
