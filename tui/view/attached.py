"""The client of an engine in another process. Reads the engine's state directory, writes nothing."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from engine import Snapshot, clean
from tui.view.model import Attachment

if TYPE_CHECKING:
    from engine import ConnectionStatus, RemoteEngine

_LOCK_FILE = "lock"  # the engine that holds the directory writes its pid into it
_APP = "myquant-tui"
_REASON = 160  # the longest that has a place on a screen


class AttachedEngine:
    """`remote` and what its state directory tells: the engine's process, and how a command line finds it.

    `remote` has been started. Texts of the engine are cleaned here.
    """

    def __init__(self, remote: "RemoteEngine", folder: Path) -> None:
        self._remote = remote
        self.send, self.history, self.log_lines = remote.send, remote.history, remote.log_lines
        self.exit_page, self.day_page = remote.exit_page, remote.day_page
        self.take_control, self.give_control, self.leave = remote.take_control, remote.give_control, remote.leave
        self._folder = folder
        self._read_only = not remote.wants_control
        self._may_flat = remote.wants_control or remote.may_flat
        self._pid_of: ConnectionStatus | None = None
        self._pid = 0
        self._options: dict[str, str] = {}  # what a command line needs, by the mode of the engine

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._remote.snapshot

    @property
    def attachment(self) -> Attachment:
        """The link, the engine's process, control, and what became of commands."""
        remote = self._remote
        status, control, absence = remote.state, remote.control, remote.absence
        lost = "" if status.word == "CONNECTED" else status.reason[:_REASON] or "not connected yet"
        pid = self._engine_pid(status)
        return Attachment(
            apart=True,
            lost=lost,
            there=not lost or _exists(pid),
            pid=pid,
            run=remote.run,
            options=self._found_by(self.snapshot.trade_mode),
            holder=control.holder,
            has_control=control.mine and not lost,
            read_only=self._read_only,
            may_flat=self._may_flat,
            screens=remote.watched_by,
            on_loss=absence.policy,
            vacant_ns=absence.lost_ns,
            due_ns=absence.due_ns,
            did=absence.did,
            told=remote.told,
            asked=tuple(remote.pending()),
        )

    def _engine_pid(self, status: "ConnectionStatus") -> int:
        """The pid in the lock file, read anew whenever the link came or went: another engine may have the directory."""
        if status is not self._pid_of:
            self._pid_of, self._pid = status, _locked_by(self._folder)
        return self._pid

    def _found_by(self, mode: str) -> str:
        """What a command line needs to find an engine of `mode` in this directory; nothing in the usual one."""
        if mode not in self._options:
            usual = self._folder == _usual_folder(mode)
            self._options[mode] = "" if usual else f" --state-dir {shlex.quote(clean(str(self._folder)))}"
        return self._options[mode]


def _locked_by(folder: Path) -> int:
    """Return the pid that stands in the lock file of `folder`; 0 where none does."""
    try:
        descriptor = os.open(folder / _LOCK_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        text = os.read(descriptor, 20).partition(b"\n")[0].strip()
    except OSError:
        return 0
    finally:
        os.close(descriptor)
    return int(text) if text.isdigit() and len(text) < 10 else 0


def _exists(pid: int) -> bool:
    """Whether process `pid` is there and has not ended; nobody else takes its number so soon.

    One that ended stays in the table until whoever started it asks: where a screen started the engine, that is never.
    """
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read(400).rpartition(b")")[2].split()[:1] not in ([b"Z"], [b"X"])
    except OSError:  # no such table on this system, or it has ended just now
        return not os.path.isdir("/proc/self")


def _usual_folder(mode: str) -> Path:
    """Return where an engine of `mode` keeps its state when nobody says otherwise; commands find it there unasked."""
    home = os.environ.get("XDG_STATE_HOME", "")
    return Path(home if os.path.isabs(home) else os.path.expanduser("~/.local/state"), _APP, mode)
