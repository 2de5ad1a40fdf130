"""The dialogs: boxes over the panes, drawn like everything else; what they mean is decided by `tui.input.control`. Pure."""

from collections.abc import Callable

from rich.cells import cell_len

from engine import TimelineEvent
from engine.presentation import format as text
from tui.frame import action_plan, closing, flatplan, leaving, one_order, one_position
from tui.frame import help as help_pane
from tui.input import keys
from tui.input.guard import PLANS
from tui.panes import days, orders, trades
from tui.text.rows import Line, fill, fit, left, right
from tui.text.spelling import shortened, spelled, wrapped
from tui.view import watching
from tui.view.model import Dialog, View

Body = Callable[[View, int, int], list[Line]]
_BETWEEN = " · "
_SHORTER = (  # words of the lines with the keys, what is missed least first
    (" and does what it does", ""),
    ("it stays in the log · ", ""),
    (" · the strategy may then enter", ""),
    (" the engine", ""),
    ("any other key", "any other"),
    (" and enter", ", enter"),
    ("closes, it stays", "closes"),
    ("up down scroll", "up down"),
)
_SMALLEST = 8  # a narrower box has no frame
_SLIVER = 12  # cells beside the box, both sides together: fewer show ends of words and marks that mean nothing


def overlay(view: View, width: int, height: int) -> list[Line]:
    """The box of the open dialog, all lines equally wide, at most `width` by `height` - 2; nothing where none is open."""
    dialog = view.ui.dialog
    if dialog == "filter":  # what is filtered must be seen, and its title says the words
        return []
    if not (dialog or view.ui.digest) or width <= 0 or height <= 0:
        return []
    title, body, wide, high = _CONTENTS[dialog] if dialog else _DIGEST
    title = _TITLES[dialog](view) if dialog in _TITLES else title
    if width < _SMALLEST + 4 or height < 5:
        return fill(body(view, width, height)[-height:], width, height)
    inner = wide if width - (wide + 4) >= _SLIVER else width - 4
    content = [fit(line, inner) for line in body(view, inner, min(high, height - 4))]
    return _boxed(view, title, content, inner, _frame_style(view))


def _frame_style(view: View) -> str:
    """The mode's colour; of a flat red where real money is at stake, yellow where it is simulated, as what was missed."""
    if not view.ui.dialog:
        return "warn"
    if view.ui.dialog not in PLANS:
        return f"edge_{view.snapshot.trade_mode}"
    return "alert" if view.snapshot.trade_mode == "live" else "warn"


def _boxed(view: View, title: str, content: list[Line], inner: int, style: str) -> list[Line]:
    """`content` (lines of `inner` cells) in a frame with its title in the upper edge."""
    glyphs = view.glyphs
    corners = "┌┐└┘" if glyphs.braille else glyphs.cross[:1] * 4
    name = shortened(f" {title} ", inner, glyphs)
    rest = glyphs.rule * (inner + 1 - cell_len(name))
    top: Line = ((corners[0] + glyphs.rule, style), (name, "title"), (rest + corners[1], style))
    bottom: Line = ((corners[2] + glyphs.rule * (inner + 2) + corners[3], style),)
    side_left, side_right = (glyphs.wall + " ", style), (" " + glyphs.wall, style)
    return [top, *((side_left, *line, side_right) for line in content), bottom]


def _typed(view: View, prompt: str, width: int) -> Line:
    """A prompt, what was typed (its end, where it is long) and the cursor."""
    start = f"{spelled(prompt, view.glyphs)} "
    start = start if cell_len(start) + 12 <= width else "> "
    room = max(0, width - cell_len(start) - 1)
    shown = spelled(view.ui.text, view.glyphs)
    while cell_len(shown) > room:
        shown = shown[1:]
    return ((start, "dim"), (shown, "bold"), (" ", "select"))


def _says(view: View, words: str, width: int, style: str = "dim") -> Line:
    return ((shortened(words, width, view.glyphs), style),)


def _foot(view: View, words: str, width: int, style: str = "dim") -> Line:
    """What the keys do, in shorter words where `width` is short; whole keys are left out, the last ones first."""
    glyphs = view.glyphs
    for long, short in _SHORTER:
        if cell_len(spelled(words, glyphs)) > width:
            words = words.replace(long, short)
    while cell_len(spelled(words, glyphs)) > width and _BETWEEN in words:
        words = words.rpartition(_BETWEEN)[0]
    return _says(view, words, width, style)


