"""What tests of `verify` stand on: a recording, and a folder in which nothing may be read."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.model.commands import Lock, Unlock
from tests.support.recorded_runs import (
    record,
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run that was locked for a while."""
    return record(tmp_path_factory.mktemp("recorded"), None, {100: (Lock(),), 220: (Unlock(),)})


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder whose config.toml would change everything, were it read; leave the process as it was."""
    (tmp_path / "config.toml").write_text("strategy = 5\n")
    monkeypatch.chdir(tmp_path)
    mask, on_interrupt = os.umask(0o077), signal.getsignal(signal.SIGINT)
    yield
    os.umask(mask)
    signal.signal(signal.SIGINT, on_interrupt)
