"""That the memory of a process which has read credentials cannot be had from the system, and that it goes on all the same."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.command_home import Home

READS = """
import ctypes, json, os, resource, signal, sys
from engine.cli import main
from engine.serving.state_dirs import running_pid
from engine.journal import StateDir
from pathlib import Path
main(["login", "--offline"])
state = StateDir.open(Path(sys.argv[1]), "mock")
print(json.dumps({
    "dumpable": ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
    "limit": resource.getrlimit(resource.RLIMIT_CORE)[0],
    "filter": int(Path("/proc/self/coredump_filter").read_text(), 16),
    "locked": running_pid(Path(sys.argv[1])) == os.getpid(),
    "descriptors": os.path.isdir("/proc/self/fd") and len(os.listdir("/proc/self/fd")) > 2,
    "memory": "VmRSS" in Path("/proc/self/status").read_text(),
}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other ways")
def test_before_the_first_secret_no_dump_is_possible_any_more(tmp_path: Path) -> None:
    home = Home(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", READS, str(tmp_path / "state")],
        cwd=home.cwd, env=home.environment, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"dumpable": 0, "limit": 0, "filter": 0, "locked": True, "descriptors": True, "memory": True}


@pytest.mark.parametrize("words", [("check-config",), ("status",)])
def test_every_command_goes_without_a_core_file(tmp_path: Path, words: tuple[str, ...]) -> None:
    limit = "import resource, sys; from engine.cli import main; main(sys.argv[1:]); print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    home = Home(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", limit, *words],
        cwd=home.cwd,
        env=home.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0"
