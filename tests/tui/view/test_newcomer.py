"""Who is new is asked of a file, once; no home, no writable one, nobody is troubled."""

from pathlib import Path

import pytest

from tui.view.newcomer import Newcomer


def test_one_is_new_until_the_first_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Newcomer().is_new
    Newcomer().met()
    assert not Newcomer().is_new
    assert [path.name for path in (tmp_path / "state" / "myquant-tui").iterdir()] == ["screen-seen"]


def test_a_relative_state_home_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    Newcomer().met()
    assert (tmp_path / ".local" / "state" / "myquant-tui" / "screen-seen").exists()


def test_where_nothing_can_be_written_nothing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    newcomer = Newcomer()
    newcomer.met()
    assert newcomer.is_new
