"""Each lamp by itself: the word for every limit, why, and what follows."""

import pytest

from engine import EntriesState, ProcessView, Pulse, Snapshot
from engine.presentation.health import RANKS
from engine.presentation.lamps import TerminalLink
from tests.support.screens.lamp_snapshots import edges, judge, live, ns, process, pulse, quotes
from tests.support.screens.snapshots import OPEN_MS, SNAPSHOT, snapshot

WORDS = [
    ("ENGINE", snapshot(pulse=pulse(beat=0.49)), "OK", "", ""),
    ("ENGINE", snapshot(pulse=pulse(beat=0.5)), "LATE", "← the turn is held", "nothing is decided"),
    ("ENGINE", snapshot(pulse=pulse(beat=2.0)), "STALE", "← the turn is held", "nothing is decided"),
    ("ENGINE", snapshot(pulse=pulse(beat=5.0)), "DEAD", "← the turn is held", "nothing is decided"),
    ("ENGINE", snapshot(pulse=Pulse(0, 0, 0, 0)), "UNKNOWN", "← not started", "first beat"),
    ("ENGINE", snapshot(fault="tick 7 is torn"), "DEAD", "← tick 7 is torn", "look into the log"),
    ("ENGINE", snapshot(stopped=True), "OFF", "", ""),
    ("STRATEGY", live(stopped=True, pulse=pulse(beat=60)), "OFF", "", ""),
    ("DATA", live(stopped=True, pulse=pulse(beat=60), quotes=quotes(60, 60)), "OFF", "", ""),
    ("STRATEGY", snapshot(inbox_waiting=9, pulse=pulse(decided=0.24, came=0.24)), "OK", "", ""),
    ("STRATEGY", snapshot(inbox_waiting=9, pulse=pulse(decided=0.3)), "LATE", "← inbox 9 deep", "9 ticks to go"),
    ("STRATEGY", snapshot(inbox_waiting=9, pulse=pulse(decided=1.1)), "STALE", "← inbox 9 deep", "9 ticks to go"),
    ("STRATEGY", snapshot(inbox_waiting=9, pulse=pulse(came=1.3, decided=0.1)), "STALE", "← inbox 9 deep", "9 ticks"),
    ("STRATEGY", snapshot(inbox_waiting=0, pulse=pulse(decided=900, came=900)), "OK", "", ""),
    ("STRATEGY", snapshot(inbox_waiting=0, pulse=pulse(came=1.0, decided=0.1)), "LATE", "← the tick waited", "waits"),
    ("STRATEGY", snapshot(inbox_waiting=0, pulse=pulse(came=9.0, decided=5.0)), "OK", "", ""),
    ("STRATEGY", snapshot(pulse=Pulse(ns(0), 0, 0, 0)), "QUIET", "← no tick came", "waits for the first tick"),
    ("STRATEGY", snapshot(inbox_waiting=0, pulse=pulse(beat=2.5)), "UNKNOWN", "← engine silent 2.5 s", "waits"),
    ("STRATEGY", snapshot(beats=1, inbox_waiting=9, pulse=pulse(decided=2)), "QUIET", "← it has just begun", "first"),
    (
        "STRATEGY",
        snapshot(beats=9, inbox_waiting=9, pulse=Pulse(ns(0), ns(0.4), 0, 0)),
        "QUIET",
        "← it has just begun",
        "first decision",
    ),
    ("STRATEGY", snapshot(beats=9, inbox_waiting=0, pulse=pulse(came=1.0, decided=0.1)), "OK", "", ""),
    ("STRATEGY", snapshot(beats=9, inbox_waiting=9, pulse=pulse(came=1.3, decided=0.1)), "STALE", "← inbox 9", "9"),
    ("DATA", live(quotes=quotes(3.1, 0.2)), "OK", "", ""),
    ("DATA", live(quotes=quotes(3.3, 0.2)), "STALE", "← 1 of 2 silent, the others tick", "its stop is not watched"),
    ("DATA", live(quotes=quotes(0.2, 3.3)), "STALE", "← 1 of 2 silent", "nothing is decided on it"),
    ("DATA", live(quotes=quotes(2.9, 0.2, median_gap_ms=0)), "OK", "", ""),
    ("DATA", live(quotes=quotes(3.0, 0.2, median_gap_ms=0)), "STALE", "← 1 of 2 silent", "its stop"),
    ("DATA", live(quotes=quotes(31, 0.2, median_gap_ms=0)), "DEAD", "← 1 of 2 silent", "its stop"),
    ("DATA", live(quotes=quotes(9.9, 0.2, median_gap_ms=2000)), "OK", "", ""),
    ("DATA", live(quotes=quotes(10.1, 0.2, median_gap_ms=2000)), "STALE", "← 1 of 2 silent", "its stop"),
    ("DATA", live(quotes=quotes(9, 8)), "STALE", "← no tick of any instrument", "its stop"),
    ("DATA", live(quotes=quotes(3.3, 3.3)), "LATE", "← no tick of any instrument", "its stop"),
    ("DATA", live(quotes=quotes(9, 8), positions=()), "QUIET", "← no tick of any instrument", "nothing is decided"),
    ("DATA", live(quotes=quotes(9, 8), trade_mode="mock"), "QUIET", "← no tick of any instrument", "its stop"),
    ("DATA", live(quotes=quotes(40, 38)), "DEAD", "← no tick of any instrument", "its stop"),
    ("DATA", live(quotes=quotes(9)), "STALE", "← no tick of any instrument", "its stop"),
    ("DATA", live(quotes=(), instruments=()), "QUIET", "← no tick came", "first tick"),
    ("DATA", live(at_ms=OPEN_MS - 1, quotes=quotes(9000)), "CLOSED", "", ""),
    ("DATA", snapshot(quotes=quotes(2, 1)), "QUIET", "← silence in the recording", "its stop"),
    ("STRATEGY", live(at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("SEQUENCE", live(at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("CLOCK", live(at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("CLOCK", live(), "UNKNOWN", "← no figures", "trust DATA"),
    ("SOCKET", live(), "UNKNOWN", "← no figures", "trust DATA"),
    ("SOCKET", snapshot(trade_mode="mock"), "OFF", "", ""),
    ("BROKER", live(), "OK", "", ""),
    ("BROKER", live(trade_mode="live"), "UNKNOWN", "← no figures", "trust ORDERS"),
    ("SEQUENCE", snapshot(refused={"backwards": 4}), "OK", "", ""),
    (
        "SEQUENCE",
        snapshot(refused={"duplicate": 1, "out_of_order": 2}),
        "LATE",
        "← 3 in the last minute",
        "halt entries",
    ),
    ("SEQUENCE", snapshot(quotes=quotes(0, sequence_gaps=2)), "LATE", "← 2 in the last minute", "halt entries"),
    (
        "SEQUENCE",
        snapshot(entries=EntriesState(False, "", "10 gaps in the exchange's sequence", 0)),
        "STALE",
        "← 10 gaps in the exchange's sequence",
        "no entries until unlocked",
    ),
    ("ORDERS", snapshot(pulse=pulse(order=0.9)), "OK", "", ""),
    ("ORDERS", snapshot(pulse=pulse(order=1.0)), "LATE", "← the broker has not answered", "waits for the answer"),
    ("ORDERS", snapshot(pulse=pulse(order=3.0)), "STALE", "← the broker has not answered", "waits for the answer"),
    ("ORDERS", snapshot(pulse=pulse(order=3.5, beat=3.4)), "STALE", "← engine silent 3.4 s", "waits for the answer"),
    ("JOURNAL", snapshot(edges=edges(500)), "OK", "", ""),
    ("JOURNAL", snapshot(edges=edges(501)), "LATE", "← the disk is slow", "waits in memory"),
    ("JOURNAL", snapshot(edges=edges(0, "disk full")), "STALE", "← disk full", "entries are locked, exits go on"),
    ("JOURNAL", snapshot(process=process(disk_free_mb=499)), "STALE", "← 499 MB free", "make room"),
    ("JOURNAL", snapshot(process=process(disk_free_mb=500)), "OK", "", ""),
    ("JOURNAL", snapshot(process=ProcessView(0.0, 0.0, 0, 0.0, 0)), "OK", "", ""),
    ("JOURNAL", snapshot(edges=()), "OFF", "", ""),
    ("RECORDER", snapshot(edges=edges(4 << 20, name="recorder")), "OK", "", ""),
    ("RECORDER", snapshot(edges=edges(5 << 20, name="recorder")), "LATE", "← the disk is slow", "waits in memory"),
    ("RECORDER", snapshot(edges=edges(0, "no room", "recorder")), "STALE", "← no room", "not recorded any more"),
    ("LOG", snapshot(edges=edges(0, "no room", "log")), "STALE", "← no room", "lines wait in memory"),
    ("STATE", snapshot(edges=edges(0, "it is gone", "state")), "STALE", "← it is gone", "entries are locked"),
    ("SOCKET", snapshot(trade_mode="mock", edges=edges(0, "it is gone", "other")), "OFF", "", ""),
    ("PROCESS", snapshot(process=process(rss_mb=63.9)), "OK", "", ""),
    ("PROCESS", snapshot(process=process(rss_mb=64.1)), "LATE", "← memory 64.1 of 80 MB", "goes on"),
    ("PROCESS", snapshot(process=process(rss_mb=80.0)), "STALE", "← memory 80.0 of 80 MB", "goes on"),
    ("PROCESS", snapshot(process=process(descriptors=256)), "STALE", "← 256 of 256 descriptors", "goes on"),
    ("PROCESS", snapshot(process=process(gc_longest_ms=90.0)), "LATE", "← a GC pause of 90 ms", "goes on"),
    ("PROCESS", snapshot(process=process(cpu_share=0.99)), "OK", "", ""),
    ("PROCESS", live(process=process(cpu_share=0.99)), "LATE", "← processor 99%", "goes on"),
    ("PROCESS", snapshot(process=ProcessView(0.0, 0.0, 0, 0.0, 0)), "UNKNOWN", "← no figures yet", "once a second"),
]


@pytest.mark.parametrize(("name", "seen", "word", "because", "following"), WORDS)
def test_words(name: str, seen: Snapshot, word: str, because: str, following: str) -> None:
    lamp = judge(seen)[name]
    assert lamp.word == word, lamp
    assert lamp.because.startswith(because)
    assert following in lamp.following
    assert (bool(lamp.because), bool(lamp.following)) == (bool(because), bool(following))
    assert (lamp.since_s is not None) == (RANKS[lamp.word] > 0)


@pytest.mark.parametrize(
    ("link", "word"),
    [
        (TerminalLink(49.0, 0.0), "OK"),
        (TerminalLink(50.0, 0.0), "LATE"),
        (TerminalLink(500.0, 0.0), "STALE"),
        (TerminalLink(3.0, 0.6), "STALE"),
        (TerminalLink(3.0, 0.01), "OK"),
    ],
)
def test_link(link: TerminalLink, word: str) -> None:
    lamp = judge(SNAPSHOT, link)["LINK"]
    assert lamp.word == word
    assert not RANKS[lamp.word] or "redraws less often" in lamp.following
