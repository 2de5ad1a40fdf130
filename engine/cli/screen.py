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

    def prepare(self) -> str:
        """Get ready to show a run, before the engine is loaded and any thread is started.

        Why this terminal cannot show one, in one line that says what to do; empty when it can.
        """

    def load(self) -> None:
        """Load what showing takes, before the engine is started: its first ticks would wait for that."""

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
        "--out",
        type=Path,
        metavar="DIR",
        help="where s saves pictures of the screen (the state directory's pictures/; of replays ~/.local/state/myquant-tui/pictures/)",
    )


def pictures_folder(args: Namespace, folder: Path) -> Path:
    """Where pictures of a screen on the state directory `folder` are saved."""
    out: Path | None = args.out
    return (folder / "pictures" if out is None else out).absolute()


def screen_for(args: Namespace) -> Screen | None:
    """Return the screen to use, or None for a run without one; raises InputError for a terminal that cannot show it."""
    if args.headless or args.screen is None or args.json:
        return None
    screen = screen_here(args)
    if screen is None:
        from engine.cli.output import warn

        warn("no terminal, running headless")
    return screen


def screen_here(args: Namespace) -> Screen | None:
    """Return the screen, or None without one or without a terminal; raises InputError for a terminal that cannot show it."""
    screen: Screen | None = args.screen
    if screen is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    if refusal := screen.prepare():
        raise InputError(refusal)
    return screen
