"""`watch` against an engine of its own: what it says, and that a list outlives a kill and not a stop."""

from pathlib import Path

import pytest

from tests.simulator import Simulator
from tests.simulator.traffic import Generated
from tests.support.processes.process_harness import coin_shell

pytestmark = pytest.mark.slow


def test_the_list_outlives_a_kill_and_ends_with_a_stop(tmp_path: Path) -> None:
    symbols = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
    with Simulator(Generated(rate=100, symbols=symbols)) as sim, coin_shell(tmp_path, sim, *symbols[:2]) as shell:
        shell.rules = (*shell.rules, *(f"instruments.{symbol}.watch_only=true" for symbol in symbols))
        shell.start()
        added = shell.ask("watch", "add", "CCCUSDT")
        assert (added.status, added.out.strip().partition("; ")[2]) == (0, "a new recording has begun")
        assert shell.ask("watch", "remove", "AAAUSDT").status == 0
        refused = shell.ask("watch", "remove", "AAAUSDT")
        assert (refused.status, refused.err) == (
            2,
            "myquant-tui: watch remove refused: AAAUSDT: not watched\n",
        )
        assert shell.status()["watched"] == ["BBBUSDT", "CCCUSDT"]
        shell.kill()
        shell.start()
        listed = shell.ask("watch", "list").out
        assert [row.split()[0] for row in listed.splitlines()] == ["BBBUSDT", "CCCUSDT"]
        shell.sees(lambda seen: seen.ticking == seen.watched == 2)
        assert shell.ask("stop", "--leave-open").status == 0
        assert shell.ended() == 0
        shell.start()
        assert shell.status()["watched"] == ["AAAUSDT", "BBBUSDT"]
        verified = shell.run("verify", *sorted(shell.kept.glob("*.mqr")))
        assert verified.out.count("SAME AS RECORDED") == len(list(shell.kept.glob("*.mqr"))) - 1, verified
