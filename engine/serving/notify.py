"""Tells systemd how the service is, where systemd is listening. Raises nothing: a deaf supervisor is no reason to stop."""

import os
import socket
from collections.abc import Mapping

from engine.runner import LOGGERS

_LONGEST = 100  # of a status line


class Notifier:
    """Speaks `sd_notify`: datagrams to the socket that `NOTIFY_SOCKET` names; without one nothing is said."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        # Asked for at twice the pace, as systemd's manual advises; 0 = nobody waits for it.
        self.watchdog_ns = _microseconds(environ) * 1000 // 2
        self._failed = False

    def say(self, *words: str) -> None:
        """Send assignments such as `READY=1`."""
        if not self._address:
            return
        message = "\n".join(words).encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto(message, self._address)
        except OSError as error:
            if not self._failed:
                self._failed = True
                LOGGERS["engine"].warning("the service manager does not listen: %s", error.strerror)

    def status(self, text: str) -> None:
        """Say in one line what the engine is doing."""
        self.say(f"STATUS={text[:_LONGEST]}")


def _microseconds(environ: Mapping[str, str]) -> int:
    pid, text = environ.get("WATCHDOG_PID", ""), environ.get("WATCHDOG_USEC", "")
    meant_for_us = not pid or pid == str(os.getpid())
    return int(text) if meant_for_us and text.isdecimal() else 0
