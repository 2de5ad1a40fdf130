"""The client of an engine in another process, on a real socket: what the screen is told of link, process, control and commands."""

import os
import subprocess
import sys
from contextlib import contextmanager

from msgspec.structs import replace

from engine import Flat, LogLine, PauseEntries, RemoteEngine
from engine.presentation.lamps import TerminalLink
from tests.support.link_harness import FakeEngine, serving
from tests.support.paths import ROOT
from tests.support.screens.snapshots import AT_MS, SECOND, SNAPSHOT
from tests.support.waiting import PATIENCE_S, until
from tui.view.attached import AttachedEngine
from tui.view.model import Ui
from tui.view.view_builder import ViewBuilder


@contextmanager
def attached(made, name="pts/0", **more):
    remote = RemoteEngine(made.path, name, **more)
    remote.start(PATIENCE_S)
    client = AttachedEngine(remote, made.path.parent)
    try:
        yield client
    finally:
        client.leave(detached=True)


def test_the_first_screen_has_control_and_the_second_may_look(tmp_path):
    with serving(tmp_path) as made, attached(made) as first, attached(made, "pts/1") as second:
        until(lambda: first.attachment.screens == 2)
        one, two = first.attachment, second.attachment
        assert (one.apart, one.has_control, one.holder, one.read_only) == (True, True, "pts/0", False)
        assert (two.has_control, two.holder, two.read_only) == (False, "pts/0", False)
        second.take_control()
        until(lambda: second.attachment.has_control and not first.attachment.has_control)
        assert first.attachment.told[-1] == "pts/1 took control: you may look"
        second.give_control()
        until(lambda: first.attachment.holder == "")
        assert not second.attachment.read_only


def test_a_screen_that_only_looks_knows_it(tmp_path):
    with serving(tmp_path) as made:
        with attached(made, wants_control=False) as alone:
            assert (alone.attachment.read_only, alone.attachment.may_flat) == (True, False)
            alone.send(Flat())
            until(lambda: [each.state for each in alone.attachment.asked] == ["REFUSED"])
            assert "only looks" in alone.attachment.asked[0].reason
        with attached(made, wants_control=False, may_flat=True) as careful:
            assert (careful.attachment.read_only, careful.attachment.may_flat) == (True, True)
            careful.send(Flat())
            until(lambda: [each.state for each in careful.attachment.asked] == ["ACCEPTED"])
            careful.send(PauseEntries())
            until(lambda: careful.attachment.asked[-1].state == "REFUSED")
        with attached(made), attached(made, "pts/1", wants_control=False) as other:
            assert other.attachment.read_only
            assert other.attachment.holder == "pts/0"


def test_a_command_is_seen_from_its_request_to_its_end(tmp_path):
    with serving(tmp_path) as made, attached(made) as client:
        client.send(PauseEntries())
        assert [each.state for each in client.attachment.asked] in (["REQUESTED"], ["ACCEPTED"])
        until(lambda: [each.state for each in client.attachment.asked] == ["ACCEPTED"])
        made.fake.carry_out()
        until(lambda: [each.state for each in client.attachment.asked] == ["DONE"])


def test_a_command_without_control_is_refused_with_the_reason(tmp_path):
    with serving(tmp_path) as made, attached(made), attached(made, "pts/1") as client:
        client.send(PauseEntries())
        until(lambda: [each.state for each in client.attachment.asked] == ["REFUSED"])
        assert client.attachment.asked[0].reason == "pts/0 has control"


def test_a_lost_engine_is_gone_or_silent_by_its_process(tmp_path):
    ended = subprocess.Popen((sys.executable, "-c", ""))  # and nobody asks for its status
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    with serving(tmp_path) as made:
        (tmp_path / "lock").write_text(f"{os.getpid()}\n")
        with attached(made) as client:
            assert (client.attachment.lost, client.attachment.there, client.attachment.pid) == ("", True, os.getpid())
            made.server.stop(0.0)
            until(lambda: client.attachment.lost != "")
            assert client.attachment.there
            assert not client.attachment.has_control
            assert client.snapshot.number == 1
    with serving(tmp_path) as made:
        (tmp_path / "lock").write_text(f"{ended.pid}\n")
        with attached(made) as client:
            made.server.stop(0.0)
            until(lambda: client.attachment.lost != "")
            assert (client.attachment.there, client.attachment.pid) == (False, ended.pid)
            ended.wait()
            assert not client.attachment.there


