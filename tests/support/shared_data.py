"""Recorded sessions that lie beside the project on some machines; a test that needs one is skipped where it is missing."""

from pathlib import Path

import pytest

from tests.support.paths import SHARED


def shared(name: str) -> Path:
    """The recorded session `name`; skips where it is missing."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"no recorded data beside the project: {name}")
    return path
