"""Compiles the kernel where numba is there; else it runs as it stands. The only room that imports numba."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILES: Final = find_spec("numba") is not None


def compiled(function: Function) -> Function:
    """`function`, compiled when it is first called; never with the liberties that floats may be given (no fastmath)."""
    if not COMPILES:
        return function
    numba = import_module("numba")
    made: Function = numba.njit(cache=True, error_model="numpy")(function)
    return made


def as_read(array: Any) -> Any:
    """`array` as functions read it fastest: compiled as it is, else as a list of plain numbers."""
    return array if COMPILES else array.tolist()


def as_given(numbers: tuple[int, ...]) -> Any:
    """A few numbers as functions take them, to be read and written."""
    return np.array(numbers, np.int64) if COMPILES else list(numbers)
