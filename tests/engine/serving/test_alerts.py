"""The thread that has the operator's program run: what is due, once; a program that fails is told in the log once a change."""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from engine.presentation.alerting import Message
from engine.serving.alerts import AlertThread
from tests.support.builders import config
from tests.support.process_harness import HOLDING, OperatorShell
from tests.support.snapshots import NOW_NS, SECOND, feed, snapshot
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


def test_what_is_grave_is_handed_to_the_program_once() -> None:
    told: list[tuple[tuple[str, ...], Message]] = []
    alerts, engine = thread(lambda command, message, _: told.append((command, message)) or "")
    alerts.look(NOW_NS)
    engine.snapshot = FAULT
    alerts.look(NOW_NS + SECOND)
    alerts.look(NOW_NS + 2 * SECOND)
    assert told == [(("say",), Message("critical", ("engine failed: boom",)))]


def test_what_somebody_attached_tells_is_left_to_him_and_not_said_again_when_he_leaves() -> None:
    told: list[Message] = []
    elsewhere = frozenset({"command"})
    run = SimpleNamespace(engine=SimpleNamespace(snapshot=FAULT), config=config('alerts.command=["say"]'))
    alerts = AlertThread(run, {}, lambda _, message, __: told.append(message) or "", lambda: elsewhere)
    alerts.look(NOW_NS)
    elsewhere = frozenset({"bell"})
    alerts.look(NOW_NS + SECOND)
    assert told == []
    alerts.look(NOW_NS + 60 * SECOND)
    assert [each.lines for each in told] == [("still, after 1 min: engine failed: boom",)]


def test_a_program_that_fails_is_told_once_and_that_it_works_again(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter(("say: exit status 1", "say: exit status 1", ""))
    alerts, engine = thread(lambda *_: next(answers), FAULT)
    with caplog.at_level(logging.INFO, "myquant.engine"):
        for minute in (0, 1, 5):
            alerts.look(NOW_NS + minute * 60 * SECOND)
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
