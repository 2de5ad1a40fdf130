"""One line made of segments of unequal importance: what does not fit is shortened, then dropped. Knows no snapshot."""

from collections.abc import Sequence

from msgspec import Struct

from tui.text.rows import Line, Span, ends, fit, width_of

LUXURY = 10  # segments of this rank and above come only after all others have their longest form


class Segment(Struct, frozen=True):
    """A piece of a line: its forms from the longest to the shortest, and its rank (0 = survives longest).

    With `at_end` it stands flush right, with the others there.
    """

    rank: int
    forms: tuple[Line, ...]
    at_end: bool = False


def word(text: str, style: str = "") -> Line:
    """A line of one span; of none where there is no text."""
    return ((text, style),) if text else ()


def segment(rank: int, *forms: Line, at_end: bool = False) -> Segment:
    """A part that may be shown as any of `forms`, the longest first; empty forms are left out."""
    return Segment(rank, tuple(form for form in forms if form), at_end)


def _chosen(segments: Sequence[Segment], width: int, gap: int) -> dict[int, int]:
    """Which form of which part is shown: the shortest forms by rank first, then longer ones by rank, then luxury."""
    room = width
    chosen: dict[int, int] = {}
    order = sorted(
        (number for number, one in enumerate(segments) if one.forms), key=lambda number: segments[number].rank
    )
    needs = [number for number in order if segments[number].rank < LUXURY]
    for number in needs:
        form = len(segments[number].forms) - 1
        cost = width_of(segments[number].forms[form]) + (gap if chosen else 0)
        if cost <= room:
            chosen[number] = form
            room -= cost
        elif not chosen:
            return {}
    for number in order:
        forms = segments[number].forms
        shown = width_of(forms[chosen[number]]) if number in chosen else -gap
        for form in range(chosen.get(number, 0 if number in needs else len(forms))):
            cost = width_of(forms[form]) - shown
            if cost <= room:
                chosen[number] = form
                room -= cost
                break
    return chosen


def assemble(segments: Sequence[Segment], width: int, gap: int = 2) -> Line:
    """The segments that fit into `width` cells, in their order, `gap` blanks between them, the line exactly `width` wide.

    Where not even the most important part fits, it is cut.
    """
    chosen = _chosen(segments, width, gap)
    if not chosen:
        first = min((one for one in segments if one.forms), key=lambda one: one.rank, default=None)
        return fit(first.forms[-1] if first else (), width)
    start: list[Span] = []
    end: list[Span] = []
    for number in sorted(chosen):
        side = end if segments[number].at_end else start
        if side:
            side.append((" " * gap, ""))
        side.extend(segments[number].forms[chosen[number]])
    return ends(tuple(start), tuple(end), width)


def within(lines: Sequence[Line], width: int) -> list[Line]:
    """The lines, those wider than `width` cut."""
    return [line if width_of(line) <= width else fit(line, width) for line in lines]
