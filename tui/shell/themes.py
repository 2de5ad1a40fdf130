"""Themes: what each style name looks like on the terminal. Knows no widget and no pane.

`ansi` takes the terminal's own sixteen colours, `truecolor` is a calm dark palette of its own, `mono` has no colour.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style

from tui.view.model import ThemeName

_MONO = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "up": "",
    "down": "underline",
    "warn": "bold",
    "alert": "bold reverse",
    "accent": "bold",
    "title": "bold",
    "focus": "bold reverse",
    "select": "reverse",
    "key": "bold",
    "replay": "reverse",
    "mock": "dim reverse",
    "paper": "bold reverse",
    "live": "bold underline reverse",
    "edge_replay": "dim",
    "edge_mock": "dim",
    "edge_paper": "",
    "edge_live": "bold",
    "banner": "bold reverse",
    "good": "",
    "entry": "bold",
    "exit": "underline",
    "stop": "dim",
    "grey": "dim",
}

_ANSI = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "up": "green",
    "down": "red",
    "warn": "yellow",
    "alert": "bold bright_white on red",
    "accent": "cyan",
    "title": "bold",
    "focus": "bold black on cyan",
    "select": "reverse",
    "key": "bold cyan",
    "replay": "bold bright_white on magenta",
    "mock": "black on white",
    "paper": "bold bright_white on blue",
    "live": "bold bright_white on red",
    "edge_replay": "magenta",
    "edge_mock": "dim",
    "edge_paper": "bright_blue",
    "edge_live": "red",
    "banner": "bold black on yellow",
    "good": "green",
    "entry": "bold green",
    "exit": "bold magenta",
    "stop": "yellow",
    "grey": "dim",
}

_GROUND = "on #101216"
_TRUECOLOR = {
    "": f"#d6d9df {_GROUND}",
    "dim": f"#7f8794 {_GROUND}",
    "bold": f"bold #f2f4f7 {_GROUND}",
    "up": f"#5fc77e {_GROUND}",
    "down": f"#f2606b {_GROUND}",
    "warn": f"#f0c75e {_GROUND}",
    "alert": "bold #ffffff on #c22f3d",
    "accent": f"#5fc9d4 {_GROUND}",
    "title": f"bold #d6d9df {_GROUND}",
    "focus": "bold #101216 on #d6d9df",
    "select": "#f2f4f7 on #28303c",
    "key": f"bold #5fc9d4 {_GROUND}",
    "replay": "bold #ffffff on #6a4cb0",
    "mock": "bold #101216 on #9aa1ad",
    "paper": "bold #ffffff on #2a62b8",
    "live": "bold #ffffff on #c22f3d",
    "edge_replay": f"#8468cc {_GROUND}",
    "edge_mock": f"#7f8794 {_GROUND}",
    "edge_paper": f"#4f86dc {_GROUND}",
    "edge_live": f"#d9485a {_GROUND}",
    "banner": "bold #101216 on #f0c75e",
    "good": f"#5fc77e {_GROUND}",
    "entry": f"bold #7fe09b {_GROUND}",
    "exit": f"bold #c79bf2 {_GROUND}",
    "stop": f"#f0c75e {_GROUND}",
    "grey": f"#626a76 {_GROUND}",
}


def _parsed(table: Mapping[str, str]) -> Mapping[str, Style]:
    return MappingProxyType({name: Style.parse(text) for name, text in table.items()})


THEMES: Mapping[ThemeName, Mapping[str, Style]] = MappingProxyType(
    {"ansi": _parsed(_ANSI), "truecolor": _parsed(_TRUECOLOR), "mono": _parsed(_MONO)}
)


def style_of(theme: ThemeName, name: str) -> Style:
    """The look of style `name` in `theme`; an unknown name is plain text."""
    styles = THEMES[theme]
    return styles.get(name) or styles[""]
