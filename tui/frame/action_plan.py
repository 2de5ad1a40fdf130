"""The plan of an action on one position, and what has come of it. Pure."""

from msgspec.structs import replace

from engine import ActionView, AllowEntries, BarEntries, ClosePosition, MoveStop, OpenPosition
from engine.presentation import format as text
from engine.presentation import live
from tui.frame import flatplan
from tui.frame import legs as leg_lines
from tui.frame.one_position import keys
from tui.text.rows import Line, result_style, width_of
from tui.text.spelling import fitting, sentence, spelled_lines
from tui.view import commands, one_position
from tui.view.model import View

_ENDED = ("DONE", "FILLED", "REFUSED")


def rows(view: View, width: int, height: int) -> list[Line]:
    """The plan that `x` fires, then where it stands; the keys stand last, always."""
    foot = _plan_keys(view, width)
    if height < 3:
        return [foot][:height]
    fired = view.ui.fired_after >= 0
    lines = [*flatplan.old_figures(view, width), *flatplan.who(view, width)]
    lines += _outcome(view, width) if fired else _plan(view, width)
    shown = lines[: height - 2]
    if len(lines) > height - 2 > 1:
        shown[-1] = ((f"{len(lines) - height + 3} more lines in a higher window", "warn"),)
    return spelled_lines([*shown, (), foot], width, view.glyphs)


def _plan(view: View, width: int) -> list[Line]:
    """What would be done, what it comes to, how old its data is."""
    seen, index, planned = view.snapshot, view.ui.instrument, view.ui.planned
    held = one_position.held_in(seen, index)
    if isinstance(planned, ClosePosition | MoveStop):
        if held is None or not one_position.is_meant(held, planned):
            return sentence("that position is gone: x would be refused", "alert", width)
        if isinstance(planned, ClosePosition):
            return _sale(view, held, planned, width)
        return _stop(view, held, planned, width)
    if isinstance(planned, AllowEntries):
        words = "the strategy may enter here again; what locks or pauses all entries stays as it is"
    else:
        words = "no new entries in this instrument until the same key ends that; a restart keeps it"
    stays = "what is held goes on, with its stop and targets" if held and isinstance(planned, BarEntries) else ""
    return [*sentence(words, "", width), *sentence(stays, "dim", width), (("no order is sent", "dim"),)]


def _sale(view: View, held: OpenPosition, planned: ClosePosition, width: int) -> list[Line]:
    seen, state = view.snapshot, held.state
    instrument = text.instrument_at(seen, state.instrument)
    quantity = one_position.quantity_of(seen, state.instrument, planned)
    if not quantity or (planned.half_of and planned.half_of != state.quantity):
        return sentence("what is held has changed since: x would be refused", "alert", width)
    count = leg_lines.orders(view, replace(held, state=replace(state, quantity=quantity)))
    took = "up to 10 s" if live.is_live(seen) else "under 1 s"
    share = held.open_pnl * quantity / state.quantity
    costs = held.exit_costs * quantity / state.quantity
    zone = seen.session.zone
    counted = f"{count:,} order{'' if count == 1 else 's'}, {took}; "
    realises: Line = (
        (f"{counted}realises ≈ ", ""),
        (text.money(share, zone, sign=True), result_style(share)),
        (", ", "dim"),
        (f"exit costs ≈ {text.money(costs, zone)}", "dim"),
    )
    parts: list[Line] = [realises] if width_of(realises) <= width else [realises[:2], realises[3:]]
    left = state.quantity - quantity
    stays = f"{text.quantity(instrument, left)} stay, with their stop and targets" if left else ""
    again = (
        "" if left or one_position.is_barred(seen, state.instrument) else "the strategy may enter again: n bars that"
    )
    return [
        *leg_lines.planned(view, held, width, quantity),
        *parts,
        *sentence(stays or again, "dim", width),
        flatplan.data_age(view, width, (held,)),
    ]


def _stop(view: View, held: OpenPosition, planned: MoveStop, width: int) -> list[Line]:
    seen, state = view.snapshot, held.state
    instrument = text.instrument_at(seen, state.instrument)
    before, after = text.price(instrument, state.stop), text.price(instrument, planned.stop)
    away = text.points(instrument, planned.stop - held.last)
    result = instrument.money(planned.stop * state.quantity - state.entry_turnover) - state.entry_costs
    zone = seen.session.zone
    at_stop: Line = (
        ("at the stop ≈ ", ""),
        (text.money(result, zone, sign=True), result_style(result)),
        (" before exit costs", "dim"),
    )
    gone = planned.stop >= held.last
    return [
        (
            ("stop ", "dim"),
            (f"{before} → {after}", "stop"),
            (f"  {away} from the last {text.price(instrument, held.last)}", ""),
        ),
        at_stop,
        *sentence("the price is there already: x would be refused" if gone else "", "alert", width),
        (("no order is sent: the engine watches it", "dim"),),
        flatplan.data_age(view, width, (held,)),
    ]


def _outcome(view: View, width: int) -> list[Line]:
    """Where what was fired stands: by the engine's own word, else by what became of the command on its way."""
    action = _told(view)
    if action is not None:
        return _word(view, action, width)
    asked = [each for each in view.attachment.asked if each.command == view.ui.planned]
    if asked:
        return sentence(*commands.told(asked[-1], view.attachment), width)
    return sentence("sent; the engine has not answered yet", "warn", width)


def _told(view: View) -> ActionView | None:
    """What the engine says of an action that came after this one was fired."""
    action = view.snapshot.action
    return action if action is not None and action.number > view.ui.fired_after else None


def _word(view: View, action: ActionView, width: int) -> list[Line]:
    instrument = text.instrument_at(view.snapshot, view.ui.instrument)
    if action.word == "REFUSED":
        return [(("REFUSED", "alert"),), *sentence(action.reason, "", width)]
    style = "good" if action.word.endswith(_ENDED) else "accent" if action.word == "SENT" else "alert"
    lines: list[Line] = [((action.word, style), (f"  by {action.by}", "dim"))]
    if action.quantity:
        filled = f"sold {text.quantity(instrument, action.filled)} of {text.quantity(instrument, action.quantity)}"
        at = f" @ {text.price(instrument, action.average)}" if action.filled else ""
        lines += sentence(f"{filled}{at}, planned at {text.price(instrument, action.price)}", "", width)
    if action.word.startswith(leg_lines.BLIND):
        lines += sentence("at a price that is no news any more", "alert", width)
    if action.word.endswith(_ENDED):
        lines += sentence("the receipt is in the log", "dim", width)
    return lines


def _plan_keys(view: View, width: int) -> Line:
    """What the keys do now."""
    if one_position.refused(view.snapshot, view.ui.fired_after):
        return keys(view, one_position.held_in(view.snapshot, view.ui.instrument), width)
    if view.ui.fired_after >= 0:
        return ((fitting(["any key closes this", "any key closes"], width, view.glyphs), "bold"),)
    words = fitting(flatplan.fire_keys(view), width, view.glyphs)
    return ((words[:7], "alert"), (words[7:], "bold"))
