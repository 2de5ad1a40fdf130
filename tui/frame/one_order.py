"""One order in full, and the plan to take it back with what has come of it. Pure."""

from engine import ActionView, OrderView
from engine.presentation import format as text
from engine.presentation import live
from tui.frame import flatplan
from tui.panes import orders as order_list
from tui.text.rows import Line, Span, left
from tui.text.spelling import fitting, sentence, spelled_lines
from tui.view import commands, orders
from tui.view.model import View

_NAMES = 10  # cells of the names of an order's figures
_PURPOSES = {
    "ENTRY": "opens a position",
    "EXIT": "closes what is held",
    "FLAT": "closes all that the broker holds",
    "NET": "rests at the broker for the case that nobody is there",
}


def title(view: View) -> str:
    """Which order."""
    order = orders.numbered(view.snapshot, view.ui.order_number)
    word = "WITHDRAW ORDER" if view.ui.dialog == "withdraw" else "ORDER"
    return f"{word} {order.number}  {order.tag}" if order is not None else f"{word} {view.ui.order_number}"


def rows(view: View, width: int, height: int) -> list[Line]:
    """All that is known of the order; the keys stand last."""
    order = orders.numbered(view.snapshot, view.ui.order_number)
    if order is None:
        body = sentence("it is not among the orders that are shown any more", "warn", width)
    else:
        body = [*_what(view, order, width), *_figures(view, order, width)]
    w = "w withdraws · " if order is not None and order.withdrawable else ""
    foot: Line = (
        (fitting([f"{w}esc back to the orders · any other key closes", f"{w}esc back"], width, view.glyphs), "dim"),
    )
    return spelled_lines([*body[: max(0, height - 2)], (), foot][-height:], width, view.glyphs)


def _what(view: View, order: OrderView, width: int) -> list[Line]:
    """`BUY 150 NIFTY…  75/150  WORKING`, and why it is there."""
    seen = view.snapshot
    instrument = text.instrument_at(seen, order.instrument)
    rounds = seen.live.rounds_until_gone if seen.live is not None else 0
    head: Line = (
        (order.side, "up" if order.side == "BUY" else "down"),
        (f" {text.quantity(instrument, order.quantity)} {instrument.symbol}  ", "bold"),
        (live.state(order, rounds), "alert" if order.state == "UNKNOWN" else "bold"),
    )
    lines = [head, *sentence(f"{_PURPOSES[order.purpose]}: {order_list.reason(order)}", "", width)]
    if order.state == "UNKNOWN":
        lines += sentence(
            "nobody knows whether the broker has it: looked for by its tag, never sent again", "alert", width
        )
    return lines


def _figures(view: View, order: OrderView, width: int) -> list[Line]:
    seen = view.snapshot
    instrument, zone = text.instrument_at(seen, order.instrument), seen.session.zone
    price, asked = text.price, f", {text.price(instrument, order.asked)} asked for" if order.asked else ""
    worse = (order.average - order.decided) * (1 if order.side == "BUY" else -1)
    got = (
        f"{price(instrument, order.average)}, {text.points(instrument, worse)} worse" if order.average else text.NOTHING
    )
    filled = f"{text.quantity(instrument, order.filled)} of {text.quantity(instrument, order.quantity)}"
    figures = {
        "filled": filled,
        "decided": f"at {price(instrument, order.decided)}, {text.clock(order.at_ms, zone, millis=True)}",
        "limit": f"{price(instrument, order.limit)}, rung {order.rung + 1}{asked}",
        "got": got,
        "sent": text.clock(order.sent_ms, zone, millis=True) if order.sent_ms else "not so far",
        "last fill": text.clock(order.filled_ms, zone, millis=True) if order.filled_ms else text.NOTHING,
        "broker": order.broker_id or "has given no number so far",
        "it says": order.said,
    }
    lines: list[Line] = []
    for name, words in figures.items():
        told = sentence(words, "", max(1, width - _NAMES)) if words else []
        heads: list[Span] = [(left(name, _NAMES), "dim"), *[(" " * _NAMES, "")] * (len(told) - 1)]
        lines += [(head, *line) for head, line in zip(heads, told, strict=False)]
    return lines


# ── Taking it back ──────────────────────────────────────────────────────────────────────────────────────────────────


def plan(view: View, width: int, height: int) -> list[Line]:
    """What `x` takes back, then what has come of it; the keys stand last, always."""
    fired = view.ui.fired_after >= 0
    words = ["any key closes this"] if fired else flatplan.fire_keys(view)
    shown = fitting(words, width, view.glyphs)
    foot: Line = ((shown, "bold"),) if fired else ((shown[:7], "alert"), (shown[7:], "bold"))
    lines = [*flatplan.old_figures(view, width), *flatplan.who(view, width)]
    lines += _outcome(view, width) if fired else _planned(view, width)
    return spelled_lines([*lines[: max(0, height - 2)], (), foot][-height:], width, view.glyphs)


def _planned(view: View, width: int) -> list[Line]:
    order = orders.numbered(view.snapshot, view.ui.order_number)
    if order is None or not order.withdrawable:
        return sentence("nothing of that order works any more: x would be refused", "alert", width)
    instrument = text.instrument_at(view.snapshot, order.instrument)
    left_over = text.quantity(instrument, order.quantity - order.filled)
    lines = [*_what(view, order, width), *sentence(f"withdraws what is not filled: {left_over}", "", width)]
    if order.filled:
        lines += sentence(
            f"{text.quantity(instrument, order.filled)} are bought and stay, with their stop", "dim", width
        )
    return [*lines, *sentence("a fill on its way wins; the strategy may enter again", "dim", width)]


def _outcome(view: View, width: int) -> list[Line]:
    """What became of it: by the engine's own word, else by what became of the command on its way."""
    action = view.snapshot.action
    if action is not None and action.number > view.ui.fired_after:
        return _word(view, action, width)
    asked = [each for each in view.attachment.asked if each.command == view.ui.planned]
    if asked:
        return sentence(*commands.told(asked[-1], view.attachment), width)
    return sentence("sent; the engine has not answered yet", "warn", width)


def _word(view: View, action: ActionView, width: int) -> list[Line]:
    if action.word == "REFUSED":
        return [(("REFUSED", "alert"),), *sentence(action.reason, "", width)]
    instrument = text.instrument_at(view.snapshot, action.instrument)
    filled = f"{text.quantity(instrument, action.filled)} filled" if action.filled else "nothing of it filled meanwhile"
    style = "accent" if action.word == "SENT" else "good" if action.word == "CANCELLED" else "warn"
    lines: list[Line] = [((action.word, style), (f"  by {action.by}", "dim"))]
    return lines if action.word == "SENT" else [*lines, *sentence(f"{filled}; the receipt is in the log", "dim", width)]
