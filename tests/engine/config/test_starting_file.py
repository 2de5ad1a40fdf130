"""The file that a newcomer begins with says nothing, and all that it names is as the bundled one has it."""

import re
from pathlib import Path

from engine.assembly import load
from engine.config import bundled, describe
from engine.config.starting_file import starting_file


def test_it_is_short_well_and_says_nothing(tmp_path: Path) -> None:
    text, path = starting_file(), tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    config = load(path)
    assert len(text.splitlines()) < 60
    assert config == load(bundled("config.toml"))
    assert not any(config.origins.said(key) for key in describe(config))


def test_every_line_in_it_is_a_key_at_its_default_with_what_it_may_be(tmp_path: Path) -> None:
    text, path = starting_file(), tmp_path / "config.toml"
    said, keys = re.subn(r"(?m)^# (\w+ = )", r"\1", text)
    path.write_text(said, encoding="utf-8")
    config = load(path)
    assert config == load(bundled("config.toml"))
    assert sum(config.origins.said_of(key) for key in describe(config)) == keys > 10
    for line in text.splitlines():
        if re.match(r"# \w+ = ", line):
            assert re.match(r"# \S.{10,}\.$", text.splitlines()[text.splitlines().index(line) - 1])
