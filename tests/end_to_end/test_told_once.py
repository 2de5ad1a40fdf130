"""An engine and a service that both would run the operator's program: one of them does, whatever becomes of the service."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from engine.model.commands import Flat, Lock, Unlock
from tests.support.gateway.monitored import ServeProcess
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.waiting import until

pytestmark = pytest.mark.slow
KEEPS = """import json, os, sys
with open(sys.argv[1], "a") as out:
    out.write(json.dumps([os.getppid(), json.load(sys.stdin)["lines"]]) + chr(10))
"""


def test_the_service_tells_while_it_is_well_and_the_engine_once_it_stands_still(tmp_path: Path) -> None:
    out = tmp_path / "told"
    (tmp_path / "keeps.py").write_text(KEEPS)
    command = f"alerts.command={json.dumps([sys.executable, str(tmp_path / 'keeps.py'), str(out)])}"

    def told() -> list[tuple[int, str]]:
        """Who told which line, in their order."""
        lines = map(json.loads, out.read_text().splitlines() if out.exists() else ())
        return [(pid, line) for pid, lines in lines for line in lines]

    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start("--set", command)
        shell.holds()
        with ServeProcess(tmp_path, shell.state, "--set", command) as served:
            service, engine = served.popen.pid, shell.pid
            shell.sees(lambda seen: seen.number > 20)
            shell.command(Lock("one"))
            until(lambda: (service, "entries are locked: one") in told(), told)
            shell.command(Unlock())  # once that is told as well, the engine knows of the first
            until(lambda: (service, "over: entries are locked: one") in told(), told)
            os.kill(service, signal.SIGSTOP)
            shell.command(Flat("me"))
            until(lambda: (engine, "FLAT verified (me)") in told(), told)
            served.kill()
            assert shell.ask("stop").status == 0
    # An engine that has no look of the service for seconds, as on a machine without time, tells as well: rather twice than never.
    assert told().count((service, "entries are locked: one")) == 1, told()
    assert told().count((engine, "FLAT verified (me)")) == 1, told()
