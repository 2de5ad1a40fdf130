"""The broker's three lists as a client reads them: a change shows only some time after it happened. Knows no order."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct


class _Change(Struct, frozen=True):
    """From `shown_ms` on the row `key` is `image`."""

    shown_ms: int
    key: object
    image: Any


class LaggedBook:
    """Rows by key, in the order they came, each shown as `render` makes it; changes show in the order they happened.

    `now_ms` of reads never falls. Only what is read is made, and kept until it changes; what `finish` makes of a row is not.
    """

    def __init__(self, render: Callable[[Any], bytes], finish: Callable[[Any, bytes], bytes] | None = None) -> None:
        self._render = render
        self._finish = finish
        self._changes: list[_Change] = []
        self._shown = 0  # so many changes have reached the images
        self._images: dict[object, Any] = {}
        self._made: dict[object, bytes] = {}
        self._body: bytes | None = None

    def change(self, now_ms: int, lag_ms: int, key: object, image: Any) -> None:
        """What `key` is from now on, to be seen `lag_ms` later; `image` never changes again."""
        latest_ms = self._changes[-1].shown_ms if self._changes else now_ms
        self._changes.append(_Change(max(latest_ms, now_ms + lag_ms), key, image))

    @property
    def settled_ms(self) -> int:
        """From when on it shows all that has happened."""
        return self._changes[-1].shown_ms if self._changes else 0

    def body(self, now_ms: int) -> bytes:
        """The rows, with commas between."""
        self._advance(now_ms)
        if self._body is None or self._finish:
            made, finish, rows = self._made, self._finish, []
            for key, image in self._images.items():
                row = made.get(key)
                if row is None:
                    row = made[key] = self._render(image)
                rows.append(finish(image, row) if finish else row)
            self._body = b",".join(rows)
        return self._body

    def images(self, now_ms: int, ago_ms: int = 0) -> list[Any]:
        """What is shown, or was `ago_ms` ago, not made into rows."""
        self._advance(now_ms)
        if not ago_ms:
            return [*self._images.values()]
        return [*{each.key: each.image for each in self._changes if each.shown_ms <= now_ms - ago_ms}.values()]

    def rows(self, images: Iterable[Any]) -> bytes:
        """Rows of other images, with commas between."""
        finish = self._finish or (lambda _, row: row)
        return b",".join([finish(each, self._render(each)) for each in images])

    def _advance(self, now_ms: int) -> None:
        changes, shown = self._changes, self._shown
        while shown < len(changes) and changes[shown].shown_ms <= now_ms:
            change = changes[shown]
            self._images[change.key] = change.image
            self._made.pop(change.key, None)
            self._body = None
            shown += 1
        self._shown = shown
