"""`run` on a terminal: an engine of its own that outlives terminal and launcher, one for all screens; launches that fail say why."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.config import bundled
from engine.model.errors import EXIT_BAD_INPUT, EXIT_BUSY, EXIT_WELL, InputError, StateBusyError
from engine.serving import EngineDir, await_answer, place_of
from engine.serving.launch import LaunchError, answers, launch
from tests.support.processes.process_harness import HOLDING, OperatorShell, environment
from tests.support.terminals.terminal import Pty
from tests.support.waiting import until

pytestmark = pytest.mark.slow

RECORDING = bundled("nifty-synthetic.mqr")
KNOWN_AS_SCREEN = b"MOCK"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OperatorShell]:
    """A shell whose environment is also that of the test itself, which launches engines."""
    with OperatorShell(tmp_path, *HOLDING) as opened:
        for name, value in environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(opened.cwd)
        yield opened


def in_terminal(shell: OperatorShell, *words: str | Path) -> Pty:
    """The program with a screen, in a terminal."""
    here = {name: value for name, value in environment(shell.folder).items() if name.startswith("XDG")}
    return Pty(shell.folder, *map(str, words), **here)


def run_words(shell: OperatorShell) -> list[str]:
    return ["run", *shell.words()]


def exists(pid: int) -> bool:
    """Whether there is such a process, be it a zombie."""
    return Path(f"/proc/{pid}").exists()


# ── On a terminal ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_run_starts_an_engine_that_outlives_its_launcher_and_serves_the_next(shell: OperatorShell) -> None:
    first = in_terminal(shell, *run_words(shell))
    first.read_until(b"starting the engine")
    first.read_until(KNOWN_AS_SCREEN)
    pid = place_of(shell.state).pid
    assert pid not in {0, first.pid}
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != os.getsid(first.pid)
    first.close()  # the line drops: SIGHUP to all that belong to the terminal
    first.status()
    os.kill(pid, signal.SIGHUP)
    ticks = shell.snapshot.ticks
    shell.sees(lambda seen: seen.ticks > ticks)
    second = in_terminal(shell, *run_words(shell))
    second.read_until(f"engine {pid} is running already".encode())
    second.read_until(KNOWN_AS_SCREEN)
    assert place_of(shell.state).pid == pid
    assert shell.status()["screens"] == 1
    os.kill(second.pid, signal.SIGKILL)
    second.status()
    second.close()
    shell.sees(lambda seen: seen.ticks > ticks + 5)
    assert (shell.state / "engine.out").read_text() == ""
    assert shell.open_to_others() == []


def test_an_engine_that_dies_is_no_zombie_of_its_launcher(shell: OperatorShell) -> None:
    screen = in_terminal(shell, *run_words(shell))
    screen.read_until(KNOWN_AS_SCREEN)
    pid = place_of(shell.state).pid
    os.kill(pid, signal.SIGKILL)
    until(lambda: not exists(pid))
    os.kill(screen.pid, signal.SIGKILL)
    screen.status()
    screen.close()


@pytest.mark.parametrize("words", [("run", "--in-process"), ("replay", RECORDING)])
def test_engine_and_screen_may_be_one_process(shell: OperatorShell, words: tuple[str | Path, ...]) -> None:
    own = shell.words() if words[0] == "run" else ["--state-dir", str(shell.state)]
    screen = in_terminal(shell, *words, *own)
    screen.read_until(KNOWN_AS_SCREEN if words[0] == "run" else b"REPLAY")
    assert place_of(shell.state).pid == screen.pid
    served = words[0] == "run"  # and can be asked and flattened from outside; a replay is nobody's money
    assert shell.socket.exists() == answers(place_of(shell.state)) == served
    os.kill(screen.pid, signal.SIGTERM)
    screen.status()
    screen.close()


def test_a_replay_is_detached_on_demand(shell: OperatorShell) -> None:
    folder = shell.folder / "state/myquant-tui/replay/detached"
    screen = in_terminal(shell, "replay", RECORDING, "--detach", "--paused")
    screen.read_until(b"REPLAY")
    pid = place_of(folder).pid
    assert pid not in {0, screen.pid}
    refused = in_terminal(shell, "replay", RECORDING, "--detach")
    refused.read_until(f"a replay is running detached (process {pid})".encode())
    assert refused.status() == EXIT_BAD_INPUT
    refused.close()
    os.kill(screen.pid, signal.SIGKILL)
    screen.status()
    screen.close()
    found = shell.run("status")
    assert f"REPLAY engine {pid}: nifty-synthetic.mqr" in found.out
    assert "ticks      0," in found.out  # --paused was passed on
    assert shell.run("stop").status == EXIT_WELL
    until(lambda: not exists(pid))


def test_a_replay_is_detached_where_there_is_no_terminal(shell: OperatorShell) -> None:
    started = shell.ask("replay", RECORDING, "--detach", "--paused")
    place = place_of(shell.state)
    assert started.status == EXIT_WELL
    assert f"engine {place.pid} goes on by itself; attach, status or stop --state-dir {shell.state}" in started.out
    assert f"REPLAY engine {place.pid}: nifty-synthetic.mqr" in shell.ask("status").out
    again = shell.ask("replay", RECORDING, "--detach", "--headless")
    assert (again.status, f"a replay is running detached (process {place.pid})" in again.err) == (EXIT_BAD_INPUT, True)
    assert shell.ask("stop").status == EXIT_WELL
    until(lambda: not exists(place.pid))


def test_a_detached_replay_has_no_summary_to_wait_for(shell: OperatorShell) -> None:
    refused = shell.ask("replay", RECORDING, "--detach", "--json")
    assert (refused.status, refused.out, len(refused.lines)) == (EXIT_BAD_INPUT, "", 1)
    assert "--json: its summary comes at the end" in refused.err


# ── Launches ────────────────────────────────────────────────────────────────────────────────────────────────────────


def refused(shell: OperatorShell, *words: str) -> LaunchError:
    with pytest.raises(LaunchError) as caught:
        launch(["--quiet", *shell.words(*words)], shell.state)
    return caught.value


def test_a_launch_that_fails_says_what_the_engine_said(shell: OperatorShell) -> None:
    wrong = refused(shell, "--set", "risk.base_sl_points=0", "--set", "strategy.fast_ema=0")
    assert wrong.exit_status == EXIT_BAD_INPUT
    assert len(wrong.lines) == 2
    assert all("fast_ema" in line or "base_sl_points" in line for line in wrong.lines), wrong.lines
    shell.start().holds()
    shell.kill()
    missing = refused(shell, "--set", 'feed.symbols=["BANKNIFTY"]')
    assert missing.exit_status == EXIT_BAD_INPUT
    assert missing.lines == (
        "the last run holds NIFTY, which this source has not: list it in feed.symbols, or flatten it",
    )


def test_a_directory_that_cannot_be_used_is_told(shell: OperatorShell) -> None:
    with pytest.raises(InputError, match="Not a directory"):
        launch([], Path("/dev/null/here"))
    shell.state.mkdir(mode=0o700)
    output = shell.state / "engine.out"
    output.symlink_to("elsewhere")
    assert launch(["--quiet", *shell.words()], shell.state).pid
    assert (output.is_symlink(), (shell.state / "elsewhere").exists()) == (False, False)  # the link is put aside


def test_two_launches_at_once_come_to_one_engine(shell: OperatorShell) -> None:
    with ThreadPoolExecutor(2) as pool:
        places = list(pool.map(lambda _: launch(["--quiet", *shell.words()], shell.state), range(2)))
    assert places[0] == places[1] == place_of(shell.state)
    assert answers(places[0])


def test_who_holds_the_directory_and_does_not_answer_is_named(shell: OperatorShell) -> None:
    words = ["run", *shell.words("--headless", "--quiet")]
    command = [sys.executable, "-m", "engine", *words]
    with subprocess.Popen(command, cwd=shell.cwd, stdout=subprocess.DEVNULL) as headless:
        until(lambda: place_of(shell.state).pid == headless.pid)
        headless.send_signal(signal.SIGSTOP)
        with pytest.raises(StateBusyError, match=f"in use by process {headless.pid}, which does not answer") as caught:
            await_answer(place_of(shell.state), 0.2)
        assert caught.value.exit_status == EXIT_BUSY
        busy = shell.run("engine", *shell.words("--quiet"))
        assert (busy.status, len(busy.lines)) == (EXIT_BUSY, 1)
        headless.send_signal(signal.SIGCONT)
        headless.terminate()


def test_an_engine_is_found_wherever_it_is_started_from(shell: OperatorShell) -> None:
    """A directory called `engine` in the present one is somebody else's."""
    (shell.cwd / "engine").mkdir()
    (shell.cwd / "engine" / "__init__.py").write_text("raise SystemExit(9)")
    place = launch(["--quiet", *shell.words()], shell.state)
    assert answers(place)
    assert place == EngineDir(shell.state, "mock", place.pid)


