"""What judges a soak must itself be able to say no: growth, missing packets, and a schedule of faults that is the same for a seed."""

from itertools import islice
from pathlib import Path

import pytest

from engine.model.types import FLAG_NEW_LINK
from tests.simulator import Counters
from tests.soak.__main__ import _grown
from tests.soak.account import PacketLedger, packet_ledger
from tests.soak.fault_schedule import LINK, PACKET, fault_schedule
from tests.soak.growth import Sample, growth, slope
from tests.support.recordings.recording_samples import tick, write


def samples(rise_kb: int, descriptors: int = 0) -> list[Sample]:
    """A sample a second for two minutes; the first has not yet what comes with the first link."""
    first = Sample(0.0, 20_000, 9, 5, 0.0)
    return [first, *(Sample(float(n), 30_000 + n * rise_kb, 12 + n * descriptors, 8, n * 0.1) for n in range(1, 121))]


def test_a_line_through_points() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([(0, 1)]) == slope([]) == slope([(1, 1), (1, 5)]) == 0


@pytest.mark.parametrize(("rise_kb", "descriptors", "told"), [(0, 0, 0), (100, 0, 1), (0, 1, 1), (-50, 0, 0)])
def test_what_grows_is_told(rise_kb: int, descriptors: int, told: int) -> None:
    found = growth(samples(rise_kb, descriptors), 60.0)
    assert found.rss_mb_per_hour == pytest.approx(rise_kb * 3600 / 1024, abs=0.01)
    assert found.cpu_share == pytest.approx(0.1)
    assert len(_grown(found)) == told


def book(
    tmp_path: Path, numbers: list[tuple[int, int]], counters: Counters, *, merged: int = 0, links: int = 1
) -> PacketLedger:
    """The ledger of a recording whose ticks have these exchange numbers and flags."""
    ticks = [tick(seq, exch_seq=number, flags=flags) for seq, (number, flags) in enumerate(numbers, 1)]
    path = write(tmp_path / "some.mqr", ticks)
    return packet_ledger(path, counters, merged, {"text": 1}, links)


FIRST = (7, FLAG_NEW_LINK)


@pytest.mark.parametrize(
    ("numbers", "sent", "merged", "links", "problems"),
    [
        ([FIRST, (8, 0), (9, 0)], 3, 0, 1, 0),
        ([FIRST, (9, 0)], 3, 1, 1, 0),
        ([FIRST, (9, 0)], 3, 0, 2, 1),  # a hole within a link
        ([FIRST, (8, 0)], 3, 0, 1, 1),  # one that never came, and no link was cut
        ([FIRST, (8, 0)], 3, 0, 2, 0),
        ([FIRST, (8, 0), (20, FLAG_NEW_LINK)], 3, 0, 2, 0),
        ([FIRST, (8, 0)], 1, 0, 1, 1),  # more than were sent
        ([FIRST, (8, 0), (8, 0), (3, 0), (9, 0)], 3, 0, 1, 0),  # a duplicate and a late one are faults that are ticks
    ],
)
def test_every_packet_has_its_place(tmp_path, numbers, sent, merged, links, problems) -> None:
    faults = {"text": 1} | ({"duplicate": 1, "older": 1} if len(numbers) == 5 else {})
    found = book(tmp_path, numbers, Counters(sent={"1": sent}, faults=faults), merged=merged, links=links)
    assert len(found.problems()) == problems, found


def test_bad_packets_that_nobody_counted_are_told(tmp_path: Path) -> None:
    found = book(tmp_path, [FIRST], Counters(sent={"1": 1}, faults={"text": 1, "length 50": 2}))
    assert found.problems() == ["3 bad packets sent, 1 counted"]


def test_weather_is_that_of_its_seed_and_in_the_order_of_time() -> None:
    first = list(islice(fault_schedule(1, 25.0, 2.0), 300))
    assert first == list(islice(fault_schedule(1, 25.0, 2.0), 300))
    assert first != list(islice(fault_schedule(2, 25.0, 2.0), 300))
    assert [at_s for at_s, _ in first] == sorted(at_s for at_s, _ in first)
    assert {fault for _, fault in first} >= set(PACKET)
    of_links = sum(fault in LINK for _, fault in first)
    assert 10 < of_links < 50
