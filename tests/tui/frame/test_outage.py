"""An engine that is gone, silent or stopped is named across the screen, with what is left unwatched and what to do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, apart, lost, paper, position, view
from tests.support.thorough import examples
from tui.frame import banner, screen
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of

FREE = paper(positions=())


def line(seen, width=160, age_s=0.05, **more):
    found = banner.line(view(seen, now_ns=seen.taken_ns + round(age_s * SECOND), **more), width)
    return plain([found]).strip() if found else ""


def style(seen, **more):
    return banner.line(view(seen, **more), 160)[0][1]


GONE = apart(lost="no engine runs here: nobody listens at /d/engine.sock", there=False, options=" --state-dir /d")
MUTE = apart(lost="no answer from the engine for 5 s")


def test_a_process_that_has_ended():
    assert line(FREE, 220, 4.2, attachment=GONE) == (
        "✖ ENGINE GONE 4 s: process 4711 has ended — screen shows the last known state"
        " — start it again as you did (myquant-tui run …); what was held is restored"
        " — flat: myquant-tui flat --state-dir /d"
    )
    assert style(FREE, attachment=GONE) == "alert"
    assert "ENGINE GONE 0 s" in line(FREE, attachment=GONE)  # at once, not when the snapshot is old


def test_what_is_held_is_named_first():
    held = paper()
    assert line(held, 80, 4.2, attachment=GONE).startswith("✖ ENGINE GONE 4 s")
    assert "NIFTY25NOV25900CE LONG 150 UNWATCHED" in line(held, 80, 4.2, attachment=GONE)
    assert line(held, 80, 4.2, attachment=apart(lost="x", there=False)).endswith("UNWATCHED — myquant-tui flat")
    assert "UNWATCHED" in line(held, 40, 4.2, attachment=GONE)
    two = paper(positions=(position(0), position(1)))
    assert "NIFTY25NOV25900CE LONG 150 +1 more UNWATCHED" in line(two, age_s=3.1, attachment=apart())


def test_a_process_that_is_there_and_says_nothing():
    assert line(FREE, age_s=3.1, attachment=apart()) == (
        "✖ ENGINE SILENT 3.1 s: its process is there, its loop stands — screen shows the last known state"
    )
    assert "ENGINE SILENT 6.3 s: no answer from the engine for 5 s" in line(FREE, age_s=6.3, attachment=MUTE)
    assert line(FREE, age_s=1.9, attachment=apart()) == ""
    assert "ENGINE SILENT 2.5 s: its loop stands" in line(SNAPSHOT, age_s=2.5)


def test_an_engine_that_ended_says_how():
    done = paper(positions=(), stopped=True)
    assert line(done, age_s=9.0, attachment=GONE) == (
        "■ ENGINE STOPPED in good order — nothing is held — start it again as you did (myquant-tui run …)"
    )
    assert style(done, attachment=GONE) == "banner"
    broken = paper(stopped=True, fault="journal: disk I/O error")
    assert "ENGINE STOPPED: journal: disk I/O error" in line(broken, attachment=GONE)
    assert "NIFTY25NOV25900CE LONG 150 stays open, UNWATCHED" in line(broken, attachment=GONE)
    assert "start it again as you did (myquant-tui run …); what was held is restored" in line(
        broken, 250, attachment=GONE
    )
    assert "flat: myquant-tui flat --state-dir /d" in line(broken, attachment=GONE)
    assert style(broken, attachment=GONE) == "alert"
    assert "myquant-tui run" not in line(paper(stopped=True))


def test_the_engine_comes_before_its_feed():
    assert line(lost(), attachment=GONE).startswith("✖ ENGINE GONE")
    assert line(lost(), attachment=apart()).startswith("✖ LINK LOST")


@settings(max_examples=examples(150))
@given(
    width=st.integers(1, 220),
    age_s=st.floats(0, 1e7),
    attachment=st.sampled_from([apart(), GONE, MUTE, apart(lost="x", there=False, pid=0)]),
    seen=st.sampled_from([FREE, paper(), lost(), paper(stopped=True, fault="f" * 300), SNAPSHOT]),
    glyphs=st.sampled_from([view().glyphs, ASCII]),
)
def test_any_width(width, age_s, attachment, seen, glyphs):
    shown = view(seen, now_ns=NOW_NS + round(age_s * SECOND), attachment=attachment, glyphs=glyphs)
    found = banner.line(shown, width)
    if found is not None:
        assert width_of(found) <= width
        assert {name for _, name in found} <= set(STYLES)
    lines = screen.frame(shown, width, 24)
    assert len(lines) == 24


@pytest.mark.parametrize("width", [80, 120])
def test_all_panes_are_grey_but_the_line_is_not_missed(width):
    old = view(paper(), now_ns=NOW_NS + 4 * SECOND, attachment=GONE)
    lines = screen.frame(old, width, 24)
    assert "ENGINE GONE" in plain(lines[1:2])
    assert lines[1][0][1] == "alert"
