"""Which words are a short command, and that it carries next to nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.assembly.edges import NOTHING_HELD
from engine.journal import JOURNAL_FILE, LOCK_FILE
from engine.journal.state_dir import STAMP_FILE
from engine.link.protocol import PROTOCOL
from engine.outside.trust import doubt_of_folder
from engine.serving.state_dirs import SOCKET_FILE, usual_places
from engine.shortcut import call, engines
from engine.shortcut.engines import UnusualError, holds_nothing, is_ours_alone, the_one_engine, usual_folders
from engine.shortcut.entry import short_command, state_dir_of
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("words", "state_dir"),
    [
        ([], ""),
        (["--yes"], ""),
        (["--state-dir", "x", "--yes"], "x"),
        (["--yes", "--state-dir=x y"], "x y"),
        (["--state-dir"], None),
        (["--state-dir="], None),
        (["--state-dir", "--yes"], None),
        (["--ye"], None),
        (["--all"], None),
        (["2"], None),
        (["--anyway", "--yes"], None),
    ],
)
def test_only_words_it_knows_whole_are_a_short_command(words: list[str], state_dir: str | None) -> None:
    assert state_dir_of(words, "--yes") == state_dir


@pytest.mark.parametrize("words", [[], ["flat"], ["flat", "--help"], ["flat", "--yes", "--all"], ["run"], ["--quiet"]])
def test_all_else_is_for_the_whole_program(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert short_command(words) is None


def test_without_an_engine_it_is_for_the_whole_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert short_command(["flat", "--yes"]) is None
    with pytest.raises(UnusualError):
        the_one_engine(str(tmp_path / ("long" * 40)), 1.0)


@pytest.mark.parametrize("home", ["absolute", "relative", "none"])
def test_it_looks_where_the_whole_program_looks(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if home != "none":
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state") if home == "absolute" else "state")
    assert usual_folders() == [str(place.folder) for place in usual_places()]


def test_the_names_are_those_of_the_whole_program() -> None:
    assert (engines.SOCKET, engines.STAMP, engines.LOCK) == (SOCKET_FILE, STAMP_FILE, LOCK_FILE)
    assert (engines.NOTHING_HELD, call.PROTOCOL) == (NOTHING_HELD, PROTOCOL)


def test_a_folder_that_others_may_write_to_is_for_the_whole_program(tmp_path: Path) -> None:
    home, state = tmp_path / "home", tmp_path / "home" / "state"
    link = tmp_path / "link"
    link.symlink_to(home)
    assert all(map(is_ours_alone, map(str, (state, link / "state"))))  # there is none
    state.mkdir(parents=True, mode=0o700)
    home.chmod(0o755)
    for place, mode, well in (
        (state, 0o700, True),
        (state, 0o770, False),
        (state, 0o702, False),
        (state, 0o700, True),
        (home, 0o775, False),
        (home, 0o757, False),
        (home, 0o1777, True),  # as /tmp: nobody can put another folder in place of ours
        (home, 0o755, True),
    ):
        place.chmod(mode)
        for folder in (state, link / "state"):
            assert is_ours_alone(str(folder)) is well, (place, oct(mode))
            assert not well or doubt_of_folder(folder) == ""  # it is never less strict than the whole program
    tmp_path.chmod(0o777)  # where the link lies, that leads elsewhere
    elsewhere = Path(tmp_path.parent, "elsewhere")
    elsewhere.mkdir(mode=0o700)
    (tmp_path / "out").symlink_to(elsewhere)
    assert is_ours_alone(str(elsewhere))
    assert not is_ours_alone(str(tmp_path / "out"))
    tmp_path.chmod(0o700)


def test_a_dead_engine_counts_unless_its_last_run_noted_that_it_held_nothing(tmp_path: Path) -> None:
    folder = str(tmp_path)
    assert holds_nothing(folder)  # none ever ran there
    (tmp_path / STAMP_FILE).write_text("paper\n")
    assert not holds_nothing(folder)
    (tmp_path / LOCK_FILE).write_text("77\n1 boot\n")
    assert not holds_nothing(folder)
    (tmp_path / NOTHING_HELD).write_text("76\n1 boot\n")  # of a run before the last
    assert not holds_nothing(folder)
    (tmp_path / NOTHING_HELD).write_text("77\n1 boot\n")
    assert holds_nothing(folder)
    for name in (LOCK_FILE, NOTHING_HELD):
        (tmp_path / name).write_text("")
    assert not holds_nothing(folder)


def test_what_a_run_has_left_counts_without_its_stamp_and_so_does_a_link_to_nowhere(tmp_path: Path) -> None:
    for name in (LOCK_FILE, JOURNAL_FILE, f"{JOURNAL_FILE}.damaged-20261001T000000Z", "journal-2026-10.db"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "engine.log").touch()
        assert holds_nothing(str(folder))
        (folder / name).touch()
        assert not holds_nothing(str(folder)), name
    assert holds_nothing(str(tmp_path / "none" / "at all"))
    (tmp_path / "link").symlink_to("unmounted")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    for gone in ("link", "link/paper", "circle", "file", "file/paper"):
        assert not holds_nothing(str(tmp_path / gone)), gone


HEAVY = {
    "argparse",
    "msgspec",
    "typing",
    "pathlib",
    "socket",
    "signal",
    "sqlite3",
    "json",
    "enum",
    "logging",
    "textual",
}


@pytest.mark.parametrize("module", ["engine.__main__", "tui.__main__"])
def test_it_imports_next_to_nothing(module: str) -> None:
    """A ratio of times would depend on the machine; what is imported is what it takes."""
    code = f"import sys; import {module}; import engine.shortcut.entry, engine.shortcut.flat; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(done.stdout.split())
    assert "engine.shortcut.flat" in loaded
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith(("engine.", "tui."))}
    assert all(
        name.startswith("engine.shortcut") or name in {"engine.version", "engine.__main__", "tui.__main__"}
        for name in ours
    )
