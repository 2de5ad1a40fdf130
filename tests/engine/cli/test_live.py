"""`--live` on the commands that start a run: refused with a line for each of the other things that is missing."""

from itertools import product
from pathlib import Path

import pytest

from engine.cli.commands import read
from engine.cli.engine import words_for
from tests.support.live_config import SAID
from tests.support.processes.command_home import Home
from tests.support.venues.live_harness import ENVIRON

CREDENTIALS = {name: value for name, value in ENVIRON.items() if name != "MYQUANT_TRUST_HOST"}


def said(*, enabled: bool) -> list[str]:
    values = SAID | ({} if enabled else {"live.enabled": "false"})
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


@pytest.mark.parametrize("command", [("engine",), ("run", "--headless"), ("run", "--headless", "--in-process")])
@pytest.mark.parametrize(("enabled", "credentials"), list(product((False, True), repeat=2)))
def test_a_line_for_each_thing_and_no_run(
    tmp_path: Path, command: tuple[str, ...], enabled: bool, credentials: bool
) -> None:
    home = Home(tmp_path)
    environ = home.environment | (CREDENTIALS if credentials else {})
    answer = home.run(*command, "--live", *said(enabled=enabled), env=environ)
    assert (answer.status, answer.out) == (2, "")
    expected = [] if enabled else ["live.enabled = false: live orders need true"]
    expected += ["arming: not armed today (myquant-tui arm --live)"]
    expected += [] if credentials else ["credentials: there are none to log in with (myquant-tui login)"]
    assert answer.err.splitlines() == [f"myquant-tui: {line}" for line in expected]
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("engine", "--live"), "--live: no order can be sent with --source replay; allowed: smartapi"),
        (
            ("run", "--live", "--source", "mock", "--headless"),
            "--live: no order can be sent with --source mock; allowed: smartapi",
        ),
        (("engine", "--live", "--replay", "x.mqr"), "--live: not with a recording; allowed: --source smartapi"),
        (
            ("engine", "--live", "--source", "smartapi", "--unlock"),
            "--unlock: not with --live: what happened is looked at first, then k",
        ),
    ],
)
def test_where_no_real_order_can_be_meant_it_is_refused(tmp_path: Path, words: tuple[str, ...], line: str) -> None:
    answer = Home(tmp_path).run(*words)
    assert (answer.status, answer.err) == (2, f"myquant-tui: {line}\n")


def test_an_engine_that_is_started_for_a_screen_or_by_a_unit_hears_it_too() -> None:
    _, args = read(["run", "--live", "--source", "smartapi"], None)
    assert "--live" in words_for(args)
    _, args = read(["run", "--source", "smartapi"], None)
    assert "--live" not in words_for(args)
