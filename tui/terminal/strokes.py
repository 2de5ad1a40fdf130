"""Strokes of the keyboard as the events that Textual knows. Knows no terminal and no meaning of a key."""

from textual import events
from textual._xterm_parser import FOCUSIN, FOCUSOUT, XTermParser
from textual.message import Message

from tui.terminal.keyboard import Burst, Stroke


class KeyEvent(events.Key):
    """A key press that knows the burst in which it came."""

    __slots__ = ["burst"]

    def __init__(self, key: str, character: str | None, burst: Burst) -> None:
        super().__init__(key, character)
        self.burst = burst


class Translator:
    """Names strokes; Textual's own parser is asked for names only, its reading of a stream is not used."""

    def __init__(self) -> None:
        self._parser = XTermParser()

    def messages(self, stroke: Stroke, burst: Burst, *, mouse: bool) -> list[Message]:
        """What `stroke` means; an escape sequence is never a printable key, and an unknown one nothing."""
        text = stroke.text
        if stroke.kind == "paste":
            return [events.Paste(text)]
        if text in (FOCUSIN, FOCUSOUT):
            return [events.AppFocus() if text == FOCUSIN else events.AppBlur()]
        if text.startswith("\x1b[<"):
            event = self._parser.parse_mouse_code(text) if mouse else None
            return [event] if event else []
        plain = len(text) == 1
        return [
            KeyEvent(key.key, key.character, burst)
            for key in self._parser._sequence_to_key_events(text)  # noqa: SLF001 - of the pinned version
            if key.key != "<ignore>" and (plain or not key.is_printable)
        ]
