"""The lamps of what comes in, by tables: which turns, when, why, and what follows; the link named before the silence."""

import pytest
from msgspec.structs import replace

from engine import Snapshot
from engine.presentation.health import RANKS, Health, worst
from tests.support.screens.lamp_snapshots import GOOD, judge, ns, pulse, quotes
from tests.support.screens.snapshots import (
    NOW_NS,
    OPEN_MS,
    SECOND,
    SNAPSHOT,
    evening,
    feed,
    lost,
    many_instruments,
    paper,
    position,
    quote,
    snapshot,
    waiting,
)


def up(heard: float, pong: float = 100.0, **more) -> Snapshot:
    """A paper run whose link last had a frame so long ago."""
    return paper(feed=feed(frame_ns=ns(heard), pong_ns=ns(pong), **more))


def down(state: str, heard: float, **more) -> Snapshot:
    """A paper run whose link is down and last had a frame so long ago."""
    return paper(feed=waiting(lost_s=heard, state=state, **more))


def off(clock_ms: float | None) -> Snapshot:
    return paper(feed=feed(clock_ms=clock_ms))


FIRST = {"frames": 0, "frame_ns": 0, "pong_ns": 0, "attempt": 0, "because": "", "link": 0}

WORDS = [
    ("SOCKET", paper(), "OK", "", ""),
    ("SOCKET", up(14.9), "OK", "", ""),
    ("SOCKET", up(60, pong=14.9), "OK", "", ""),  # a pong is a sign of life
    ("SOCKET", up(15), "LATE", "← no frame and no pong for 15.0 s", "reconnects by itself"),
    ("SOCKET", up(29.9), "LATE", "← no frame and no pong for 29.9 s", "reconnects by itself"),
    ("SOCKET", up(30), "STALE", "← no frame and no pong for 30.0 s", "reconnects by itself"),
    ("SOCKET", up(60), "DEAD", "← no frame and no pong for 60 s", "reconnects by itself"),
    ("SOCKET", down("WAITING", 0.1), "LATE", "← no data for 8.0 s", "reconnect 3 in 3 s"),
    ("SOCKET", down("WAITING", 14.9), "LATE", "← no data for 8.0 s", "reconnect 3 in 4 s"),
    ("SOCKET", down("WAITING", 15), "STALE", "← no data for 8.0 s", "reconnect 3 in 3 s"),
    ("SOCKET", down("WAITING", 30), "DEAD", "← no data for 8.0 s", "reconnect 3 in 3 s"),
    (
        "SOCKET",
        down("CONNECTING", 9, because="connection reset"),
        "LATE",
        "← connection reset",
        "connecting, attempt 3",
    ),
    ("SOCKET", down("LOGIN", 9, because=""), "LATE", "← logging in", "logging in"),
    ("SOCKET", down("REFUSED", 1, because="401 Invalid"), "DEAD", "← 401 Invalid", "login --check"),
    ("SOCKET", down("STOPPED", 1), "OFF", "", ""),
    ("SOCKET", replace(down("WAITING", 40), stopped=True), "OFF", "", ""),
    ("SOCKET", down("CONNECTING", 4, since_ns=ns(4), **FIRST), "UNKNOWN", "← not connected yet", "connecting"),
    ("SOCKET", down("CONNECTING", 16, since_ns=ns(16), **FIRST), "STALE", "← not connected yet", "connecting"),
    ("SOCKET", down("WAITING", 4, since_ns=ns(4), **FIRST), "LATE", "← connection lost", "reconnect in 3 s"),
    ("SOCKET", replace(up(40), pulse=pulse(beat=3)), "UNKNOWN", "← engine silent 3.0 s", "trust DATA"),
    ("SOCKET", replace(up(90), at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("SOCKET", replace(down("REFUSED", 90), at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("SOCKET", paper(feed=None), "UNKNOWN", "← no figures", "trust DATA"),
    ("SOCKET", snapshot(), "OFF", "", ""),
    ("SOCKET", paper(trade_mode="mock", feed=None), "OFF", "", ""),
    ("CLOCK", off(0.0), "OK", "", ""),
    ("CLOCK", off(-199.0), "OK", "", ""),
    ("CLOCK", off(200.0), "LATE", "← this machine is 200 ms behind", "no decision rests on it"),
    ("CLOCK", off(-999.0), "LATE", "← this machine is 999 ms ahead", "no decision rests on it"),
    ("CLOCK", off(1_500.0), "LATE", "← this machine is 1,500 ms behind", "chrony"),
    ("CLOCK", off(2_000.0), "LATE", "← this machine is 2,000 ms behind", "chrony"),
    ("CLOCK", off(-2_001.0), "STALE", "← this machine is 2,001 ms ahead", "chrony"),
    ("CLOCK", off(3_600_000.0), "STALE", "← this machine is 3,600 s behind", "chrony"),
    ("CLOCK", off(None), "UNKNOWN", "← no figures", "waits for a tick"),
    ("CLOCK", replace(off(9_000.0), at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("CLOCK", snapshot(), "OFF", "", ""),
    ("DATA", paper(), "OK", "", ""),
    ("DATA", lost(), "STALE", "← SOCKET: no data for 8.0 s", "its stop is not watched"),
    ("DATA", lost(held=False), "STALE", "← SOCKET: no data for 8.0 s", "nothing is decided on it"),
    ("DATA", lost(quotes=quotes(0.3, 0.4)), "OK", "", ""),  # the link has just gone
    ("DATA", lost(quotes=quotes(33, 34)), "DEAD", "← SOCKET: no data for 8.0 s", "its stop"),
    ("DATA", lost(feed=waiting(state="LOGIN", because="")), "STALE", "← SOCKET: logging in", "its stop"),
    ("DATA", lost(feed=feed()), "STALE", "← no tick of any instrument, the link answers", "its stop"),
    ("DATA", lost(feed=feed(frame_ns=ns(20), pong_ns=ns(20))), "STALE", "← no tick of any instrument", "its stop"),
    ("DATA", lost(feed=feed(up_ns=ns(1.5))), "STALE", "← the link came up 1.5 s ago", "its stop"),
    ("DATA", lost(quotes=quotes(0.2, 9)), "STALE", "← SOCKET: no data for 8.0 s", "nothing is decided"),
    ("DATA", lost(pulse=pulse(beat=3), quotes=quotes(9, 9)), "STALE", "← engine silent 3.0 s", "its stop"),
    ("DATA", lost(at_ms=OPEN_MS - 1), "CLOSED", "", ""),
    ("DATA", lost(quotes=(quote(0, 0, recv_ns=0),)), "QUIET", "← SOCKET: no data for 8.0 s", "first tick"),
    ("SEQUENCE", paper(), "OK", "", ""),
    (
        "SEQUENCE",
        paper(feed=feed(bad={"length": 3, "crc": 9})),
        "LATE",
        "← 12 bad packets in the last minute: crc 9, length 3",
        "reconnect",
    ),
    (
        "SEQUENCE",
        paper(refused={"duplicate": 2}, feed=feed(bad={"length": 1})),
        "LATE",
        "← 2 in the last minute, 1 bad",
        "halt entries",
    ),
    ("SEQUENCE", paper(at_ms=OPEN_MS - 1, feed=feed(bad={"x": 1})), "CLOSED", "", ""),
    ("RECORDER", paper(), "OK", "", ""),
]


@pytest.mark.parametrize(("name", "seen", "word", "because", "following"), WORDS)
def test_words(name: str, seen: Snapshot, word: str, because: str, following: str) -> None:
    lamp = judge(seen)[name]
    assert lamp.word == word, lamp
    assert lamp.because.startswith(because)
    assert following in lamp.following
    assert (bool(lamp.because), bool(lamp.following)) == (bool(because), bool(following))
    assert (lamp.since_s is not None) == (RANKS[lamp.word] > 0)


def test_the_texts_say_what_was_counted() -> None:
    lamps = judge(paper(feed=feed(bad={"length": 2}), refused={"duplicate": 1}))
    assert lamps["SOCKET"].text == "smartapi link 2, rtt 12 ms"
    assert lamps["CLOCK"].text == "exchange 38 ms behind"
    assert lamps["SEQUENCE"].text == "0 gaps, 1 repeated, 2 bad packets"
    assert lamps["RECORDER"].text == "18,233 kept, 4 KiB waiting, 51 GB free"
    assert judge(paper(feed=feed(ticking=970, wanted=1_000)))["SOCKET"].text == "smartapi link 2, 970 of 1,000 ticking"
    assert judge(paper(feed=waiting(link=0)))["SOCKET"].text == "smartapi, no link yet"
    assert judge(off(0.2))["CLOCK"].text == "as the exchange's"


def test_the_link_is_named_before_the_silence_it_brings_about() -> None:
    lamps = Health().judge(lost(quotes=quotes(33, 34)), NOW_NS, GOOD)
    found = {lamp.name: lamp.word for lamp in lamps}
    assert (found["SOCKET"], found["DATA"]) == ("LATE", "DEAD")
    assert worst(lamps).name == "SOCKET"
    stalled = Health().judge(lost(pulse=pulse(beat=3), quotes=quotes(33, 34)), NOW_NS, GOOD)
    assert worst(stalled).name == "ENGINE"


def test_a_lost_link_turns_its_lamps_in_order_and_they_recover_after_three_samples() -> None:
    """From the last tick on: reset at 0 s, silence told by DATA at 3.2 s, by SOCKET at 15 s; up again at 20 s."""
    health = Health()
    health.judge(paper(number=0), NOW_NS, GOOD)
    seen = []
    for number, second in enumerate((0, 1, 4, 14, 16, 20, 21, 22, 23), 1):
        now_ns = NOW_NS + second * SECOND
        heard = now_ns - SECOND // 10
        well = second >= 20
        link = feed(frame_ns=heard, up_ns=now_ns - SECOND) if well else waiting(lost_s=0.1, because="connection reset")
        ticks = tuple(replace(each, recv_ns=heard if well else ns(0.1)) for each in SNAPSHOT.quotes)
        beats = replace(SNAPSHOT.pulse, beat_ns=now_ns, came_ns=ticks[0].recv_ns, decided_ns=ticks[0].recv_ns)
        state = paper(number=number, feed=link, quotes=ticks, pulse=beats, inbox_waiting=0)
        lamps = {lamp.name: lamp.word for lamp in health.judge(state, now_ns, GOOD)}
        seen.append((second, lamps["SOCKET"], lamps["DATA"]))
    assert seen == [
        (0, "LATE", "OK"),
        (1, "LATE", "OK"),
        (4, "LATE", "STALE"),
        (14, "LATE", "STALE"),
        (16, "STALE", "STALE"),
        (20, "STALE", "STALE"),
        (21, "STALE", "STALE"),
        (22, "OK", "OK"),
        (23, "OK", "OK"),
    ]


def test_a_link_that_never_comes_up_grows_older_with_every_attempt() -> None:
    health = Health()
    words = []
    for number, second in enumerate((0, 10, 20, 31)):
        now_ns = NOW_NS + second * SECOND
        first = feed(state="CONNECTING", since_ns=now_ns, **FIRST | {"attempt": number})  # each attempt is a new state
        seen = paper(number=number, feed=first, pulse=replace(SNAPSHOT.pulse, beat_ns=now_ns))
        words.append({lamp.name: lamp.word for lamp in health.judge(seen, now_ns, GOOD)}["SOCKET"])
    assert words == ["UNKNOWN", "LATE", "STALE", "DEAD"]


# ── Many instruments ────────────────────────────────────────────────────────────────────────────────────────────────


def many(silent: int, count: int = 50, held: tuple[int, ...] = (), age: float = 9.0, **more) -> Snapshot:
    """So many instruments of which the first `silent` have said nothing for `age` seconds."""
    instruments, shown = many_instruments(count)
    stale = tuple(replace(each, recv_ns=ns(age)) if each.instrument < silent else each for each in shown)
    fields = {"watched": count, "ticking": count, "positions": tuple(position(index) for index in held)}
    return paper(instruments=instruments, quotes=stale, **(fields | more))


def hidden(silent: int, ticking: int = 1_000) -> Snapshot:
    """A thousand instruments, of which fifty are shown and all of these are well."""
    return replace(many(0), watched=1_000, ticking=ticking, silent=silent)


@pytest.mark.parametrize(
    ("seen", "word", "text", "because"),
    [
        (many(0), "OK", "50 instruments", ""),
        (many(4), "OK", "50 instruments, 4 silent", ""),  # of many some are always quiet
        (many(5), "LATE", "50 instruments, 5 silent", "← 5 of 50 silent, the others tick"),
        (many(25), "STALE", "50 instruments, 25 silent", "← 25 of 50 silent, the others tick"),
        (many(25, age=40), "DEAD", "50 instruments, 25 silent", "← 25 of 50 silent, the others tick"),
        (many(50), "QUIET", "50 instruments, 50 silent", "← no tick of any instrument, the link answers"),
        (many(50, age=40), "DEAD", "50 instruments, 50 silent", "← no tick of any instrument"),
        (many(50, feed=waiting()), "STALE", "50 instruments, 50 silent", "← SOCKET: no data for 8.0 s"),
        (many(1, held=(0,)), "STALE", "NIFTY25NOV25000CE, 50 instruments, 1 silent", "← 1 of 50 silent"),
        (many(1, held=(7,)), "OK", "50 instruments, 1 silent", ""),
        (many(1, held=(0,), age=40), "DEAD", "NIFTY25NOV25000CE, 50 instruments, 1 silent", "← 1 of 50 silent"),
        (hidden(99), "OK", "1,000 instruments, 99 silent", ""),
        (hidden(100), "LATE", "1,000 instruments, 100 silent", "← 100 of 1,000 silent, the others tick"),
        (hidden(500), "STALE", "1,000 instruments, 500 silent", "← 500 of 1,000 silent, the others tick"),
        (hidden(0, ticking=700), "OK", "700 of 1,000 ticking", ""),
        (hidden(90, ticking=700), "LATE", "700 of 1,000 ticking, 90 silent", "← 90 of 700 silent, the others tick"),
    ],
)
def test_many_instruments(seen: Snapshot, word: str, text: str, because: str) -> None:
    lamp = judge(seen)["DATA"]
    assert (lamp.word, lamp.text) == (word, text)
    assert lamp.because.startswith(because)
    assert bool(lamp.because) == bool(because)


def test_an_instrument_that_comes_into_sight_brings_no_gaps_twice() -> None:
    """Of many instruments those shown change; the engine's own sum over all of them is what counts."""
    health = Health()
    _, shown = many_instruments(3)
    gaps = tuple(replace(each, sequence_gaps=2 * each.instrument) for each in shown)
    words = []
    for number, (part, total) in enumerate(
        ((gaps[:1], 0), (gaps[1:2], 2), (gaps[:1], 2), (gaps[1:2], 2), (gaps[:2], 2))
    ):
        now_ns = NOW_NS + number * 90 * SECOND
        pulse = replace(SNAPSHOT.pulse, beat_ns=now_ns)
        seen = paper(number=number, quotes=part, pulse=pulse, watched=1000, sequence_gaps=total)
        words.append({lamp.name: lamp for lamp in health.judge(seen, now_ns, GOOD)}["SEQUENCE"].because)
    assert [bool(because) for because in words] == [False, True, True, True, False]
    assert words[1:] == ["← 2 in the last minute", "← recovering", "← recovering", ""]


def test_a_market_that_is_closed_is_not_silent_and_what_is_held_there_is_told() -> None:
    lamp = judge(evening())["DATA"]
    assert (lamp.word, lamp.text) == ("STALE", "NIFTY25NOV25900CE still held")
    assert lamp.following == "nothing can be sold until Fri 09:15"
    lamp = judge(evening(positions=()))["DATA"]
    assert (lamp.word, lamp.text) == ("OK", "NIFTY25NOV25900PE")
