"""The line across the screen: a lost link with its countdown, and how the last run ended."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.screens.snapshots import (
    NOW_NS,
    OPEN_MS,
    SECOND,
    SNAPSHOT,
    evening,
    feed,
    lost,
    paper,
    position,
    view,
    waiting,
)
from tests.support.thorough import examples
from tui.frame import banner, dialogs, screen
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui

FOUND = (
    "the last run ended without closing (killed, or a power cut)",
    "1 position restored: NIFTY25NOV25900CE LONG 150",
    "READY: locked until you unlock (k)",
)


def line(seen, width=120, **more):
    found = banner.line(view(seen, **more), width)
    return plain([found]) if found else ""


def style(seen, width=120):
    return banner.line(view(seen), width)[0][1]


def test_a_link_that_is_up_needs_no_banner():
    assert line(paper()) == ""
    assert line(SNAPSHOT) == ""


def test_since_when_why_and_what_next():
    assert line(lost(held=False)) == (
        " ▲ LINK LOST 12 s: no data for 8.0 s — reconnect 3 in 4 s — entries off until prices come"
    )
    assert line(lost(held=False), 80) == " ▲ LINK LOST 12 s: no data for 8.0 s — reconnect 3 in 4 s — entries off"
    assert style(lost(held=False)) == "banner"


def test_an_open_position_makes_it_louder_and_is_named():
    assert line(lost(), 140) == (
        " ✖ LINK LOST 12 s: no data for 8.0 s — NIFTY25NOV25900CE LONG 150 UNWATCHED — reconnect 3 in 4 s"
        " — entries off, exits wait for prices"
    )
    assert line(lost(), 80) == " ✖ LINK LOST 12 s — NIFTY25NOV25900CE LONG 150 UNWATCHED — reconnect 3 in 4 s"
    assert style(lost()) == "alert"
    two = lost(positions=(position(0), position(1)))
    assert "NIFTY25NOV25900CE LONG 150 +1 more UNWATCHED" in line(two)
    assert "LINK LOST 12 s" in line(lost(), 40)
    assert "UNWATCHED" in line(lost(), 40)


def test_a_refusal_says_where_to_look():
    refused = waiting(state="REFUSED", because="401 Invalid Header - Invalid Auth token")
    assert line(lost(feed=refused, positions=())) == (
        " ✖ REFUSED: 401 Invalid Header - Invalid Auth token — see the log, then: myquant-tui login --check — entries off"
    )
    assert "401 Invalid" in line(lost(feed=refused), 80)
    assert line(lost(feed=refused), 80).endswith("login --check")
    assert style(lost(feed=refused, positions=())) == "alert"


def test_a_link_that_never_was_is_not_lost():
    first = {"frames": 0, "frame_ns": 0, "pong_ns": 0, "because": "", "since_ns": NOW_NS - 5 * SECOND, "attempt": 0}
    words = [line(lost(held=False, feed=waiting(state=state, **first))) for state in ("LOGIN", "CONNECTING", "WAITING")]
    assert [each.split(" — ")[0].strip() for each in words] == [
        "▲ LOGIN",
        "▲ CONNECTING",
        "▲ NO LINK YET: connection lost",
    ]


def test_outside_the_session_only_a_refusal_is_told():
    night = OPEN_MS - 3_600_000
    assert line(lost(at_ms=night)) == ""
    assert "REFUSED" in line(lost(at_ms=night, feed=waiting(state="REFUSED")))
    assert "LOST" not in line(lost(stopped=True))


def silent(*ages_s, **more):
    """The paper run with its link up, whose instruments have not ticked for so many seconds."""
    quotes = tuple(
        replace(each, recv_ns=NOW_NS - round(age_s * SECOND))
        for each, age_s in zip(SNAPSHOT.quotes, ages_s, strict=True)
    )
    came_ns = max(each.recv_ns for each in quotes)
    pulse = replace(SNAPSHOT.pulse, came_ns=came_ns, decided_ns=came_ns)
    return paper(**({"quotes": quotes, "pulse": pulse, "feed": feed(drop_ns=NOW_NS + 4 * SECOND)} | more))


def test_a_feed_that_is_silent_under_a_position_is_told_though_its_link_is_up():
    assert line(silent(16.4, 16.9), 140) == (
        " ✖ NO PRICES 16 s: no instrument ticks, the link is up — NIFTY25NOV25900CE LONG 150 UNWATCHED — new link in 4 s"
    )
    assert style(silent(16.4, 16.9)) == "alert"
    assert "NO PRICES 16 s" in line(silent(16.4, 16.9), 40)
    assert "UNWATCHED" in line(silent(16.4, 16.9), 40)


@pytest.mark.parametrize(
    ("ages_s", "more"),
    [
        ((2.9, 0.2), {}),
        ((16.0, 16.0), {"positions": ()}),
        ((16.0, 16.0), {"at_ms": OPEN_MS - 60_000}),
        ((16.0, 16.0), {"stale_s": 20.0}),
        ((0.2, 16.0), {}),  # what is silent is not held
    ],
)
def test_no_alarm_where_nothing_is_held_or_nothing_is_late(ages_s, more):
    assert line(silent(*ages_s, **more)) == ""


def test_one_silent_position_is_named_beside_others_that_tick():
    assert line(silent(16.0, 0.2), 140) == (
        " ✖ NO PRICE 16 s: silent while others tick — NIFTY25NOV25900CE LONG 150 UNWATCHED"
    )


def test_how_the_last_run_ended_is_told_until_it_is_acknowledged():
    long = line(paper(found=FOUND), 160)
    assert long.startswith(" LAST RUN: READY: locked until you unlock (k) — the last run ended without closing")
    assert long.endswith(" — press a to read and acknowledge")
    short = line(paper(found=FOUND), 80)
    assert short.startswith(" LAST RUN: READY: locked until you unlock (k) — ")
    assert short.endswith("press a to read and acknowledge")
    assert line(paper(found=FOUND), 60).endswith("a shows it")
    stamped = ("run 3 (paper) of 20261130T215155Z did not end in good order", FOUND[2])
    assert "run 3 (paper) of 1 Dec 03:21 did not end" in line(paper(found=stamped), 160)
    assert line(paper(found=FOUND[:1])).startswith(f" LAST RUN: {FOUND[0]}")
    assert line(lost(found=FOUND)).startswith(" ✖ LINK LOST")  # the more urgent one
    assert line(paper()) == ""


def test_the_story_is_read_in_full_in_its_dialog():
    shown = plain(dialogs.overlay(view(paper(found=FOUND), ui=Ui(dialog="found")), 80, 24))
    assert all(words in shown for words in FOUND)
    assert "a acknowledges · any other key closes, it stays" in shown
    long = paper(found=tuple(f"line {n}" for n in range(60)))
    scrolled = plain(dialogs.overlay(view(long, ui=Ui(dialog="found", choice=30)), 80, 24))
    assert "line 30" in scrolled
    assert "line 29" not in scrolled
    assert "line 59" in plain(dialogs.overlay(view(long, ui=Ui(dialog="found", choice=200)), 80, 24))


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 15), (40, 4)])
def test_it_takes_the_place_of_row_1_and_nothing_else_moves(width, height):
    calm = plain(screen.frame(view(paper()), width, height)).split("\n")
    loud = plain(screen.frame(view(lost()), width, height)).split("\n")
    assert "LINK LOST" in loud[1]
    assert "LINK LOST" not in calm[1]
    rules = [[number for number, row in enumerate(rows) if row.startswith("─")] for rows in (calm, loud)]
    assert rules[0] == rules[1]
    zoomed = plain(screen.frame(view(lost(), ui=Ui(focus="log", zoom=True)), width, height)).split("\n")
    assert "LINK LOST" in zoomed[1]


def test_the_smallest_screen_says_it_in_row_0():
    assert "no link" in plain(screen.frame(view(lost()), 40, 2))
    assert "entries off: no link" in plain(screen.frame(view(lost(held=False)), 130, 2))


def test_the_countdown_moves_once_a_second_however_often_it_is_drawn():
    moments = [NOW_NS + quarter * SECOND // 4 for quarter in range(17)]
    shown = [line(lost(taken_ns=now_ns), now_ns=now_ns) for now_ns in moments]
    changes = sum(one != other for one, other in pairwise(shown))
    assert changes == 4
    assert "reconnect 3 now" in shown[-1]


@settings(max_examples=examples(100))
@given(
    state=st.sampled_from(["CONNECTING", "LOGIN", "WAITING", "REFUSED", "STOPPED", "ELSEWHERE"]),
    because=st.text(max_size=80),
    stamps=st.lists(st.integers(0, 2 * NOW_NS), min_size=4, max_size=4),
    width=st.integers(0, 150),
    held=st.booleans(),
    found=st.lists(st.text(max_size=50), max_size=3),
)
def test_any_feed_at_any_width(state, because, stamps, width, held, found) -> None:
    since, frame, pong, retry = stamps
    link = feed(
        state=state, because=because, since_ns=since, frame_ns=frame, pong_ns=pong, retry_ns=retry, frames=frame % 2
    )
    for seen in (lost(held=held, feed=link, found=tuple(found)), paper(found=tuple(found))):
        for glyphs in (view().glyphs, ASCII):
            made = banner.line(view(seen, glyphs=glyphs), width)
            assert made is None or made[0][1] in STYLES
            assert made is None or glyphs is not ASCII or plain([made]).isascii()
            assert made is None or glyphs is ASCII or width_of(made) == max(1, width)


WHY = "400 of 400 ticks lie outside the session 09:15-15:30 Asia/Kolkata (18:15:00-18:28:18): --set session.start=18:10"


def test_a_replay_that_decides_nothing_says_why() -> None:
    seen = replace(SNAPSHOT, undecided=WHY)
    assert line(seen, 200) == f" ▲ NO ENTRY: {WHY}"
    assert style(seen) == "banner"
    assert line(seen, 80).startswith(" ▲ NO ENTRY: 400 of 400 ticks lie outside the session")
    assert all(width_of(banner.line(view(seen), width)) <= width for width in range(1, 200))
    assert "NO ENTRY" not in line(replace(lost(), undecided=WHY))  # what is urgent comes first


def test_what_is_held_over_the_end_of_the_session_is_shouted() -> None:
    over = paper(at_ms=OPEN_MS + 22_500_001)
    assert line(over).startswith(" ✖ HELD OVER THE END OF THE SESSION — NIFTY25NOV25900CE LONG 150 UNWATCHED")
    assert line(replace(over, positions=())) == ""


def test_what_is_held_over_is_named_though_another_market_is_open() -> None:
    shown = line(evening(), 200)
    assert shown.startswith(" ✖ HELD OVER THE END OF THE SESSION — NIFTY25NOV25900CE LONG 150 UNWATCHED")
    assert "nothing can be sold until Fri 09:15" in shown
    assert style(evening()) == "alert"
