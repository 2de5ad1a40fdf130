"""Pages of days out of the journal for whoever must not wait: a thread of its own reads each, everybody else asks again.

A disk that hangs holds that thread and nobody else. Pages are read one at a time; a few are kept.
"""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from typing import Final

from engine.model.day_page import DAYS_A_PAGE, TRADES_A_PAGE, DayPage
from engine.model.history import DayTrade
from engine.text.day_words import is_date
from engine.text.sanitize import clean

PAGES_KEPT: Final = 8
_SILENT_NS: Final = 2_000_000_000  # a disk that has not answered for so long is said not to
_AGAIN_NS: Final = 1_000_000_000  # between two tries of what could not be read
_LONGEST_REASON: Final = 120

_Key = tuple[str, str, int]


class DayPages:
    """Days of the journal in `folder`; `page` returns at once and may come from any thread.

    `rewinds` says how often a replay has gone back.
    """

    def __init__(
        self, folder: Path, rewinds: Callable[[], int], clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._folder = folder
        self._rewinds = rewinds
        self._clock_ns = clock_ns
        self._lock = (
            Lock()
        )  # held for a few lines by who asks and by the thread, never over a read; guards what follows
        self._pages: dict[_Key, tuple[DayPage, int]] = {}  # with when it was read; what was wanted last stands last
        self._reading: tuple[_Key, int] | None = None  # and since when

    def page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The newest days ("" for `date`), or that day's exits, if they are read; else they will be, and LATER says so."""
        key = (date, today, rewinds)
        if rewinds != self._rewinds():
            return DayPage(*key, "LATER")
        if date and not is_date(date):
            return DayPage(*key, "UNREADABLE", reason="there is no such day")
        now_ns = self._clock_ns()
        with self._lock:
            known, read_ns = self._pages.pop(key, (None, 0))
            if known is not None:
                self._pages[key] = (known, read_ns)
            failed = known is not None and known.state != "HERE" and now_ns - read_ns >= _AGAIN_NS
            if self._reading is None and (known is None or failed):
                self._read_soon(key, now_ns)
            since = self._reading
            if since is not None and now_ns - since[1] > _SILENT_NS and (known is None or known.state != "HERE"):
                return DayPage(*key, "UNREADABLE", reason="the disk does not answer")
            return known or DayPage(*key, "LATER")

    def _read_soon(self, key: _Key, now_ns: int) -> None:
        # A daemon: a disk that hangs under it must not keep the process from its end.
        thread = Thread(target=self._run, args=(key,), name="day-pages", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread can be had; the next one who asks tries again
            return
        self._reading = (key, now_ns)

    def _run(self, key: _Key) -> None:
        """The thread: it reads one page."""
        try:
            page = self._read(*key)
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: whatever it is costs this page alone
            page = DayPage(*key, "UNREADABLE", reason=clean(str(error) or type(error).__name__, _LONGEST_REASON))
        with self._lock:
            self._reading = None
            self._pages[key] = (page, self._clock_ns())
            while len(self._pages) > PAGES_KEPT:
                del self._pages[next(iter(self._pages))]

    def _read(self, date: str, today: str, rewinds: int) -> DayPage:
        # Only who looks back pays for these, and only this thread waits for a disk that has them.
        from engine.journal.chain_reader import ChainReader  # noqa: PLC0415
        from engine.journal.days import day_results, day_trades  # noqa: PLC0415
        from engine.journal.history import History  # noqa: PLC0415
        from engine.journal.schema import open_reader  # noqa: PLC0415

        chain = ChainReader(self._folder, open_reader)
        history = History(chain)
        if not date:
            days = tuple(day_results(history, DAYS_A_PAGE))
            return DayPage(date, today, rewinds, "HERE", days, problems=tuple(chain.problems))
        marks = history.days(1 << 30)
        if all(mark.date != date for mark in marks):
            return DayPage(date, today, rewinds, "UNREADABLE", reason="the journal does not tell of that day")
        trades: deque[DayTrade] = deque(maxlen=TRADES_A_PAGE)
        total = 0
        for trade in day_trades(history, marks, date):
            trades.append(trade)
            total += 1
        return DayPage(date, today, rewinds, "HERE", trades=tuple(trades), total=total, problems=tuple(chain.problems))
