"""The broker's three lists as a client reads them: a change shows only some time after it happened. Knows no order."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from tests.simulator.exchange.due import NEVER


class _Change(Struct, frozen=True):
    """From `shown_ms` on the row `key` is `image`."""

    shown_ms: int
    key: object
    image: Any


class LaggedBook:
    """Rows by key, in the order they came, each shown as `render` makes it; changes show in the order they happened.

    `now_ms` of reads never falls. Only what is read is made, and kept until it changes.
    """

    def __init__(self, render: Callable[[Any], bytes]) -> None:
        self._render = render
        self._changes: list[_Change] = []
        self._shown = 0  # so many changes have reached the images
        self._next_ms = NEVER  # when the next one does
        self._images: dict[object, Any] = {}
        self._made: dict[object, bytes] = {}
        self._body: bytes | None = None

    def change(self, now_ms: int, lag_ms: int, key: object, image: Any) -> None:
        """What `key` is from now on, to be seen `lag_ms` later; `image` never changes again."""
        latest_ms = self._changes[-1].shown_ms if self._changes else now_ms
        shown_ms = max(latest_ms, now_ms + lag_ms)
        self._changes.append(_Change(shown_ms, key, image))
        if shown_ms < self._next_ms:
            self._next_ms = shown_ms

    @property
    def settled_ms(self) -> int:
        """From when on it shows all that has happened."""
        return self._changes[-1].shown_ms if self._changes else 0

    def body(self, now_ms: int) -> bytes:
        """The rows, with commas between."""
        if self._next_ms <= now_ms:
            self._advance(now_ms)
        if self._body is None:
            made = self._made
            for key, image in self._images.items():
                if key not in made:
                    made[key] = self._render(image)
            self._body = b",".join([made[key] for key in self._images])
        return self._body

    def images(self, now_ms: int, ago_ms: int = 0) -> list[Any]:
        """What is shown, or was `ago_ms` ago, not made into rows."""
        self._advance(now_ms)
        if not ago_ms:
            return [*self._images.values()]
        return [*{each.key: each.image for each in self._changes if each.shown_ms <= now_ms - ago_ms}.values()]

    def rows(self, images: Iterable[Any]) -> bytes:
        """Rows of other images, with commas between."""
        return b",".join(map(self._render, images))

    def _advance(self, now_ms: int) -> None:
        changes, shown = self._changes, self._shown
        while shown < len(changes) and changes[shown].shown_ms <= now_ms:
            change = changes[shown]
            self._images[change.key] = change.image
            self._made.pop(change.key, None)
            self._body = None
            shown += 1
        self._shown = shown
        self._next_ms = changes[shown].shown_ms if shown < len(changes) else NEVER