# ── The unit ────────────────────────────────────────────────────────────────────────────────────────────────────────


def unit(shell: OperatorShell, *words: str) -> str:
    answer = shell.run("systemd-unit", "--source", "mock", *words)
    assert (answer.status, answer.err) == (0, "")
    return answer.out


def test_the_unit_runs_this_program_and_quotes_every_path(shell: OperatorShell) -> None:
    odd = 'st%ate $x "q" \\b'
    text = unit(shell, "--state-dir", odd, "--set", "recording.directory=my recordings")
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    state = f'{shell.cwd}/st%%ate {{}}x \\"q\\" \\\\b'
    assert lines["ExecStart"] == (
        f'{sys.executable} -P -m engine engine --source mock --set "recording.directory=my recordings"'
        f' --state-dir "{state.format("$$")}" --set "recording.directory={shell.cwd}/my recordings"'
    )
    assert lines["ReadWritePaths"] == f'"-{state.format("$")}" "-{shell.cwd}/my recordings"'
    assert (lines["Type"], lines["UMask"], lines["RestartPreventExitStatus"]) == ("notify", "0077", "2 3 75")
    named = [word for word in text.split() if word.strip('"-').startswith("/")]
    assert all(word.strip('"-').startswith((sys.executable, str(shell.cwd))) for word in named), named


