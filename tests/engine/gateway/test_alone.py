"""A second service of a state directory is refused by name of the first; one that was killed leaves nothing in the way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.gateway.alone import LOCK_FILE, alone_in
from engine.model.errors import InputError
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S

HOLDS = """import sys, time
from pathlib import Path
from engine.gateway.alone import alone_in
with alone_in(Path(sys.argv[1])):
    print("holds", flush=True)
    time.sleep(600)
"""


def test_a_second_one_is_refused_until_the_first_is_gone_however_it_ends(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with subprocess.Popen(
        (sys.executable, "-c", HOLDS, str(folder)), stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        with (
            pytest.raises(InputError, match=rf"is served already by process {holder.pid}; one `serve` at a time"),
            alone_in(folder),
        ):
            pass
        with alone_in(tmp_path / "other"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait(PATIENCE_S)
    with alone_in(folder):
        assert (folder / LOCK_FILE).read_text().startswith(f"{os.getpid()}\n")
    with alone_in(folder):
        pass


def test_what_is_no_file_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).symlink_to("/dev/null")
    with alone_in(tmp_path):
        assert (tmp_path / LOCK_FILE).is_file()
