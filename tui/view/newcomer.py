"""Whether this user has had the screen before: an empty file beside the state of all runs says so. Knows no pane."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_NAME: Final = "screen-seen"


class Newcomer:
    """One user; where there is no home directory, nobody is new."""

    def __init__(self) -> None:
        home = os.environ.get("XDG_STATE_HOME", "")
        with suppress(RuntimeError):
            home = home if os.path.isabs(home) else str(Path.home() / ".local" / "state")
        self._file = Path(home, "myquant-tui", _NAME) if home else None

    @property
    def is_new(self) -> bool:
        """Whether no key was ever pressed on a screen."""
        return self._file is not None and not os.path.lexists(self._file)

    def met(self) -> None:
        """Remember that one was; where that cannot be written, the hint comes again."""
        if self._file is not None:
            with suppress(OSError):
                self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
