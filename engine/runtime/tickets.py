"""Commands whose outcome somebody waits for: a number each, and what became of it. Carries nothing out itself."""

from typing import Final

from engine.model.commands import Command, Flat, SwitchDelivery, Unwatch, Watch
from engine.model.run_views import CommandState, CommandView
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.outcomes import Outcomes
from engine.runtime.turn_parts import Asked
from engine.runtime.watching import Watching
from engine.trading.flatten_state import FlattenState

_KEPT: Final = 64
_TAKE_A_WHILE: Final = (SwitchDelivery, Watch, Unwatch)


class Tickets:
    """The newest commands with a ticket, as a screen sees them; called within the turn.

    Most are done as soon as they are carried out. A flat is done when it is verified, a switch of delivery when the
    engine has switched, a change of the instruments when it is made: until then they stand as accepted, and `look` asks whether that has come about.
    """

    def __init__(
        self,
        flat: FlattenState,
        switch: DeliverySwitch,
        outcomes: Outcomes,
        watching: Watching | None = None,
    ) -> None:
        self._watching = watching
        self._flat = flat
        self._switch = switch
        self._outcomes = outcomes
        self._open: list[tuple[int, Command]] = []

    def carried_out(self, asked: Asked, refusal: str) -> None:
        """Note that the command was carried out, or why not."""
        command = asked.command
        if isinstance(command, Flat) and (self._flat.running or self._flat.state == "FLAT"):
            refusal = ""
            state: CommandState = "ACCEPTED"  # a second request joins the running job, and is done with it
        else:
            state = "REFUSED" if refusal else "ACCEPTED" if isinstance(command, _TAKE_A_WHILE) else "DONE"
        if state == "ACCEPTED":
            self._open.append((asked.ticket, command))
        self._put(asked.ticket, command, state, refusal)
        self.look()

    def look(self) -> None:
        """See what has come about of the commands that take a while."""
        for each in tuple(self._open):
            command = each[1]
            if isinstance(command, Watch | Unwatch):
                done = self._watching.outcome(command) if self._watching is not None else None
                if done is not None:
                    self._close(each, *done)
            elif isinstance(command, SwitchDelivery):
                if self._switch.mode == command.delivery:
                    self._close(each, "DONE", "")
                elif self._switch.wanted != command.delivery:
                    self._close(
                        each, "REFUSED", self._switch.refusal or "another mode was asked for before that one came"
                    )
            elif self._flat.state == "FLAT":
                self._close(each, "DONE", "")
            elif not self._flat.running:
                self._close(each, "FAILED", "the flat ended without being verified")

    def _close(self, each: tuple[int, Command], state: CommandState, reason: str) -> None:
        self._open.remove(each)
        self._put(each[0], each[1], state, reason)

    def _put(self, ticket: int, command: Command, state: CommandState, reason: str) -> None:
        view = CommandView(ticket, type(command).__name__, state, reason)
        known = (each for each in self._outcomes.commands if each.ticket != ticket)
        self._outcomes.commands = (*known, view)[-_KEPT:]
