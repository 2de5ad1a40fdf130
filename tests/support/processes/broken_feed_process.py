"""The command, in which something breaks on purpose: `python -m tests.support.processes.broken_feed_process feed|turn run --source smartapi …`.

What is raised names every secret that the process knows; none of them may be seen by anybody.
"""

import sys

from engine.cli.main import main
from engine.runtime.turn import Turn
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.stream import SmartApi

BREAKS_AT = 50
_LOGINS: list[LoginSession] = []


def _secrets() -> str:
    (login,) = _LOGINS
    held = login._credentials
    return f"{held.client_code} {held.pin} {held.api_key} {held.totp_secret} {login.tokens().jwt} {login.tokens().feed}"


def _prepare(where: str) -> None:
    """Let message or tick number `BREAKS_AT` raise."""
    known = LoginSession.__init__

    def noted(self, *args, **more):  # type: ignore[no-untyped-def]
        known(self, *args, **more)
        _LOGINS.append(self)

    LoginSession.__init__ = noted  # type: ignore[method-assign]
    owner, name = (SmartApi, "on_message") if where == "feed" else (Turn, "take")
    whole, count = getattr(owner, name), 0

    def breaks(self, *args):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        if count == BREAKS_AT:
            raise RuntimeError(f"broken on purpose, with {_secrets()}")
        return whole(self, *args)

    setattr(owner, name, breaks)


if __name__ == "__main__":
    _prepare(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
