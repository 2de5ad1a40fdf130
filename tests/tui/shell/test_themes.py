"""Every theme has every style, and each keeps its promise about colour."""

from typing import get_args

import pytest
from rich.style import Style

from engine import TradeMode
from tui.shell.themes import STYLES, THEMES, style_of

BADGES = get_args(TradeMode)
OWN_PALETTE = ("truecolor", "light")


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_has_every_style_and_no_other(theme):
    assert set(THEMES[theme]) == set(STYLES)


def test_mono_has_no_colour():
    assert all(style.color is None and style.bgcolor is None for style in THEMES["mono"].values())


def test_ansi_has_the_sixteen_colours_of_the_terminal_only():
    colours = [colour for style in THEMES["ansi"].values() for colour in (style.color, style.bgcolor) if colour]
    assert colours
    assert all(colour.number is not None and colour.number < 16 for colour in colours)


@pytest.mark.parametrize("theme", OWN_PALETTE)
def test_a_theme_of_its_own_palette_paints_its_own_ground_everywhere(theme):
    for style in THEMES[theme].values():
        assert style.color.triplet
        assert style.bgcolor.triplet


def test_the_light_theme_is_light_and_the_dark_one_dark():
    black = Style.parse("#000000").color.triplet
    assert contrast(style_of("light", "").bgcolor.triplet, black) > 18
    assert contrast(style_of("truecolor", "").bgcolor.triplet, black) < 1.3


def contrast(one, other):
    """Of two colours, as WCAG 2 defines it: 1 to 21; text wants 4.5, lines 3."""

    def light(colour):
        parts = [part / 255 for part in colour]
        red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", OWN_PALETTE)
@pytest.mark.parametrize("name", STYLES)
def test_everything_can_be_read(name, theme):
    style = style_of(theme, name)
    assert contrast(style.color.triplet, style.bgcolor.triplet) >= (3.0 if name.startswith("edge_") else 4.5)


# The sixteen colours as terminals have them by default.
TERMINALS = {
    "xterm": "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff",
    "linux": "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "putty": "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "gnome": "2e3436 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec",
    "windows": "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2",
}


@pytest.mark.parametrize("bold_is_bright", [False, True])
@pytest.mark.parametrize("terminal", TERMINALS)
@pytest.mark.parametrize("name", STYLES)
def test_the_terminals_own_colours_can_be_read_on_its_dark_ground(name, terminal, bold_is_bright):
    style = style_of("ansi", name)
    palette = [bytes.fromhex(colour) for colour in TERMINALS[terminal].split()]
    ink = style.color.number if style.color else 7
    if bold_is_bright and style.bold and ink < 8:
        ink += 8
    paper = palette[style.bgcolor.number] if style.bgcolor else (0, 0, 0)
    assert contrast(palette[ink], paper) >= (2.5 if name.startswith("edge_") else 3.3)


@pytest.mark.parametrize("theme", THEMES)
def test_every_mode_has_a_badge_of_its_own_and_an_edge(theme):
    assert len({style_of(theme, name) for name in BADGES}) == len(BADGES)
    assert {f"edge_{name}" for name in BADGES} <= set(STYLES)


@pytest.mark.parametrize("theme", THEMES)
def test_an_unknown_style_is_plain(theme):
    assert style_of(theme, "no such style") == style_of(theme, "")
