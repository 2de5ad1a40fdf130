"""How far a source was read, told while it is."""

from collections.abc import Callable, Iterator

from engine.model.sources import FileSource, TickSource
from engine.model.types import Tick

_PROGRESS_TICKS = 5000

Progress = Callable[[float], object]


def followed(source: TickSource, progress: Progress | None) -> Iterator[Tick]:
    """The ticks of `source`; `progress` is told now and then which part of it they are."""
    return source.ticks() if progress is None else _followed(source, progress)


def _followed(source: TickSource, progress: Progress) -> Iterator[Tick]:
    total = 0 if isinstance(source, FileSource) else max(1, source.count())
    for tick in source.ticks():
        yield tick
        if not tick.seq % _PROGRESS_TICKS:
            progress(source.fraction_read() if isinstance(source, FileSource) else tick.seq / total)
