"""One round: order book, trade book and positions, read one after the other. All three are good, or the round has failed."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundFailed, RoundRead
from engine.text.sanitize import CleanText
from engine.venues.angelone.answers import one_line
from engine.venues.angelone.orders.meanings import Heard, hear
from engine.venues.angelone.orders.numbers import MisfitError, to_identity
from engine.venues.angelone.orders.requests import ORDER_BOOK, POSITIONS, TRADE_BOOK
from engine.venues.angelone.orders.rows import OrderRow, PositionRow, TradeRow, fill_report, net_reports, order_report
from engine.venues.angelone.orders.traded import TradedInstruments
from engine.venues.order_dialect import Reply, ReplyMeaning, WireRequest

_Row = TypeVar("_Row")
_Report = TypeVar("_Report")
_BOOKS: Final = (("order book", ORDER_BOOK), ("trade book", TRADE_BOOK), ("positions", POSITIONS))


class KnownRows:
    """What the rows of the newest round said: most come again as they were, and to read one takes longer than to find it.

    Holds the rows of one round at most; to be made anew with other instruments.
    """

    def __init__(self) -> None:
        self.orders: dict[OrderRow, OrderReport] = {}
        self.fills: dict[tuple[TradeRow, OrderReport | None], FillReport] = {}


class SmartApiRound:
    """Asks for the three and puts them together; `generation` is the login that all of them are asked under."""

    def __init__(
        self, number: int, generation: int, begun_ms: int, traded: TradedInstruments, known: KnownRows | None = None
    ) -> None:
        self._known = known or KnownRows()
        self._number = number
        self._generation = generation
        self._begun_ms = begun_ms
        self._traded = traded
        self._read = 0
        self._orders: tuple[OrderReport, ...] = ()
        self._fills: tuple[FillReport, ...] = ()
        self._net: tuple[NetReport, ...] = ()

    @property
    def wire(self) -> WireRequest:
        """What is to be asked next."""
        return _BOOKS[self._read][1]

    def take(self, reply: Reply, now_ms: int) -> ReplyMeaning | None:
        """Take the reply to that; the round's outcome once there is one."""
        heard = hear(reply)
        try:
            (self._take_orders, self._take_trades, self._take_positions)[self._read](heard, now_ms)
        except (MisfitError, msgspec.ValidationError) as error:
            reason = one_line(f"{_BOOKS[self._read][0]}: {error}")
            return heard.means(RoundFailed(self._number, reason, heard.wait_s))
        self._read += 1
        if self._read < len(_BOOKS):
            return None
        return ReplyMeaning(
            RoundRead(self._number, self._begun_ms, now_ms, self._generation, self._orders, self._fills, self._net)
        )

    def _take_orders(self, heard: Heard, _: int) -> None:
        rows = rows_in(heard, OrderRow)
        self._known.orders = _each(rows, self._known.orders, lambda row: order_report(row, self._traded))
        self._orders = tuple(self._known.orders[row] for row in rows)

    def _take_trades(self, heard: Heard, now_ms: int) -> None:
        orders: dict[CleanText, OrderReport] = {each.broker_id: each for each in self._orders}
        rows = [(row, orders.get(to_identity(row.orderid))) for row in rows_in(heard, TradeRow)]
        self._known.fills = _each(rows, self._known.fills, lambda row: fill_report(*row, self._traded, now_ms))
        self._fills = tuple(self._known.fills[row] for row in rows)

    def _take_positions(self, heard: Heard, _: int) -> None:
        self._net = net_reports(rows_in(heard, PositionRow), self._traded)


def rows_in(heard: Heard, kind: type[_Row]) -> list[_Row]:
    """The rows of a list; none where it says that there are none. Raises MisfitError, msgspec.ValidationError."""
    if heard.yes:
        return [] if heard.data is None else msgspec.convert(heard.data, list[kind])  # type: ignore[valid-type]
    if heard.meaning.read == "empty":
        return []
    raise MisfitError(heard.text)


def _each(rows: list[_Row], known: dict[_Row, _Report], report: Callable[[_Row], _Report]) -> dict[_Row, _Report]:
    """What every row says, by row, as is `known` of it; raises MisfitError that names the row."""
    reports: dict[_Row, _Report] = {}
    for number, row in enumerate(rows, 1):
        try:
            reports[row] = known[row] if row in known else report(row)
        except MisfitError as error:
            raise MisfitError(f"row {number}: {error}") from None
    return reports
