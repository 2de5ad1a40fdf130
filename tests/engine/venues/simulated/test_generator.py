"""A synthetic session is the same everywhere, and every seed gives one that could have happened."""

import datetime
import hashlib
import itertools
import struct
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.sources import TickSource
from engine.model.types import Instrument, Tick
from engine.venues.simulated.generator import MockSession
from engine.venues.simulated.price_path import Path
from tests.support.thorough import examples

NIFTY = Instrument(symbol="NIFTY07OCT2525000CE", token="40672")
DATE = datetime.date(2025, 10, 3)
OPEN_MS = int(datetime.datetime.fromisoformat("2025-10-03T09:15:00+05:30").timestamp()) * 1000
CLOSE_MS = OPEN_MS + 22_500_000
SEEDS = st.integers(0, 2**64 - 1)


def session(seed: int = 1, *, instrument: Instrument = NIFTY) -> MockSession:
    return MockSession(seed, DATE, "Asia/Kolkata", instrument)


ONE = session()
TICKS = list(ONE.ticks())


def digest(ticks: Sequence[Tick]) -> str:
    """SHA-256 of all fields of all ticks as little-endian 64-bit integers."""
    sha = hashlib.sha256()
    for t in ticks:
        head = (t.seq, t.instrument, t.flags, t.recv_wall_ns, t.recv_ns, t.exch_ms)
        sha.update(struct.pack("<12q", *head, t.exch_seq, t.price, t.quantity, t.day_volume, t.bid, t.ask))
    return sha.hexdigest()


# ── The same everywhere ─────────────────────────────────────────────────────────────────────────────────────────────


def test_seed_1_is_this_session_on_every_machine() -> None:
    assert len(TICKS) == 32_664
    assert digest(TICKS) == "bf471b5364527f09ab11d6b16ff7821b14817e3148341a48fb14d0cc27ff4227"


def test_the_same_seed_gives_the_same_ticks_and_another_seed_another_session() -> None:
    assert list(session().ticks()) == TICKS
    other = list(session(2).ticks())
    assert [t.price for t in other[:500]] != [t.price for t in TICKS[:500]]
    assert [t.exch_ms for t in other[:500]] != [t.exch_ms for t in TICKS[:500]]


def test_date_and_zone_move_the_stamps_and_nothing_else() -> None:
    elsewhere = MockSession(1, datetime.date(2024, 7, 1), "America/New_York", NIFTY)
    shift_ms = int(datetime.datetime.fromisoformat("2024-07-01T09:15:00-04:00").timestamp()) * 1000 - OPEN_MS
    for here, there in zip(TICKS, elsewhere.ticks(), strict=True):
        assert there.exch_ms - here.exch_ms == shift_ms
        assert there.recv_wall_ns - here.recv_wall_ns == shift_ms * 1_000_000
        assert (there.price, there.quantity, there.recv_ns) == (here.price, here.quantity, here.recv_ns)


def test_the_instrument_sets_the_grid_and_the_lot() -> None:
    other = Instrument(symbol="BANKNIFTY", tick_size=10, lot_size=30)
    for nifty, tick in zip(TICKS, session(instrument=other).ticks(), strict=True):
        assert tick.price == nifty.price * 2
        assert tick.quantity * 75 == nifty.quantity * 30
        assert tick.day_volume * 75 == nifty.day_volume * 30


# ── Any seed: could it have happened? ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@settings(
    max_examples=examples(20), deadline=None, phases=(Phase.reuse, Phase.generate)
)  # a smaller seed is no simpler
@given(SEEDS)
def test_every_session_could_have_happened(seed: int) -> None:
    ticks = list(session(seed).ticks())
    traded = [t for t in ticks if t.exch_ms >= OPEN_MS]
    check_order(ticks)
    check_receipt(ticks)
    check_prices_and_quantities(ticks)
    check_volume(ticks, traded)
    check_opening(ticks, traded)
    check_rates(traded)
    check_silences(traded)
    check_duplicates(traded)


