"""Tells systemd how the service is, where systemd is listening. Raises nothing: one that does not listen is no reason to stop."""

import os
import socket
from collections.abc import Mapping

from engine.assembly import Run
from engine.runtime import LOGGERS
from engine.text.sanitize import clean

_LONGEST = 120  # of a status line
_STATUS_NS = 1_000_000_000
_MOST_DIGITS = 18


class Notifier:
    """Speaks `sd_notify`: datagrams to the socket that `NOTIFY_SOCKET` names; without one nothing is said.

    `watchdog_ns` is how often systemd wants `WATCHDOG=1`: half of its own patience, as its manual advises; 0 =
    it does not want to. `listens` tells whether there is a service manager, which starts the program again when it fails.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self.listens = bool(address)
        self.watchdog_ns = _watchdog_us(environ) * 1000 // 2
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._failed = False

    def say(self, *words: str) -> None:
        """Send assignments such as `READY=1`."""
        if not self.listens:
            return
        message = "\n".join(words).encode(errors="replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto(message, self._address)
        except (OSError, ValueError) as error:
            if not self._failed:
                self._failed = True
                LOGGERS["engine"].warning("the service manager does not listen: %s", error)


class Heartbeat:
    """Feeds systemd's watchdog while the engine's own loop goes on, and keeps its status line true."""

    def __init__(self, run: Run, notifier: Notifier) -> None:
        self._run = run
        self._notifier = notifier
        self._ping_ns = self._status_ns = 0
        self._beats = -1
        self._told = ""

    def look(self, now_ns: int) -> None:
        """Do what is due at `now_ns` (monotonic)."""
        notifier = self._notifier
        if notifier.watchdog_ns and now_ns >= self._ping_ns:
            beats = self._run.engine.stats.beats
            if beats != self._beats:  # the loop itself counts: a ping of this thread alone would prove nothing
                self._beats = beats
                self._ping_ns = now_ns + notifier.watchdog_ns
                notifier.say("WATCHDOG=1")
        if notifier.listens and now_ns >= self._status_ns:
            self._status_ns = now_ns + _STATUS_NS
            text = status_line(self._run)
            if text != self._told:
                self._told = text
                notifier.say(f"STATUS={clean(text, _LONGEST)}")


def status_line(run: Run) -> str:
    """Say in one line what is held and whether entries are allowed; read beside the turn, for a person."""
    state = run.trader.state
    held = sum(position is not None for position in state.portfolio.positions)
    gate = state.gate
    entries = f"locked ({gate.locked})" if gate.locked else f"halted ({gate.halted})" if gate.halted else ""
    entries = entries or ("paused" if gate.paused else "allowed")
    flat = f", flat {state.flat.state}" if state.flat.state != "NORMAL" else ""
    return f"{run.mode} of {run.source.name}: {held} position{'' if held == 1 else 's'}{flat}, entries {entries}"


def _watchdog_us(environ: Mapping[str, str]) -> int:
    """How long systemd waits for a ping (µs); 0 when it does not, or waits for another process."""
    pid, text = environ.get("WATCHDOG_PID", ""), environ.get("WATCHDOG_USEC", "")
    meant_for_us = not pid or pid == str(os.getpid())
    return int(text) if meant_for_us and text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
