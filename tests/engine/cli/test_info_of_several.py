"""`info` of several files has a block each, and one that cannot be read costs the others nothing."""

import json
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL
from tests.support.old_files import GOLDEN

FILES = [str(GOLDEN / f"{name}.mqr") for name in ("paper_flat", "paper_killed")]


def test_each_file_has_its_block(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", *FILES]) == EXIT_WELL
    blocks = capsys.readouterr().out.split("\n\n")
    assert [block.split()[0] for block in blocks] == ["file", "file"]
    assert main(["info", "--json", *FILES]) == EXIT_WELL
    assert [json.loads(line)["ticks"] for line in capsys.readouterr().out.splitlines()] == [462, 202]


def test_one_that_is_missing_is_told_and_the_rest_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["info", "--json", str(tmp_path / "none.mqr"), FILES[0]]) == EXIT_BAD_INPUT
    told = capsys.readouterr()
    assert "none.mqr" in told.err
    assert len(told.out.splitlines()) == 1
