"""What a sweep is: which sets over which sessions, cut into units. Plain data, and one fingerprint that says whether two are the same."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from engine.backtest.sweep.days import Session, files_in, sessions_of
from engine.backtest.sweep.sets import Sets
from engine.config import Config, describe
from engine.runtime.replay.comparable import deciding
from engine.version import RULES_REVISION, VERSION

CHUNK: Final = 2_000  # sets of one unit


class SessionFacts(Struct, frozen=True):
    """A session as a sweep remembers it."""

    path: str
    day: str
    fingerprint: str
    stated: str  # in short
    ticks: int
    losses: tuple[str, ...] = ()  # of its file

    @property
    def name(self) -> str:
        """What it is called to a person."""
        return f"{Path(self.path).name} {self.day}"


class Search(Struct, frozen=True):
    """How the sets were chosen, and by whom they are run: `trials` None is the whole grid."""

    config_file: str | None
    overrides: tuple[str, ...]  # of what does not vary
    trials: int | None = None
    seed: int = 0
    by_engine: bool = False


class Unit(Struct, frozen=True):
    """One session with up to so many sets: `number` is its place among all units, `first` the row of its first set."""

    number: int
    session: int
    first: int
    count: int


class Plan(Struct, frozen=True):
    """A sweep: `config` has what does not vary."""

    config: Config
    sets: Sets
    sessions: tuple[SessionFacts, ...]
    search: Search

    def units(self) -> Iterator[Unit]:
        """All its units in their order."""
        return units_of(len(self.sets), len(self.sessions))

    def identity(self) -> dict[str, str]:
        """What must be the same for results to be of the same sweep, by what a person calls it."""
        config = {key: text for key, text in deciding(describe(self.config)).items() if key not in self.varying}
        axes = [(axis.key, axis.texts) for axis in self.sets.axes]
        return {
            "version": VERSION,
            "rules": str(RULES_REVISION),
            "files": _digest([(each.day, each.fingerprint, each.stated) for each in self.sessions]),
            "sets": _digest((axes, self.search.trials, self.search.seed, self.search.by_engine)),
            "configuration": _digest(config),
        }

    @property
    def varying(self) -> frozenset[str]:
        """The keys that vary."""
        return frozenset(axis.key for axis in self.sets.axes)


def units_of(sets: int, sessions: int) -> Iterator[Unit]:
    """All units of so many: one part of the sets over all sessions, then the next, so that a part is prepared once."""
    number = 0
    for first in range(0, sets, CHUNK):
        for session in range(sessions):
            yield Unit(number, session, first, min(CHUNK, sets - first))
            number += 1


def _digest(of: object) -> str:
    return blake2b(msgspec.json.encode(of, order="sorted"), digest_size=12).hexdigest()


def found_sessions(places: Sequence[Path], config: Config) -> Iterator[tuple[SessionFacts, Session]]:
    """The sessions of all files at `places`, each once, one file at a time; raises InputError, ConfigError."""
    known: set[str] = set()
    for path in files_in(places):
        for session in sessions_of(path, config):
            fingerprint = session.fingerprint()
            if fingerprint not in known:
                known.add(fingerprint)
                day, stated = session.day.isoformat(), _digest(session.stated)
                place = str(path.absolute())
                yield SessionFacts(place, day, fingerprint, stated, len(session.raw), session.losses), session
