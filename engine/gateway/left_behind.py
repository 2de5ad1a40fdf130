"""What an engine has left behind that died before this service was there: asked of its journal, by `status` in a process of its own."""

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from engine.gateway.log import LOGGER
from engine.presentation.alerts import Alert
from engine.text.sanitize import cleaned

_FIRST_S: Final = 5.0  # an engine that is there answers by then
_AGAIN_S: Final = 60.0
_ASKED_S: Final = 30.0
_REAL: Final = ("paper", "live", "live-sim")  # a generated session that was left is nobody's money


class _Held(Struct, frozen=True):
    symbol: str
    quantity: float


class _Left(Struct, frozen=True):
    """Of what `status --json` says, what is wanted here."""

    running: bool
    mode: str
    positions: tuple[_Held, ...] = ()


class LeftBehind:
    """Asks once a minute while no engine has been seen (`is_seen`); `ask` gives what `status --json` prints, and blocks."""

    def __init__(self, is_seen: Callable[[], bool], ask: Callable[[], bytes]) -> None:
        self._is_seen = is_seen
        self._ask = ask
        self._found: tuple[Alert, ...] = ()

    def alerts(self) -> tuple[Alert, ...]:
        """That something is held and no engine runs, as it was asked last."""
        return () if self._is_seen() else self._found

    async def run(self) -> None:
        """Ask until an engine is there, whose own looks tell more."""
        wait_s = _FIRST_S
        while True:
            await asyncio.sleep(wait_s)
            if self._is_seen():
                return
            await self.look()
            wait_s = _AGAIN_S

    async def look(self) -> None:
        """Ask once."""
        try:
            left = cleaned(msgspec.json.decode(await asyncio.to_thread(self._ask), type=_Left), 200)
        except (OSError, subprocess.SubprocessError, msgspec.DecodeError) as error:
            LOGGER.warning("what an engine may have left cannot be asked: %s", type(error).__name__)
            return
        held = ", ".join(f"{each.quantity:g} {each.symbol}" for each in left.positions if each.quantity)
        wants = held and not left.running and left.mode in _REAL
        text = f"no engine runs, and the journal of the last one ({left.mode}) holds {held}: UNWATCHED"
        self._found = (Alert("engine", "critical", text),) if wants else ()


def asked_of(program: Sequence[str], state_dir: Path | None) -> Callable[[], bytes]:
    """What `status --json` prints of the engine that `state_dir` means."""
    words = [*program, "status", "--json", *(["--state-dir", str(state_dir)] if state_dir else [])]

    def ask() -> bytes:
        done = subprocess.run(  # noqa: S603 - this very program
            words, capture_output=True, timeout=_ASKED_S, check=False, stdin=subprocess.DEVNULL
        )
        return done.stdout

    return ask
