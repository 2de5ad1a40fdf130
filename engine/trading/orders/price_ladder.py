"""The limit of an order by the time it has been on its way: entries go two steps, exits go on until they are filled. Pure.

Prices are in minor units. A rung's limit lies beyond the best opposite price by the rung's share, rounded so that it is
never less. Who sends looks first for a start (`start_of`), then at the rung, then for the limit within what is allowed.
"""

from typing import Final, NamedTuple

from engine.model.types import Side

QUOTE_MS: Final = 3_000  # an older quote is none: one is asked for first


class Quote(NamedTuple):
    """What is known of the market and since when (our own time); 0 = not told."""

    at_ms: int
    bid: int = 0
    ask: int = 0
    last: int = 0


class Start(NamedTuple):
    """The price that a ladder begins at; `blind`: an old one, for nothing newer was to be had."""

    price: int
    blind: bool = False


class Ladder(NamedTuple):
    """Shares (thousandths) by rung, `rung_ms` each. At the last one the limit follows the market, until `withdrawn_ms` (0: for ever)."""

    shares: tuple[int, ...]
    rung_ms: int
    withdrawn_ms: int = 0


ENTRY: Final = Ladder((5, 10), 1_000, 3_000)  # an entry is not chased
EXIT: Final = Ladder((5, 10, 20, 50, 100, 200), 1_000)
FLAT: Final = EXIT._replace(rung_ms=2_000)


def rung_of(ladder: Ladder, sent_ms: int, now_ms: int) -> int | None:
    """The rung of an order sent at `sent_ms`; None where it is to be withdrawn."""
    passed_ms = max(0, now_ms - sent_ms)
    if ladder.withdrawn_ms and passed_ms >= ladder.withdrawn_ms:
        return None
    return min(passed_ms // ladder.rung_ms, len(ladder.shares) - 1)


def next_look_ms(ladder: Ladder, sent_ms: int, now_ms: int) -> int:
    """When the order is to be looked at again: another rung, its limit anew at the last one, or its withdrawal."""
    passed = max(0, now_ms - sent_ms) // ladder.rung_ms
    if ladder.withdrawn_ms and passed >= len(ladder.shares) - 1:
        return sent_ms + ladder.withdrawn_ms
    return sent_ms + (passed + 1) * ladder.rung_ms


def start_of(side: Side, quote: Quote, now_ms: int, *, blind: bool = False) -> Start | None:
    """Where an order of `side` begins: the best opposite price, else the last one; None: a quote is to be asked for first.

    `blind` says that none is to be had and that the order, an exit, cannot wait: then the last price, however old.
    """
    opposite = quote.bid if side == "SELL" else quote.ask
    if 0 <= now_ms - quote.at_ms <= QUOTE_MS and (price := opposite or quote.last):
        return Start(price)
    if blind and (price := quote.last or opposite):
        return Start(price, blind=True)
    return None


def limit_for(side: Side, share: int, start: int, allowed: tuple[int, int], tick_size: int, sent: int = 0) -> int:
    """The limit `share` thousandths beyond `start`, never milder than `sent` (the order's limit so far), within what is `allowed`.

    `allowed` is the lowest and the highest limit, both on ticks. It comes last, so the limit may be milder than `sent` after
    all: an order that works is amended only where the new limit is `keener`.
    """
    if side == "SELL":
        limit = start * (1000 - share) // (1000 * tick_size) * tick_size
    else:
        limit = -(-start * (1000 + share) // (1000 * tick_size)) * tick_size
    if sent and keener(side, sent, limit):
        limit = sent
    low, high = allowed
    return min(max(limit, low), high)


def keener(side: Side, limit: int, other: int) -> bool:
    """Whether `limit` is more likely to be filled than `other`."""
    return limit < other if side == "SELL" else limit > other