def check_order(ticks: Sequence[Tick]) -> None:
    assert [t.seq for t in ticks] == list(range(1, len(ticks) + 1))
    first = ticks[0].exch_seq
    assert first > 0
    assert [t.exch_seq for t in ticks] == list(range(first, first + len(ticks)))
    assert all(t.exch_ms % 1000 == 0 for t in ticks)
    assert all(a.exch_ms <= b.exch_ms for a, b in pairwise(ticks))
    assert ticks[-1].exch_ms == CLOSE_MS


def check_receipt(ticks: Sequence[Tick]) -> None:
    assert all(80_000_000 <= t.recv_wall_ns - t.exch_ms * 1_000_000 <= 900_000_000 for t in ticks)
    assert all(a.recv_wall_ns <= b.recv_wall_ns for a, b in pairwise(ticks))
    assert ticks[0].recv_ns > 0
    assert len({t.recv_wall_ns - t.recv_ns for t in ticks}) == 1
    assert sum(t.recv_wall_ns % 1_000_000 != 0 for t in ticks) > 0.99 * len(ticks)


def check_prices_and_quantities(ticks: Sequence[Tick]) -> None:
    assert all(t.price % 5 == 0 and 12_000 <= t.price <= 26_000 for t in ticks)
    assert all(t.quantity % 75 == 0 and 75 <= t.quantity <= 1800 for t in ticks)
    assert all((t.flags, t.bid, t.ask, t.instrument) == (0, 0, 0, 0) for t in ticks)
    prices = [t.price for t in ticks]
    assert max(prices) - min(prices) > 3_000  # trends, not noise about one price


def check_volume(ticks: Sequence[Tick], traded: Sequence[Tick]) -> None:
    assert all(t.day_volume % 75 == 0 for t in ticks)
    assert all(t.day_volume == 0 for t in ticks if t.exch_ms < OPEN_MS)
    assert traded[0].day_volume >= traded[0].quantity
    for before, tick in pairwise(traded):
        grown = tick.day_volume - before.day_volume
        repeated = (tick.price, tick.quantity) == (before.price, before.quantity)
        assert grown >= tick.quantity or (grown == 0 and repeated)


def check_opening(ticks: Sequence[Tick], traded: Sequence[Tick]) -> None:
    early = [t for t in ticks if t.exch_ms < OPEN_MS]
    assert 5 <= len(early) <= 8
    assert all(OPEN_MS - 480_000 <= t.exch_ms <= OPEN_MS - 60_000 for t in early)
    assert abs(traded[0].price - early[-1].price) >= 500
    first_second = [t.price for t in traded if t.exch_ms == OPEN_MS]
    assert len(first_second) >= 8
    assert max(first_second) - min(first_second) >= 200


def check_rates(traded: Sequence[Tick]) -> None:
    assert 30_000 <= len(traded) <= 36_000
    assert max(Counter(t.exch_ms for t in traded).values()) <= 10
    noon = sum(OPEN_MS + 9_900_000 <= t.exch_ms < OPEN_MS + 15_300_000 for t in traded)
    assert noon / 5_400 < 0.5 * (len(traded) - noon) / 17_100


def check_silences(traded: Sequence[Tick]) -> None:
    long = [(a, b) for a, b in pairwise(traded) if b.exch_ms - a.exch_ms >= 5_000]
    assert [b.exch_ms - a.exch_ms for a, b in long] == [10_000]
    assert OPEN_MS + 20 * 60_000 <= long[0][0].exch_ms <= OPEN_MS + 110 * 60_000
    received = [b.recv_ns - a.recv_ns for a, b in pairwise(traded)]
    assert sum(silence >= 5_000_000_000 for silence in received) == 1


def check_duplicates(traded: Sequence[Tick]) -> None:
    rows = [(t.exch_ms, t.price, t.quantity) for t in traded]
    assert 0.10 <= sum(a == b for a, b in pairwise(rows)) / len(rows) <= 0.20


def test_seed_1_has_a_second_of_ten_ticks() -> None:
    later = Counter(t.exch_ms for t in TICKS if t.exch_ms > OPEN_MS)
    assert max(later.values()) == 10


