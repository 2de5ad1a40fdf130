"""The command `verify` within this process, and what it reports."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main


def verify(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and reports."""
    status = main(["verify", "--json", *map(str, words)])
    out, err = capsys.readouterr()
    assert err == ""
    return status, [json.loads(line) for line in out.splitlines()]


def verify_one(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    status, (report,) = verify(capsys, *words)
    return status, report
