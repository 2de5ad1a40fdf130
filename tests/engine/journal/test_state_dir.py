"""The state directory: private, one owner at a time, never another mode's, old replays removed and nothing else."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.journal.ownership import LOCK_FILE, owner_of
from engine.journal.state_dir import STAMP_FILE, StateDir, lasting
from engine.model.clock import VirtualClock
from engine.model.errors import StateBusyError, UserError
from engine.model.types import TradeMode
from tests.support.paths import ROOT

SECOND = 10**9
ONE_OF_A_KIND: tuple[TradeMode, ...] = ("mock", "paper", "live")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "myquant-tui"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_759_290_649 * SECOND)


def bits(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Permissions mean nothing to root; what an ordinary user meets is tested as one."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("mode", ONE_OF_A_KIND)
def test_each_live_mode_has_one_directory_of_its_own(home: Path, mode: TradeMode) -> None:
    with StateDir.open(None, mode) as state:
        assert state.path == home / mode
        assert (state.path / STAMP_FILE).read_text() == f"{mode}\n"
        assert (state.path / LOCK_FILE).read_text() == owner_of(os.getpid()).text()
        with pytest.raises(StateBusyError):
            StateDir.open(None, mode)
    with StateDir.open(None, mode) as again:
        assert again.path == home / mode


def test_the_home_directory_is_the_fallback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    for value in ("", "relative/state"):
        monkeypatch.setenv("XDG_STATE_HOME", value)
        with StateDir.open(None, "paper") as state:
            assert state.path == tmp_path / "me" / ".local" / "state" / "myquant-tui" / "paper"


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_directories_are_0700_and_files_0600_whatever_the_umask(home: Path, clock: VirtualClock, mask: int) -> None:
    with umask(mask), StateDir.open(None, "replay", clock=clock) as state, StateDir.open(None, "paper") as other:
        for directory in (home.parent, home, home / "replay", state.path, other.path):
            assert bits(directory) == 0o700
        for file in (*state.path.iterdir(), *other.path.iterdir()):
            assert bits(file) == 0o600


def test_an_open_directory_of_ours_is_tightened(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o755)
    with StateDir.open(empty, "paper"):
        assert bits(empty) == 0o700
    empty.chmod(0o777)
    (empty / LOCK_FILE).chmod(0o666)
    with StateDir.open(empty, "paper"):
        assert bits(empty) == 0o700
        assert bits(empty / LOCK_FILE) == 0o600


def test_a_folder_with_other_files_is_used_as_it_is_unless_others_can_write_there(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o755)  # whatever the umask
    (folder / "notes.txt").write_text("mine")
    with StateDir.open(folder, "paper"):
        assert bits(folder) == 0o755
    (folder / STAMP_FILE).unlink()
    folder.chmod(0o777)
    with pytest.raises(UserError, match="other users may write"):
        StateDir.open(folder, "paper")
    assert sorted(entry.name for entry in folder.iterdir()) == [LOCK_FILE, "notes.txt"]


def test_another_modes_directory_is_refused_also_while_it_is_in_use(tmp_path: Path) -> None:
    with (
        StateDir.open(tmp_path / "state", "live"),
        pytest.raises(UserError, match="belongs to mode 'live'; mode 'paper' needs another") as raised,
    ):
        StateDir.open(tmp_path / "state", "paper")
    assert raised.value.exit_status == 2
    assert len(raised.value.lines) == 1
    (tmp_path / "state" / STAMP_FILE).write_text("\x1b[2Jnonsense")
    with pytest.raises(UserError, match="belongs to mode '\N{REPLACEMENT CHARACTER}"):
        StateDir.open(tmp_path / "state", "live")


def test_a_stamp_that_a_power_cut_left_empty_is_written_again(tmp_path: Path) -> None:
    StateDir.open(tmp_path / "state", "paper").close()
    (tmp_path / "state" / STAMP_FILE).write_text("")
    with StateDir.open(tmp_path / "state", "paper") as state:
        assert (state.path / STAMP_FILE).read_text() == "paper\n"


def test_the_second_instance_is_told_the_first_ones_pid(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from engine.journal.state_dir import StateDir;"
        "state = StateDir.open(Path(sys.argv[1]), 'paper'); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "state")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout
        assert first.stdout.readline() == b"\n"
        with pytest.raises(StateBusyError) as raised:
            StateDir.open(tmp_path / "state", "paper")
        assert raised.value.exit_status == 3
        assert f"process {first.pid};" in str(raised.value)
        assert str(tmp_path / "state") in str(raised.value)
        first.kill()
        first.wait()
        StateDir.open(tmp_path / "state", "paper").close()  # a kill frees it at once
    assert (tmp_path / "state" / LOCK_FILE).exists()


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    state = StateDir.open(tmp_path / "state", "mock")
    state.close()
    with StateDir.open(tmp_path / "state", "mock"):
        state.close()
        with pytest.raises(StateBusyError):
            StateDir.open(tmp_path / "state", "mock")


# ── Replays. ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_replays_run_at_once(home: Path, clock: VirtualClock) -> None:
    name = f"20251001T035049Z-{os.getpid()}"
    with StateDir.open(None, "replay", clock=clock) as first, StateDir.open(None, "replay", clock=clock) as second:
        assert first.path == home / "replay" / name
        assert second.path == home / "replay" / f"{name}-2"


def test_the_newest_replays_are_kept(home: Path, clock: VirtualClock) -> None:
    paths = []
    for _ in range(8):
        clock.advance(SECOND)
        with StateDir.open(None, "replay", keep_runs=5, clock=clock) as state:
            (state.path / "journal.db").write_text("rows")
            paths.append(state.path)
            assert state.notes == ()
    assert sorted((home / "replay").iterdir()) == paths[-5:]


def test_a_replay_that_still_runs_is_not_removed(home: Path, clock: VirtualClock) -> None:
    with StateDir.open(None, "replay", clock=clock) as running:
        for _ in range(3):
            clock.advance(SECOND)
            StateDir.open(None, "replay", keep_runs=1, clock=clock).close()
        assert (running.path / STAMP_FILE).exists()
        assert len(list((home / "replay").iterdir())) == 2


def test_nothing_but_our_own_old_runs_is_removed(home: Path, tmp_path: Path, clock: VirtualClock) -> None:
    elsewhere = tmp_path / "elsewhere"
    StateDir.open(elsewhere, "replay").close()  # carries our stamp, is not in our place
    replays = home / "replay"
    replays.mkdir(parents=True)
    (replays / "20000101T000000Z-1").symlink_to(elsewhere)
    (replays / "20000101T000000Z-2").mkdir()  # no stamp
    with_folder = replays / "20000101T000000Z-3"
    StateDir.open(with_folder, "replay").close()
    (with_folder / "holiday pictures").mkdir()
    StateDir.open(replays / "my replay", "replay").close()  # not our name
    with_link = replays / "20000101T000000Z-4"
    StateDir.open(with_link, "replay").close()
    (with_link / "journal.db").symlink_to(elsewhere / STAMP_FILE)

    with StateDir.open(None, "replay", keep_runs=1, clock=clock) as state:
        names = sorted(path.name for path in replays.iterdir())
    assert names == [*(f"20000101T000000Z-{number}" for number in (1, 2, 3)), state.path.name, "my replay"]
    assert sorted(path.name for path in elsewhere.iterdir()) == [LOCK_FILE, STAMP_FILE]
    assert sorted(path.name for path in with_folder.iterdir()) == ["holiday pictures", LOCK_FILE, STAMP_FILE]
    assert [note.split(" was not removed: ")[0] for note in state.notes] == [
        f"old run 20000101T000000Z-{n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_removal_that_was_cut_short_is_taken_up_again(home: Path, clock: VirtualClock, removed: int) -> None:
    old = home / "replay" / "20000101T000000Z-1"
    StateDir.open(old, "replay").close()
    (old / "zz.db").write_text("rows")
    with pytest.MonkeyPatch.context() as disk:
        unlink, left = os.unlink, iter(range(removed))

        def unlink_some(name: str, *, dir_fd: int) -> None:
            if next(left, None) is None:
                raise OSError(5, "Input/output error")
            unlink(name, dir_fd=dir_fd)

        disk.setattr(os, "unlink", unlink_some)
        with StateDir.open(None, "replay", keep_runs=1, clock=clock) as state:
            assert state.notes == ("old run 20000101T000000Z-1 was not removed: Input/output error",)
    clock.advance(SECOND)
    StateDir.open(None, "replay", keep_runs=1, clock=clock).close()
    assert not old.exists()


# ── What a person must change. ─────────────────────────────────────────────────────────────────────────────────────


def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=r"(?i)not a directory") as raised:
            StateDir.open(path, "paper")
        assert (raised.value.exit_status, len(raised.value.lines)) == (2, 1)


@pytest.mark.parametrize("name", ["n" * 300, "a\0b", "\udcff\x1b[2J/\0"])
def test_a_name_that_no_disk_takes_is_one_clean_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="state directory ") as raised:
        StateDir.open(tmp_path / name, "paper")
    assert raised.value.exit_status == 2
    assert "\x1b" not in str(raised.value)
    str(raised.value).encode()


def test_a_directory_without_write_permission_is_one_line(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o500)
    for path in (closed, closed / "below"):
        with without_privileges(), pytest.raises(UserError, match=r"closed.*(Permission|not permitted)") as raised:
            StateDir.open(path, "paper")
        assert raised.value.exit_status == 2


def test_a_disk_that_takes_nothing_is_one_line_and_74(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from engine.journal.state_dir import StateDir\n"
        "from engine.model.errors import UserError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try: StateDir.open(Path(sys.argv[1]), 'paper')\n"
        "except UserError as error: sys.stdout.write(str(error)); sys.exit(error.exit_status)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "state")]
    ended = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 74
    assert ended.stdout == f"state directory {tmp_path / 'state'}: File too large"


@pytest.mark.parametrize("name", [LOCK_FILE, STAMP_FILE])
def test_links_in_the_directory_are_not_followed(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("paper")
    state = tmp_path / "state"
    state.mkdir()
    (state / name).symlink_to(victim)
    if name == LOCK_FILE:  # put aside: it must not be in the way of a flat
        StateDir.open(state, "paper").close()
        assert (state / LOCK_FILE).is_file()
        assert not (state / LOCK_FILE).is_symlink()
    else:
        with pytest.raises(UserError, match="symbolic links"):
            StateDir.open(state, "paper")
    assert victim.read_text() == "paper"


def test_a_fifo_in_place_of_the_stamp_does_not_hang(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    os.mkfifo(state / STAMP_FILE)
    with pytest.raises(UserError, match="not a plain file"):
        StateDir.open(state, "paper")


def test_what_is_to_outlive_a_replay_is_put_where_no_later_one_removes_it(home: Path, tmp_path: Path) -> None:
    with StateDir.open(None, "replay", keep_runs=1) as one:
        kept = lasting(one.path) / "pictures"
        kept.mkdir()
    with StateDir.open(None, "replay", keep_runs=1, clock=VirtualClock(4_000_000_000 * SECOND)):
        assert (one.path.exists(), kept.exists()) == (False, True)
    assert kept == home / "pictures"
    for own in (tmp_path / "said", home / "paper"):
        assert lasting(own) == own
