"""The snapshot as bytes, encoded once for all clients: a light part, and sections that are sent only when they changed.

Knows neither clients nor sockets.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from engine.link.frames import frame
from engine.link.protocol import ENCODER, FIRST_SECTIONS, LIGHT, REPLY_LIMIT, SECTIONS
from engine.model.snapshot import Snapshot

_EMPTY: dict[str, tuple[()]] = dict.fromkeys(SECTIONS, ())


class SnapshotDelta:
    """The newest snapshot's parts, each encoded when a client first lacks it; not thread-safe."""

    def __init__(self) -> None:
        self.versions = dict.fromkeys(SECTIONS, 0)
        self.number = -1
        self._snapshot: Snapshot | None = None
        self._frames: dict[str, bytes] = {}

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
        self.number = snapshot.number
        self._snapshot = snapshot

    def versions_for(self, have: Mapping[str, int]) -> dict[str, int]:
        """The versions of the sections that a client knows which names those in `have`."""
        return {name: self.versions[name] for name in SECTIONS if name in have or name in FIRST_SECTIONS}

    def wanted(self, number: int, have: Mapping[str, int]) -> tuple[tuple[str, ...], list[bytes]]:
        """Names and frames of what a client lacks that has snapshot `number` and the sections `have`.

        Together they are at most `REPLY_LIMIT` bytes; what does not fit is wanted again with the next look.
        """
        names = [name for name, version in self.versions_for(have).items() if have.get(name) != version]
        if number != self.number:
            names.insert(0, LIGHT)
        chosen, frames, room = [], [], REPLY_LIMIT
        for name in names:
            encoded = self._frame(name)
            room -= len(encoded)
            if room < 0:
                break
            chosen.append(name)
            frames.append(encoded)
        return tuple(chosen), frames

    def _frame(self, name: str) -> bytes:
        if name not in self._frames:
            assert self._snapshot is not None, "take a snapshot first"
            part = replace(self._snapshot, **_EMPTY) if name == LIGHT else getattr(self._snapshot, name)
            self._frames[name] = frame(ENCODER.encode(part))
        return self._frames[name]