def test_a_lock_file_that_says_nothing_useful_is_no_process(tmp_path):
    with serving(tmp_path) as made:
        for content in ("", "x" * 100, "-1", "99999999999999"):
            (tmp_path / "lock").write_text(content)
            with attached(made) as client:
                assert client.attachment.pid == 0
        (tmp_path / "lock").unlink()
        (tmp_path / "lock").symlink_to("/proc/self/stat")
        with attached(made) as client:
            assert client.attachment.pid == 0


def test_commands_name_the_directory_unless_it_is_the_usual_one(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name, options in (("mine", f" --state-dir {tmp_path}/mine"), ("my tui", f" --state-dir '{tmp_path}/my tui'")):
        (tmp_path / name).mkdir(mode=0o700)
        with serving(tmp_path / name) as made, attached(made) as client:
            assert client.attachment.options == options
    usual = tmp_path / "myquant-tui" / "paper"
    usual.mkdir(parents=True, mode=0o700)
    with serving(usual) as made, attached(made) as client:
        assert client.attachment.options == ""


def test_nothing_from_the_socket_reaches_the_screen_uncleaned(tmp_path):
    evil = "pts/\x1b[2J\u202e"
    with serving(tmp_path) as made, attached(made, evil), attached(made, "b") as client:
        attachment = client.attachment
        assert "\x1b" not in repr(attachment).replace("\\x1b", "\x1b")
        assert attachment.holder.startswith("pts/\N{REPLACEMENT CHARACTER}")


def test_what_the_engine_tells_is_told_once(tmp_path):
    with serving(tmp_path, fake=FakeEngine()) as made, attached(made) as client:
        builder = ViewBuilder(client, Ui())
        look = builder.look(1, TerminalLink(0.0, 0.0))
        assert builder.new_told(look) == ("you have control",)
        assert builder.new_told(builder.look(2, TerminalLink(0.0, 0.0))) == ()
        client.give_control()
        until(lambda: len(client.attachment.told) == 2)
        client.take_control()
        until(lambda: len(client.attachment.told) == 3)
        given_up, back = builder.new_told(builder.look(3, TerminalLink(0.0, 0.0)))
        assert given_up == "pts/0 gave control up: nobody has control"
        assert back.startswith("away 0 s: ")


def test_lines_of_a_session_that_was_long_ago_are_shown_in_its_time_however_old_they_are(tmp_path):
    fake = FakeEngine(replace(SNAPSHOT, number=1))
    wall_ns, run_ns = SNAPSHOT.wall_ns - 3_600 * SECOND, (AT_MS - 60_000) * 1_000_000
    texts = ("heartbeat", "operator detached", "2025-10-01T11:42:00+05:30 bought", "2025-99-99T11:42:00+05:30 no time")
    fake.lines = [
        LogLine(n, wall_ns, "INFO", "engine", words, run_ns=run_ns + n * SECOND) for n, words in enumerate(texts, 1)
    ]
    with serving(tmp_path, fake=fake) as made, attached(made) as client:
        until(lambda: len(client.log_lines(0, 9)) == 4)
        shown = ViewBuilder(client, Ui()).look(1, TerminalLink(0.0, 0.0)).log
        assert [line.wall_ns for line in shown[:2]] == [run_ns + SECOND, run_ns + 2 * SECOND]
        assert (shown[2].text, shown[2].wall_ns) == ("bought", (AT_MS - 17_331) * 1_000_000)
        assert (shown[3].text, shown[3].wall_ns) == (texts[3], run_ns + 4 * SECOND)


def test_an_attached_screen_carries_no_engine():
    """What importing it must not bring in: the engine's own rooms, its database, its broker."""
    code = (
        "import sys; from engine import RemoteEngine; import tui.shell.show, tui.shell.app, tui.view.attached, tui.shell.exit_message, tui.view.view_file;"
        "print(*sorted(name for name in sys.modules if name.startswith(('engine.', 'sqlite3', 'numpy'))))"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True, cwd=ROOT)
    rooms = {name.split(".")[1] for name in done.stdout.split() if name.startswith("engine.")}
    assert rooms <= {"link", "model", "outside", "presentation", "text", "version"}
    assert "sqlite3" not in done.stdout
