"""What the exchange saw and did with orders, by which clients are judged. Decides nothing."""

from msgspec import Struct


class OrderCounters(Struct):
    """Everything that is counted from the side of the exchange.

    `calls` holds requests by kind, also those that were lost on the way; `placed` the same of placing, by tag; `orders` those
    that became an order, by the tag it has. `writes` are all calls that change something: when, which,
    tag or order id. `refused` are refusals by family, at once or later, `rates` calls above the limits.
    """

    calls: dict[str, int] = {}
    placed: dict[str, int] = {}
    orders: dict[str, int] = {}
    external: int = 0  # orders that were not sent by a call
    writes: list[tuple[int, str, str]] = []
    filled: dict[str, int] = {}  # units by tag
    fills: int = 0
    refused: dict[str, int] = {}
    rates: dict[str, int] = {}
    faults: dict[str, int] = {}
    updates: int = 0
    update_faults: dict[str, int] = {}
    lowest_net: dict[str, int] = {}  # units by symbol
    most_oversold: dict[str, int] = {}  # units by symbol by which sells that had not ended exceeded the position
