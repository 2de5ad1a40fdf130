"""A small terminal: it obeys the sequences that the screen writes, and fails on any other."""

import re

from rich.cells import get_character_cell_size

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[?\d;]*)(?P<end>[A-Za-z])|\x1b\](?P<title>[^\x07]*)\x07|(?P<char>[^\x1b])", re.DOTALL
)
BLANK = (" ", frozenset())


class Emulator:
    """Cells of (character, set of SGR codes); the second half of a wide character is ("", codes)."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[BLANK] * width for _ in range(height)]
        self.x = self.y = 0
        self.written = (0, 0)
        self.attributes, self.colours = frozenset(), {"fg": "", "bg": ""}
        self.modes: dict[str, bool] = {}

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match and len(text) - at < 40:
                return  # the rest of the sequence was not read yet
            assert match, repr(text[at : at + 20])
            at = match.end()
            if match["char"] is not None:
                self._write(match["char"])
            elif match["end"]:
                self._obey(match["args"], match["end"])

    def text(self) -> str:
        return "\n".join("".join(char for char, _ in row).rstrip() for row in self.cells)

    def _pen(self) -> frozenset:
        return self.attributes | {code for code in self.colours.values() if code}

    def _write(self, char: str) -> None:
        width = get_character_cell_size(char)
        if width == 0:
            y, x = self.written  # a combining character goes to the glyph before it, wherever the cursor waits
            old, pen = self.cells[y][x]
            self.cells[y][x] = (old + char, pen)
            return
        row = self.cells[self.y]
        for x in range(self.x, min(self.x + width, self.width)):
            if row[x][0] == "":  # half of a wide character is overwritten: the other half goes too
                row[x - 1] = BLANK
            elif x + 1 < self.width and row[x + 1][0] == "":
                row[x + 1] = BLANK
        row[self.x] = (char, self._pen())
        self.written = (self.y, self.x)
        if width == 2:
            row[self.x + 1] = ("", self._pen())
        self.x = min(self.x + width, self.width - 1)

    def _obey(self, args: str, end: str) -> None:
        if end in "hl" and args.startswith("?"):
            self.modes[args[1:]] = end == "h"
        elif end == "H":
            row, _, column = args.partition(";")
            self.y, self.x = int(row or 1) - 1, int(column or 1) - 1
            assert self.y < self.height
            assert self.x < self.width
        elif end == "C":
            self.x += int(args or 1)
        elif end == "J":
            assert args == "2"
            self.cells = [[BLANK] * self.width for _ in range(self.height)]
        else:
            assert end == "m", end
            self._paint(args.split(";"))

    def _paint(self, codes: list[str]) -> None:
        while codes:
            code = codes.pop(0)
            if code in ("38", "48"):
                count = 4 if codes[0] == "2" else 2
                self.colours["fg" if code == "38" else "bg"] = ";".join([code, *codes[:count]])
                del codes[:count]
            elif code in ("", "0"):
                self.attributes, self.colours = frozenset(), {"fg": "", "bg": ""}
            elif code in ("39", "49"):
                self.colours["fg" if code == "39" else "bg"] = ""
            elif len(code) > 1:
                self.colours["bg" if code[0] == "4" or code[:2] == "10" else "fg"] = code
            else:
                self.attributes |= {code}
