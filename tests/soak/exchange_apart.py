"""A simulated exchange in a process of its own, asked as if it were here: its books of the day take no memory of who trades there."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast

from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.updates import UpdateStream

_FORK = multiprocessing.get_context("fork")
_END_S = 20.0


class _Asked(NamedTuple):
    """What is asked for: of which thing there, and by which attributes; the last of these is called where it can be."""

    thing: int
    path: tuple[str, ...]
    arguments: tuple[Any, ...] = ()


class _Kept(NamedTuple):
    """A thing that stays there."""

    thing: int


class _Apart:
    """A thing of the other process, the exchange itself or a socket for updates: an attribute of it, or a call, is asked for."""

    def __init__(self, pipe: Connection, thing: int = 0, path: tuple[str, ...] = ()) -> None:
        self._pipe = pipe
        self._thing = thing
        self._path = path

    def __getattr__(self, name: str) -> Any:
        path = (*self._path, name)
        if name in _CALLS:
            return lambda *arguments: self._ask(path, arguments)
        return _Apart(self._pipe, self._thing, path) if name in _PARTS else self._ask(path, ())

    def _ask(self, path: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        self._pipe.send(_Asked(self._thing, path, arguments))
        answer = self._pipe.recv()
        return _Apart(self._pipe, answer.thing) if isinstance(answer, _Kept) else answer


_CALLS = frozenset({"request", "open_updates", "step", "set_book", "issue", "take", "close"})
_PARTS = frozenset({"account", "given"})


def _serve(pipe: Connection, make: Callable[[], SimulatedExchange]) -> None:
    """Answer until nobody asks any more."""
    things: list[Any] = [make()]
    while True:
        try:
            asked: _Asked = pipe.recv()
        except EOFError:
            return
        found = things[asked.thing]
        for name in asked.path:
            found = getattr(found, name)
        answer = found(*asked.arguments) if asked.path[-1] in _CALLS else found
        if isinstance(answer, UpdateStream):
            things.append(answer)
            answer = _Kept(len(things) - 1)
        pipe.send(answer)


@contextmanager
def exchange_apart(make: Callable[[], SimulatedExchange]) -> Iterator[SimulatedExchange]:
    """What `make` makes, in a process that ends with the block."""
    ours, theirs = _FORK.Pipe()

    def child() -> None:
        ours.close()
        _serve(theirs, make)

    process = _FORK.Process(target=child, daemon=True)
    process.start()
    theirs.close()
    try:
        yield cast(SimulatedExchange, _Apart(ours))
    finally:
        ours.close()
        process.join(_END_S)
