"""Remembers for each session which sets were ever tried on it."""

from collections.abc import Sequence
from contextlib import closing
from hashlib import blake2b

import msgspec
import numpy as np

from engine.backtest.sweep.looks import Looks
from engine.backtest.sweep.plan import Plan
from engine.config import describe
from engine.runtime.replay.comparable import deciding


def sets_tried(plan: Plan) -> bytes:
    """A number for each set, eight bytes that stand for all of its values."""
    config = deciding(describe(plan.config))
    found = bytearray()
    for row in range(len(plan.sets)):
        config.update(plan.sets.texts(row))
        found += blake2b(msgspec.json.encode(config), digest_size=8).digest()
    return bytes(found)


class Ledger(Looks):
    """The whole of it: which sets were tried on which sessions."""

    def enter(self, plan: Plan) -> None:
        """Enter that these sets are tried on these sessions; again makes no difference."""
        sets = sets_tried(plan)
        sweep = blake2b(sets, digest_size=16).hexdigest()
        seen = [(each.fingerprint, sweep) for each in plan.sessions]
        self._write("INSERT OR IGNORE INTO tried VALUES (?, ?)", [(sweep, sets)])
        self._write("INSERT OR IGNORE INTO seen VALUES (?, ?)", seen)

    def tried(self, sessions: Sequence[str]) -> int:
        """How many distinct sets were ever tried on the one of `sessions` that has seen most."""
        most, known = 0, dict[tuple[str, ...], int]()
        for session in sessions:
            with closing(
                self._database.execute("SELECT sweep FROM seen WHERE session = ? ORDER BY sweep", (session,))
            ) as rows:
                sweeps = tuple(row[0] for row in rows)
            if sweeps not in known:
                known[sweeps] = self._distinct(sweeps)
            most = max(most, known[sweeps])
        return most

    def _distinct(self, sweeps: Sequence[str]) -> int:
        found = np.empty(0, np.uint64)
        for sweep in sweeps:
            row = self._database.execute("SELECT sets FROM tried WHERE sweep = ?", (sweep,)).fetchone()
            found = np.union1d(found, np.frombuffer(row[0], np.uint64))
        return len(found)
