"""Which instruments the table lists, and in which order. Knows no pane; pure but for `Sorting`, which remembers its last answer."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from msgspec import Struct

from engine import Quote, Snapshot
from engine.presentation.change import change

_RESORT_NS = 1_000_000_000  # rows that trade places at every tick cannot be read
_SECOND_NS = 1_000_000_000
_Value = float | str | Decimal


class Order(Struct, frozen=True):
    """By which column rows are sorted, "" = as they came; `falling`: the largest first."""

    column: str = ""
    falling: bool = False


_COLUMNS: dict[str, Callable[[Quote, str, Decimal | None], _Value | None]] = {
    "symbol": lambda _quote, symbol, _result: symbol,
    "change": lambda quote, _symbol, _result: change(quote),
    "P&L": lambda _quote, _symbol, result: result,
    "volume": lambda quote, _symbol, _result: quote.day_volume or None,
    "age": lambda quote, _symbol, _result: -(quote.recv_ns // _SECOND_NS),  # never is older than all
}
_FALLING_FIRST = frozenset(_COLUMNS) - {"symbol"}
ORDERS: tuple[Order, ...] = (
    Order(),
    *(Order(name, falling) for name in _COLUMNS for falling in (name in _FALLING_FIRST, name not in _FALLING_FIRST)),
)


def order_of(number: int) -> Order:
    """The order with this number, from the first again behind the last."""
    return ORDERS[number % len(ORDERS)]


def results(seen: Snapshot) -> dict[int, Decimal]:
    """What each position that is held would win, by instrument."""
    return {each.state.instrument: each.open_pnl for each in seen.positions if each.state.quantity}


def matches(symbol: str, wanted: str) -> bool:
    """Whether every word of the filter stands somewhere in `symbol`, in capitals or not."""
    symbol = symbol.casefold()
    return all(word in symbol for word in wanted.casefold().split())


def symbol_of(seen: Snapshot, instrument: int) -> str:
    """The symbol of an instrument; "" where the snapshot has none of that number."""
    return seen.instruments[instrument].symbol if 0 <= instrument < len(seen.instruments) else ""


def sort(seen: Snapshot, order: Order) -> tuple[int, ...]:
    """The numbers of all quoted instruments: those held first, then by `order`; what has no value in that column is last."""
    held = results(seen)
    numbers = [quote.instrument for quote in seen.quotes]
    if order.column:
        value_of = _COLUMNS[order.column]
        values = {
            quote.instrument: value_of(quote, symbol_of(seen, quote.instrument), held.get(quote.instrument))
            for quote in seen.quotes
        }
        known = [number for number in numbers if values[number] is not None]
        known.sort(key=lambda number: values[number], reverse=order.falling)  # type: ignore[arg-type,return-value]
        numbers = [*known, *(number for number in numbers if values[number] is None)]
    return tuple(sorted(numbers, key=lambda number: number not in held))


def listed(seen: Snapshot, order: Sequence[int], wanted: str) -> list[Quote]:
    """The quotes that the filter leaves, in `order`."""
    quotes = {quote.instrument: quote for quote in seen.quotes}
    shown = [quotes[number] for number in order if number in quotes]
    return [quote for quote in shown if matches(symbol_of(seen, quote.instrument), wanted)] if wanted else shown


def selected(seen: Snapshot, shown: Sequence[Quote], chosen: int) -> Quote | None:
    """The quote of the instrument `chosen`: of what is listed where it can be, else the first there is."""
    for quotes in (shown, () if shown else seen.quotes):
        for quote in quotes:
            if quote.instrument == chosen:
                return quote
    return next(iter(shown or seen.quotes), None)


class Sorting:
    """Sorts anew once a second, or as soon as there is another order, instrument or position."""

    def __init__(self) -> None:
        self._numbers: tuple[int, ...] = ()
        self._of: tuple[object, ...] = ()
        self._due_ns = 0

    def numbers(self, seen: Snapshot, order: Order, now_ns: int) -> tuple[int, ...]:
        """The instruments in their order, as `sort` had it a second ago at most."""
        of = (order, tuple(quote.instrument for quote in seen.quotes), tuple(results(seen)))
        if of != self._of or now_ns >= self._due_ns:
            self._numbers, self._of, self._due_ns = sort(seen, order), of, now_ns + _RESORT_NS
        return self._numbers
