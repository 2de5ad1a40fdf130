"""What one file of tests does to the process is undone before the next: the umask, and the secrets that were to be hidden."""

import os
from collections.abc import Iterator

import pytest

from engine.text import redaction


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
    redaction._HIDDEN._patterns.clear()
    redaction._HIDDEN.pattern = None