def test_seed_1_moves_in_clusters() -> None:
    """The liveliest half hour moves at least half as much again per tick as the calmest."""
    halves: dict[int, list[int]] = {}
    for a, b in pairwise(t for t in TICKS if OPEN_MS <= t.exch_ms < CLOSE_MS):
        halves.setdefault((b.exch_ms - OPEN_MS) // 1_800_000, []).append(abs(b.price - a.price))
    means = [sum(moves) / len(moves) for moves in halves.values()]
    assert max(means) > 1.5 * min(means)


# ── Reading it from any place ───────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(-3, len(TICKS) + 3))
def test_reading_from_a_tick_on_equals_skipping(first: int) -> None:
    wanted = TICKS[max(first, 1) - 1 :]
    assert list(itertools.islice(ONE.ticks(first), 50)) == wanted[:50]


def test_reading_near_the_end_gives_the_rest_and_then_nothing() -> None:
    assert list(ONE.ticks(len(TICKS) - 9)) == TICKS[-10:]
    assert list(ONE.ticks(len(TICKS) + 1)) == []


def test_count_is_the_number_of_ticks() -> None:
    assert ONE.count() == len(TICKS)


@given(st.integers(OPEN_MS - 600_000, CLOSE_MS + 60_000) | st.sampled_from([t.exch_ms for t in TICKS[::97]]))
def test_number_at_agrees_with_a_linear_scan(at_ms: int) -> None:
    assert ONE.number_at(at_ms) == sum(t.exch_ms <= at_ms for t in TICKS)


def test_it_is_a_source_without_marks_or_losses() -> None:
    source: TickSource = ONE
    assert source.name == "synthetic session, seed 1"
    assert source.instruments == (NIFTY,)
    assert list(source.marks()) == []
    assert source.losses() == ()
    assert source.row_of(17) == "tick 17"


def test_a_session_takes_less_than_a_megabyte() -> None:
    path = Path(1)
    arrays = (path.seconds, path.delays_ns, path.prices, path.lots, path.day_lots)
    assert sum(a.itemsize * len(a) for a in arrays) < 1_000_000


# ── Wrong input ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused_in_one_line(seed: int) -> None:
    with pytest.raises(InputError, match=rf"^mock seed: {seed} is not allowed; a whole number from 0 to 18446744"):
        session(seed)


@pytest.mark.parametrize("zone", ["Asia/Atlantis", "../etc/passwd", "", "Asia", "Bad\x1b[31mZone"])
def test_an_unknown_zone_is_refused_in_one_line(zone: str) -> None:
    with pytest.raises(
        InputError, match=r"^mock zone: .* is no known time zone; an IANA name like Asia/Kolkata is$"
    ) as e:
        MockSession(1, DATE, zone, NIFTY)
    assert "\x1b" not in str(e.value)


# ── From a later moment on ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("begin", [datetime.time(9, 15), datetime.time(11, 7, 30), datetime.time(15, 30)])
def test_from_a_later_moment_on_it_is_the_same_session_numbered_anew(begin: datetime.time) -> None:
    later = MockSession(1, DATE, "Asia/Kolkata", NIFTY, begin)
    begins_ms = (
        int(datetime.datetime.combine(DATE, begin, datetime.timezone(datetime.timedelta(hours=5.5))).timestamp()) * 1000
    )
    wanted = [tick for tick in TICKS if tick.exch_ms >= begins_ms]
    found = list(later.ticks())
    assert [tick.seq for tick in found] == list(range(1, len(wanted) + 1))
    assert [msgspec.structs.replace(tick, seq=0) for tick in found] == [
        msgspec.structs.replace(tick, seq=0) for tick in wanted
    ]
    assert later.count() == len(wanted)
    assert list(later.ticks(5)) == found[4:]
    middle = found[len(found) // 2].exch_ms
    assert later.number_at(middle) == max(tick.seq for tick in found if tick.exch_ms <= middle)
    assert later.number_at(begins_ms - 1) == 0


def test_it_cannot_begin_behind_its_end() -> None:
    with pytest.raises(InputError, match=r"mock begin: 15:31:00 is behind"):
        MockSession(1, DATE, "Asia/Kolkata", NIFTY, datetime.time(15, 31))
