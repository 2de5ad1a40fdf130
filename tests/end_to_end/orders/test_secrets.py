"""A broker that repeats credentials and tokens in all that it says: nothing of these is left anywhere, nor shown to anybody."""

import json
import signal
from pathlib import Path

import pytest

from tests.support.processes import live_shell as live_shell_module
from tests.support.processes.live_processes import WITH_CANARIES, assert_no_secret
from tests.support.processes.live_shell import SCALPING, live_shell
from tests.support.waiting import until

pytestmark = pytest.mark.slow

# What the broker says meanwhile, each time with all it knows behind it.
SAID = (
    "place status_false AB9999",
    "place html",
    "place 5xx taken",
    "reject price at_once",
    "reject other",
    "order_book status_false AB2001 x2",
    "positions html x2",
    "updates close 1001",
)


def test_nothing_that_a_broker_repeats_is_left_or_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(live_shell_module, "ENVIRON", WITH_CANARIES | {"TMPDIR": str(tmp_path / "tmp")})
    with live_shell(tmp_path, *SCALPING, program="tests.support.processes.echoing_broker_process") as shell:
        shell.trading()
        shell.placed(2)
        for word in SAID:
            shell.broker.tell(word)
            shell.goes_on(30)
        with shell.remote() as screen:
            shown = [repr(screen.snapshot), repr(screen.log_lines(0, 4_000)), json.dumps(shell.status())]
        shown.append(Path(f"/proc/{shell.pid}/cmdline").read_text())
        flat = shell.ask("flat", "--yes")
        assert flat.status == 0, flat
        shown += [flat.out, flat.err]
        until(lambda: shell.receipts)
        shell.signal(signal.SIGABRT)
        assert shell.ended() == -signal.SIGABRT
        shell.live()
        shell.known()
        shell.signal(signal.SIGTERM)
        assert shell.ended() == 0
        assert "Bearer ***" in shell.log  # so that it is certain that something was repeated
        assert_no_secret(tmp_path, *shown, passwords=[])
