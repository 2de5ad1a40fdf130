"""An engine with orders at a broker that stands still, and a flat from a shell that could not close in its place: it is not ended for nothing."""

import signal
from pathlib import Path

import pytest

from tests.support.processes.fork_server import Fork
from tests.support.processes.live_shell import HOLDING, live_shell
from tests.support.processes.process_harness import environment
from tests.support.venues.live_harness import ENVIRON
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("environ", "why"),
    [({}, "no credentials to ask the broker with"), (ENVIRON, "names another broker")],
    ids=["no credentials", "another configuration"],
)
def test_an_engine_is_left_alive_whose_broker_could_not_be_asked_instead(
    tmp_path: Path, environ: dict[str, str], why: str
) -> None:
    out = tmp_path / "flat"
    out.touch()
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading()
        shell.placed(1)
        shell.holds()
        shell.signal(signal.SIGSTOP)
        words = ["flat", "--yes", "--state-dir", str(shell.state)]
        command = Fork(words, shell.cwd, environment(tmp_path, **environ), (Path("/dev/null"), out, out))
        until(lambda: "it is not ended" in out.read_text() or command.poll() is not None, out.read_text)
        assert why in out.read_text()
        shell.signal(signal.SIGCONT)
        assert command.wait(PATIENCE_S) == 0, out.read_text()
        assert shell.popen.poll() is None
        assert shell.broker.truth().net == {}
        shell.no_order_twice()
        shell.signal(signal.SIGTERM)
        assert shell.ended() == 0
