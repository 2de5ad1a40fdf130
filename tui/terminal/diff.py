"""The difference between what the terminal shows and what it should show, in as few bytes as will do. Knows cells only.

Textual writes whole lines whenever something in them changed; over a slow link that is fifty times what is needed.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

Pen = tuple[str, str, str]  # SGR codes: attributes, foreground, background
Row = tuple[list[str], list[Pen]]  # per cell its character ("" = second half of a wide one) and its pen

_PLAIN: Pen = ("", "", "")
_CLEAR = "\x1b[m\x1b[2J"
_HOLD, _RELEASE = "\x1b[?2026h", "\x1b[?2026l"  # draw at once what is between; terminals that do not know it ignore it
_HOLD_FROM = 1024  # characters; a smaller frame arrives in one piece anyway
_BRIDGE = 3  # unchanged cells that are cheaper written again than jumped over
# Underline, reverse, strike, double underline, frames, overline.
_visible_on_blank = frozenset(("4", "7", "9", "21", "51", "52", "53")).intersection
# Characters known to be one cell wide each, so that nothing need be looked up.
_is_narrow = re.compile("[ -~\xa1-\xac\xae-\u02ff\u2012-\u2027\u2190-\u2319\u2500-\u25fc\u2800-\u28ff]*").fullmatch


@lru_cache(maxsize=1024)
def pen_of(style: Style | None) -> Pen:
    """The SGR codes of `style`."""
    if style is None:
        return _PLAIN
    attributes = Strip.render_ansi(style.without_color, ColorSystem.TRUECOLOR)
    colour, ground = style.color, style.bgcolor
    return (
        attributes,
        ";".join(colour.get_ansi_codes()) if colour and not colour.is_default else "",
        ";".join(ground.get_ansi_codes(foreground=False)) if ground and not ground.is_default else "",
    )


@lru_cache(maxsize=1024)
def on_blank(pen: Pen) -> Pen:
    """What can be seen of `pen` on a blank."""
    return pen if _visible_on_blank(pen[0].split(";")) else ("", "", pen[2])


@lru_cache(maxsize=4096)
def change_pen(old: Pen, new: Pen) -> str:
    """The shortest usual sequence that turns pen `old` into `new`."""
    if old == new:
        return ""
    if new == _PLAIN:
        return "\x1b[m"
    if old[0] and old[0] != new[0]:
        return f"\x1b[0;{';'.join(filter(None, new))}m"
    codes = [new[0]] if new[0] != old[0] else []
    if new[1] != old[1]:
        codes.append(new[1] or "39")
    if new[2] != old[2]:
        codes.append(new[2] or "49")
    return f"\x1b[{';'.join(codes)}m"


def cells_of(spans: Iterable[tuple[str, Pen]]) -> Row:
    """Texts and their pens cell by cell."""
    chars: list[str] = []
    pens: list[Pen] = []
    for text, pen in spans:
        if _is_narrow(text):
            chars.extend(text)
        else:
            for first, end, width in split_graphemes(text)[0]:
                if width:
                    chars.append(text[first:end])
                    chars.extend([""] * (width - 1))
        pens.extend([pen] * (len(chars) - len(pens)))
    return chars, pens


def _runs(old: Row, new: Row) -> Iterator[tuple[int, int]]:
    """The stretches (start, end) of `new` that must be written where `old` is shown."""
    chars, pens = new
    width = len(chars)
    start = end = -1
    for x in [x for x, (a, b, c, d) in enumerate(zip(old[0], chars, old[1], pens, strict=True)) if a != b or c != d]:
        if chars[x] == old[0][x] == " " and on_blank(pens[x]) == on_blank(old[1][x]):
            continue
        if x < end:
            continue  # the second half of a wide character that is written anyway
        first, last = x, x + 1
        while first > 0 and not chars[first]:
            first -= 1
        while last < width and not chars[last]:
            last += 1
        if start >= 0 and first - end <= _BRIDGE and all(pen == pens[end - 1] for pen in pens[end:first]):
            end = last
            continue
        if start >= 0:
            yield start, end
        start, end = first, last
    if start >= 0:
        yield start, end


class Cells:
    """What the terminal should show and, as far as known, does show. Rows are never changed in place."""

    def __init__(self) -> None:
        self.width = self.height = 0
        self._wanted: list[Row] = []
        self._shown: list[Row] = []
        self._unknown = True  # nothing is known about the terminal: clear it first

    def resize(self, width: int, height: int) -> None:
        """Take a new size in cells; where it differs from the old one everything is forgotten and blank."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self._wanted = [self._blank()] * height
            self.forget()

    def put(self, x: int, y: int, segments: Iterable[Segment]) -> None:
        """Want `segments` in row `y` from column `x` on; what lies outside is cut."""
        self.put_spans(x, y, ((text, pen_of(style)) for text, style, control in segments if not control))

    def put_spans(self, x: int, y: int, spans: Iterable[tuple[str, Pen]]) -> None:
        """Want texts in their pens, as `put` does."""
        if not (0 <= y < self.height and 0 <= x < self.width):
            return
        chars, pens = cells_of(spans)
        end = min(x + len(chars), self.width)
        old_chars, old_pens = self._wanted[y]
        row = (old_chars[:x] + chars[: end - x] + old_chars[end:], old_pens[:x] + pens[: end - x] + old_pens[end:])
        if end - x < len(chars) and not chars[end - x]:
            row[0][end - 1] = " "  # a wide character that the edge cuts in half
        if end > x and not old_chars[x]:
            row[0][x - 1] = " "  # and those that the ends of the new text cut
        if end < self.width and not old_chars[end]:
            row[0][end] = " "
        if row != (old_chars, old_pens):
            self._wanted[y] = row

    def forget(self) -> None:
        """Assume nothing about what the terminal shows: the next frame clears and draws everything."""
        self._unknown = True
        self._shown = [self._blank()] * self.height

    def frame(self) -> str:
        """The sequences that bring the terminal up to date; empty when it is. `commit` when they were accepted."""
        out: list[str] = [_CLEAR] if self._unknown and self.height else []
        pen = _PLAIN
        for y, (old, new) in enumerate(zip(self._shown, self._wanted, strict=True)):
            if old is new:
                continue
            at = -1  # column of the cursor, where that is beyond doubt
            for start, end in _runs(old, new):
                out.append(f"\x1b[{start - at}C" if at >= 0 else f"\x1b[{y + 1};{start + 1}H")
                chars, pens = new
                for x in range(start, end):
                    if pens[x] != pen and (chars[x] != " " or on_blank(pens[x]) != on_blank(pen)):
                        out.append(change_pen(pen, pens[x]))
                        pen = pens[x]
                    out.append(chars[x])
                # Terminals do not agree on the width of every character, so a jump by so many cells needs plain ones.
                at = end if all(map(str.isascii, chars[start:end])) and "" not in chars[start:end] else -1
        out.append(change_pen(pen, _PLAIN))
        text = "".join(out)
        return _HOLD + text + _RELEASE if len(text) >= _HOLD_FROM else text

    def commit(self) -> None:
        """The frame was accepted: what is wanted is shown."""
        self._shown = self._wanted.copy()
        self._unknown = False

    def _blank(self) -> Row:
        return [" "] * self.width, [_PLAIN] * self.width
