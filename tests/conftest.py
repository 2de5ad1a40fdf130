"""What one file of tests does to the process is undone before the next: the umask, and the secrets that were to be hidden."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from engine.text import redaction

# How long a case may take says nothing on a machine that has other work.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
    redaction._HIDDEN._patterns.clear()
    redaction._HIDDEN.pattern = None
