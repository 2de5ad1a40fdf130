"""The socket itself: private, replaced, of any length; who is let in through it, and what a client makes of what answers."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from engine.link import address
from engine.link.channel import LinkError
from engine.link.client import RemoteEngine
from engine.link.frames import frame
from engine.link.oneshot import ask
from engine.link.protocol import ENCODER, CommandTaken, GetSnapshot, SendCommand, SnapshotReply, Welcome
from engine.model.commands import Flat
from engine.model.errors import UserError
from engine.version import VERSION
from tests.support.link_harness import RawClient, remote, serving, undisturbed
from tests.support.waiting import PATIENCE_S, until

NOBODY = 65_534


# ── The socket itself ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_socket_is_private_replaces_a_dead_one_and_goes_with_its_server(tmp_path: Path) -> None:
    with serving(tmp_path) as there:
        assert stat.S_IMODE(there.path.stat().st_mode) == 0o600
    assert not there.path.exists()
    address.listen(there.path).close()  # what a killed engine leaves behind
    assert there.path.is_socket()
    with pytest.raises(LinkError, match=r"nobody listens at .*engine.sock; the last one was killed"):
        ask(there.path, GetSnapshot(), 1.0)
    with serving(tmp_path) as there, remote(there):
        there.path.unlink()
        address.listen(there.path).close()  # somebody else's
    assert there.path.is_socket()


@pytest.mark.parametrize("what", ["removed", "moved away", "replaced by a socket", "directory replaced"])
def test_a_socket_whose_name_is_gone_is_opened_again_and_who_is_connected_stays_so(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    with serving(folder) as there, remote(there) as screen:
        server, path = there.server, there.path
        assert server.look() == ""
        if what == "directory replaced":
            folder.rename(tmp_path / "moved")
            folder.mkdir(mode=0o700)
        elif what == "moved away":
            path.rename(tmp_path / "elsewhere")
        else:
            path.unlink()
        if what == "replaced by a socket":
            address.listen(path).close()
        assert server.look().endswith("it is opened again")
        assert server.look() == ""
        until(lambda: address.listening_pid(path) == os.getpid())
        assert isinstance(ask(path, GetSnapshot(), 5.0), SnapshotReply)
        number = screen.snapshot.number
        there.fake.go_on()
        until(lambda: screen.snapshot.number > number)
    assert not path.exists()


@pytest.mark.parametrize("make", [lambda path: path.write_text("somebody's"), Path.mkdir, os.mkfifo])
def test_what_is_no_socket_and_stands_in_a_living_one_s_place_is_put_aside(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    with serving(tmp_path) as there:
        there.path.unlink()
        make(there.path)
        assert there.server.look().endswith("another file stands in place of the socket; it is opened again")
        assert there.server.look() == ""
        until(lambda: address.listening_pid(there.path) == os.getpid())
    (aside,) = tmp_path.glob("engine.sock.aside-*")
    assert not aside.is_socket()


def test_what_is_no_socket_is_in_the_way_of_a_start(tmp_path: Path) -> None:
    (tmp_path / "engine.sock").write_text("somebody's")
    with pytest.raises(UserError, match="something else is there"):
        address.listen(tmp_path / "engine.sock")
    assert (tmp_path / "engine.sock").read_text() == "somebody's"


def test_nobody_listens_where_nobody_does(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    assert address.listening_pid(path) == 0
    listener = address.listen(path)
    assert address.listening_pid(path) == os.getpid()
    listener.close()
    assert address.listening_pid(path) == 0
    path.unlink()
    path.write_text("")
    assert address.listening_pid(path) == 0


def test_a_path_of_any_length_will_do(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 20)
    folder.mkdir(parents=True)
    with serving(folder) as there, remote(there) as ann:
        assert ann.snapshot == there.fake.snapshot
    assert not there.path.exists()


def test_a_path_that_will_not_do_is_told_in_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "engine.sock").write_text("not a socket")
    with pytest.raises(UserError, match="something else is there"):
        address.listen(tmp_path / "engine.sock")
    (tmp_path / "engine.sock").unlink()
    tmp_path.chmod(0o777)
    with pytest.raises(UserError, match=r"no others' to write in \(chmod 700\)"):
        address.listen(tmp_path / "engine.sock")
    with pytest.raises(UserError, match="No such file or directory"):
        address.listen(tmp_path / "nowhere" / "engine.sock")


def test_where_no_engine_runs_a_door_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no engine runs here: there is no .*engine.sock"):
        RemoteEngine(tmp_path / "engine.sock", "Ann").start(0.1)
    with pytest.raises(UserError, match="no engine runs here"):
        ask(tmp_path / "engine.sock", GetSnapshot(), 1.0)


# ── Who is let in ───────────────────────────────────────────────────────────────────────────────────────────────────


CHILD = """
import os, socket, sys
os.setgid(%d); os.setuid(%d)
sock = socket.socket(socket.AF_UNIX); sock.settimeout(20); sock.connect("engine.sock")
print(sock.recv(200)[4:].decode("latin-1"))
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_is_refused_even_where_the_modes_would_let_him_in(tmp_path: Path) -> None:
    with serving(tmp_path) as there, undisturbed(there):
        tmp_path.chmod(0o711)
        there.path.chmod(0o666)
        for _ in range(2):
            child = subprocess.run(
                [sys.executable, "-c", CHILD % (NOBODY, NOBODY)],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
                timeout=PATIENCE_S,
            )
            assert "this engine belongs to another user" in child.stdout
        assert there.notes == [f"link: a connection of user {NOBODY} was refused"]


def test_another_version_is_refused_with_a_clear_line_on_both_sides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as there:
        monkeypatch.setattr("engine.link.channel.VERSION", "99.0")
        line = (
            f"the engine is myquant-tui {VERSION} (protocol 1), "
            "this is myquant-tui 99.0 (protocol 1): use the same version"
        )
        with pytest.raises(LinkError) as told:
            RemoteEngine(there.path, "new").start(60.0)
        assert told.value.lines == (line,)
        assert there.notes == [f"link: a client was refused: {line}"]
        with RawClient(there.path) as flat:  # a flat gets through all the same
            flat.hello("flat", program="99.0", screen=False)
            assert flat.ask(SendCommand(1, Flat())).state == "ACCEPTED"
        with RawClient(there.path) as future:
            assert "protocol 7" in future.hello("flat", protocol=7, screen=False).answer.reason


# ── A client trusts no engine either ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"\xff\xff\xff\xff", "is no engine of this program: too_long"),
        (frame(b"\xc1"), "is no engine of this program"),
        (frame(ENCODER.encode(CommandTaken(1, "ACCEPTED"))), "it did not answer with Welcome"),
        (
            frame(ENCODER.encode(Welcome(1, VERSION, 1, 1))) + frame(ENCODER.encode(CommandTaken(1, "ACCEPTED"))),
            "something else",
        ),
        (b"", "closed the connection"),
    ],
)
def test_a_false_engine_is_told_from_a_true_one(tmp_path: Path, answer: bytes, told: str) -> None:
    tmp_path.chmod(0o700)
    listener = address.listen(tmp_path / "engine.sock")
    listener.setblocking(True)

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.sendall(answer)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_536):
                continue

    thread = Thread(target=serve)
    thread.start()
    remote = RemoteEngine(tmp_path / "engine.sock", "Ann")
    Thread.start(remote._thread)
    until(lambda: told in remote.state.reason, lambda: remote.state)
    assert remote.state.word == "LOST"
    remote.leave(detached=True)
    listener.close()
    thread.join(PATIENCE_S)