def _with_foot(lines: list[Line], foot: Line, height: int) -> list[Line]:
    """`lines` as far as there is room, and `foot` last; the first line before everything else."""
    return lines[:height] if height < 3 else [*lines[: height - 2], (), foot]


def _places(view: View) -> list[TimelineEvent]:
    """Where one may go: bookmarks first, then the other events; those that have the typed text in them."""
    typed = view.ui.text.strip().lower()
    marks = [event for event in view.snapshot.events if event.kind == "bookmark"]
    others = [event for event in reversed(view.snapshot.events) if event.kind != "bookmark"]
    return [event for event in (*marks, *others) if typed in f"{event.tick} {event.kind} {event.text}".lower()]


def _goto(view: View, width: int, height: int) -> list[Line]:
    """Type a time, a tick number or a bookmark; the places known so far stand below."""
    zone = view.snapshot.session.zone
    lines = [_says(view, "HH:MM[:SS], tick number, or bookmark", width), _typed(view, "go to", width), ()]
    for event in _places(view)[: max(0, height)]:
        start = f"{text.clock(event.at_ms, zone)} {right(text.scaled(event.tick), 11)}  {left(event.kind, 9)} "
        lines.append(((start, "dim"), (shortened(event.text, width - len(start), view.glyphs), "")))
    if len(lines) == 3:
        lines.append(_says(view, "no bookmark or event by that name yet", width))
    order = lines if height >= 4 else lines[1:]
    return _with_foot(order, _foot(view, "enter goes · esc closes", width), height)


def _prompt(prompt: str, says: str, foot: str) -> Body:
    """Make the body of a dialog that asks for one line."""

    def body(view: View, width: int, height: int) -> list[Line]:
        lines = [_typed(view, prompt, width), _says(view, says, width)]
        return _with_foot(lines, _foot(view, foot, width), height)

    return body


def _unlock(view: View, width: int, height: int) -> list[Line]:
    """Ask for the word; say what it would lift."""
    entries = view.snapshot.entries
    reasons = [("locked", entries.locked), ("halted", entries.halted)]
    lines: list[Line] = [_typed(view, "type UNLOCK:", width)]
    lines += [((f"{name}: ", "dim"), (reason, "warn")) for name, reason in reasons if reason]
    if unsure := _nobody_unlocks(view):
        lines.append(((shortened(unsure, width, view.glyphs), "alert"),))
    elif len(lines) == 1:
        lines.append(_says(view, "entries are not locked", width))
    return _with_foot(lines, _foot(view, "enter unlocks · esc closes · the strategy may then enter", width), height)


def _nobody_unlocks(view: View) -> str:
    """Why no engine would take it; empty where one does."""
    attachment = view.attachment
    if view.snapshot.stopped:
        return "the engine has stopped: nothing can be unlocked"
    if attachment.lost and not attachment.there:
        return "the engine is gone: nothing can be unlocked"
    return "the engine does not answer: nobody knows whether they are" if view.engine_silent else ""


def _about(lines_of: Callable[[View, int, int], tuple[list[Line], str]], prompt: str = "") -> Body:
    """Make the body of a dialog about leaving; with a `prompt` one that is typed into, above all else."""

    def body(view: View, width: int, height: int) -> list[Line]:
        lines, foot = lines_of(view, width, height)
        if prompt:
            lines = [_typed(view, prompt, width), *lines]
        return _with_foot(lines, _foot(view, foot, width, "bold"), height)

    return body


def _found(view: View, width: int, height: int) -> list[Line]:
    """How the last run ended, all of it, from line `ui.choice` on where there is more than fits."""
    lines = [
        part
        for words in view.snapshot.found
        for part in wrapped(text.local_stamps(words, view.snapshot.session.zone), width) or [""]
    ]
    room = max(1, height - 2)
    top = max(0, min(view.ui.choice, len(lines) - room))
    shown = [_says(view, words, width, "") for words in lines[top : top + room]]
    foot = "a acknowledges · any other key closes, it stays"
    foot = f"up down scroll · {foot}" if len(lines) > room else foot
    return _with_foot(shown or [_says(view, "nothing is left to acknowledge", width)], _foot(view, foot, width), height)


