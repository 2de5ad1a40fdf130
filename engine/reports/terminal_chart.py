"""A curve as rows of a terminal: braille dots, or ASCII, with values at the left and moments below. Pure."""

from collections.abc import Callable, Sequence
from typing import Final

from engine.presentation import chart
from engine.presentation.canvas import AsciiCanvas, Canvas, trace

_LEAST_WIDTH: Final = 20
_BETWEEN_MARKS: Final = 14  # cells


def curve_lines(
    values: Sequence[int],
    width: int,
    height: int,
    label: Callable[[int], str],
    under: Callable[[int], str],
    *,
    ascii_only: bool = False,
) -> list[str]:
    """`values`, in their order from left to right, in `width` × `height` cells.

    `label` says a value for the axis, `under` what stands below the place of one of them. Nothing of nothing.
    """
    if not values:
        return []
    low, high = chart.price_range(min(values), max(values), ())
    marks = chart.price_marks(low, high, max(2, height // 3))
    room = max(len(label(each)) for each in marks)
    across = max(_LEAST_WIDTH, width - room - 2)
    canvas = AsciiCanvas(across, height) if ascii_only else Canvas(across, height)
    scale = chart.Scale(0, 1, low, high, canvas.dots_wide, canvas.dots_high)
    trace(canvas, _columns(values, scale))
    labels = {scale.y(each) * height // canvas.dots_high: label(each) for each in marks}
    wall = "|" if ascii_only else "│"
    lines = [f"{labels.get(row, ''):>{room}} {wall}{cells}".rstrip() for row, cells in enumerate(canvas.rows())]
    return [*lines, " " * (room + 2) + _marks_under(len(values), across, under)]


def _columns(values: Sequence[int], scale: chart.Scale) -> list[tuple[int, int, int] | None]:
    """Highest, lowest and newest dot row of each dot column; no high or low is lost."""
    count = len(values)
    found: list[tuple[int, int, int] | None] = []
    for x in range(scale.across):
        first, behind = x * count // scale.across, (x + 1) * count // scale.across
        part = values[first : max(behind, first + 1)]
        found.append((scale.y(max(part)), scale.y(min(part)), scale.y(part[-1])))
    return found


def _marks_under(count: int, across: int, under: Callable[[int], str]) -> str:
    line = ""
    for column in range(0, across, _BETWEEN_MARKS):
        mark = under(min(count - 1, column * count // across))
        if column + len(mark) <= across:
            line = f"{line:<{column}}{mark}"
    return line
