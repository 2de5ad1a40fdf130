"""The pictures of a sweep: medians of two keys as a map of colours with numbers, and how all scores lie. Pure."""

from collections.abc import Callable
from itertools import pairwise

from engine.model.sweep_result import KeyMap, Spread, SweepReport
from engine.presentation.sweep_words import map_title, median_words
from engine.reports.pictures import CELL, Picture, coloured, histogram, short
from engine.reports.svg import RIGHT, WIDTH, Drawing

_LETTER = 6  # how wide a letter of a label is
_MOST_LETTERS = 18
_LEAST_WIDE = 36  # of a cell
_MONEY = ("net", "expectancy")  # objectives which are amounts


def sweep_pictures(found: SweepReport) -> list[Picture]:
    """All that there is something to draw of."""
    drawn = [heat_map(each) for each in found.maps]
    if found.spread is not None:
        drawn.append(spread(found.spread, found.summary.objective))
    return drawn


def heat_map(found: KeyMap) -> Picture:
    """Medians of two keys: colour, strength and number."""
    letters = min(_MOST_LETTERS, max(map(len, found.down_texts)))
    left = 12 + _LETTER * letters
    columns = len(found.across_texts)
    wide = max(_LEAST_WIDE, (WIDTH - left - RIGHT) / columns)
    said = _said(found)
    drawing = Drawing(said, round(left + wide * columns + RIGHT), 20 + CELL * len(found.down_texts))
    for column, text in enumerate(found.across_texts):
        at = left + wide * (column + 0.5)
        drawing.text(at, 12, _cut(text, int(wide / _LETTER)), anchor="middle", kind="small")
    known = [abs(value) for medians in found.medians for value in medians if value is not None]
    least, most = _nearest(found), max(known, default=0.0)
    for row, (text, medians) in enumerate(zip(found.down_texts, found.medians, strict=True)):
        y = 20 + CELL * row
        drawing.text(left - 6, y + 16, _cut(text, letters), anchor="end", kind="small")
        for column, value in enumerate(medians):
            title = f"{_place(found, row, column)}: {median_words(value)}"
            x = left + wide * column
            if value is None:
                drawing.text(x + wide / 2, y + 16, median_words(value), anchor="middle", kind="small")
                continue
            strength = (abs(value) - least) / (most - least) if most > least else 0.0
            coloured(drawing, (x, y, wide), value, strength, _words_of(found.objective)(value), title)
    rows = tuple(
        (text, *map(median_words, medians)) for text, medians in zip(found.down_texts, found.medians, strict=True)
    )
    name = ".".join(key.replace(".", "-") for key in ("map", found.down, found.across) if key)
    return Picture(name, _titled(found), drawing, said, (found.down, *(found.across_texts)), rows)


def _titled(found: KeyMap) -> str:
    title = map_title(found)
    return title[:1].upper() + title[1:]


def _nearest(found: KeyMap) -> float:
    """What is drawn faintest: nought, or where all cells have one sign the one that is nearest to it."""
    known = [value for medians in found.medians for value in medians if value is not None]
    one_sign = bool(known) and (min(known) > 0 or max(known) < 0)
    return min(map(abs, known)) if one_sign else 0.0


def _said(found: KeyMap) -> str:
    """The highest and the lowest cell, and how many are above nought."""
    cells = [
        (value, _place(found, row, column))
        for row, medians in enumerate(found.medians)
        for column, value in enumerate(medians)
        if value is not None
    ]
    if not cells:
        return "No set is ranked."
    (low, worst), (high, best) = min(cells), max(cells)
    above = sum(value > 0 for value, _ in cells)
    return (
        f"Highest {median_words(high)} at {best}, lowest {median_words(low)} at {worst}; "
        f"{above} of {len(cells)} cells are above nought."
    )


def _place(found: KeyMap, row: int, column: int) -> str:
    across = f", {found.across}={found.across_texts[column]}" if found.across else ""
    return f"{found.down}={found.down_texts[row]}{across}"


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: max(1, letters - 1)]}…"


def _words_of(objective: str) -> Callable[[float], str]:
    """How a score is said in little room."""
    return short if objective in _MONEY else lambda value: f"{value:.2f}"


def spread(found: Spread, objective: str) -> Picture:
    """How many sets have which score."""
    count = sum(found.counts)
    size = (found.highest - found.lowest) / len(found.counts)
    said = (
        f"{count:,} ranked sets: {objective} between {found.lowest:,.2f} and {found.highest:,.2f}, "
        f"the median {found.median:,.2f}."
    )
    under = _words_of(objective)
    drawing = histogram(found.counts, found.lowest, size, said, under, median_words)
    edges = (found.lowest + place * size for place in range(len(found.counts) + 1))
    parts = (f"{low:,.2f} to {high:,.2f}" for low, high in pairwise(edges))
    rows = tuple((part, f"{each:,}") for part, each in zip(parts, found.counts, strict=True))
    return Picture("all-sets", f"All results: {objective} of every set", drawing, said, (objective, "sets"), rows)
