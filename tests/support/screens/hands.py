"""An operator's hands on the keys of a screen that is not drawn."""

from codecs import getincrementaldecoder

from engine import Flat
from tests.support.screens.engine_clients import HERE, FakeClient
from tests.support.screens.snapshots import snapshot, view
from tui.input.actions import Shell
from tui.input.control import Control
from tui.input.guard import PLANS, Press
from tui.terminal.keyboard import Burst, Keyboard
from tui.terminal.strokes import KeyEvent, Translator
from tui.view.model import Ui

MS = 1_000_000


class Hands:
    """Keys typed at a control, with the plan drawn 20 ms after it opens."""

    def __init__(self, seen=None, draws=True, attachment=HERE):
        self.client = FakeClient(seen or snapshot(), attachment)
        self.ui = Ui()
        self.draws = draws
        self.left = []
        self._seen = None
        self.control = Control(self.ui, self.client, Shell(leave=lambda: self.left.append(True)))

    def press(self, key, at_ms, alone=True, suspicious=False):
        now_ns = (10_000 + at_ms) * MS
        self.control.pass_time(now_ns)
        shown = self._seen
        if (
            shown is None
            or shown.snapshot is not self.client.snapshot
            or shown.attachment is not self.client.attachment
        ):
            self._seen = view(self.client.snapshot, ui=self.ui, attachment=self.client.attachment)
        self.control.press(Press(key, now_ns, alone, suspicious), self._seen)
        if self.ui.dialog in PLANS and not self.ui.plan_drawn_ns and self.draws:
            self.ui.plan_drawn_ns = now_ns + 20 * MS
        return self

    @property
    def fired(self):
        return any(isinstance(command, Flat) for command in self.client.sent)


def typed(hands, text, end="enter"):
    """Type a text into the open dialog and end it with a key."""
    for n, key in enumerate([*text, end]):
        hands.press(key, 100 + n)
    return hands


def type_bytes(hands, reads):
    """What comes of (ms, bytes) as they are read from a terminal, with the driver's own ticks in between and for 2 s after."""
    keyboard, decode, translator = Keyboard(), getincrementaldecoder("utf-8")("replace").decode, Translator()
    now_ms, before_ms = 0, -1_000

    def press(strokes, size, gap_ms):
        for stroke in strokes:
            burst = Burst(now_ms * MS, gap_ms * MS, size, len(strokes), stroke.suspicious)
            for event in translator.messages(stroke, burst, mouse=False):
                if isinstance(event, KeyEvent):
                    character = event.character or ""
                    key = character if character.isprintable() and len(character) == 1 else event.key
                    hands.press(key, now_ms, alone=burst.alone, suspicious=burst.suspicious)

    for at_ms, data in (*reads, (reads[-1][0] + 2_000, b"")):
        while now_ms + 50 <= at_ms:
            now_ms += 50
            press(keyboard.tick(now_ms / 1e3), 0, 0)
        now_ms = at_ms
        if data:
            press(keyboard.tick(now_ms / 1e3), 0, 0)
            press(keyboard.feed(decode(data), now_ms / 1e3), len(data), now_ms - before_ms)
            before_ms = now_ms
    return hands
