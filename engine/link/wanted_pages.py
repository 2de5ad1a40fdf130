"""The pages of exits that a screen looks at: which it wants, and what was answered. Knows no connection."""

from threading import Lock
from typing import Final

from engine.link.protocol import GetExits
from engine.model.exit_page import ExitPage

PAGES_KEPT: Final = 6  # more than a screen shows at once
_MOST_WISHES: Final = 3

_Key = tuple[int, int, int]


class WantedPages:
    """Asked by the screen, fed by the link's thread; both return at once."""

    def __init__(self) -> None:
        self._lock = Lock()  # held for a few lines by either thread
        self._pages: dict[_Key, ExitPage] = {}  # the one that was looked at last stands last
        self._wishes: dict[_Key, None] = {}

    def page(self, first: int, last: int, rewinds: int) -> ExitPage:
        """The page as it was answered last, LATER where it never was; one that is not here is wished for."""
        key = (first, last, rewinds)
        with self._lock:
            page = self._pages.pop(key, None) or ExitPage(*key, "LATER")
            self._pages[key] = page
            self._shorten(self._pages, PAGES_KEPT)
            if page.state != "HERE":
                self._wishes[key] = None
                self._shorten(self._wishes, _MOST_WISHES)
            return page

    def next_wish(self) -> GetExits | None:
        """What to ask the engine for next."""
        with self._lock:
            key = next(iter(self._wishes), None)
            if key is None:
                return None
            del self._wishes[key]
            return GetExits(*key)

    def take(self, page: ExitPage) -> None:
        """Take an answer; one that nobody looks at any more is dropped."""
        key = (page.first, page.last, page.rewinds)
        with self._lock:
            if key in self._pages:
                self._pages[key] = page

    def forget(self) -> None:
        """Another engine answers from now on."""
        with self._lock:
            self._pages, self._wishes = {}, {}

    @staticmethod
    def _shorten(kept: dict[_Key, ExitPage] | dict[_Key, None], most: int) -> None:
        while len(kept) > most:
            del kept[next(iter(kept))]
