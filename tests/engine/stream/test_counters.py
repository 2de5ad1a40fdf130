"""Bad packets are counted by kind, and too many in a short while end the link."""

from engine.stream.counters import StreamCounters

S = 1_000_000_000


def test_the_twenty_first_bad_packet_in_ten_seconds_is_too_many():
    tally = StreamCounters()
    assert not any(tally.count_bad("length", round(n * 0.4 * S)) for n in range(20))
    assert tally.count_bad("mode", 8 * S)
    assert tally.bad == {"length": 20, "mode": 1}


def test_twenty_one_in_a_longer_while_are_not():
    tally = StreamCounters()
    assert not any(tally.count_bad("length", n * S) for n in range(200))


def test_a_new_link_begins_anew_and_packets_nobody_asked_for_drop_no_link():
    tally = StreamCounters()
    for _ in range(20):
        tally.count_bad("length", 0)
    tally.link_up()
    assert not tally.count_bad("length", 0)
    assert not any(tally.count_bad("unknown_token", 0) for _ in range(100))
