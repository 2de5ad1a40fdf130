"""The plan of one action, fired by `x` under the guards of the flat, once. Knows no terminal, and no action."""

from collections.abc import Callable

from engine import PositionCommand, WithdrawEntry
from tui.input import reasons
from tui.input.guard import NOT_TAKEN, PLAN_OPEN_NS, Press, may_fire
from tui.view.engine_client import EngineClient
from tui.view.model import Dialog, Ui


class GuardedPlan:
    """The plan shown in `dialog`; whatever closes it leads back to the dialog `back` ("": to none)."""

    def __init__(
        self, ui: Ui, client: EngineClient, note: Callable[[str, int, str], None], dialog: Dialog, back: Dialog
    ) -> None:
        self._ui = ui
        self._client = client
        self._note = note
        self._dialog = dialog
        self._back: Dialog = back

    @property
    def waits(self) -> bool:
        """Whether it is shown, and nobody has fired it."""
        return self._ui.dialog == self._dialog and self._ui.plan_until_ns > 0

    def show(self, planned: PositionCommand | WithdrawEntry, at_ns: int) -> None:
        """Open it for some seconds, with nothing fired."""
        ui = self._ui
        ui.open(self._dialog)
        ui.notice = ""
        ui.planned, ui.fired_after = planned, -1
        ui.plan_drawn_ns, ui.plan_until_ns = 0, at_ns + PLAN_OPEN_NS

    def close(self) -> None:
        """Go back to where it was opened."""
        self._ui.dialog = self._back

    def press(self, press: Press) -> None:
        """`x` fires; any other key closes it, or what has come of it."""
        ui = self._ui
        if press.key != "x":
            self.close()
        elif ui.fired_after < 0 and may_fire(press, ui.plan_drawn_ns):
            self._fire(press.at_ns)
        elif ui.fired_after < 0:
            self._note(NOT_TAKEN.format("x"), press.at_ns, "alert")

    def pass_time(self, now_ns: int) -> None:
        """Close one that nobody fired."""
        if self.waits and now_ns >= self._ui.plan_until_ns:
            self.close()

    def _fire(self, at_ns: int) -> None:
        ui, action = self._ui, self._client.snapshot.action
        if (why := reasons.may_not_command(self._client.attachment)) or ui.planned is None:
            self._note(why, at_ns, "alert")
            return
        ui.fired_after = action.number if action is not None else 0
        ui.plan_until_ns = ui.plan_drawn_ns = 0
        self._client.send(ui.planned)