def _palette(view: View, width: int, height: int) -> list[Line]:
    """Commands by name, those that fit what was typed; the chosen one stands out."""
    entries = keys.palette(view)
    lines: list[Line] = [_typed(view, ":", width), ()]
    chosen = max(0, min(view.ui.choice, len(entries) - 1))
    room = max(1, height - 4)
    first = max(0, min(chosen - room // 2, len(entries) - room))
    for place, (name, words, *_) in enumerate(entries[first : first + room], first):
        mark = view.glyphs.play if place == chosen else " "
        line = shortened(f"{mark} {left(name, 16)}{words}", width, view.glyphs)
        lines.append(((left(line, width), "select"),) if place == chosen else ((line[:18], "bold"), (line[18:], "")))
    if not entries:
        lines.append(_says(view, "no command by that name", width))
    return _with_foot(lines, _foot(view, "enter does it · esc closes", width), height)


def _scrolled(rows: Body, scroll: str = "up down scroll") -> Body:
    """Make the body of a dialog that only shows `rows`; `scroll` says by which keys they move."""

    def body(view: View, width: int, height: int) -> list[Line]:
        lines = rows(view, width, height - 2 if height >= 3 else height)
        return _with_foot(lines, _foot(view, f"{scroll} · any other key closes", width), height)

    return body


def _stop_price(view: View, width: int, height: int) -> list[Line]:
    """Ask where the stop is to be."""
    lines = [
        _typed(view, "stop to:", width),
        *(_says(view, part, width) for part in wrapped(one_position.stop_says(view), width)),
    ]
    return _with_foot(lines, _foot(view, "enter shows the plan · ! flat · esc closes", width), height)


def _listing(rows: Body, also: str) -> Body:
    """Make the body of a list in which one line is chosen; `also` says what else a key does there."""
    return _scrolled(rows, f"up down home end · {also}")


# Title, body, and the most cells and lines that the body wants.
_CONTENTS: dict[Dialog, tuple[str, Body, int, int]] = {
    "position": ("POSITION", one_position.rows, 110, 40),
    "stop_price": ("STOP TO", _stop_price, 64, 6),
    "action": ("POSITION", action_plan.rows, 76, 14),
    "flat": ("EMERGENCY FLAT", flatplan.rows, 76, 24),
    "goto": ("GO TO", _goto, 64, 16),
    "bookmark": (
        "BOOKMARK",
        _prompt("name:", "the place is this tick; a name is not needed", "enter keeps · esc closes"),
        52,
        5,
    ),
    "unlock": ("UNLOCK ENTRIES", _unlock, 60, 7),
    "quit": ("LEAVE", _about(leaving.quit_lines), 72, 14),
    "stop": ("STOP THE ENGINE", _about(leaving.stop_lines, "type it:"), 72, 12),
    "control": ("CONTROL", _about(leaving.control_lines), 72, 9),
    "found": ("HOW THE LAST RUN ENDED", _found, 76, 20),
    "search": (
        "SEARCH THE LOG",
        _prompt("/", "marks every line of the log that has it", "enter finds · esc clears"),
        56,
        5,
    ),
    "watch": (
        "INSTRUMENTS",
        _prompt("watch", f"{watching.HOW}; 'Nifty 50' in quotes", "enter does it · esc closes"),
        66,
        5,
    ),
    "log_level": (
        "LOG LEVELS",
        _prompt(
            "log-level", "trader=debug feed=default --for 10m; nothing: how they are", "enter does it · esc closes"
        ),
        66,
        5,
    ),
    "palette": ("COMMANDS", _palette, 76, 20),
    "help": ("HELP", _scrolled(help_pane.rows), 96, 60),
    "closing": ("CLOSING", _scrolled(closing.rows), 76, 24),
    "days": ("DAYS", _listing(days.rows, "enter its trades"), 90, 60),
    "day": ("TRADES OF A DAY", _listing(days.rows_of_day, "esc back to the days"), 110, 60),
    "orders": ("ORDERS", _listing(orders.rows, "enter detail · w withdraws an entry · / filter"), 130, 60),
    "orders_filter": ("ORDERS", _listing(orders.rows, "type to filter · enter keeps · esc clears"), 130, 60),
    "order": ("ORDER", one_order.rows, 76, 18),
    "withdraw": ("WITHDRAW", one_order.plan, 76, 14),
    "trades": ("TRADES", _scrolled(trades.rows, "up down scroll · home end"), 110, 60),
}
_TITLES: dict[Dialog, Callable[[View], str]] = {
    "trades": trades.title,
    "closing": closing.title,
    **dict.fromkeys(("position", "stop_price", "action"), one_position.title),
    **dict.fromkeys(("orders", "orders_filter"), orders.title),
    **dict.fromkeys(("order", "withdraw"), one_order.title),
    "days": days.title,
    "day": days.title_of_day,
}
_DIGEST = ("WHILE YOU WERE AWAY", _about(leaving.digest_lines), 76, 12)  # no dialog: it takes no keys
