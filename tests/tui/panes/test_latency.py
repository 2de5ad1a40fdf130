"""The latency pane by its rendered lines."""

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import LatencySummary
from tests.support.screens.snapshots import SNAPSHOT, epoch, snapshot, view
from tests.support.thorough import examples
from tui.panes import latency
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of

TWO = snapshot(epochs=(epoch("polling"), epoch("callback", 9_000, ticks=900, cpu_share=0.25)))


def text(shown, width: int, height: int) -> list[str]:
    return plain(latency.rows(view(shown), width, height)).split("\n")


def test_one_epoch() -> None:
    assert text(SNAPSHOT, 44, 20) == [
        "ticks, CPU         polling  18,233 ticks  1%",
        "stage                  p50      p99      max",
        "receive→inbox      0.90 µs  2.70 µs  8.10 µs",
        "wait                118 µs   354 µs  1.06 ms",
        "decide             0.78 µs  2.34 µs  7.02 µs",
        "act                0.11 µs  0.33 µs  0.99 µs",
        "tick→order         14.0 µs  42.0 µs   126 µs",
        "receive→decision    120 µs   360 µs  1.08 ms",
        "merged 0  waiting 3  GC longest 1.8 ms",
    ]


def test_epochs_stand_side_by_side_newest_first() -> None:
    lines = text(TWO, 72, 20)
    assert lines[0] == "ticks, CPU         callback   900 ticks  25%   polling  18,233 ticks  1%"
    assert lines[7] == "receive→decision   9.00 µs  27.0 µs  81.0 µs    120 µs   360 µs  1.08 ms"
    assert "polling" not in text(TWO, 71, 20)[0]


def test_the_newest_epoch_has_bars_where_there_is_room() -> None:
    bars = [line.count("█") for line in text(SNAPSHOT, 52, 20)[2:8]]
    assert bars == [0, 7, 0, 0, 1, 7]
    assert not any("█" in line for line in text(SNAPSHOT, 51, 20))


def test_the_important_stages_stay_when_room_is_short() -> None:
    assert [line.split()[0] for line in text(SNAPSHOT, 50, 4)] == ["ticks,", "tick→order", "receive→decision", "merged"]
    assert [line.split()[0] for line in text(SNAPSHOT, 50, 1)] == ["receive→decision"]
    assert text(SNAPSHOT, 34, 20)[1].split() == ["stage", "p50", "p99"]


def test_slow_figures_stand_out_and_faults_are_counted() -> None:
    slow = LatencySummary(9, 90_000_000, 300_000_000, 300_000_000, 300_000_000, 300_000_000)
    seen = snapshot(epochs=(epoch(stages={"decide": slow}),), merged=7, inbox_waiting=900, faults=2)
    lines = latency.rows(view(seen), 60, 20)
    assert [style for words, style in lines[4] if "ms" in words] == ["warn", "alert", "alert"]
    assert lines[-1][:3] == (("faults 2", "alert"), ("  merged 7", "warn"), ("  waiting 900", "warn"))


def test_the_collapsed_pane() -> None:
    whole = "receive→decision p50 120 µs  p99 360 µs  max 1.08 ms  merged 0  waiting 3  GC longest 1.8 ms"
    assert plain([latency.line(view(), 100)]) == whole
    assert plain([latency.line(view(), 75)]) == whole.removesuffix("  GC longest 1.8 ms")
    assert (
        plain([latency.line(view(snapshot(epochs=())), 60)]) == "no ticks yet  merged 0  waiting 3  GC longest 1.8 ms"
    )


NS = st.integers(-5, 10**19)
STAGE = st.sampled_from(("wait", "decide", "receive→decision", "other"))
EPOCHS = st.lists(
    st.builds(
        lambda delivery, ticks, share, stages: epoch(delivery, ticks=ticks, cpu_share=share, stages=stages),
        st.sampled_from(("polling", "queued", "callback")),
        st.integers(0, 10**15),
        st.floats(0, 1000),
        st.dictionaries(STAGE, st.builds(LatencySummary, NS, NS, NS, NS, NS, NS), max_size=4),
    ),
    max_size=9,
)


@settings(max_examples=examples(200))
@given(epochs=EPOCHS, width=st.integers(-1, 250), height=st.integers(-1, 20), merged=st.integers(0, 10**12))
def test_any_epochs_at_any_size(epochs, width: int, height: int, merged: int) -> None:
    for glyphs in (view().glyphs, ASCII):
        shown = view(snapshot(epochs=tuple(epochs), merged=merged), glyphs=glyphs)
        lines = latency.rows(shown, width, height)
        assert len(lines) <= max(0, height)
        for line in (*lines, latency.line(shown, width)):
            assert {style for _, style in line} <= set(STYLES)
            assert glyphs is not ASCII or plain([line]).isascii()
            assert width_of(line) == max(0, width)


def test_what_was_left_out_is_said_below_the_most_frequent_first() -> None:
    seen = snapshot(left_out={"backwards": 3, "outside_session": 1_200})
    assert text(seen, 60, 12)[-1].rstrip() == "left out: outside session 1,200, backwards 3"
    assert "left out" not in "".join(text(SNAPSHOT, 60, 12))
