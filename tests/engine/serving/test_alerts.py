"""The thread that has the operator's program run: what is due, once; a program that fails is told in the log once a change."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from engine.link.claims import Claim
from engine.presentation.alerting import Message
from engine.serving.alerts import AlertThread
from tests.support.builders import config
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.screens.snapshots import NOW_NS, SECOND, feed, snapshot
from tests.support.waiting import until


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[OperatorShell]:
    with OperatorShell(tmp_path, *HOLDING) as opened:
        yield opened


WELL = snapshot(trade_mode="paper", replay=None, feed=feed(), positions=())
FAULT = replace(WELL, fault="boom")


def thread(tell, seen=WELL) -> tuple[AlertThread, SimpleNamespace]:
    engine = SimpleNamespace(snapshot=seen)
    run = SimpleNamespace(engine=engine, config=config('alerts.command=["say"]'))
    return AlertThread(run, {}, tell), engine


def looked(alerts: AlertThread, now_ns: int) -> None:
    """One round, and the program that it starts to its end."""
    alerts.look(now_ns)
    alerts.told(30)


def test_what_is_grave_is_handed_to_the_program_once() -> None:
    told: list[tuple[tuple[str, ...], Message]] = []
    alerts, engine = thread(lambda command, message, _: told.append((command, message)) or "")
    looked(alerts, NOW_NS)
    engine.snapshot = FAULT
    looked(alerts, NOW_NS + SECOND)
    looked(alerts, NOW_NS + 2 * SECOND)
    assert told == [(("say",), Message("critical", ("engine failed: boom",)))]


def test_what_somebody_attached_tells_is_left_to_him_until_he_is_not_to_be_believed() -> None:
    told: list[Message] = []
    claims = {"command": Claim(NOW_NS, 0)}
    run = SimpleNamespace(engine=SimpleNamespace(snapshot=FAULT), config=config('alerts.command=["say"]'))
    alerts = AlertThread(run, {}, lambda _, message, __: told.append(message) or "", claims.get)
    looked(alerts, NOW_NS)
    looked(alerts, NOW_NS + 2 * SECOND)
    assert told == []
    looked(alerts, NOW_NS + 3 * SECOND)  # he has said nothing since
    assert [each.lines for each in told] == [("engine failed: boom",)]
    claims["command"] = Claim(NOW_NS + 60 * SECOND, NOW_NS + 60 * SECOND)
    looked(alerts, NOW_NS + 60 * SECOND)
    claims.clear()
    looked(alerts, NOW_NS + 61 * SECOND)  # what was due before he has told
    assert len(told) == 1


def test_the_end_of_an_engine_that_holds_something_is_told_before_it_ends() -> None:
    told: list[Message] = []
    alerts, _ = thread(
        lambda _, message, __: told.append(message) or "", snapshot(trade_mode="paper", replay=None, stopped=True)
    )
    alerts.start()
    alerts.stop()
    assert [each.lines[0].partition(",")[0] for each in told] == ["engine stopped"]


def test_while_the_program_hangs_what_comes_and_goes_waits_behind_it() -> None:
    told: list[Message] = []
    goes_on = Event()
    alerts, engine = thread(lambda _, message, __: told.append(message) or (goes_on.wait(30) and ""), FAULT)
    alerts.look(NOW_NS)
    locked = replace(WELL, entries=replace(WELL.entries, locked="by hand"))
    for second, seen in ((2, locked), (6, locked), (8, WELL), (12, WELL)):
        engine.snapshot = seen
        alerts.look(NOW_NS + second * SECOND)
    assert [each.lines for each in told] == [("engine failed: boom",)]
    goes_on.set()
    alerts.told(30)
    looked(alerts, NOW_NS + 13 * SECOND)
    assert told[1].lines == (
        "over: engine failed: boom",
        "entries are locked: by hand",
        "over: entries are locked: by hand",
    )


def test_a_program_that_fails_is_told_once_and_that_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter(("say: exit status 1", "say: exit status 1", ""))
    alerts, engine = thread(lambda *_: next(answers), FAULT)
    with caplog.at_level(logging.INFO, "myquant.engine"):
        for minute in (0, 1, 5):
            looked(alerts, NOW_NS + minute * 60 * SECOND)
    assert [record.getMessage() for record in caplog.records] == [
        "an alert was not told: say: exit status 1",
        "alerts are told again",
    ]
    assert engine.snapshot is FAULT


@pytest.mark.slow
def test_a_locked_engine_has_the_program_run(shell: OperatorShell) -> None:
    keeps = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))"
    out = shell.folder / "told"
    command = json.dumps([sys.executable, "-c", keeps, str(out), "{text}"])
    shell.start("--set", f"alerts.command={command}")
    assert shell.ask("flat", "--yes").status == 0
    until(lambda: out.exists() and "FLAT verified" in out.read_text())


def test_it_is_tried_from_a_shell(shell: OperatorShell) -> None:
    works = f"alerts.command={json.dumps([sys.executable, '-c', 'pass'])}"
    tried = shell.run("alert", "--test", "--set", works)
    assert (tried.status, tried.err) == (0, "")
    assert tried.out.splitlines() == [
        "terminal  bell: not sent, this is no terminal",
        "command   was run and is content",
        "telegram  none: MYQUANT_TELEGRAM_TOKEN and MYQUANT_TELEGRAM_CHAT are not set (told by `myquant-tui serve`)",
        "webhook   none: MYQUANT_WEBHOOK_URL is not set (told by `myquant-tui serve`)",
    ]
    failed = shell.run("alert", "--test", "--set", 'alerts.command=["/nowhere/x"]', "--set", "alerts.bell=false")
    assert failed.status == 1
    assert failed.out.splitlines()[1] == "command   /nowhere/x: No such file or directory"
    assert shell.run("alert").status == 2


def test_no_program_is_started_that_a_file_of_the_present_folder_names(shell: OperatorShell) -> None:
    ran = shell.folder / "ran"
    planted = f'[alerts]\ncommand = ["touch", "{ran}"]\n'
    (shell.cwd / "config.toml").write_text(planted)
    refused = shell.run("alert", "--test")
    assert (refused.status, refused.out) == (2, "")
    assert "no program is started that a file found in the present folder names" in refused.err
    assert not ran.exists()
    named = shell.run("alert", "--test", "--config", "config.toml")
    assert (named.status, ran.exists()) == (0, True)
    ran.unlink()
    Path(shell.cwd / "config.toml").chmod(0o666)
    assert shell.run("alert", "--test", "--config", "config.toml").status == 2
    assert not ran.exists()
