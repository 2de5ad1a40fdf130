"""Pictures: whole or not at all, private, and nothing in them but what was on the screen."""

import os
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from tui.shell import picture
from tui.shell.picture import PictureError, save, svg

PLAIN = Style.null()
SVG = "{http://www.w3.org/2000/svg}"


def texts(drawn: str) -> list[tuple[float, str]]:
    return [(float(each.get("x")), each.text) for each in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def test_every_word_has_its_own_place_and_wide_ones_two_cells():
    drawn = svg([[("one  two", PLAIN), ("一x", PLAIN)], [(" three", PLAIN)]], 20)
    left, cell = 12, 8.4
    assert texts(drawn) == [
        (left, "one"),
        (pytest.approx(left + 5 * cell, abs=0.06), "two"),
        (pytest.approx(left + 8 * cell, abs=0.06), "一"),
        (pytest.approx(left + 10 * cell, abs=0.06), "x"),
        (pytest.approx(left + cell, abs=0.06), "three"),
    ]


def test_colours_weight_and_reverse_are_seen():
    drawn = svg(
        [[("a", Style.parse("bold red")), ("b", Style.parse("reverse")), ("c", Style.parse("dim underline"))]], 3
    )
    first, second, third = (each.attrib for each in ElementTree.fromstring(drawn).iter(f"{SVG}text"))
    assert (first["font-weight"], first["fill"]) == ("bold", "#ee5350")
    assert second["fill"] == "#111217"  # the ground
    assert (third["fill-opacity"], third["text-decoration"]) == ("0.6", "underline")
    assert len(list(ElementTree.fromstring(drawn).iter(f"{SVG}rect"))) == 2


def test_nothing_is_fetched_and_no_markup_gets_in():
    drawn = svg([[('</text><script>alert("&")</script>\x1b[31m\x00\ufffe', PLAIN)]], 60)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
    assert "script" not in {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(drawn).iter()}
    assert "\x1b" not in drawn
    assert "font-face" not in drawn


@given(st.lists(st.lists(st.tuples(st.text(max_size=9), st.just(PLAIN)), max_size=3), max_size=3))
def test_whatever_is_on_the_screen_is_valid_svg(rows):
    ElementTree.fromstring(svg(rows, 40))


def test_a_text_and_its_picture_are_private_and_named_by_time(tmp_path):
    folder = tmp_path / "state" / "pictures"
    path = save(folder, "text", "<svg/>")
    assert path.read_text(encoding="utf-8") == "text"
    assert path.with_suffix(".svg").read_text(encoding="utf-8") == "<svg/>"
    assert {each.stat().st_mode & 0o777 for each in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(folder)) == sorted([path.name, path.with_suffix(".svg").name])
    assert save(folder, "text", "<svg/>") != path


def test_half_a_picture_is_none(tmp_path, monkeypatch):
    real, calls = os.rename, []

    def fails(*args):
        calls.append(args)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(*args)

    monkeypatch.setattr(picture.os, "rename", fails)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path, "text", "<svg/>")
    assert os.listdir(tmp_path) == []


def test_a_folder_takes_so_many_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(picture, "_MOST", 4)
    (tmp_path / "holiday.svg").touch()
    for _ in range(2):
        save(tmp_path, "text", "<svg/>")
    with pytest.raises(PictureError, match="has 2 of them: remove some"):
        save(tmp_path, "text", "<svg/>")
    assert len(os.listdir(tmp_path)) == 5
