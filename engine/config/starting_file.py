"""The file that a newcomer begins with: the keys that are changed most, as comments, taken from the bundled file. Says nothing itself."""

import re
from typing import Final

from engine.config.bundled import bundled
from engine.config.document import read_text
from engine.model.errors import ConfigError

HEADING: Final = """\
# Configuration of myquant-tui: what stands here differs from the defaults, which `myquant-tui config show` lists.
# `myquant-tui config set section.key value` changes a key, `myquant-tui check-config` tells every problem.
"""
_KEYS: Final = {
    "feed": ("source", "symbols"),
    "capital": ("initial_capital",),
    "strategy": ("use_macd", "use_vwap", "consecutive_green_ticks"),
    "risk": ("max_position_value_percent", "base_sl_points", "tp_points", "tp_percents", "max_daily_loss"),
    "recording": ("keep_days",),
    "operator": ("on_loss", "on_silence"),
}


def starting_file() -> str:
    """Return its text; raises ConfigError where the bundled file is not the one that it was made for."""
    text = read_text(bundled("config.toml"))
    sections = [
        f"[{section}]\n" + "".join(_commented(text, section, key) for key in keys) for section, keys in _KEYS.items()
    ]
    return "\n".join([HEADING, *sections])


def _commented(text: str, section: str, key: str) -> str:
    """What the bundled file says of `key`, and the line that sets it, as comments."""
    found = re.search(
        rf"^\[{re.escape(section)}\]\n(?:(?!\[).*\n)*?((?:#.*\n)+)({re.escape(key)} = .*\n)", text, re.MULTILINE
    )
    if found is None:
        raise ConfigError(f"{bundled('config.toml')}: {section}.{key} is not where it came")
    return f"{found[1]}# {found[2]}"
