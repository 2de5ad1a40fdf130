"""Runs the command as a program of its own, as a user would, in a home of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.processes import fork_server
from tests.support.processes.fork_server import Answer
from tests.support.waiting import PATIENCE_S


class Home:
    """A user's home and working directory, below one folder, in which the command is run as a program of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cwd = folder / "work"
        self.cwd.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
            **{f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "DATA", "CONFIG")},
        }

    def start(
        self, *words: str | Path, program: Sequence[str] = ("-m", "engine"), **other: object
    ) -> subprocess.Popen[str]:
        """The command with `words`, running; `other` are options of Popen."""
        options = {"cwd": self.cwd, "env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        whole = [sys.executable, *program, *map(str, words)]
        return subprocess.Popen(whole, text=True, encoding="utf-8", **(options | other))  # type: ignore[call-overload,no-any-return]

    def run(self, *words: str | Path, **other: Any) -> Answer:
        """The command with `words`, until its end; `other` are options of Popen."""
        environ = other.get("env", self.environment)
        if not other.keys() - {"env", "cwd"} and fork_server.can_run(environ):
            return fork_server.run([*map(str, words)], other.get("cwd", self.cwd), environ)
        with self.start(*words, **other) as process:
            try:
                out, err = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Answer(process.returncode, out or "", err or "")

    def run_all(self, commands: Sequence[Sequence[str | Path]]) -> list[Answer]:
        """Every command, two at a time."""
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda words: self.run(*words), commands))
