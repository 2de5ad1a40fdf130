"""The file of `--trades`: one row per exit, written while the run goes on. Reads the engine, changes nothing."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO, Self, cast

from engine.assembly import Run
from engine.assembly.watch_list import list_changes
from engine.model.errors import InputError
from engine.model.types import Instrument, Trade
from engine.outside.files import create_private, part_of, put_in_place, refuse_existing
from engine.presentation.money import plain_money
from engine.text.spreadsheet import cell

_Cell = Callable[[Trade, Instrument, Callable[[int], str]], str]  # of a trade, its instrument and how a time is written
_COLUMNS: dict[str, _Cell] = {
    "entry_time": lambda trade, _, stamp: stamp(trade.entry_ms),
    "exit_time": lambda trade, _, stamp: stamp(trade.exit_ms),
    "entry_price": lambda trade, instrument, _: instrument.price_text(trade.entry_price),
    "exit_price": lambda trade, instrument, _: instrument.price_text(trade.exit_price),
    "quantity": lambda trade, instrument, _: instrument.quantity_text(trade.quantity),
    "gross_pnl": lambda trade, _, __: plain_money(trade.gross_pnl),
    "costs": lambda trade, _, __: plain_money(trade.costs),
    "net_pnl": lambda trade, _, __: plain_money(trade.net_pnl),
    "exit_reason": lambda trade, _, __: trade.reason,
}
_OF_SEVERAL: dict[str, _Cell] = {"symbol": lambda _, instrument, __: instrument.symbol}


class TradeFile:
    """The `--trades` file: tried before the run, so that a bad path is told at once; put in place after it.

    It is written under a temporary name and renamed, so that a run that never began leaves an older list as it was. Rows
    are written as exits happen, by a thread of its own: no turn waits for the disk, and no list grows with the run.
    """

    def __init__(self, path: Path | None, *sources: Path, force: bool = False) -> None:
        self._path = path
        self._sources = sources
        self._force = force
        self._open = ExitStack()
        self._file: BinaryIO | None = None  # takes the rows while the run goes on
        self._part: Path | None = None  # what it is called until it is put in place
        self._special: BinaryIO | None = None  # a pipe or a device: gets the rows at the end, when none is taken back
        self._exits: SimpleQueue[Trade | int | None] = SimpleQueue()
        # The only one that touches the file while a run goes on; ends with the None of `_end`.
        self._thread: Thread | None = None
        self._problem: Exception | None = None

    @property
    def path(self) -> Path | None:
        """Where the list will be."""
        return self._path

    def __enter__(self) -> Self:
        if self._path is not None:
            from tempfile import TemporaryFile  # noqa: PLC0415 - with those below half a megabyte that few runs need

            with self._told():
                if _is_stream(self._path):
                    # Appending: what stands behind /dev/stdout may be a file that others write to as well.
                    self._special = self._open.enter_context(self._path.open("ab"))
                    self._file = cast(BinaryIO, self._open.enter_context(TemporaryFile()))
                else:
                    refuse_existing(self._path, self._force, *self._sources)
                    self._part = part_of(self._path)
                    self._open.callback(self._part.unlink, missing_ok=True)
                    self._file = self._open.enter_context(os.fdopen(create_private(self._part), "w+b"))
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        with suppress(OSError):
            self._open.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            raise InputError(f"--trades {error}") from None
        except OSError as error:
            raise InputError(f"--trades {self._path}: cannot be written: {error.strerror}") from error

    def follow(self, run: Run) -> None:
        """Write one row per exit of `run`, which must not have begun; a column `symbol` only where there are, or may come to be, several instruments."""
        if self._file is not None:
            self._thread = Thread(target=self._take_exits, args=(run, self._file), name="trades", daemon=True)
            self._thread.start()
            run.engine.exits.follow(self._exits.put)

    def finish(self) -> None:
        """Put the file in its place once the run is over; raises InputError where its disk refused."""
        self._end()
        with self._told():
            if self._problem is not None:
                raise self._problem
            if self._file is None or self._path is None:
                return
            self._file.flush()
            if self._part is not None:
                self._put_in_place(self._file, self._part, self._path)
            if self._special is not None:
                from shutil import copyfileobj  # noqa: PLC0415

                self._file.seek(0)
                copyfileobj(self._file, self._special)
                self._special.flush()

    def _put_in_place(self, file: BinaryIO, part: Path, path: Path) -> None:
        try:
            put_in_place(part, path, self._force, *self._sources)
        except InputError as error:  # it has come while the run went on: neither of the two lists is thrown away
            self._open.pop_all()
            file.close()
            raise InputError(f"{error}; this run's list is {part}") from None

    def _end(self) -> None:
        if self._thread is not None:
            self._exits.put(None)
            self._thread.join()
            self._thread = None

    def _take_exits(self, run: Run, file: BinaryIO) -> None:
        """The thread; what broke is raised by `finish`, when there is somebody to tell, and what comes after it is let go."""
        try:
            self._write_rows(run, file)
        except Exception as error:  # noqa: BLE001 - the mouth of the thread
            self._problem = error
            while self._exits.get() is not None:
                continue

    def _write_rows(self, run: Run, file: BinaryIO) -> None:
        states = run.trader.state.instrument_states
        one = len(states) == 1 and not list_changes(run.source)
        columns = _COLUMNS if one else _COLUMNS | _OF_SEVERAL
        file.write(_line(columns))
        while (item := self._exits.get()) is not None:
            if isinstance(item, int):
                _cut(file, item)
            else:
                instrument = states[item.instrument].instrument
                file.write(_line(read(item, instrument, run.trader.hours.stamp) for read in columns.values()))


def _line(cells: Iterable[str]) -> bytes:
    from csv import writer  # noqa: PLC0415

    text = io.StringIO(newline="")
    writer(text, lineterminator="\n").writerow(map(cell, cells))
    return text.getvalue().encode()


def _cut(file: BinaryIO, rows: int) -> None:
    """Cut the file behind its head and the first `rows` rows; a row is a line, for all its texts are cleaned."""
    file.seek(0)
    for _ in range(rows + 1):
        file.readline()
    file.truncate(file.tell())


def _is_stream(path: Path) -> bool:
    """Whether `path` is a pipe, a terminal or a device, or one of our own open files such as /dev/stdout."""
    if path.parent in {Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd")}:
        return path.exists() and not path.is_dir()
    return path.exists() and not path.is_file() and not path.is_dir()
