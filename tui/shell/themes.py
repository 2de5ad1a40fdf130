"""Themes: what each style name looks like on the terminal. Knows no widget and no pane.

`ansi` takes the terminal's own sixteen colours, chosen for a dark ground; `truecolor` and `light` have palettes and a ground of
their own, dark and light; `mono` has no colour.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from rich.style import Style

from tui.view.model import ThemeName

_GROUND = "on #101216"
_PAPER = "on #fafafa"

# Every style name that a pane may use, and its look in each theme: ansi, truecolor, light, mono.
# No bold black: many terminals show it as dark grey, which cannot be read on a colour.
STYLES: Mapping[str, tuple[str, str, str, str]] = {
    "": ("", f"#d6d9df {_GROUND}", f"#22262c {_PAPER}", ""),
    "dim": ("dim", f"#7f8794 {_GROUND}", f"#646b76 {_PAPER}", "dim"),
    "bold": ("bold", f"bold #f2f4f7 {_GROUND}", f"bold #0b0d10 {_PAPER}", "bold"),
    "up": ("green", f"#5fc77e {_GROUND}", f"#1a7436 {_PAPER}", ""),  # profit, rising
    "down": ("bright_red", f"#f2606b {_GROUND}", f"#b81f2d {_PAPER}", "underline"),  # loss, falling
    "warn": ("yellow", f"#f0c75e {_GROUND}", f"#835a00 {_PAPER}", "bold"),
    "alert": (
        "bold bright_white on red",
        "bold #ffffff on #c22f3d",
        "bold #ffffff on #c22f3d",
        "bold reverse",
    ),  # needs the operator now
    "accent": ("cyan", f"#5fc9d4 {_GROUND}", f"#0b6c78 {_PAPER}", "bold"),
    "title": ("bold", f"bold #d6d9df {_GROUND}", f"bold #22262c {_PAPER}", "bold"),
    "focus": (
        "black on cyan",
        "bold #101216 on #d6d9df",
        "bold #ffffff on #363d48",
        "bold reverse",
    ),  # the pane that has the keys
    "select": ("reverse", "#f2f4f7 on #28303c", "#0b0d10 on #d3dbe6", "reverse"),  # the selected row
    "key": ("bold cyan", f"bold #5fc9d4 {_GROUND}", f"bold #0b6c78 {_PAPER}", "bold"),  # a key in the footer or help
    "replay": (
        "bold bright_white on magenta",
        "bold #ffffff on #6a4cb0",
        "bold #ffffff on #6a4cb0",
        "reverse",
    ),  # the trade-mode badges
    "mock": ("black on white", "bold #101216 on #9aa1ad", "bold #101216 on #b4bac4", "dim reverse"),
    "paper": ("bold bright_white on blue", "bold #ffffff on #2a62b8", "bold #ffffff on #2a62b8", "bold reverse"),
    "live": (
        "bold bright_white on red",
        "bold #ffffff on #c22f3d",
        "bold #ffffff on #c22f3d",
        "bold underline reverse",
    ),
    "live-sim": (
        "black on bright_green",
        "bold #101216 on #7fe09b",
        "bold #101216 on #7fd79a",
        "underline reverse",
    ),
    "edge_replay": (
        "magenta",
        f"#8468cc {_GROUND}",
        f"#8468cc {_PAPER}",
        "dim",
    ),  # rules, walls and frames in the colour of the mode
    "edge_mock": ("dim", f"#7f8794 {_GROUND}", f"#868d98 {_PAPER}", "dim"),
    "edge_paper": ("bright_blue", f"#4f86dc {_GROUND}", f"#4f86dc {_PAPER}", ""),
    "edge_live": ("bright_red", f"#d9485a {_GROUND}", f"#d9485a {_PAPER}", "bold"),
    "edge_live-sim": ("bright_green", f"#5fc77e {_GROUND}", f"#1a7436 {_PAPER}", "dim underline"),
    # A line across the screen that wants to be read; with real danger it is an alert.
    "banner": ("black on yellow", "bold #101216 on #f0c75e", "bold #101216 on #f0c75e", "bold reverse"),
    "good": ("green", f"#5fc77e {_GROUND}", f"#1a7436 {_PAPER}", ""),
    "entry": ("bold green", f"bold #7fe09b {_GROUND}", f"bold #0f6a2b {_PAPER}", "bold"),  # marks in the chart
    "exit": ("bold bright_magenta", f"bold #c79bf2 {_GROUND}", f"bold #7a3db8 {_PAPER}", "underline"),
    "stop": ("yellow", f"#f0c75e {_GROUND}", f"#835a00 {_PAPER}", "dim"),
    # The strategy's lines over the chart, in its order.
    "line1": ("cyan", f"#5fc9d4 {_GROUND}", f"#0b6c78 {_PAPER}", ""),
    "line2": ("bright_blue", f"#6c9cf0 {_GROUND}", f"#2a5fc4 {_PAPER}", "dim"),
    "line3": ("bright_magenta", f"#c79bf2 {_GROUND}", f"#7a3db8 {_PAPER}", "dim"),
    "grey": ("dim", f"#7b8391 {_GROUND}", f"#6b727d {_PAPER}", "dim"),  # everything, when the snapshot is old
}
THEMES: Mapping[ThemeName, Mapping[str, Style]] = MappingProxyType(
    {
        theme: MappingProxyType({name: Style.parse(looks[place]) for name, looks in STYLES.items()})
        for place, theme in enumerate(get_args(ThemeName))
    }
)


def style_of(theme: ThemeName, name: str) -> Style:
    """The look of style `name` in `theme`; an unknown name is plain text."""
    styles = THEMES[theme]
    return styles.get(name) or styles[""]
