"""In which order tests are run; what one file of tests does to the process is undone before the next."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from engine.text import redaction
from tests.support.thorough import LONG, examples

gc.disable()  # while thousands of tests are collected, which all stay; `pytest_collection_finish` turns it on again

# How long a case may take says nothing on a machine that has other work. The same cases each time, unless all are tried.
settings.register_profile("unhurried", deadline=None, max_examples=examples(100), derandomize=not LONG)
settings.load_profile("unhurried")


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
    redaction._HIDDEN._patterns.clear()
    redaction._HIDDEN.pattern = None


@pytest.fixture(autouse=True)
def signals_reach_us() -> Iterator[None]:
    """Signals that a test blocked would be blocked in the children of all tests behind it as well, and time limits with them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: they are given to whichever worker is free, and none is left alone with them at the end."""
    slow = {each.path for each in items if each.get_closest_marker("slow")}
    items.sort(key=lambda each: each.path not in slow)


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()
