"""The snapshot as bytes, encoded once for all clients: a light part, and sections that are sent only when they changed.

Knows neither clients nor sockets.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from engine.link.frames import frame
from engine.link.protocol import (
    ENCODER,
    FIRST_SECTIONS,
    LIGHT,
    ORDERS_CHANGED,
    REPLY_LIMIT,
    SECTIONS,
    OrderChanges,
)
from engine.model.order_views import OrderView
from engine.model.snapshot import Snapshot

_ORDERS_KEPT = 16  # versions of the day's orders that a client may be behind by and be told only what has changed
_EMPTY: dict[str, tuple[()]] = dict.fromkeys(SECTIONS, ())


class SnapshotDelta:
    """The newest snapshot's parts, each encoded when a client first lacks it; not thread-safe."""

    def __init__(self) -> None:
        self.versions = dict.fromkeys(SECTIONS, 0)
        self.number = -1
        self._snapshot: Snapshot | None = None
        self._frames: dict[str, bytes] = {}
        self._orders: dict[int, tuple[OrderView, ...]] = {}  # by version, the newest ones
        self._changes: dict[int, bytes] = {}  # frames of what has changed since a version

    def take(self, snapshot: Snapshot) -> None:
        """Make `snapshot` the one to be looked at; a section equal to the one before keeps version and bytes."""
        before = self._snapshot
        if snapshot is before:
            return
        self._frames.pop(LIGHT, None)
        for name in SECTIONS:
            # What has not changed is the same object: the comparison of a thousand trades takes 2 µs.
            if before is None or getattr(before, name) != getattr(snapshot, name):
                self.versions[name] += 1
                self._frames.pop(name, None)
        if self.versions["orders"] not in self._orders:
            self._orders[self.versions["orders"]] = snapshot.orders
            self._orders.pop(self.versions["orders"] - _ORDERS_KEPT, None)
            self._changes.clear()
        self.number = snapshot.number
        self._snapshot = snapshot

    def versions_for(self, have: Mapping[str, int]) -> dict[str, int]:
        """The versions of the sections that a client knows which names those in `have`."""
        return {name: self.versions[name] for name in SECTIONS if name in have or name in FIRST_SECTIONS}

    def wanted(
        self, number: int, have: Mapping[str, int], *, changes: bool = False
    ) -> tuple[tuple[str, ...], list[bytes]]:
        """Names and frames of what a client lacks that has snapshot `number` and the sections `have`.

        With `changes` it takes what has changed of the orders instead of all of them. Together they are at most `REPLY_LIMIT` bytes; what does not fit is wanted again with the next look.
        """
        names = [name for name, version in self.versions_for(have).items() if have.get(name) != version]
        if number != self.number:
            names.insert(0, LIGHT)
        chosen, frames, room = [], [], REPLY_LIMIT
        for name in names:
            by_changes = name == "orders" and changes and have[name] in self._orders
            encoded = self._changed(have[name]) if by_changes else self._frame(name)
            room -= len(encoded)
            if room < 0:
                break
            chosen.append(ORDERS_CHANGED if by_changes else name)
            frames.append(encoded)
        return tuple(chosen), frames

    def _changed(self, version: int) -> bytes:
        """What has changed of the orders since `version`, encoded."""
        if version not in self._changes:
            rows = self._orders[self.versions["orders"]]
            known = {each.number: each for each in self._orders[version]}
            # What has not changed is the same object.
            other = tuple(each for each in rows if known.get(each.number) is not each)
            changes = OrderChanges(tuple(each.number for each in rows), other)
            self._changes[version] = frame(ENCODER.encode(changes))
        return self._changes[version]

    def _frame(self, name: str) -> bytes:
        if name not in self._frames:
            assert self._snapshot is not None, "take a snapshot first"
            part = replace(self._snapshot, **_EMPTY) if name == LIGHT else getattr(self._snapshot, name)
            self._frames[name] = frame(ENCODER.encode(part))
        return self._frames[name]
