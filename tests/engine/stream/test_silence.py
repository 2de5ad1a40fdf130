"""When a link that says nothing is dropped: in session by the age of its data, else by any sign of life."""

from engine.stream.silence import SilenceTimer

S = 1_000_000_000


def silent(watch, now_s, in_session=True):
    return watch.overdue(round(now_s * S), in_session=in_session)


def test_no_data_for_eight_seconds_in_session_drops_the_link_whatever_else_came():
    watch = SilenceTimer(8.0)
    watch.link_up(0)
    assert silent(watch, 0) == ""
    watch.data_came(2 * S)
    watch.frame_ns = 9 * S  # pongs go on
    assert silent(watch, 9.9) == ""
    assert watch.due_ns() == 10 * S
    assert silent(watch, 10) == "no data for 8.0 s"


def test_outside_the_session_only_signs_of_life_count():
    watch = SilenceTimer(8.0)
    watch.link_up(0)
    assert silent(watch, 24.9, in_session=False) == ""
    assert watch.due_ns() == 25 * S
    watch.frame_ns = 24 * S
    assert silent(watch, 48, in_session=False) == ""
    assert silent(watch, 49, in_session=False) == "no sign of life for 25.0 s"


def test_a_session_that_begins_forgives_the_silence_before_it():
    watch = SilenceTimer(8.0, lifeless_s=1e6)
    watch.link_up(0)
    assert silent(watch, 3600, in_session=False) == ""
    assert silent(watch, 3601) == ""
    assert silent(watch, 3608.9) == ""
    assert silent(watch, 3609) == "no data for 8.0 s"


def test_fruitless_drops_double_the_allowance_up_to_a_minute():
    watch, spans, now_s = SilenceTimer(8.0, lifeless_s=1e6), [], 0.0
    for _ in range(6):
        watch.link_up(round(now_s * S))
        silent(watch, now_s)
        spans.append((watch.due_ns() - round(now_s * S)) / S)
        now_s = watch.due_ns() / S
        assert silent(watch, now_s).startswith("no data")
    assert spans == [8, 16, 32, 60, 60, 60]


def test_a_longer_allowance_than_a_minute_stays_as_configured():
    watch = SilenceTimer(300.0, lifeless_s=1e6)
    watch.link_up(0)
    silent(watch, 0)
    assert silent(watch, 299) == ""
    assert silent(watch, 300)
    assert watch.allowed_ns == 300 * S


def test_a_minute_of_data_without_a_hole_takes_the_doubling_back():
    watch = SilenceTimer(8.0, lifeless_s=1e6)
    watch.link_up(0)
    silent(watch, 0)
    assert silent(watch, 8)
    watch.link_up(10 * S)
    for second in range(10, 70, 5):
        watch.data_came(second * S)
        assert not watch.steady()
    assert watch.allowed_ns == 16 * S
    watch.data_came(70 * S)
    assert watch.steady()
    assert watch.allowed_ns == 8 * S


def test_a_hole_begins_the_minute_anew():
    watch = SilenceTimer(8.0)
    watch.link_up(0)
    for second in [*range(0, 40, 4), *range(49, 105, 4)]:
        watch.data_came(second * S)
        assert not watch.steady()
    watch.data_came(109 * S)
    assert watch.steady()


def test_an_option_that_is_quiet_at_noon_makes_no_storm():
    """One tick each 20 s for an hour: a few drops, then the link is left alone."""
    watch, drops, tick_s = SilenceTimer(8.0, lifeless_s=1e6), 0, 0
    watch.link_up(0)
    silent(watch, 0)
    for second in range(1, 3600):
        if second - tick_s >= 20:
            tick_s = second
            watch.data_came(second * S)
        watch.steady()
        if silent(watch, second):
            drops += 1
            watch.link_up(second * S)
            silent(watch, second)
    assert drops == 2  # at 8 and at 16 s allowed; 32 are enough


def spans_of(watch, drops, now_s=0.0):
    """How long each of so many links in a row was allowed that brought no data."""
    spans = []
    for _ in range(drops):
        watch.link_up(round(now_s * S))
        begun_s = now_s
        silent(watch, now_s)
        while not silent(watch, now_s):
            now_s += 0.5
        spans.append(now_s - begun_s)
    return spans


def test_a_grave_silence_doubles_nothing():
    watch = SilenceTimer(7.0, lifeless_s=1e6)
    watch.grave = lambda: True
    assert spans_of(watch, 5) == [7, 10, 10, 10, 10]


def test_a_silence_that_becomes_grave_takes_the_doubling_back_at_once():
    watch = SilenceTimer(7.0, lifeless_s=1e6)
    assert spans_of(watch, 4) == [7, 14, 28, 56]
    watch.grave = lambda: True
    assert spans_of(watch, 2, now_s=1000.0) == [10, 10]


def test_a_grave_silence_is_allowed_what_the_operator_allows():
    watch = SilenceTimer(30.0, lifeless_s=1e6)
    watch.grave = lambda: True
    assert spans_of(watch, 3) == [30, 30, 30]


def test_whether_it_is_grave_is_asked_only_where_there_is_a_silence():
    def asked():
        raise AssertionError("asked")

    watch = SilenceTimer(7.0)
    watch.grave = asked
    watch.link_up(0)
    for second in range(100):
        watch.data_came(second * S)
        assert silent(watch, second + 0.5) == ""
