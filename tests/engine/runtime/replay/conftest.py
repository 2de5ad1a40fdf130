"""Recordings that the tests of replays follow."""

from pathlib import Path

import pytest

from tests.support.recorded_runs import (
    COMMANDS,
    record,
)


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run with all kinds of commands."""
    return record(tmp_path_factory.mktemp("operated"), None, COMMANDS)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run without any."""
    return record(tmp_path_factory.mktemp("plain"))
