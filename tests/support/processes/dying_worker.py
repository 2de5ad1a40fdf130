"""A worker of a sweep that is killed over certain units: what a pool does with these is seen without waiting for chance."""

import os
import signal
from pathlib import Path

from engine.backtest.sweep import worker
from engine.backtest.sweep.plan import Unit


def work(folder: Path, unit: Unit) -> tuple[int, bytes]:
    """Do a unit, unless its process is to die over it, as files in `folder` say: once, and then the file is gone, or always."""
    if (folder / f"always-{unit.number}").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    once = folder / f"once-{unit.number}"
    if once.exists():
        once.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return worker.work(unit)
