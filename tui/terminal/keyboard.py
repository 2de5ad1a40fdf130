"""Bytes from a keyboard at the far end of a bad link → whole key presses and pastes. Knows no terminal and no screen.

What the flat guard can rely on:

* no part of an escape sequence ever comes out as a printable key, complete or not, known or not, unless its ESC byte was
  lost, or it comes byte by byte with more than 250 ms between them: a key alone in its read after so much silence is a
  hand's; ESC and a character that begins no sequence are no sequence but two keys, typed fast;
* nothing between the two marks of a bracketed paste ever comes out as a key;
* a press comes with its `Burst`, and `Burst.alone` is true only for one key of one byte, read by itself, after at least
  30 ms of silence, and not within 250 ms of an escape, or of an escape sequence that broke off: one window from that
  byte on, which nothing that comes within it begins anew.

What cannot be seen: keys that come one by one from a paste which the terminal did not mark, and the rest of a sequence
whose ESC byte never arrived. Hence the guard's own rules (time since the plan was drawn, no dangerous key but `x`).
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

ESC = "\x1b"
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
ESCAPE_DELAY_S = 0.1  # a lone ESC is the key after so much silence
BROKEN_S = 1.0  # an unfinished sequence is given up after so much silence
SUSPECT_S = 0.25  # what comes this soon behind the last byte of an escape, or of what broke off, may be more of it
PASTE_SILENCE_S = 2.0  # a paste whose end never came is over after so much silence
PASTE_LIMIT = 64 * 1024  # characters of a paste that are kept
SEQUENCE_LIMIT = 64  # no key's sequence is longer
_STRINGS = "]P_"  # ESC and this begins a string, an answer of the terminal
_BEGINS = "[O" + _STRINGS  # what ESC and this begins goes on
_AFTER_O = "ABCDEFGHIMPQRSXjklmnopqrstuvwxy 0123456789"  # what a terminal sends behind ESC O
ALONE_NS = 30_000_000


class Stroke(Struct, frozen=True):
    """One key press (a character, or a whole escape sequence) or one paste."""

    kind: Literal["key", "paste"]
    text: str
    suspicious: bool = False  # came within `SUSPECT_S` of an escape, or of an escape sequence that broke off


class Burst(Struct, frozen=True):
    """The read in which a key press arrived; times are monotonic."""

    read_ns: int
    gap_ns: int  # silence before this read
    size: int  # bytes read
    strokes: int  # key presses and pastes that came out of them
    suspicious: bool = False

    @property
    def alone(self) -> bool:
        """Whether this was one plain key press by itself, as a finger makes it."""
        return self.size == 1 and self.strokes == 1 and self.gap_ns >= ALONE_NS and not self.suspicious


class Keyboard:
    """Takes text as it is read and gives strokes; `tick` gives those that only silence decides."""

    def __init__(self) -> None:
        self._held = ""  # an unfinished sequence, from its ESC on
        self._paste: list[str] | None = None
        self._tail = ""  # the newest characters of a paste
        self._fed_s = -1e9
        self._suspect_s = -1e9  # when the last byte of an escape, or of a sequence that broke off, was read
        self._lone_s = -1e9  # when ESC was last given as a key, and nothing has come since
        self._began_s = -1e9  # when the newest ESC was read
        self._lone = False  # what is held begins with such an ESC, which was given already

    @property
    def undecided(self) -> bool:
        """Whether silence may bring more strokes: `tick` must be called."""
        return bool(self._held) or self._paste is not None

    def feed(self, text: str, now_s: float) -> list[Stroke]:
        """The strokes that `text`, read at monotonic `now_s`, completes."""
        strokes = self.tick(now_s)
        if self._held and len(text) == 1 and " " <= text <= "~" and now_s - self._fed_s > SUSPECT_S:
            strokes += self._break_off(self._fed_s)  # a key by itself after silence is typed, and no part of it
        self._fed_s = now_s
        return [*strokes, *(stroke for char in text for stroke in self._take(char, now_s))]

    def tick(self, now_s: float) -> list[Stroke]:
        """The strokes that are decided by nothing having come until `now_s`."""
        silence_s = now_s - self._fed_s
        if self._paste is not None:
            return [self._end_paste()] if silence_s >= PASTE_SILENCE_S else []
        if self._held == ESC and silence_s >= ESCAPE_DELAY_S:
            self._held = ""
            self._suspect_s = self._lone_s = self._fed_s
            return [Stroke("key", ESC)]
        if self._held and silence_s >= (SUSPECT_S if self._lone else BROKEN_S):
            return self._break_off(self._fed_s)
        return []

    def _take(self, char: str, now_s: float) -> Iterator[Stroke]:
        if self._paste is not None:
            yield from self._take_pasted(char)
        elif self._held:
            yield from self._take_held(char, now_s)
        elif char == ESC:
            self._held, self._lone, self._began_s = ESC, False, now_s
        elif char in _BEGINS and now_s - self._lone_s <= (SUSPECT_S if char in _STRINGS else BROKEN_S):
            # The rest of a sequence whose ESC came so early that it was taken for the key; or a letter, typed.
            self._held, self._lone = ESC + char, True
        else:
            yield Stroke("key", char, suspicious=now_s - self._suspect_s <= SUSPECT_S)
        self._lone_s = -1e9  # only what comes next can be such a rest

    def _take_held(self, char: str, now_s: float) -> Iterator[Stroke]:
        held = self._held
        if held[1:2] and held[1] in _STRINGS:
            self._take_string(char)
        elif char == ESC:
            if held == ESC:
                yield Stroke("key", ESC)
            else:
                yield from self._break_off(now_s)
            self._held, self._lone, self._began_s = ESC, False, now_s
        elif held == ESC and char in _BEGINS:
            self._held += char
        elif held == ESC or (self._lone and held == ESC + "O" and char not in _AFTER_O):
            # No key of ours is one with alt: an escape, and what was typed behind it before a hand could wait.
            self._held, self._suspect_s = "", self._began_s
            typed = held[1:] + char if self._lone else held + char
            yield from (Stroke("key", key, suspicious=key != ESC) for key in typed)
        elif not " " <= char <= "~" and not held.startswith("\x1b[M"):
            yield from self._break_off(now_s)  # the character is not part of it, but nor can it be trusted
        elif self._is_last(held, char):
            self._held = ""
            if held + char == PASTE_START:
                self._paste, self._tail = [], ""
            else:
                yield Stroke("key", held + char)
        elif len(held) >= SEQUENCE_LIMIT:
            yield from self._break_off(now_s)
        else:
            self._held += char

    @staticmethod
    def _is_last(held: str, char: str) -> bool:
        """Whether `char` completes the sequence `held`."""
        if held[1] == "O":
            return not char.isdigit()
        if held.startswith("\x1b[M"):
            return len(held) == 5  # the old mouse report: three characters after the M, of any value
        if held == "\x1b[":
            return "@" <= char <= "~" and char not in "[M"  # `ESC [ [ A` is a function key of the Linux console
        return "@" <= char <= "~"

    def _take_string(self, char: str) -> None:
        """An answer of the terminal in a string (title, colours, version): it is thrown away to its end."""
        if char == "\x07" or (char == "\\" and self._held.endswith(ESC)):
            self._held = ""
        else:
            self._held = self._held[:2] + char

    def _take_pasted(self, char: str) -> Iterator[Stroke]:
        assert self._paste is not None
        self._tail = (self._tail + char)[-len(PASTE_END) :]
        if len(self._paste) < PASTE_LIMIT:
            self._paste.append(char)
        if self._tail == PASTE_END:
            yield self._end_paste()

    def _end_paste(self) -> Stroke:
        text = "".join(self._paste or ()).removesuffix(PASTE_END)
        self._paste, self._tail = None, ""
        return Stroke("paste", text.replace("\x00", ""))

    def _break_off(self, at_s: float) -> list[Stroke]:
        """Give up what is held, its last byte read at `at_s`; a single letter behind an escape that was a key is one too, for nothing went on."""
        typed = [Stroke("key", self._held[1], suspicious=True)] if self._lone and len(self._held) == 2 else []
        self._held, self._lone = "", False
        self._suspect_s = at_s
        return typed
