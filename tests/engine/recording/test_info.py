"""What is inside a file is counted right, in bounded memory, and told in lines a person can read."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.model.commands import Lock
from engine.model.events import StateKept
from engine.model.marks import EventMark, InputMark, StartMark, StateMark
from engine.model.types import Instrument
from engine.recording import MqrSource
from engine.recording.info import info_lines, inspect_file
from engine.recording.tally import Fingerprint, Times, Window
from tests.support.recordings.recording_samples import NIFTY, NINE_OCLOCK_MS, header, tick, write

DAY_MS = 86_400_000


def test_all_that_can_be_said_of_a_file(tmp_path: Path) -> None:
    times = [0, 1000, 1000, 9000, 9001, *range(20_000, 20_090, 9), DAY_MS, DAY_MS + 1000, DAY_MS + 500, DAY_MS + 2000]
    items = [tick(seq, exch_ms=NINE_OCLOCK_MS + ms, price=100 * seq) for seq, ms in enumerate(times, 1)]
    items[2].price = items[1].price
    items[-1].price = -5
    items[4].instrument = 1
    marks = [StateMark(0, "a", {}), EventMark(0, "fill", "", 0), EventMark(0, "fill", "", 0)]
    source = MqrSource(write(tmp_path / "a.mqr", [*items, *marks], header(NIFTY, Instrument("X", quantity_scale=100))))
    info = inspect_file(source, max_backwards_ms=100)
    assert (info.name, info.zone, info.ticks, info.days) == ("a.mqr", "Asia/Kolkata", 19, 2)
    assert (info.first_ms, info.last_ms) == (NINE_OCLOCK_MS, NINE_OCLOCK_MS + DAY_MS + 1000)
    assert (info.gaps, info.longest_gap_ms, info.longest_gap_at_ms) == (2, 20_000 - 9001, NINE_OCLOCK_MS + 20_000)
    assert (info.worst_second, info.worst_second_ms, info.worst_100_ms, info.bursts) == (
        10,
        info.worst_second_ms,
        10,
        1,
    )
    assert info.worst_second_ms == NINE_OCLOCK_MS + 20_081
    assert info.mean_per_s == 15 * 1000 / (20_081 + 1000)
    assert info.duplicates == 1
    assert (info.refused, info.first_refused) == (
        {"backwards": 1, "non_positive": 1},
        {"backwards": "tick 18", "non_positive": "tick 19"},
    )
    assert info.prices == ((100, 1700), (500, 500))
    assert info.marks == {"state": 1, "fill": 2}
    assert info.losses == ()
    assert info_lines(info) == [
        "file          a.mqr",
        "instrument    NIFTY 25000 CE (lot 75, tick 0.05), price 1.0 to 17.0",
        "instrument    X (lot 0.75, tick 0.05), price 5.0 to 5.0",
        "span          2025-10-01 09:00:00+05:30 to 2025-10-02 09:00:01+05:30, 2 days",
        "ticks         19, 0.71 a second on average",
        "worst second  10 ticks at 2025-10-01 09:00:20.081+05:30",
        "bursts        1 of 10 or more ticks in 100 ms, worst 10",
        "gaps          2 longer than 5 s within a day, longest 11.0 s until 2025-10-01 09:00:20+05:30",
        "duplicates    1 (5.3 %) with the time, price and quantity of one before",
        "refused       1 backwards, first tick 18",
        "refused       1 non_positive, first tick 19",
        "marks         state 1, fill 2",
        "damage        none",
        f"fingerprint   {info.fingerprint}",
    ]


def test_a_recording_without_ticks(tmp_path: Path) -> None:
    info = inspect_file(MqrSource(write(tmp_path / "a.mqr", [])))
    assert (info.ticks, info.days, info.mean_per_s, info.prices) == (0, 0, 0.0, ((0, 0),))
    assert "ticks         0, 0.00 a second on average" in info_lines(info)


def test_what_a_run_was_given_is_counted_by_kind(tmp_path: Path) -> None:
    given = [InputMark(1, Lock("x"), 5), InputMark(1, None, 6), InputMark(1, None, 7), EventMark(1, "gap", "", 0)]
    path = write(tmp_path / "a.mqr", [StartMark(StateKept({}, (), 0)), tick(1), *given])
    assert inspect_file(MqrSource(path)).marks == {"start": 1, "command": 1, "beat": 2, "gap": 1}


def test_damage_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mqr", [tick(1), None, tick(2)])
    path.write_bytes(path.read_bytes()[:-70])
    info = inspect_file(MqrSource(path))
    assert info.ticks == 1
    assert f"damage        {info.losses[0]}" in info_lines(info)


def test_times_beyond_all_calendars(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mqr", [tick(1, exch_ms=-(2**61)), tick(2), tick(3, exch_ms=2**63 - 1)])
    info = inspect_file(MqrSource(path))
    assert (info.days, info.gaps) == (3, 0)
    assert f"span          {-(2**61)} ms to {2**63 - 1} ms, 3 days" in info_lines(info)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_a_window_sees_the_worst_stretch(steps: list[int]) -> None:
    window, times = Window(100), []
    for step in steps:
        times.append((times[-1] if times else 0) + step)
        window.add(times[-1])
    assert window.worst == max(sum(end - 100 < ms <= end for ms in times) for end in times)


def test_a_slightly_earlier_tick_counts_at_the_newest_time() -> None:
    times = Times("UTC")
    for ms in (0, 6000, 5900, 11_950):
        times.add(ms)
    assert (times.last_ms, times.gaps, times.longest_gap_ms, times.second.worst) == (11_950, 2, 6000, 2)


def test_days_follow_the_zone() -> None:
    late = NINE_OCLOCK_MS + 14 * 3_600_000  # 23:00 in Kolkata
    for zone, days in (("Asia/Kolkata", 2), ("UTC", 1)):
        times = Times(zone)
        times.add(late)
        times.add(late + 2 * 3_600_000)
        assert times.days == days


def test_fingerprints_see_what_was_traded_and_nothing_else() -> None:
    def of(*ticks: tuple[int, dict[str, int]]) -> str:
        fingerprint = Fingerprint()
        for seq, other in ticks:
            fingerprint.add(tick(seq, **other))
        return fingerprint.text()

    one = of((1, {}), (2, {}))
    assert one == of((1, {"recv_ns": 5, "recv_wall_ns": 6, "exch_seq": 7, "day_volume": 8, "flags": 2}), (2, {}))
    for field in ("exch_ms", "price", "quantity", "instrument"):
        assert one != of((1, {field: 3}), (2, {}))
    assert one != of((2, {}), (1, {}))
    many = [(seq, {}) for seq in range(1, 10_000)]
    assert of(*many) != of(*many[:-1])
