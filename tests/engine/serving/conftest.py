"""A run that a process would serve."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.assembly import Run
from tests.support.processes.process_harness import unstarted_run


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with unstarted_run(tmp_path) as built:
        yield built
