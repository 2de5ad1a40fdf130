"""Drawings as SVG without script and without a request: axes, curves, bars, points; what comes from outside is escaped. Pure.

Colours are classes (`up`, `down`, `line` …): the page, or `standalone`, says what they look like in light and in dark.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final

from engine.presentation import chart

WIDTH: Final = 460
HEIGHT: Final = 230
LEFT, RIGHT, TOP, BOTTOM = 62, 10, 10, 24  # margins of what has axes
_FINE: Final = 100  # values are counted in hundredths where marks are sought
STYLE: Final = (
    "svg{font:12px system-ui,sans-serif;color-scheme:light dark}text{fill:currentColor}.grid{stroke:currentColor;opacity:.15}"
    ".axis{stroke:currentColor;opacity:.5}.line{fill:none;stroke:var(--line,#0072b2);stroke-width:1.5}"
    ".thin{stroke-width:.8}.stop{fill:none;stroke:var(--stop,#cc79a7);stroke-dasharray:3 2}.up{fill:var(--up,#0072b2)}"
    ".down{fill:var(--down,#d55e00)}.band{fill:var(--up,#0072b2);opacity:.18}.under{fill:var(--down,#d55e00);opacity:.35;stroke:none}"
    ".mark{stroke:currentColor;stroke-width:.6}.small{font-size:10px}"
)


def plain(value: float) -> str:
    """A coordinate in few digits."""
    return f"{value:.1f}".removesuffix(".0")


class Drawing:
    """Parts of a picture of `width` × `height`; `says` is read out where it cannot be seen."""

    def __init__(self, says: str, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.width, self.height = width, height
        self._says = says
        self._parts: list[str] = []

    def text(self, x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> None:
        """Words at a place."""
        shown = f' class="{kind}"' if kind else ""
        at = f' text-anchor="{anchor}"' if anchor != "start" else ""
        self._parts.append(f'<text x="{plain(x)}" y="{plain(y)}"{at}{shown}>{escape(words)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "axis") -> None:
        """A straight line."""
        self._parts.append(f'<path class="{kind}" d="M{plain(x1)} {plain(y1)}L{plain(x2)} {plain(y2)}"/>')

    def path(self, points: Iterable[tuple[float, float]], kind: str = "line", *, close: bool = False) -> None:
        """A line through points."""
        way = "L".join(f"{plain(x)} {plain(y)}" for x, y in points)
        if way:
            self._parts.append(f'<path class="{kind}" d="M{way}{"Z" if close else ""}"/>')

    def rect(
        self, x: float, y: float, wide: float, high: float, kind: str, *, title: str = "", strength: float = 1
    ) -> None:
        """A filled rectangle, whose `title` is shown where somebody points."""
        told = f"<title>{escape(title)}</title>" if title else ""
        faint = f' opacity="{strength:.2f}"' if strength < 1 else ""
        self._parts.append(
            f'<rect class="{kind}" x="{plain(x)}" y="{plain(y)}" width="{plain(max(0.0, wide))}" height="{plain(max(0.0, high))}"{faint}>{told}</rect>'
        )

    def sign(self, x: float, y: float, sign: int) -> None:
        """A triangle up for what won, down for what lost, a dot for neither: no colour is needed to tell them."""
        if not sign:
            self._parts.append(f'<circle cx="{plain(x)}" cy="{plain(y)}" r="2" class="mark"/>')
            return
        top, kind = (y - 3.5, "up mark") if sign > 0 else (y + 3.5, "down mark")
        foot = y + 2.5 if sign > 0 else y - 2.5
        self.path([(x, top), (x + 3.5, foot), (x - 3.5, foot)], kind, close=True)

    def inside(self) -> str:
        """The picture as it stands in a page."""
        return f'<svg viewBox="0 0 {self.width} {self.height}" role="img" aria-label="{escape(self._says)}">{"".join(self._parts)}</svg>'

    def standalone(self, mark: str) -> str:
        """The picture as a file of its own, which says by `mark` whose it is."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * self.width}" viewBox="0 0 {self.width} {self.height}">'
        back = '<rect width="100%" height="100%" fill="#fff"/>'
        return f'<!-- {mark} -->\n{head}<title>{escape(self._says)}</title><style>{STYLE}</style>{back}<g color="#111">{"".join(self._parts)}</g></svg>\n'


class Axes:
    """Where values lie in a drawing: `x` from 0 to `across`, values from `low` to `high`; draws marks at the left."""

    def __init__(
        self, drawing: Drawing, across: float, values: Sequence[float], label: Callable[[float], str], marks: int = 5
    ) -> None:
        """`values` are whatever must lie within; without any, nought does."""
        low, high = chart.price_range(round(min(values, default=0) * _FINE), round(max(values, default=0) * _FINE), ())
        self._low, self._high = low / _FINE, high / _FINE
        self._across = max(across, 1e-9)
        self._drawing = drawing
        for fine in chart.price_marks(low, high, marks):
            y = self.y(fine / _FINE)
            drawing.line(LEFT, y, drawing.width - RIGHT, y, "grid")
            drawing.text(LEFT - 6, y + 4, label(fine / _FINE), anchor="end", kind="small")

    def x(self, place: float) -> float:
        """Of a place from 0 to `across`."""
        return LEFT + place / self._across * (self._drawing.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Of a value."""
        room = self._drawing.height - TOP - BOTTOM
        return TOP + (self._high - value) / (self._high - self._low) * room

    def under(self, marks: Iterable[tuple[float, str]]) -> None:
        """Words below places, as far as each has room."""
        free = 0.0
        for place, words in marks:
            x, half = self.x(place), 3.2 * len(words)
            x = min(max(x, LEFT + half), self._drawing.width - RIGHT - half)
            if x - half >= free:
                self._drawing.text(x, self._drawing.height - 8, words, anchor="middle", kind="small")
                free = x + half + 10

    def curve(self, points: Sequence[tuple[float, float]], kind: str = "line") -> None:
        """A line through (place, value), of each column of pixels highest and lowest."""
        self._drawing.path(((self.x(place), self.y(value)) for place, value in thinned(points, self._across)), kind)


def thinned(points: Sequence[tuple[float, float]], across: float, columns: int = 400) -> list[tuple[float, float]]:
    """Of each of so many columns the first, lowest, highest and last point, in their order: the same picture of fewer points."""
    if len(points) <= 4 * columns:
        return list(points)
    places, values = [place for place, _ in points], [value for _, value in points]
    found: list[tuple[float, float]] = []
    begin = 0
    for column in range(1, columns + 1):
        end = bisect_right(places, column * across / columns, begin)
        if end > begin:
            part = values[begin:end]
            low, high = begin + part.index(min(part)), begin + part.index(max(part))
            found += [points[at] for at in sorted({begin, low, high, end - 1})]
        begin = end
    return found