def test_the_unit_is_one_that_systemd_understands(shell: OperatorShell) -> None:
    path = shell.folder / "myquant-tui.service"
    path.write_text(unit(shell, "--state-dir", "a b%c", "--config", str(bundled("config.toml"))))
    command = ["systemd-analyze", "--user", "verify", str(path)]
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"XDG_RUNTIME_DIR": str(shell.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("there is no systemd on this machine")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_units_folders_are_said_to_be_made_first(shell: OperatorShell) -> None:
    text = unit(shell, "--state-dir", "a b", "--set", "recording.directory=kept")
    assert f"#   mkdir -p -m 700 '{shell.cwd}/a b' {shell.cwd}/kept\n" in text
    refusal = shell.run("systemd-unit", "--source", "mock", "--state-dir", "a\nb")
    assert (refusal.status, len(refusal.lines)) == (EXIT_BAD_INPUT, 1)


def test_a_service_is_never_unlocked_by_itself(shell: OperatorShell) -> None:
    refused = shell.run("systemd-unit", "--source", "mock", "--unlock")
    assert (refused.status, refused.out, len(refused.lines)) == (EXIT_BAD_INPUT, "", 1)


def test_a_service_with_a_login_never_trades_the_generated_session_instead(shell: OperatorShell) -> None:
    """Printed where there are no credentials, it may write wherever it will want to once it has some."""
    answer = shell.run("systemd-unit", "--source", "smartapi")
    lines = dict(line.split("=", 1) for line in answer.out.splitlines() if "=" in line and not line.startswith("#"))
    assert "--source smartapi --require-credentials" in lines["ExecStart"]
    folders = [word.strip('"-') for word in lines["ReadWritePaths"].split()]
    assert [os.path.basename(each) for each in folders[:2]] == ["paper", "mock"]
    refused = shell.run("engine", "--source", "smartapi", "--require-credentials", "--quiet")
    assert (refused.status, refused.out) == (EXIT_BAD_INPUT, "")
    assert refused.lines[0] == "myquant-tui: smartapi: no credentials, and --require-credentials was said"
