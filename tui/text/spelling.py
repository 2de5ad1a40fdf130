"""Sentences for the terminal at hand: its characters in place of others, broken into lines of words. Knows no pane."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

from tui.text.glyphs import Glyphs
from tui.text.rows import Line, clip, fit


@lru_cache(maxsize=512)
def spelled(text: str, glyphs: Glyphs) -> str:
    """`text` in characters that the terminal has: arrows, dots and signs as `glyphs` writes them."""
    if text.isascii():
        return text
    signs = {"→": glyphs.arrow, "←": glyphs.back, "≈": glyphs.approx, "×": glyphs.times, "·": glyphs.off}
    if not glyphs.braille:
        signs |= {"…": "~", "µ": "u", "–": "-", "—": "-"}
    text = "".join([signs.get(letter, letter) for letter in text])
    return text if glyphs.braille else text.encode("ascii", "replace").decode("ascii")


def shortened(text: str, width: int, glyphs: Glyphs) -> str:
    """`text` as the terminal writes it, in at most `width` cells."""
    return spelled(clip(spelled(text, glyphs), max(0, width)), glyphs)


def fitting(forms: Sequence[str], width: int, glyphs: Glyphs) -> str:
    """The first of `forms` that takes at most `width` cells as the terminal writes it; else the last one, shortened."""
    spelt = [spelled(form, glyphs) for form in forms]
    return next((form for form in spelt if len(form) <= width), shortened(spelt[-1], width, glyphs))


def spelled_lines(lines: Iterable[Line], width: int, glyphs: Glyphs) -> list[Line]:
    """`lines` as the terminal writes them, each in exactly `width` cells."""
    return [fit(tuple((spelled(part, glyphs), style) for part, style in line), width) for line in lines]


@lru_cache(maxsize=64)
def middled(names: tuple[str, ...], width: int, glyphs: Glyphs) -> dict[str, str]:
    """Each of `names` in at most `width` cells, cut in the middle: `BANKN…NOV58000CE`, or with `..` in ASCII.

    A third of what is left stands before the cut; where two names would look alike it is made at another place, if any tells them apart.
    """
    spelt = {name: spelled(name, glyphs) for name in names}
    mark = "…" if glyphs.braille else ".."
    kept = width - cell_len(mark)
    if kept < 2 or all(cell_len(text) <= width for text in spelt.values()):
        return {name: shortened(text, width, glyphs) for name, text in spelt.items()}
    usual = kept - kept * 2 // 3
    best: dict[str, str] = {}
    for head in sorted(range(1, kept), key=lambda size: abs(size - usual)):
        cut = {name: _middled(text, width, head, mark, kept - head) for name, text in spelt.items()}
        if not best or len(set(cut.values())) > len(set(best.values())):
            best = cut
        if len(set(best.values())) == len(spelt):
            break
    return best


def _middled(text: str, width: int, head: int, mark: str, tail: int) -> str:
    """`text` with `head` cells before `mark` and `tail` behind it, where it is wider than `width`."""
    if cell_len(text) <= width:
        return text
    start = len(text)
    while start > 0 and cell_len(text[start - 1 :]) <= tail:
        start -= 1
    return f"{set_cell_size(text, head)}{mark}{text[start:]}"


def wrapped(text: str, width: int) -> list[str]:
    """`text` broken between words into lines of at most `width` cells; a longer word is left to be cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def sentence(words: str, style: str, width: int) -> list[Line]:
    """`words` in one style, in as many lines as they need."""
    return [((part, style),) for part in wrapped(words, width)]
