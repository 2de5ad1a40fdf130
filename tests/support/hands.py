"""An operator's hands on the keys of a screen that is not drawn."""

from engine import Flat
from tests.support.engine_clients import HERE, FakeClient
from tests.support.snapshots import snapshot, view
from tui.input.actions import Shell
from tui.input.control import Control
from tui.input.guard import Press
from tui.view.model import Ui

MS = 1_000_000


class Hands:
    """Keys typed at a control, with the plan drawn 20 ms after it opens."""

    def __init__(self, seen=None, draws=True, attachment=HERE):
        self.client = FakeClient(seen or snapshot(), attachment)
        self.ui = Ui()
        self.draws = draws
        self.left = []
        self.control = Control(self.ui, self.client, Shell(leave=lambda: self.left.append(True)))

    def press(self, key, at_ms, alone=True, suspicious=False):
        now_ns = (10_000 + at_ms) * MS
        self.control.pass_time(now_ns)
        seen = view(self.client.snapshot, ui=self.ui, attachment=self.client.attachment)
        self.control.press(Press(key, now_ns, alone, suspicious), seen)
        if self.ui.dialog == "flat" and not self.ui.plan_drawn_ns and self.draws:
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
