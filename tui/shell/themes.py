"""Themes: what each style name looks like on the terminal. Knows no widget and no pane.

`ansi` takes the terminal's own sixteen colours, `truecolor` is a calm dark palette of its own, `mono` has no colour.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from rich.style import Style

from tui.view.model import ThemeName

_GROUND = "on #101216"

# Every style name that a pane may use, and its look in each theme: ansi, truecolor, mono.
STYLES: Mapping[str, tuple[str, str, str]] = {
    "": ("", f"#d6d9df {_GROUND}", ""),
    "dim": ("dim", f"#7f8794 {_GROUND}", "dim"),
    "bold": ("bold", f"bold #f2f4f7 {_GROUND}", "bold"),
    "up": ("green", f"#5fc77e {_GROUND}", ""),  # profit, rising
    "down": ("red", f"#f2606b {_GROUND}", "underline"),  # loss, falling
    "warn": ("yellow", f"#f0c75e {_GROUND}", "bold"),
    "alert": ("bold bright_white on red", "bold #ffffff on #c22f3d", "bold reverse"),  # needs the operator now
    "accent": ("cyan", f"#5fc9d4 {_GROUND}", "bold"),
    "title": ("bold", f"bold #d6d9df {_GROUND}", "bold"),
    "focus": ("bold black on cyan", "bold #101216 on #d6d9df", "bold reverse"),  # the pane that has the keys
    "select": ("reverse", "#f2f4f7 on #28303c", "reverse"),  # the selected row
    "key": ("bold cyan", f"bold #5fc9d4 {_GROUND}", "bold"),  # a key in the footer or help
    "replay": ("bold bright_white on magenta", "bold #ffffff on #6a4cb0", "reverse"),  # the four trade-mode badges
    "mock": ("black on white", "bold #101216 on #9aa1ad", "dim reverse"),
    "paper": ("bold bright_white on blue", "bold #ffffff on #2a62b8", "bold reverse"),
    "live": ("bold bright_white on red", "bold #ffffff on #c22f3d", "bold underline reverse"),
    "edge_replay": ("magenta", f"#8468cc {_GROUND}", "dim"),  # rules, walls and frames in the colour of the mode
    "edge_mock": ("dim", f"#7f8794 {_GROUND}", "dim"),
    "edge_paper": ("bright_blue", f"#4f86dc {_GROUND}", ""),
    "edge_live": ("red", f"#d9485a {_GROUND}", "bold"),
    # A line across the screen that wants to be read; with real danger it is an alert.
    "banner": ("bold black on yellow", "bold #101216 on #f0c75e", "bold reverse"),
    "good": ("green", f"#5fc77e {_GROUND}", ""),
    "entry": ("bold green", f"bold #7fe09b {_GROUND}", "bold"),  # marks in the chart
    "exit": ("bold magenta", f"bold #c79bf2 {_GROUND}", "underline"),
    "stop": ("yellow", f"#f0c75e {_GROUND}", "dim"),
    # The strategy's lines over the chart, in its order.
    "line1": ("cyan", f"#5fc9d4 {_GROUND}", ""),
    "line2": ("blue", f"#6c9cf0 {_GROUND}", "dim"),
    "line3": ("magenta", f"#c79bf2 {_GROUND}", "dim"),
    "grey": ("dim", f"#626a76 {_GROUND}", "dim"),  # everything, when the snapshot is old
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
