"""The legs of a flat, a position each: what is planned for it, what it is at, and whether it is closed blind. Pure."""

from msgspec.structs import replace

from engine import FlatLeg, OpenPosition, Quote
from engine.presentation import format as text
from engine.presentation import live
from tui.text.rows import Line, Span, left, right
from tui.text.spelling import middled, shortened
from tui.view.model import View

BLIND = "BLIND"  # how the word of a leg begins whose price was no news any more
_OVER = ("DONE", "FILLED")  # how the word of a leg ends that is closed
_NEWS_S = 3.0
_MOST_ORDERS = 1000  # the engine cuts no position into more
_WORD_STYLES = {
    "DONE": "good",
    "FILLED": "good",
    "WAIT": "dim",
    "SENT": "accent",
    "ACK": "accent",
    "PART": "accent",
    "CANCEL": "accent",
    "LOGIN": "warn",
    "RATE": "warn",
}


def is_over(leg: FlatLeg) -> bool:
    """Whether the leg is closed: `FILLED`, `BLIND 22 s DONE`."""
    return leg.word.endswith(_OVER)


def is_blind(leg: FlatLeg) -> bool:
    """Whether the leg is closed at a price that nobody knew any more."""
    return leg.word.startswith(BLIND)


def line(view: View, leg: FlatLeg, width: int) -> Line:
    """`NIFTY25NOV25900CE  75/150  plan 157.01  PART 75/150`."""
    instrument = text.instrument_at(view.snapshot, leg.instrument)
    filled = f"{text.quantity(instrument, leg.filled)}/{text.quantity(instrument, abs(leg.quantity))}"
    planned = f"  plan {text.price(instrument, leg.planned_price)}"
    style = _WORD_STYLES.get(leg.word.split(" ")[0], "alert")
    size = max(13, len(filled))
    room = width - len(leg.word) - 2
    symbol = instrument.symbol
    name = middled((symbol,), min(24, max(0, room - size - 1)), view.glyphs)[symbol]
    start = f"{name} {right(filled, size)}" + (planned if room >= 25 + size + len(planned) else "")
    return ((left(start, max(0, room)), ""), ("  ", ""), (leg.word, style))


def planned(view: View, position: OpenPosition, width: int, quantity: int | None = None) -> list[Line]:
    """`NIFTY25NOV25900CE LONG 150 → SELL 150 LIMIT  last 157.01`, and how old that price is where it is no news.

    With a `quantity` so much of it is sold.
    """
    shot = view.snapshot
    state = position.state
    instrument = text.instrument_at(shot, state.instrument)
    count = abs(state.quantity) if quantity is None else quantity
    way = "SELL" if state.quantity > 0 else "BUY"
    slices = orders(view, replace(position, state=replace(state, quantity=count)))
    order = f"{way} {text.quantity(instrument, count)}" + (f" in {slices} orders" if slices > 1 else "")
    last = f"last {text.price(instrument, position.last)}"
    bound = (_live_price if live.is_live(shot) else _paper_price)(view, position, last)
    held = f"  {text.side(instrument, state.quantity)} {view.glyphs.arrow} "
    whole = len(instrument.symbol) + len(held) + len(order) + 2 + len(bound)
    start: tuple[Span, ...] = ((instrument.symbol, "bold"), (held, ""), (order, "exit"))
    end: Span = (f"  {bound}", "")
    name = middled((instrument.symbol,), width, view.glyphs)[instrument.symbol]
    lines: list[Line] = [(*start, end)] if whole <= width else [((name, "bold"),), (*start[1:], end)]
    old = _old(view, state.instrument)
    return [*lines, ((shortened(f"  {BLIND}: {old}", width, view.glyphs), "alert"),)] if old else lines


def _quote(view: View, position: OpenPosition) -> Quote | None:
    return next((each for each in view.snapshot.quotes if each.instrument == position.state.instrument), None)


def _live_price(view: View, position: OpenPosition, last: str) -> str:
    """From where the limit of a real order goes on: the best price of the other side, else the last."""
    quote = _quote(view, position)
    name, best = (
        ("bid", quote.bid if quote else 0) if position.state.quantity > 0 else ("ask", quote.ask if quote else 0)
    )
    if quote is None or best <= 0:
        return f"LIMIT from {last}"
    return f"LIMIT from {name} {text.price(text.instrument_at(view.snapshot, quote.instrument), best)}"


def _paper_price(view: View, position: OpenPosition, last: str) -> str:
    """What a simulated sale is filled at: the bid, where there is one."""
    quote = _quote(view, position)
    if view.snapshot.account.fill == "touch" and quote is not None and 0 < quote.bid <= quote.ask:
        return f"at bid {text.price(text.instrument_at(view.snapshot, quote.instrument), quote.bid)}"
    return f"at {last} less slippage"


def _old(view: View, index: int) -> str:
    """How old the newest price of instrument `index` is, where that matters; a replay's prices do not grow old."""
    shot = view.snapshot
    if shot.replay is not None:
        return ""
    recv_ns = max((quote.recv_ns for quote in shot.quotes if quote.instrument == index), default=0)
    if not recv_ns:
        return "no price since the start"
    age_s = (view.now_ns - recv_ns) / 1e9
    return f"its price is {text.age(age_s)} old" if age_s > _NEWS_S else ""


def orders(view: View, position: OpenPosition) -> int:
    """How many orders this leg takes: an exchange takes only its freeze quantity in one, and every mode keeps to that."""
    instrument = text.instrument_at(view.snapshot, position.state.instrument)
    lot = max(1, instrument.lot_size)
    count = abs(position.state.quantity)
    most = max(lot, instrument.freeze_quantity // lot * lot, -(-count // _MOST_ORDERS))
    return -(-count // most)
