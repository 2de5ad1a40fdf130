"""Takes the README's pictures: the real program in a real terminal. `python -m tests.support.take_pictures FOLDER`."""

import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.console import Console
from rich.style import Style

from tests.support.paths import BUNDLED
from tests.support.terminal import Tmux, tmux
from tui.shell.picture import svg

_SPEED = "10"
_MOMENT = "11:31:20"


def _picture(terminal: Tmux, width: int, target: Path) -> None:
    """Save what is on the terminal as SVG, by the program's own exporter."""
    rows = list(AnsiDecoder().decode(terminal.screen(colours=True)))  # one decoder: colours go on over line ends
    console = Console(width=width, force_terminal=True, file=StringIO())
    shown = [
        [(segment.text.rstrip("\n"), segment.style or Style.null()) for segment in row.render(console)] for row in rows
    ]
    target.write_text(svg(shown, width), encoding="utf-8")


def _lively(terminal: Tmux) -> None:
    """Bring the replay to a moment with a position open, and let it play there for a while."""
    terminal.sees("REPLAY")
    terminal.keys("t", "i", "g", *_MOMENT, "Enter")
    terminal.sees(_MOMENT[:5])
    terminal.keys("Space")
    for _ in range(40):
        terminal.read_it()
    terminal.sees("LONG")


def main(target: Path) -> None:
    """Take all pictures into `target`."""
    target.mkdir(exist_ok=True)
    args = ("replay", str(BUNDLED), "--paused", "--speed", _SPEED, "--set", "risk.max_position_value_percent=100")
    for width, height in ((120, 40), (80, 24)):
        with tempfile.TemporaryDirectory() as home, tmux(Path(home), width, height, *args) as terminal:
            _lively(terminal)
            _picture(terminal, width, target / f"screen_{width}x{height}.svg")
            if width == 120:
                terminal.keys("!")
                terminal.sees("EMERGENCY FLAT")
                _picture(terminal, width, target / "flat_plan.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
