"""The heartbeat pane: each lamp with mark, word and age; what is not well says since when, why and what next. Pure."""

from collections.abc import Sequence

from engine.presentation import format as text
from engine.presentation.health import RANKS, by_gravity
from engine.presentation.lamps import Lamp, Word
from tui.panes.pane import Pane
from tui.text.glyphs import Glyphs
from tui.text.rows import Line, Span, fit, left, right, width_of
from tui.text.spelling import shortened, spelled
from tui.view.model import OLD_S, View

_NAME, _WORD, _AGE = 8, 7, 6
_STYLES: dict[Word, str] = {
    "OK": "good",
    "QUIET": "accent",
    "LATE": "warn",
    "STALE": "alert",
    "DEAD": "alert",
    "CLOSED": "dim",
    "OFF": "dim",
    "UNKNOWN": "warn",
}


def alarm(view: View) -> str:
    """The title that says how old everything on the screen is; empty while it is not."""
    return f"HEARTBEAT  values are {text.seconds(view.age_s)} old" if view.age_s > OLD_S else ""


def mark(lamp: Lamp, glyphs: Glyphs) -> Span:
    """The lamp as one character."""
    signs = {"OK": glyphs.ok, "LATE": glyphs.warn, "STALE": glyphs.bad, "DEAD": glyphs.bad, "UNKNOWN": "?"}
    return signs.get(lamp.word, glyphs.off), _STYLES[lamp.word]


def rows(view: View, width: int, height: int) -> list[Line]:
    """A line for each lamp, a second one for those that are not well; the worst first when room is short."""
    if width <= 0 or height <= 0:
        return []
    troubled = sum(1 for lamp in view.lamps if RANKS[lamp.word])
    if len(view.lamps) + troubled <= height:
        lines = [line for lamp in view.lamps for line in _both(lamp, view, width)]
    else:
        lines = _short(view, width, height)
    return [fit(_greyed(line, view), width) for line in lines[:height]]


def _both(lamp: Lamp, view: View, width: int) -> list[Line]:
    """The lamp's line, and its explanation where it needs one."""
    return [_lamp(lamp, view, width), *([_why(lamp, view, width)] if RANKS[lamp.word] else [])]


def _short(view: View, width: int, height: int) -> list[Line]:
    """What is not well, with as many explanations as there is room for; then the others, packed."""
    ordered = by_gravity(view.lamps)
    bad = [lamp for lamp in ordered if RANKS[lamp.word]]
    good = ordered[len(bad) :]
    room = height - len(bad) - (1 if good else 0)
    if room < 0:
        return [*(_lamp(lamp, view, width) for lamp in bad[: height - 1]), line(view, width, skip=height - 1)]
    # Explanations of what is bad come before single lines of what is good.
    lines: list[Line] = []
    for number, lamp in enumerate(bad):
        lines.extend(_both(lamp, view, width) if number < room else [_lamp(lamp, view, width)])
    rest = height - len(lines)
    for alone in range(min(len(good), rest), -1, -1):
        marks = _packed(good[alone:], view.glyphs, width)
        if alone + len(marks) <= rest:
            return [*lines, *(_lamp(lamp, view, width) for lamp in good[:alone]), *marks]
    return [*lines, line(view, width, skip=len(bad))]


def _lamp(lamp: Lamp, view: View, width: int) -> Line:
    """`● ENGINE   OK       0.1s  4,100 beats`."""
    sign, style = mark(lamp, view.glyphs)
    age = text.age(lamp.age_s) if lamp.age_s is not None else ""
    if lamp.name == "LINK" and lamp.age_s is not None and lamp.age_s < 1:
        age = f"{lamp.age_s * 1000:.0f}ms"
    calm = RANKS[lamp.word] == 0
    fixed: Line = (
        (f"{sign} ", style),
        (f"{left(lamp.name, _NAME)} ", "" if calm else "bold"),
        (f"{left(lamp.word, _WORD)} ", style),
        (right(age, _AGE), "dim" if calm else style),
    )
    room = width - width_of(fixed) - 2
    return (*fixed, ("  ", ""), (shortened(lamp.text, room, view.glyphs), "dim" if calm else "")) if room > 0 else fixed


def _why(lamp: Lamp, view: View, width: int) -> Line:
    """`  for 1.8s ← inbox 812 deep ← handler 22 ms → 812 ticks to go`; what comes next is given up first."""
    since = f"  for {text.age(lamp.since_s)} " if lamp.since_s is not None else "  "
    cause = spelled(lamp.because, view.glyphs)
    line: list[Span] = [(since, "dim"), (shortened(cause, width - len(since), view.glyphs), _STYLES[lamp.word])]
    following = f" {view.glyphs.arrow} {lamp.following}" if lamp.following else ""
    room = width - width_of(tuple(line))
    if following and room >= 12:
        line.append((shortened(following, room, view.glyphs), "dim"))
    return tuple(line)


def _packed(lamps: Sequence[Lamp], glyphs: Glyphs, width: int) -> list[Line]:
    """Marks with names, as many as fit into each line."""
    lines: list[list[Span]] = []
    used = width + 1
    for lamp in lamps:
        cells = 2 + len(lamp.name)
        if used + 2 + cells > width:
            lines.append([])
            used = 0
        elif lines[-1]:
            lines[-1].append(("  ", ""))
            used += 2
        sign, style = mark(lamp, glyphs)
        lines[-1] += [(f"{sign} ", style), (lamp.name, "dim")]
        used += cells
    return [tuple(each) for each in lines]


def line(view: View, width: int, skip: int = 0) -> Line:
    """The pane in one line: what is not well first with its word and age, then the others as marks.

    `skip` leaves out that many of the worst.
    """
    ordered = by_gravity(view.lamps)[skip:]
    spans: list[Span] = []
    room = width
    for number, lamp in enumerate(ordered):
        forms = _forms(lamp, view.glyphs)
        others = [_forms(other, view.glyphs)[1] for other in ordered[number + 1 :] if RANKS[other.word]]
        if len(forms) > 1 and width_of(forms[0]) + sum(2 + width_of(other) for other in others) + 4 > room:
            forms = forms[1:]  # a second lamp that is not well is worth more than the first one's cause
        more = len(ordered) - number - 1
        reserve = len(f"  +{more}") if more else 0
        chosen = next((form for form in forms if width_of(form) + reserve <= room), None)
        if chosen is None:
            spans.append((shortened(f"+{more + 1}", room, view.glyphs), "dim"))
            break
        gap = min(2, room - width_of(chosen))
        spans += [*chosen, (" " * gap, "")]
        room -= width_of(chosen) + gap
    return fit(_greyed(tuple(spans), view), max(0, width))


def _forms(lamp: Lamp, glyphs: Glyphs) -> list[Line]:
    """How a lamp may be written in the collapsed pane, the longest first."""
    sign, style = mark(lamp, glyphs)
    if not RANKS[lamp.word]:
        return [((f"{sign} ", style), (lamp.name, "dim"))]
    age = f" {text.age(lamp.age_s)}" if lamp.age_s is not None else ""
    words: Span = (f"{sign} {lamp.name} {lamp.word}{age}", style)
    return [(words, (f" {spelled(lamp.because, glyphs)}", style)), (words,), ((f"{sign} {lamp.name}", style),)]


def _greyed(line: Line, view: View) -> Line:
    """`line` without its colours when the snapshot is old."""
    return tuple((part, "grey") for part, _ in line) if view.age_s > OLD_S else line


PANE = Pane("heartbeat", "HEARTBEAT", rows, alarm=alarm, spared=4, line=line, line_rank=1)
