"""Commands of the program, each in a fork of a process that has imported it: `python -m tests.support.forking_process FOLDER`.

The commands come on standard input, as a list of lists of words; what number n says is in the files `n.out` and `n.err` of
FOLDER, and how they ended is told on standard output. Two run at a time.
"""

import json
import os
import sys
from pathlib import Path

import engine.assembly
import engine.backtest
import engine.cli
import engine.recording.foreign_source  # noqa: F401 - imported here, it need not be in each of them
from engine.__main__ import main

_AT_A_TIME = 2


def _redirect(number: int, to: Path) -> None:
    os.dup2(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), number)


def run_all(commands: list[list[str]], folder: Path) -> list[int]:
    """Run them; how each ended. In a fork this never returns."""
    running: dict[int, int] = {}
    ended = [0] * len(commands)

    def wait() -> None:
        pid, status = os.wait()
        ended[running.pop(pid)] = os.waitstatus_to_exitcode(status)

    for number, words in enumerate(commands):
        while len(running) >= _AT_A_TIME:
            wait()
        pid = os.fork()
        if not pid:
            _redirect(1, folder / f"{number}.out")
            _redirect(2, folder / f"{number}.err")
            sys.argv = ["engine", *words]
            sys.exit(main())
        running[pid] = number
    while running:
        wait()
    return ended


if __name__ == "__main__":
    given = json.load(sys.stdin)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    print(json.dumps(run_all(given, Path(sys.argv[1]))))
