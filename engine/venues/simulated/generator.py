"""A synthetic but lifelike session of one option as a source of ticks; knows nothing of strategy, pace or threads."""

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from engine.model.errors import InputError
from engine.model.sources import Undamaged
from engine.model.types import Instrument, Tick
from engine.text.sanitize import clean
from engine.venues.simulated.price_path import Path, draws

_OPEN = datetime.time(9, 15)
_MAX_SEED = 2**64 - 1
_MS, _NS = 1_000, 1_000_000_000
_BOOT_S = 900  # the machine's monotonic clock starts this long before the open, ahead of the first packet


class MockSession(Undamaged):
    """One trading day drawn out of a seed: the same seed, date and zone give the same ticks on every machine.

    Prices are multiples of the instrument's tick size, 2,400 to 5,200 of them (120 to 260 rupees at 5 paise);
    quantities are multiples of its lot size. The exchange's stamps are whole seconds. The whole day is drawn at once
    (0.1 s, 700 KB) and never changes afterwards, so any number of threads may read it.
    """

    def __init__(
        self,
        seed: int,
        date: datetime.date,
        zone: str,
        instrument: Instrument,
        begin: datetime.time = datetime.time.min,
    ) -> None:
        """Draw the session of `date`, 09:15 to 15:30 in `zone`, as seen from `begin` on; raises InputError for a wrong seed or zone."""
        if not 0 <= seed <= _MAX_SEED:
            raise InputError(f"mock seed: {seed} is not allowed; a whole number from 0 to {_MAX_SEED} is")
        try:
            opens = datetime.datetime.combine(date, _OPEN, ZoneInfo(zone))
        except (KeyError, ValueError, OSError):
            raise InputError(f"mock zone: {zone!r} is no known time zone; an IANA name like Asia/Kolkata is") from None
        self.name = clean(f"synthetic session, seed {seed}")
        self.zone = zone
        self.instruments = (instrument,)
        self._open_s = int(opens.timestamp())
        self._first_exch_seq = 1_000_000 + next(draws(seed)) % 9_000_000
        self._path = Path(seed)
        begins = datetime.datetime.combine(date, begin, ZoneInfo(zone))
        self._before = bisect_left(
            self._path.seconds, int(begins.timestamp()) - self._open_s
        )  # ticks that are not seen
        if self._before == len(self._path.seconds):
            raise InputError(f"mock begin: {begin} is behind the session's end; 15:30 and any time before is allowed")

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        """The ticks from number `first` on (1 or less: all); each is made when it is asked for."""
        path, instrument = self._path, self.instruments[0]
        step, lot = instrument.tick_size, instrument.lot_size
        boot_ns = (self._open_s - _BOOT_S) * _NS
        for number in range(max(first, 1), self.count() + 1):
            index = self._before + number - 1
            exch_s = self._open_s + path.seconds[index]
            recv_wall_ns = exch_s * _NS + path.delays_ns[index]
            yield Tick(
                seq=number,
                instrument=0,
                flags=0,
                recv_wall_ns=recv_wall_ns,
                recv_ns=recv_wall_ns - boot_ns,
                exch_ms=exch_s * _MS,
                exch_seq=self._first_exch_seq + index,
                price=path.prices[index] * step,
                quantity=path.lots[index] * lot,
                day_volume=path.day_lots[index] * lot,
            )

    def count(self) -> int:
        """How many ticks the session has."""
        return len(self._path.prices) - self._before

    def number_at(self, at_ms: int) -> int:
        """Number of the last tick whose exchange time is ≤ `at_ms` (UTC); 0 if there is none."""
        return max(0, bisect_right(self._path.seconds, at_ms // _MS - self._open_s) - self._before)
