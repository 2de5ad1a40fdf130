"""Every theme has every style, and each keeps its promise about colour."""

import pytest

from tui.shell.themes import STYLES, THEMES, style_of

BADGES = ("replay", "mock", "paper", "live")


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_has_every_style_and_no_other(theme):
    assert set(THEMES[theme]) == set(STYLES)


def test_mono_has_no_colour():
    assert all(style.color is None and style.bgcolor is None for style in THEMES["mono"].values())


def test_ansi_has_the_sixteen_colours_of_the_terminal_only():
    colours = [colour for style in THEMES["ansi"].values() for colour in (style.color, style.bgcolor) if colour]
    assert colours
    assert all(colour.number is not None and colour.number < 16 for colour in colours)


def test_truecolor_paints_its_own_ground_everywhere():
    for style in THEMES["truecolor"].values():
        assert style.color.triplet
        assert style.bgcolor.triplet


def contrast(one, other):
    def light(colour):
        parts = [part / 255 for part in colour.triplet]
        red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", STYLES)
def test_truecolor_can_be_read(name):
    style = style_of("truecolor", name)
    lines_only = name in ("grey", "dim") or name.startswith("edge_")
    assert contrast(style.color, style.bgcolor) >= (3.0 if lines_only else 4.5)


@pytest.mark.parametrize("theme", THEMES)
def test_the_four_badges_look_different(theme):
    assert len({style_of(theme, name) for name in BADGES}) == 4


@pytest.mark.parametrize("theme", THEMES)
def test_an_unknown_style_is_plain(theme):
    assert style_of(theme, "no such style") == style_of(theme, "")
