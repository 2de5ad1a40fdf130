"""Runs the command as a program of its own, as a user would, in a home of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S


class Answer(NamedTuple):
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines on standard error."""
        return self.err.splitlines()


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

    def run(self, *words: str | Path, **other: object) -> Answer:
        """The command with `words`, until its end."""
        with self.start(*words, **other) as process:
            try:
                out, err = process.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return Answer(process.returncode, out or "", err or "")

    def run_all(self, commands: Sequence[Sequence[str | Path]]) -> list[Answer]:
        """Every command, two at a time; each in a fork of a process that has imported the program."""
        given = json.dumps([[str(word) for word in words] for words in commands])
        with tempfile.TemporaryDirectory() as folder:
            program = ("-m", "tests.support.forking_process")
            with self.start(folder, program=program, stdin=subprocess.PIPE) as process:
                out, err = process.communicate(given, timeout=PATIENCE_S)
            assert process.returncode == 0, err
            said = [
                [(Path(folder) / f"{number}.{end}").read_text(encoding="utf-8") for end in ("out", "err")]
                for number in range(len(commands))
            ]
        return [Answer(status, *texts) for status, texts in zip(json.loads(out), said, strict=True)]
