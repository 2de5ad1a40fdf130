"""The heartbeat pane by its rendered lines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.presentation.health import RANKS, Health
from engine.presentation.lamps import Lamp, TerminalLink
from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, view
from tests.support.thorough import examples
from tui.panes import heartbeat
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import View

STRATEGY = Lamp("STRATEGY", "LATE", "9.1 ms", 0.8, 1.8, "← inbox 812 deep ← handler 22 ms", "812 ticks to go")
DATA = Lamp("DATA", "STALE", "NIFTY", 4.2, 3.0, "← no tick of any instrument", "nothing is decided")
OTHERS = (Lamp("ENGINE", "OK", "41 beats", 0.05), Lamp("CLOCK", "OFF", "none in replay"), Lamp("LINK", "OK", "", 0.018))


def seen(*lamps: Lamp, old_s: float = 0.0, **more) -> View:
    return view(replace(SNAPSHOT, taken_ns=NOW_NS - round(old_s * SECOND)), lamps=lamps, **more)


def text(shown: View, width: int, height: int) -> list[str]:
    return plain(heartbeat.rows(shown, width, height)).split("\n")


def test_every_lamp_has_mark_word_age_and_text() -> None:
    assert text(seen(*OTHERS), 54, 9) == [
        "● ENGINE   OK        0.1s  41 beats",
        "· CLOCK    OFF             none in replay",
        "● LINK     OK        18ms",
    ]


def test_what_is_not_well_says_since_when_why_and_what_next() -> None:
    assert text(seen(OTHERS[0], STRATEGY, DATA), 80, 9) == [
        "● ENGINE   OK        0.1s  41 beats",
        "▲ STRATEGY LATE      0.8s  9.1 ms",
        "  for 1.8s ← inbox 812 deep ← handler 22 ms → 812 ticks to go",
        "✖ DATA     STALE     4.2s  NIFTY",
        "  for 3.0s ← no tick of any instrument → nothing is decided",
    ]


def test_what_comes_next_is_given_up_before_the_cause() -> None:
    assert text(seen(STRATEGY), 46, 2)[1] == "  for 1.8s ← inbox 812 deep ← handler 22 ms"
    assert text(seen(STRATEGY), 30, 2)[1] == "  for 1.8s ← inbox 812 deep ←…"


def test_the_worst_comes_first_when_room_is_short() -> None:
    shown = seen(*OTHERS, STRATEGY, DATA)
    assert text(shown, 54, 5) == [
        "✖ DATA     STALE     4.2s  NIFTY",
        "  for 3.0s ← no tick of any instrument → nothing is d…",
        "▲ STRATEGY LATE      0.8s  9.1 ms",
        "  for 1.8s ← inbox 812 deep ← handler 22 ms",
        "● ENGINE  ● LINK  · CLOCK",
    ]
    assert text(shown, 54, 3)[::2] == ["✖ DATA     STALE     4.2s  NIFTY", "● ENGINE  ● LINK  · CLOCK"]
    assert text(shown, 54, 2) == [
        "✖ DATA     STALE     4.2s  NIFTY",
        "▲ STRATEGY LATE 0.8s  ● ENGINE  ● LINK  · CLOCK",
    ]
    assert text(shown, 54, 1) == ["✖ DATA STALE 4.2s  ▲ STRATEGY LATE 0.8s  ● ENGINE  +2"]


def test_the_collapsed_pane_names_what_is_not_well_first() -> None:
    shown = seen(*OTHERS, STRATEGY)
    assert plain([heartbeat.line(shown, 90)]) == (
        "▲ STRATEGY LATE 0.8s ← inbox 812 deep ← handler 22 ms  ● ENGINE  ● LINK  · CLOCK"
    )
    assert plain([heartbeat.line(shown, 44)]) == "▲ STRATEGY LATE 0.8s  ● ENGINE  ● LINK  +1"
    assert plain([heartbeat.line(shown, 15)]) == "▲ STRATEGY  +3"


def test_old_values_are_grey_and_the_title_says_so() -> None:
    fresh, old = seen(STRATEGY), seen(STRATEGY, old_s=4.1)
    assert heartbeat.alarm(fresh) == ""
    assert heartbeat.alarm(old) == "HEARTBEAT  values are 4.1 s old"
    assert {style for line in heartbeat.rows(old, 60, 9) for words, style in line if words.strip()} == {"grey"}
    assert {style for words, style in heartbeat.line(old, 60) if words.strip()} == {"grey"}
    assert "grey" not in {style for line in heartbeat.rows(fresh, 60, 9) for _, style in line}


def test_a_terminal_without_unicode_gets_none() -> None:
    lines = text(seen(*OTHERS, STRATEGY, glyphs=ASCII), 40, 9)
    assert all(line.isascii() for line in lines)
    assert lines[4] == "  for 1.8s <- inbox 812 deep <- handler~"


LAMPS = st.lists(
    st.builds(
        Lamp,
        st.sampled_from(("ENGINE", "STRATEGY", "X", "")),
        st.sampled_from(sorted(RANKS)),
        st.text(max_size=40),
        st.none() | st.floats(),
        st.none() | st.floats(),
        st.text(max_size=60),
        st.text(max_size=60),
    ),
    max_size=20,
)


@pytest.mark.slow
@settings(max_examples=examples(200))
@given(
    lamps=LAMPS, width=st.integers(-1, 130), height=st.integers(-1, 40), old=st.floats(0, 9), plain_text=st.booleans()
)
def test_any_lamps_at_any_size(lamps: list[Lamp], width: int, height: int, old: float, plain_text: bool) -> None:
    shown = seen(*lamps, old_s=old, **({"glyphs": ASCII} if plain_text else {}))
    lines = heartbeat.rows(shown, width, height)
    assert len(lines) <= max(0, height)
    for line in (*lines, heartbeat.line(shown, width)):
        assert {style for _, style in line} <= set(STYLES)
        assert not plain_text or plain([line]).isascii()
        assert width_of(line) == max(0, width)


def test_the_lamps_of_a_real_look_fit_the_pane() -> None:
    lamps = Health().judge(SNAPSHOT, NOW_NS, TerminalLink(18.0, 0.0))
    lines = text(seen(*lamps), 54, 12)
    assert len(lines) == 12
    assert [line.split()[1] for line in lines] == [lamp.name for lamp in lamps]
    assert len(text(seen(*lamps), 54, 4)) <= 4
