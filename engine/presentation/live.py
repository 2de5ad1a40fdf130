"""A run at a broker that takes orders, in words: its badge, what the day may still lose, the order budget, what others hold. Pure."""

from msgspec import Struct

from engine.model.order_states import OVER
from engine.model.order_views import BudgetView, MismatchView, OrderView
from engine.model.snapshot import Snapshot
from engine.model.types import REAL_MODES
from engine.presentation import format as text

_HOUR_FROM = 0.8  # of it: before, the hour is not worth its cells


def is_live(seen: Snapshot) -> bool:
    """Whether orders go out over wires, and answers come when they come."""
    return seen.trade_mode in REAL_MODES


def badge(seen: Snapshot) -> str:
    """`LIVE ****3456`: the mode, and whose account it is."""
    return f"{seen.trade_mode.upper()} {seen.broker_account}".rstrip()


def loss_left(seen: Snapshot) -> str:
    """What the day may still lose; "" where nothing limits it."""
    left = seen.account.loss_left
    return text.money(left, seen.session.zone) if left is not None else ""


class Gauge(Struct, frozen=True):
    """One window of the order budget: so many of so many, and whether entries have to wait for it."""

    name: str
    used: int
    most: int
    spent: bool

    @property
    def near(self) -> bool:
        """Whether four fifths of it are used up."""
        return self.used >= self.most * 4 / 5


def gauges(budget: BudgetView) -> tuple[Gauge, ...]:
    """The windows that matter now: second, minute and day, the hour once most of it is used up."""
    windows = (
        ("s", budget.second, budget.second_most, 1),
        ("m", budget.minute, budget.minute_most, budget.reserve),
        ("h", budget.hour, budget.hour_most, budget.reserve),
        ("day", budget.day, budget.day_most, budget.reserve),
    )
    return tuple(
        Gauge(name, used, most, most - used < kept)
        for name, used, most, kept in windows
        if name != "h" or used >= most * _HOUR_FROM
    )


def state(order: OrderView, rounds: int) -> str:
    """What an order is at: `UNKNOWN 1/3`, `WORKING`, `NOT PLACED`; `rounds` is how many decide that one is not there."""
    if order.state == "UNKNOWN":
        return f"UNKNOWN {min(order.rounds, rounds)}/{rounds}"
    return order.state.replace("_", " ")


def mismatch(seen: Snapshot, index: int) -> MismatchView | None:
    """Where the broker holds something else of instrument number `index` than we."""
    return next((each for each in seen.live.mismatches if each.instrument == index), None) if seen.live else None


def foreign(seen: Snapshot, symbol: str) -> int:
    """What others have put on of `symbol`."""
    return next((each.quantity for each in seen.live.foreign if each.symbol == symbol), 0) if seen.live else 0


def stop_by(seen: Snapshot, index: int) -> str:
    """Who watches the stop of what is held: the engine alone, or an order at the broker as well; "" where no order goes out."""
    if seen.live is None:
        return ""
    nets = (each for each in seen.orders if each.purpose == "NET" and each.instrument == index)
    return "BOT+NET" if any(each.state == "WORKING" and not each.unwanted for each in nets) else "BOT"


def is_open(order: OrderView) -> bool:
    """Whether anything may still come of it."""
    return order.state not in OVER


def troubles(seen: Snapshot) -> tuple[str, ...]:
    """What a person should know before anything else: a book that disagrees, what others hold, what locks entries or is in doubt."""
    live = seen.live
    if live is None:
        return ()
    told = [_mismatch_words(seen, each) for each in live.mismatches]
    told += [f"EXTERNAL {each.symbol} {each.quantity:+,}: not ours, only a flat closes it" for each in live.foreign]
    told += [f"entries locked: {why}" for why in (live.barred, live.locked) if why]
    if not live.logged_in:
        told.append("not logged in at the broker")
    if live.doubt:
        told.append(f"the broker's books are not believed: {live.doubt}")
    return tuple(told)


def waits(seen: Snapshot) -> tuple[str, ...]:
    """`WAITS to SELL 75 NIFTY…, Stop Loss: order … is unknown`: what is wanted and not on its way."""
    if seen.live is None:
        return ()
    named = [(text.instrument_at(seen, each.instrument), each) for each in seen.live.waits]
    return tuple(
        f"WAITS to {each.side} {text.quantity(instrument, each.quantity)} {instrument.symbol}, {each.reason}: "
        f"{each.why or 'not sent so far'}"
        for instrument, each in named
    )


def others(seen: Snapshot) -> tuple[str, ...]:
    """`MISMATCH NIFTY… 75/150`, `EXTERNAL NIFTY… +75`: where the broker holds what we do not."""
    if seen.live is None:
        return ()
    apart = [(text.instrument_at(seen, each.instrument), each) for each in seen.live.mismatches]
    told = [
        f"MISMATCH {instrument.symbol} {text.quantity(instrument, each.ours)}/{text.quantity(instrument, each.theirs)}"
        for instrument, each in apart
    ]
    return (*told, *(f"EXTERNAL {each.symbol} {each.quantity:+,}" for each in seen.live.foreign))


def _mismatch_words(seen: Snapshot, each: MismatchView) -> str:
    instrument = text.instrument_at(seen, each.instrument)
    ours, theirs = (text.quantity(instrument, count) for count in (each.ours, each.theirs))
    return f"MISMATCH {instrument.symbol}: we hold {ours}, the broker {theirs}"
