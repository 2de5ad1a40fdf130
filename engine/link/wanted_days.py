"""The pages of days that a screen looks at: which it wants, and what was answered. Knows no connection."""

from threading import Lock
from typing import Final

from engine.link.protocol import GetDays
from engine.model.day_page import DayPage

PAGES_KEPT: Final = 4


class WantedDays:
    """Asked by the screen, fed by the link's thread; both return at once."""

    def __init__(self) -> None:
        self._lock = Lock()  # held for a few lines by either thread
        self._pages: dict[GetDays, DayPage] = {}  # the one that was looked at last stands last
        self._wish: GetDays | None = None

    def page(self, date: str, today: str, rewinds: int) -> DayPage:
        """The page as it was answered last, LATER where it never was; one that is not here is wished for."""
        key = GetDays(date, today, rewinds)
        with self._lock:
            page = self._pages.pop(key, None) or DayPage(date, today, rewinds, "LATER")
            self._pages[key] = page
            while len(self._pages) > PAGES_KEPT:
                del self._pages[next(iter(self._pages))]
            if page.state != "HERE":
                self._wish = key
            return page

    def next_wish(self) -> GetDays | None:
        """What to ask the engine for next."""
        with self._lock:
            wish, self._wish = self._wish, None
            return wish

    def take(self, page: DayPage) -> None:
        """Take an answer; one that nobody looks at any more is dropped."""
        key = GetDays(page.date, page.today, page.rewinds)
        with self._lock:
            if key in self._pages:
                self._pages[key] = page

    def forget(self) -> None:
        """Another engine answers from now on."""
        with self._lock:
            self._pages, self._wish = {}, None
