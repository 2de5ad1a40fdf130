"""What was looked at is kept for the next screen: small, private, whole or not at all; and nothing foreign is believed."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, snapshot
from tui.view.model import Ui
from tui.view.view_file import FILE, ViewFile

PANES = ("ticks", "latency", "log")
CHOSEN = {
    "focus": "log",
    "zoom": True,
    "selected": 1,
    "log_level": "WARNING",
    "search": "stop",
    "theme": "truecolor",
    "order": 4,
    "candles": True,
}


def keep(folder, ui, seen=SNAPSHOT, now_ns=NOW_NS, file=None):
    file = file or ViewFile(folder)
    file.keep(ui, seen, now_ns)
    return file


def taken_up(folder, seen=SNAPSHOT, **given_ui):
    file, ui = ViewFile(folder), Ui(**given_ui)
    file.take_up(ui, PANES)
    file.select(ui, seen)
    return ui


def chosen(folder):
    """Keep what an operator chose by hand on a screen that began with the usual view."""
    file, ui = ViewFile(folder), Ui()
    file.take_up(ui, PANES)
    for name, value in CHOSEN.items():
        setattr(ui, name, value)
    keep(folder, ui, file=file)


def test_the_next_screen_shows_what_the_last_one_did(tmp_path):
    chosen(tmp_path)
    ui = taken_up(tmp_path)
    assert {name: getattr(ui, name) for name in CHOSEN} == CHOSEN
    assert (ui.dialog, ui.text, ui.log_follow) == ("", "", True)


def test_the_file_is_small_and_private_and_alone(tmp_path):
    chosen(tmp_path)
    found = (tmp_path / FILE).stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_size < 300
    assert os.listdir(tmp_path) == [FILE]


def test_it_is_written_once_a_second_at_most_and_only_when_it_changed(tmp_path):
    ui = Ui(focus="log")
    file = keep(tmp_path, ui)
    written = (tmp_path / FILE).stat().st_ino
    ui.zoom = True
    file.keep(ui, SNAPSHOT, NOW_NS + SECOND - 1)
    assert (tmp_path / FILE).stat().st_ino == written
    file.keep(ui, SNAPSHOT, NOW_NS + SECOND)
    assert taken_up(tmp_path).zoom
    written = (tmp_path / FILE).stat().st_ino
    file.keep(ui, SNAPSHOT, NOW_NS + 9 * SECOND)
    assert (tmp_path / FILE).stat().st_ino == written
    ui.zoom = False
    file.keep(ui, SNAPSHOT, NOW_NS + 9 * SECOND + 1)
    ui.zoom = True
    file.keep(ui, SNAPSHOT, NOW_NS + 9 * SECOND + 2)
    assert not taken_up(tmp_path).zoom
    file.keep_last(ui, SNAPSHOT)
    assert taken_up(tmp_path).zoom


def test_the_instrument_is_found_by_its_name(tmp_path):
    chosen(tmp_path)
    turned = snapshot(quotes=SNAPSHOT.quotes[::-1])
    assert taken_up(tmp_path, turned).selected == 1
    file, ui = ViewFile(tmp_path), Ui()
    file.take_up(ui, PANES)
    file.select(ui, snapshot(quotes=SNAPSHOT.quotes[:1]))
    assert ui.selected == 0
    file.keep(ui, snapshot(quotes=SNAPSHOT.quotes[:1]), NOW_NS)
    file.select(ui, SNAPSHOT)  # it comes later
    assert ui.selected == 1


def test_an_operator_who_is_quicker_is_not_moved(tmp_path):
    chosen(tmp_path)
    file, ui = ViewFile(tmp_path), Ui()
    file.take_up(ui, PANES)
    file.select(ui, snapshot(quotes=()))
    ui.selected = 1
    file.select(ui, snapshot(quotes=SNAPSHOT.quotes[::-1]))
    ui.selected = 0
    file.select(ui, SNAPSHOT)
    assert ui.selected == 0


def test_a_terminal_without_colours_keeps_none_and_forgets_none(tmp_path):
    chosen(tmp_path)
    file, ui = ViewFile(tmp_path), Ui(theme="mono")
    file.take_up(ui, PANES)
    assert ui.theme == "mono"
    ui.zoom = False
    file.keep(ui, SNAPSHOT, NOW_NS)
    assert taken_up(tmp_path).theme == "truecolor"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[" * 4000,
        b'{"version":2}',
        b'{"version":1,"more":1}',
        b'{"version":1,"focus":"elsewhere"}',
        b'{"version":1,"zoom":"yes"}',
        b'{"version":1,"search":"\xff"}',
        b'{"version":1,"search":"' + b"x" * 5000 + b'"}',
    ],
)
def test_what_is_damaged_or_foreign_is_ignored(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert taken_up(tmp_path) == Ui()


@given(st.binary(max_size=200))
def test_no_bytes_can_hurt(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("any")
    (folder / FILE).write_bytes(content)
    taken_up(folder)


def test_texts_in_it_are_cleaned(tmp_path):
    (tmp_path / FILE).write_text('{"version":1,"search":"\\u001b[2J\\u202e"}', encoding="utf-8")
    assert taken_up(tmp_path).search == "\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}"


def test_links_are_not_followed_neither_reading_nor_writing(tmp_path):
    folder, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    folder.mkdir()
    chosen(folder)
    (folder / FILE).rename(elsewhere)
    (folder / FILE).symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    assert taken_up(folder) == Ui()
    keep(folder, Ui(focus="latency"))
    assert elsewhere.read_bytes() == before
    assert not (folder / FILE).is_symlink()
    assert taken_up(folder).focus == "latency"


def test_neither_a_pipe_nor_a_folder_holds_it_up(tmp_path):
    os.mkfifo(tmp_path / FILE)
    assert taken_up(tmp_path) == Ui()
    os.unlink(tmp_path / FILE)
    (tmp_path / FILE).mkdir()
    assert taken_up(tmp_path) == Ui()
    file = keep(tmp_path, Ui())
    assert file.problem.startswith("the view is not kept: ")
    assert os.listdir(tmp_path) == [FILE]


def test_a_folder_that_is_gone_is_told_and_tried_again(tmp_path):
    folder = tmp_path / "state"
    file = keep(folder, Ui())
    assert file.problem == "the view is not kept: No such file or directory"
    folder.mkdir()
    file.keep(Ui(), SNAPSHOT, NOW_NS + SECOND)
    assert file.problem == ""
    assert (folder / FILE).is_file()
