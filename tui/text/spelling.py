"""Sentences for the terminal at hand: its characters in place of others, broken into lines of words. Knows no pane."""

from functools import lru_cache

from rich.cells import cell_len

from tui.text.glyphs import Glyphs
from tui.text.rows import clip


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


def wrapped(text: str, width: int) -> list[str]:
    """`text` broken between words into lines of at most `width` cells; a longer word is left to be cut."""
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
