"""Chance by a number."""

from collections.abc import Callable
from random import Random

import pytest


@pytest.fixture
def rng_of() -> Callable[[int], Random]:
    """Chance that begins with a seed."""
    return Random
