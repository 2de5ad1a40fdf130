"""The orders of the day as the operator goes through them: which are listed, which is chosen, what would be withdrawn. Pure."""

from collections.abc import Sequence

from engine import OrderView, Snapshot, WithdrawEntry, clean
from engine.presentation import live
from tui.view.listing import matches, symbol_of

NAME = "orders"  # under which their filter is kept


def listed(seen: Snapshot, wanted: str) -> Sequence[OrderView]:
    """The orders that have all the words of the filter somewhere in them, in the engine's order."""
    return [each for each in seen.orders if matches(_words(seen, each), wanted)] if wanted else seen.orders


def _words(seen: Snapshot, order: OrderView) -> str:
    state = live.state(order, seen.live.rounds_until_gone if seen.live is not None else 0)
    symbol = symbol_of(seen, order.instrument)
    return f"{order.number} {order.tag} {order.broker_id} {order.side} {symbol} {state} {order.purpose} {order.reason}"


def chosen(shown: Sequence[OrderView], number: int) -> OrderView | None:
    """The order with that number where it is listed, else the first; None where there is none."""
    return next((each for each in shown if each.number == number), next(iter(shown), None))


def moved(shown: Sequence[OrderView], number: int, by: int) -> int:
    """The number of the order `by` lines further down."""
    order = chosen(shown, number)
    if order is None:
        return 0
    place = shown.index(order) + by
    return shown[max(0, min(len(shown) - 1, place))].number


def numbered(seen: Snapshot, number: int) -> OrderView | None:
    """The order with that number, listed or not."""
    return next((each for each in seen.orders if each.number == number), None)


def withdrawal(seen: Snapshot, number: int) -> WithdrawEntry | str:
    """The command that takes that order back, or why there is none."""
    order = numbered(seen, number)
    if order is None:
        return "there is no order to withdraw"
    if order.purpose != "ENTRY":
        return "it closes what is held: w withdraws entries alone, ! is for all else"
    if order.unwanted:
        return "it is being withdrawn already"
    return WithdrawEntry(clean(order.tag)) if order.withdrawable else "it is over: nothing of it works"
