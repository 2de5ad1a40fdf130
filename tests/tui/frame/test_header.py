"""The two lines at the top and the footer."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import CheckView, EntriesState
from engine.presentation.lamps import Lamp
from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, paper, position, snapshot, view
from tui.frame import footer, header
from tui.input.keys import hints
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.text.segments import assemble, segment, word


def status(seen=SNAPSHOT, width=130, **more):
    return plain([header.status(view(seen, **more), width)])


def bar(seen=SNAPSHOT, width=110, **more):
    return plain([header.bar(view(seen, **more), width)])


def styles(line):
    return {text.strip(): style for text, style in line if text.strip()}


def test_everything_stands_in_a_wide_row():
    shown = status(width=170)
    for words in (
        " REPLAY ",
        "polling",
        "● 18,233 ticks",
        "NIFTY25NOV25900CE LONG 150",
        "day +4,434.92",
        "FLAT≈1 order <1 s costs 15.05",
        "entries on",
        "11:42:17 IST",
        "nifty-synthetic.mqr",
    ):
        assert words in shown
    assert shown.endswith("♥")


def test_badge_result_entries_and_position_survive_longest():
    narrow = status(width=40)
    for words in ("REPLAY", "+4,434.92", "ready", "LONG 150"):
        assert words in narrow
    assert "FLAT" not in narrow
    assert status(width=6) == "REPLAY"
    assert status(width=4) == "REPL"
    assert "day +4,434.92" in status(width=21)
    assert "4" not in status(width=20)  # never cut


@pytest.mark.parametrize("width", range(4, 200, 3))
def test_the_result_of_the_day_is_never_shown_without_its_name(width):
    shown = status(width=width)
    assert ("+4,434.92" in shown) == ("day +4,434.92" in shown)


def test_entries_that_the_operator_bars_in_one_instrument_are_told_where_it_is_looked_at():
    barred = paper(entries=EntriesState(False, "", "", 0, barred=(0,)), positions=())
    assert f"no entries in {barred.instruments[0].symbol} · enter n lifts it" in status(barred, 160)
    assert "entries on" in status(replace(barred, entries=EntriesState(False, "", "", 0, barred=(1,))), 160)
    every = EntriesState(False, "", "", 0, barred=tuple(range(len(barred.instruments))))
    assert "no entries in any instrument" in status(replace(barred, entries=every), 160)


def test_the_badge_and_results_have_their_styles():
    found = styles(header.status(view(snapshot(trade_mode="live")), 130))
    assert found["LIVE"] == "live"
    assert found["+4,434.92"] == "up"
    lost = replace(SNAPSHOT.account, day_pnl=Decimal(-3))
    assert styles(header.status(view(snapshot(account=lost)), 130))["-3.00"] == "down"


def test_entries_state_is_a_word_with_its_reason():
    entries = SNAPSHOT.entries
    assert "entries paused" in status(snapshot(entries=replace(entries, paused=True)))
    assert "LOCKED daily loss" in status(snapshot(entries=replace(entries, locked="daily loss", paused=True)), 140)
    assert "HALTED 10 gaps" in status(snapshot(entries=replace(entries, halted="10 gaps")), 140)
    assert "LOCKED" in status(snapshot(entries=replace(entries, locked="daily loss")), 40)


def test_what_a_flat_would_take():
    assert "FLAT≈0 orders" in status(snapshot(positions=()))
    assert "no position" in status(snapshot(positions=()))
    two = status(snapshot(positions=(position(0), position(1))))
    assert "FLAT≈2 orders" in two
    assert "+1 more" in two
    assert "<10 s" in status(snapshot(trade_mode="live"), 150)
    assert "FLAT≈0" in status(snapshot(positions=(position(quantity=0),)))


def test_a_running_flat_replaces_the_estimate():
    closing = replace(SNAPSHOT.flat, state="CLOSING")
    line = header.status(view(snapshot(flat=closing)), 130)
    assert styles(line)["FLAT: CLOSING"] == "alert"
    assert "≈" not in plain([line])


def test_the_heart_shows_the_worst_lamp_with_its_name():
    lamps = (Lamp("LINK", "LATE"), Lamp("JOURNAL", "DEAD"), Lamp("ENGINE", "OK"))
    assert status(width=150, lamps=lamps).endswith("JOURNAL DEAD ✖")
    assert status(width=150, lamps=lamps[:1]).endswith("LINK LATE ▲")
    assert status(width=150, lamps=(Lamp("BROKER", "OFF"), Lamp("DATA", "QUIET"))).endswith("♥")


def test_the_feed_says_held_ended_stopped_old_and_silent():
    assert "‖ held" in status(snapshot(replay=replace(SNAPSHOT.replay, playing=False)))
    assert "■ ended" in status(snapshot(replay=replace(SNAPSHOT.replay, ended=True)))
    assert "■ stopped" in status(snapshot(stopped=True))
    assert "no ticks yet" in status(snapshot(pulse=replace(SNAPSHOT.pulse, came_ns=0)), 150)

    def silent(seconds, speed):
        pulse = replace(SNAPSHOT.pulse, came_ns=NOW_NS - round(seconds * SECOND))
        return status(snapshot(pulse=pulse, replay=replace(SNAPSHOT.replay, speed=speed)), 150)

    assert "▲ no tick for 12s" in silent(12, 10.0)
    assert ["no tick" in silent(4, speed) for speed in (1.0, 10.0)] == [False, True]  # five seconds of its own time
    old = status(snapshot(taken_ns=NOW_NS - 4 * SECOND), 150)
    assert "✖ values are 4.0 s old" in old
    assert old.endswith("✖")


def test_replay_bar():
    shown = bar()
    assert shown.startswith("▶ 10×  (real  9.7×)  11:42:17.331  tick 18,233/34,086")
    assert shown.endswith("53 %")
    assert "━" in shown
    assert "2 gaps" in shown


def test_the_mark_of_what_plays_has_the_colour_of_its_mode():
    for mode in ("replay", "mock"):
        assert header.bar(view(snapshot(trade_mode=mode)), 120)[0] == ("▶ ", mode)


def test_replay_bar_held_ended_and_uncounted():
    replay = SNAPSHOT.replay
    assert bar(snapshot(replay=replace(replay, playing=False))).startswith("‖ 10×  held")
    assert bar(snapshot(replay=replace(replay, ended=True, playing=False))).startswith("■ 10×  ended")
    assert bar(snapshot(replay=replace(replay, speed=0.0))).startswith("▶ max")
    uncounted = bar(snapshot(replay=replace(replay, total=0)))
    assert "tick 18,233" in uncounted
    assert "/" not in uncounted
    assert uncounted.endswith("─  15:30")
    assert "%" not in uncounted


def test_whether_the_replay_is_the_same_as_recorded():
    def told(check, width=130):
        line = header.bar(view(snapshot(replay=replace(SNAPSHOT.replay, check=check))), width)
        return plain([line]), {style for words, style in line if words.startswith(("SAME", "DIFFERS", "not comp"))}

    same, style = told(CheckView(14, 14))
    assert "SAME AS RECORDED 14/14" in same
    assert style == {"good"}
    assert "SAME 14/14" in told(CheckView(14, 14), 80)[0]
    assert told(CheckView(0, 14))[1] == {"dim"}
    difference = "tick 18,233: ema_fast 101.2534 ≠ 101.2529"
    for width in (130, 80):
        shown, style = told(CheckView(12, 14, difference), width)
        assert f"DIFFERS {difference}" in shown
        assert style == {"alert"}
    assert "DIFFERS tick 18,233" in told(CheckView(12, 14, difference), 60)[0]
    assert "not comparable (fast_ema 9→12)" in told(CheckView(0, 14, "", "fast_ema 9→12"))[0]
    assert "not comparable (made by 0.1.0)" in told(CheckView(0, 14, "", "not comparable (made by 0.1.0)"))[0]
    assert "not comparable" in told(CheckView(0, 14, "", "fast_ema 9→12"), 80)[0]
    assert "SAME" not in told(CheckView(0, 0))[0]
    assert "SAME" not in told(None)[0]


def test_the_heart_mark_is_that_of_the_worst_word_and_the_name_that_of_the_cause():
    lamps = (Lamp("SOCKET", "LATE"), Lamp("DATA", "STALE", because="← SOCKET: no data for 8.0 s"))
    assert status(width=150, lamps=lamps).endswith("SOCKET LATE ✖")


def test_session_bar():
    live = snapshot(replay=None)
    shown = bar(live, 100)
    assert shown.startswith("09:15  ━")
    assert "15:30  3h47m left  2025-10-01" in shown
    assert "session over" in bar(replace(live, at_ms=live.session.end_ms + 1), 100)
    assert "opens in 1m00s" in bar(replace(live, at_ms=live.session.start_ms - 60_000), 100)
    over = replace(live, at_ms=live.session.end_ms + 1, session=replace(live.session, opens="Mon 09:15"))
    assert "CLOSED until Mon 09:15" in bar(over, 100)
    assert "CLOSED until Mon 09:15" in status(over, 150)
    holiday = replace(over, session=replace(over.session, start_ms=0, end_ms=-1))
    assert bar(holiday, 100).startswith("CLOSED until Mon 09:15")
    assert bar(replace(live, session=replace(live.session, daily=False)), 100).startswith("round the clock")
    waiting = replace(live, session=replace(live.session, start_ms=0, end_ms=0), ticks=0)
    assert "waiting for the first tick" in bar(waiting, 100)


def test_rows_are_ascii_where_the_terminal_is():
    assert status(glyphs=ASCII, width=150).isascii()
    assert bar(glyphs=ASCII).isascii()


def test_rows_have_their_width_whatever_it_is():
    for width in range(1, 160):
        assert width_of(header.status(view(), width)) == width
        assert width_of(footer.line(view(), width)) == width
        assert width_of(header.bar(view(), width)) <= max(width, 20)


def test_the_footer_shows_the_keys_that_fit_from_the_most_important_on():
    shown = hints(view())
    line = footer.line(view(), 40)
    assert plain([line]).startswith(f" {shown[0][0]} {shown[0][1]}")
    assert shown[-1][1] not in plain([line])
    assert line[0] == (f" {shown[0][0]}", "key")
    everything = plain([footer.line(view(), 400)])
    assert all(f"{key} {name}" in everything for key, name in shown)


def test_a_notice_stands_in_place_of_the_keys():
    seen = view()
    seen.ui.notice, seen.ui.notice_style = "refused: a flat runs", "warn"
    line = footer.line(seen, 60)
    assert plain([line]) == " refused: a flat runs"
    assert line[0][1] == "warn"


def test_parts_shorten_before_they_drop_and_luxury_comes_last():
    segments = [
        segment(1, word("long form"), word("lo")),
        segment(10, word("extra")),
        segment(0, word("first")),
        segment(2, word("end"), at_end=True),
    ]
    assert plain([assemble(segments, 40)]) == "long form  extra  first" + " " * 14 + "end"
    assert plain([assemble(segments, 22)]) == "long form  first   end"
    assert plain([assemble(segments, 15)]) == "lo  first   end"
    assert plain([assemble(segments, 9)]) == "lo  first"
    assert plain([assemble(segments, 3)]) == "fir"
    assert assemble([], 3) == (("   ", ""),)


def test_a_replay_that_skips_silences_says_so_in_words_at_80_columns():
    def said(count, on=True):
        replay = replace(SNAPSHOT.replay, skip_silence=on, silences_skipped=count)
        return plain((header.bar(view(snapshot(replay=replay)), 80),))

    assert "  skips silences  " in said(0)
    assert "  1 silence skipped  " in said(1)
    assert "  12 silences skipped  " in said(12)
    assert "silence" not in said(12, on=False)
