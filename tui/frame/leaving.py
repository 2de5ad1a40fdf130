"""The dialogs about leaving: leave or detach, stop the engine, take control; and what happened in an absence. Pure."""

from engine.presentation import format as text
from engine.presentation import live
from tui.text.rows import Line, result_style
from tui.text.spelling import shortened, wrapped
from tui.view import control_holder
from tui.view.leaving import is_flat_untaken, is_held, stop_word
from tui.view.model import View


def _kind(view: View) -> str:
    return "REAL" if view.snapshot.trade_mode == "live" else "simulated"


def _says(view: View, words: str, width: int, style: str = "dim") -> list[Line]:
    """`words` in as many lines as they need."""
    return [((shortened(line, width, view.glyphs), style),) for line in wrapped(words, width)]


def _command(view: View, words: str, command: str, width: int) -> list[Line]:
    """What to type on a shell; under its words where it does not fit beside them, never cut."""
    line = f"myquant-tui {command}{view.attachment.options}"
    if len(words) + 1 + len(line) <= width:
        return [((f"{words} ", "dim"), (line, "bold"))]
    return [((words, "dim"),), *(((part, "bold"),) for part in wrapped(line, width))]


def _positions(view: View, width: int, most: int) -> list[Line]:
    """What is open, a line each; the rest counted."""
    shot = view.snapshot
    lines: list[Line] = []
    for position in shot.positions:
        instrument = text.instrument_at(shot, position.state.instrument)
        side = f"  {text.side(instrument, position.state.quantity)}  open "
        result = (text.money(position.open_pnl, shot.session.zone, sign=True), result_style(position.open_pnl))
        lines.append(((instrument.symbol, "bold"), (side, ""), result))
    if not lines:
        return _says(view, "no position is open", width, "")
    if len(lines) > most:
        lines = [*lines[:most], *_says(view, f"and {len(lines) - most:,} more positions", width)]
    if live.is_live(shot) and shot.live is not None and (count := shot.live.working):
        words = f"{count:,} order{'s' if count > 1 else ''} not over: at the broker until somebody takes {'them' if count > 1 else 'it'} back"
        lines += _says(view, words, width, "alert")
    return lines


def quit_lines(view: View, width: int, height: int) -> tuple[list[Line], str]:
    """What is open, what becomes of it, and the keys."""
    if view.attachment.apart:
        return _detach_lines(view, width, height)
    lines = _positions(view, width, max(1, height - 5))
    if view.snapshot.positions:
        words = f"the engine ends: {_kind(view)} positions stay open, no stop is watched"
        lines += _says(view, words, width, "alert" if view.snapshot.trade_mode == "live" else "warn")
    return lines, "leave? q again leaves · any other key stays"


def _detach_lines(view: View, width: int, height: int) -> tuple[list[Line], str]:
    attachment = view.attachment
    pid = f" (pid {attachment.pid})" if attachment.pid else ""
    goes_on = f"the engine goes on without this screen{pid}"
    if attachment.lost:
        goes_on = f"the engine does not answer{pid}" if attachment.there else "the engine is gone"
    elif attachment.has_control:
        goes_on += f"; {control_holder.when_gone(view)}"
    gone = view.snapshot.stopped or (bool(attachment.lost) and not attachment.there)
    if view.snapshot.stopped:
        goes_on = "the engine has ended"
    owed = "the flat has not reached the engine: leaving gives it up" if is_flat_untaken(attachment) else ""
    lines = [
        *_says(view, owed, width, "alert"),
        *_positions(view, width, max(1, height - 9)),
        *_says(view, goes_on, width, "alert" if attachment.lost else ""),
    ]
    if gone:  # nobody is there to come back to, or to stop
        lines += _command(view, "flat:", "flat", width) if view.snapshot.positions else []
        return lines, "q leaves · any other key stays"
    for words in ("attach", "flat", "stop"):
        lines += _command(view, f"{'back' if words == 'attach' else words}:", words, width)
    return lines, "q detaches · s stops the engine · ! flat · any other key stays"


def stop_lines(view: View, width: int, height: int) -> tuple[list[Line], str]:
    """What stopping would leave behind; the word to type is another one while something is held."""
    attachment, held = view.attachment, is_held(view.snapshot)
    lines = _positions(view, width, max(1, height - 7))
    if held:
        words = f"the engine would end: {_kind(view)} positions stay open, no stop is watched"
        lines += _says(view, words, width, "alert")
    else:
        lines += _says(view, "the engine ends in good order; nobody trades until it is run again", width, "")
    if not attachment.has_control:
        lines += _says(view, f"it will refuse: {_who(view)}", width, "warn")
    foot = f"type {stop_word(view.snapshot)} and enter · esc closes"
    return lines, f"! flat first · {foot}" if held else foot


def _who(view: View) -> str:
    holder = view.attachment.holder
    return f"{holder} has control" if holder else "nobody has control"


def control_lines(view: View, width: int, height: int) -> tuple[list[Line], str]:
    """Who commands now, and how that changes."""
    attachment = view.attachment
    screens = attachment.screens
    looking = f"{screens:,} screens look at this engine" if screens > 1 else "only this screen looks"
    free = "whoever looks may lock entries and fire the flat; all else needs control"
    if attachment.lost:
        return _says(view, f"no link to the engine: {attachment.lost}", width, "alert"), "any key closes"
    if attachment.has_control:
        lines = [*_says(view, "you have control", width, "bold"), *_says(view, looking, width)]
        lines += _says(view, f"given up, {control_holder.when_gone(view)}", width)
        return lines[:height], "g gives it up · any other key keeps it"
    lines = [*_says(view, _who(view), width, "bold"), *_says(view, looking, width), *_says(view, free, width)]
    if attachment.read_only:
        lines += _says(view, "this screen is read-only: attach without --read-only to command", width, "warn")
        return lines, "any key closes"
    if attachment.holder:
        lines += _says(view, f"{attachment.holder} is told that you took it, and may look on", width, "warn")
    return lines, "t takes control · any other key closes"


def digest_lines(view: View, width: int, height: int) -> tuple[list[Line], str]:
    """What happened while nobody was there; it is one line, parted by commas."""
    first, _, rest = view.ui.digest.partition(": ")
    lines = [*_says(view, first, width, "bold"), *_says(view, rest, width, "warn")]
    return lines[: max(1, height - 2)], "it stays in the log · any key closes this and does what it does"
