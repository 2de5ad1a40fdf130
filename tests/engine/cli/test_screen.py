"""Where a command lets a screen put its pictures."""

from argparse import Namespace
from pathlib import Path

from engine.cli.parser import Parser
from engine.cli.screen import picture_option, pictures_folder


def test_pictures_go_into_the_state_directory_unless_a_folder_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parser = Parser()
    picture_option(parser)
    assert pictures_folder(parser.parse_args([]), Path("/run/state")) == Path("/run/state/pictures")
    assert pictures_folder(parser.parse_args(["--out", "shots"]), Path("/run/state")) == tmp_path / "shots"
    assert pictures_folder(Namespace(out=None), Path("state")) == tmp_path / "state" / "pictures"
