"""Pages of exits out of the journal for whoever must not wait: a thread of their own reads, everybody else asks again.

A disk that hangs holds that thread and nobody else. What is kept is bounded: a few pages, a few places in the journal.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final

from engine.journal.exit_rows import END, exit_rows
from engine.model.exit_page import EXITS_A_PAGE, ExitPage
from engine.text.sanitize import clean

PAGES_KEPT: Final = 8
PLACES_KEPT: Final = 64
MOST_WAITING: Final = 8
_SILENT_NS: Final = 2_000_000_000  # a disk that has not answered for so long is said not to
_AGAIN_NS: Final = 1_000_000_000  # between two tries of what could not be read
_LONGEST_REASON: Final = 120

_Key = tuple[int, int, int]


class ExitPages:
    """Exits of the journal in `folder`, by number; `page` returns at once and may come from any thread.

    `symbols` gives the instruments by their numbers now. `position` says how often a replay has gone back, and the number of the newest exit, read in this order.
    """

    def __init__(
        self,
        folder: Path,
        position: Callable[[], tuple[int, int]],
        clock_ns: Callable[[], int] = time.monotonic_ns,
        *,
        symbols: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._folder = folder
        self._symbols = symbols
        self._position = position
        self._clock_ns = clock_ns
        self._lock = (
            Lock()
        )  # held for a few lines by who asks and by the thread, never over a read; guards what follows
        self._pages: dict[_Key, ExitPage] = {}  # the one that was wanted last stands last
        self._failed_ns: dict[_Key, int] = {}  # those of them that could not be read: when
        self._waiting: set[_Key] = set()
        self._reading_since_ns: int | None = None
        self._thread: Thread | None = None
        self._wanted: SimpleQueue[_Key] = SimpleQueue()
        # In the thread alone: exit number → its row. Exits before it stand before that row.
        self._places: dict[int, int] = {}
        self._places_of = 0

    def page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """Exits number `first` to `last` (at most `EXITS_A_PAGE`) if they are read; else they will be, and LATER says so."""
        key = (first, last, rewinds)
        gone_back, newest = self._position()
        if rewinds != gone_back:
            return ExitPage(*key, "LATER")
        if not 0 < first <= last <= newest or last - first >= EXITS_A_PAGE:
            return ExitPage(*key, "UNREADABLE", reason="there are no such exits")
        now_ns = self._clock_ns()
        with self._lock:
            known = self._pages.pop(key, None)
            if known is not None:
                self._pages[key] = known
            if known is None or self._may_try_again(key, now_ns):
                self._want(key)
            since_ns = self._reading_since_ns
            if since_ns is not None and now_ns - since_ns > _SILENT_NS and (known is None or known.state != "HERE"):
                return ExitPage(*key, "UNREADABLE", reason="the disk does not answer")
            return known or ExitPage(*key, "LATER")

    def _may_try_again(self, key: _Key, now_ns: int) -> bool:
        failed_ns = self._failed_ns.get(key)
        return failed_ns is not None and now_ns - failed_ns >= _AGAIN_NS

    def _want(self, key: _Key) -> None:
        """Have a page read, unless so many are waited for that whoever wants it has to ask again."""
        if key in self._waiting or len(self._waiting) >= MOST_WAITING:
            return
        if self._thread is None:
            # A daemon: a disk that hangs under it must not keep the process from its end.
            self._thread = Thread(target=self._run, name="exit-pages", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # no thread can be had; the next one who asks tries again
                self._thread = None
                return
        self._waiting.add(key)
        self._wanted.put(key)

    # ── The thread. Everything below runs in it alone. ──────────────────────────────────────────────────────────

    def _run(self) -> None:
        while True:
            key = self._wanted.get()
            with self._lock:
                self._reading_since_ns = self._clock_ns()
            page = self._read(key)
            with self._lock:
                self._reading_since_ns = None
                self._waiting.discard(key)
                self._keep(key, page)

    def _read(self, key: _Key) -> ExitPage:
        first, last, rewinds = key
        if rewinds != self._places_of:
            self._places, self._places_of = {}, rewinds
        try:
            after = min((number for number in self._places if number > last), default=0)
            trades, row = exit_rows(self._folder, first, last, self._places.get(after, END), self._symbols())
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: whatever it is costs this page alone
            self._places = {}
            return ExitPage(*key, "UNREADABLE", reason=clean(str(error) or type(error).__name__, _LONGEST_REASON))
        self._places[first] = row
        if len(self._places) > PLACES_KEPT:  # every other one: the way from one to the next stays even
            self._places = dict(sorted(self._places.items())[::2])
        return ExitPage(*key, "HERE", trades)

    def _keep(self, key: _Key, page: ExitPage) -> None:
        gone_back, _ = self._position()
        if any(known[2] != gone_back for known in (*self._pages, key)):
            self._pages = {known: held for known, held in self._pages.items() if known[2] == gone_back}
            self._failed_ns = {known: at_ns for known, at_ns in self._failed_ns.items() if known[2] == gone_back}
        self._failed_ns.pop(key, None)
        if key[2] != gone_back:  # it may hold exits that are no more
            return
        if page.state == "UNREADABLE":
            self._failed_ns[key] = self._clock_ns()
        self._pages[key] = page
        while len(self._pages) > PAGES_KEPT:
            oldest = next(iter(self._pages))
            del self._pages[oldest]
            self._failed_ns.pop(oldest, None)
