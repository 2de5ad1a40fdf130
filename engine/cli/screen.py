"""What a screen has to be for the command to show a run on it. The engine knows no screen; one is handed in."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.cli.parser import Parser
from engine.model.errors import InputError

if TYPE_CHECKING:
    from engine.assembly import Run
    from engine.link import RemoteEngine


class Screen(Protocol):
    """Shows runs on the terminal of this process."""

    def refusal(self) -> str:
        """Why this terminal cannot show a screen, in one line that says what to do; empty when it can."""

    def attach(self, client: "RemoteEngine", folder: Path, pictures: Path) -> None:
        """Show the engine behind `client` until the operator leaves or the terminal is lost; the engine goes on.

        `folder` is its state directory: what the operator was looking at is kept there, for the next screen.
        """

    def show(self, run: "Run", pictures: Path) -> bool:
        """Show `run`, which has been started, until the operator leaves or the terminal is lost; pictures are saved in `pictures`.

        False where the screen has failed for good: the run goes on without one.
        """


def picture_option(parser: Parser) -> None:
    """Add where pictures of the screen go."""
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where s saves pictures of the screen (the state directory's pictures/)"
    )


def pictures_folder(args: Namespace, folder: Path) -> Path:
    """Where pictures of a screen on the state directory `folder` are saved."""
    out: Path | None = args.out
    return (folder / "pictures" if out is None else out).absolute()


def screen_here(args: Namespace) -> Screen | None:
    """Return the screen, or None without one or without a terminal; raises InputError for a terminal that cannot show it."""
    screen: Screen | None = args.screen
    if screen is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    if refusal := screen.refusal():
        raise InputError(refusal)
    return screen
