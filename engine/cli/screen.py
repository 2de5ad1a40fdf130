"""What a screen has to be for the command to show a run on it. The engine knows no screen; one is handed in."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.build import Run


class Screen(Protocol):
    """Shows runs on the terminal of this process."""

    def refusal(self) -> str:
        """Why this terminal cannot show a screen, in one line that says what to do; empty when it can."""
        ...

    def show(self, run: "Run", pictures: Path) -> None:
        """Start `run` and show it until the operator leaves or the terminal is lost; pictures are saved in `pictures`."""
        ...
