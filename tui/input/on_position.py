"""The keys in the dialogs of one position: what is chosen, typed, and fired under the guards of the flat. Knows no terminal."""

from collections.abc import Callable

from engine import PositionCommand
from tui.input import reasons
from tui.input.guard import NOT_TAKEN, Press, by_hand
from tui.input.guarded_plan import GuardedPlan
from tui.panes import positions
from tui.view import one_position
from tui.view.engine_client import EngineClient
from tui.view.model import Dialog, Ui, View

DIALOGS: tuple[Dialog, ...] = ("position", "stop_price", "action")
CHOICES = {"c": "close", "h": "half", "s": "stop", "n": "entries"}


class OnPosition:
    """Opens the dialogs of one position and takes their keys; nothing is sent but by `fire`."""

    def __init__(self, ui: Ui, client: EngineClient, note: Callable[[str, int, str], None]) -> None:
        self._ui = ui
        self._client = client
        self._note = note
        self._action = GuardedPlan(ui, client, note, "action", "")

    def open(self, view: View, at_ns: int) -> None:
        """Open the dialog of the selected position; where none is held that of the selected instrument."""
        ui, quote = self._ui, view.selected
        chosen = positions.chosen(view) if ui.focus == positions.PANE.name else None
        if chosen is not None:
            ui.selected = chosen.state.instrument
        elif quote is None:
            self._note("there is no instrument yet", at_ns, "warn")
            return
        ui.open("position")
        ui.instrument = quote.instrument if quote is not None and chosen is None else ui.selected

    def press(self, press: Press) -> None:
        """Take a key in the dialog of a position, or in the plan of an action; every other key closes it."""
        ui, planned = self._ui, self._ui.dialog == "action"
        # In the plan a choice is taken behind a refusal alone, which may have named it.
        if press.key in CHOICES and (not planned or one_position.refused(self._client.snapshot, ui.fired_after)):
            self._press_choice(press)
        elif planned:
            self._action.press(press)
        else:
            ui.dialog = ""

    def _press_choice(self, press: Press) -> None:
        """Take a hand's choice; what a line's noise types keeps the dialog too, so that no later key falls through it."""
        if by_hand(press):
            self.choose(CHOICES[press.key], press.at_ns)
        else:
            self._note(NOT_TAKEN.format(press.key), press.at_ns, "alert")

    def choose(self, action: str, at_ns: int) -> None:
        """Show the plan of an action, or say why there is none; a stop is asked for its price first."""
        ui, seen = self._ui, self._client.snapshot
        if why := reasons.may_not_command(self._client.attachment):
            self._note(why, at_ns, "alert")
        elif action == "stop":
            if one_position.held_in(seen, ui.instrument) is None:
                self._note("nothing is held: there is no stop to move", at_ns, "warn")
            else:
                ui.open("stop_price")
        elif action == "entries":
            self._plan(one_position.bar(seen, ui.instrument), at_ns)
        else:
            self._plan(one_position.sale(seen, ui.instrument, half=action == "half"), at_ns)

    def typed(self, text: str, at_ns: int) -> None:
        """Take the price that was typed for a stop; one that cannot be is said, and may be typed anew."""
        self._plan(one_position.stop_at(self._client.snapshot, self._ui.instrument, text), at_ns)

    def pass_time(self, now_ns: int) -> None:
        """Close a plan that nobody fired."""
        self._action.pass_time(now_ns)

    def _plan(self, planned: PositionCommand | str, at_ns: int) -> None:
        if isinstance(planned, str):
            self._note(planned, at_ns, "warn")
        else:
            self._action.show(planned, at_ns)
