"""Log lines have one time each; what repeats is one line with its count; trades are told from the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import LogLine
from tests.support.screens.snapshots import SECOND, SNAPSHOT, paper
from tui.view.log_lines import KEPT, LogLines

AT_NS = 1_763_640_000 * SECOND  # 2025-11-20T17:30:00+05:30
LIVE = paper()


def line(text, number=1, wall_ns=AT_NS, level="INFO", component="trader", trade=False):
    return LogLine(number, wall_ns, level, component, text, trade)


def shown(*texts, seen=LIVE, level="DEBUG"):
    lines = LogLines()
    lines.add([line(text, number) for number, text in enumerate(texts, 1)], seen)
    return [each.text for each in lines.shown(level)[0]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2025-11-20T17:30:00+05:30 NIFTY no entry: x", "NIFTY no entry: x"),
        ("2025-11-20T17:30:00.999+05:30 entries locked", "entries locked"),
        ("2025-11-20T17:29:59+05:30 entries locked", "entries locked"),
        ("2025-11-20T17:29:58.900+05:30 entries locked", "at 17:29:58: entries locked"),
        ("2025-11-19T17:30:00+05:30 entries locked", "at 2025-11-19 17:30:00: entries locked"),
        ("3 more silences since 2025-11-20T17:20:44+05:30, the longest 9.0 s", "3 more silences since 17:20:44, the longest 9.0 s"),
        ("flat HELD until 2025-11-21T09:15:00+05:30", "flat HELD until 2025-11-21 09:15:00"),
        ("2025-99-99T11:42:00+05:30 no time", "2025-99-99T11:42:00+05:30 no time"),
        ("no stamp", "no stamp"),
    ],
)  # fmt: skip
def test_a_line_has_one_time_and_another_only_where_it_differs(text, told):
    assert shown(text) == [told]


def test_in_a_replay_the_one_time_is_the_recordings():
    lines = LogLines()
    lines.add([line("2025-10-01T11:42:17+05:30 exit 75")], SNAPSHOT)
    (only,), hidden = lines.shown("INFO")
    assert (only.text, only.wall_ns, hidden) == ("exit 75", 1_759_299_137 * SECOND, 0)


@pytest.mark.parametrize("seen", [SNAPSHOT, LIVE])
def test_a_line_is_shown_in_the_runs_time(seen):
    lines, run_ns = LogLines(), 1_759_299_137 * SECOND
    lines.add(
        [LogLine(1, AT_NS, "INFO", "engine", "heartbeat ticks 1", run_ns=run_ns), line("of an older engine", 2)], seen
    )
    assert [each.wall_ns for each in lines.shown("INFO")[0]] == [run_ns, AT_NS]


def test_what_is_told_again_is_one_line_with_its_count_at_the_newest_place():
    assert shown(
        "heartbeat ticks 10 beats 3 waiting 0",
        "NIFTY no entry: EMA fast not above slow",
        "entry 75 NIFTY",
        "heartbeat ticks 19 beats 9 waiting 0",
        "NIFTY no entry: EMA fast not above slow",
        "BANKNIFTY no entry: EMA fast not above slow",
        "heartbeat ticks 1,000 beats 12 waiting 0",
    ) == [
        "entry 75 NIFTY",
        "NIFTY no entry: EMA fast not above slow (×2)",
        "BANKNIFTY no entry: EMA fast not above slow",
        "heartbeat ticks 1,000 beats 12 waiting 0 (×3)",
    ]


def test_two_instruments_two_reasons_and_two_exits_stay_apart():
    texts = ["NIFTY25NOV25900CE no tick for 20.0 s", "NIFTY25NOV25950CE no tick for 20.0 s", "A no entry: x", "A no entry: y",
             "exit 75 NIFTY 1 → 2", "exit 75 NIFTY 1 → 3"]  # fmt: skip
    assert shown(*texts) == texts


def test_what_is_far_above_stays_where_it_is():
    between = [f"line {n}" for n in range(60)]
    assert shown("heartbeat ticks 1", *between, "heartbeat ticks 2") == [
        "heartbeat ticks 1",
        *between,
        "heartbeat ticks 2",
    ]


def test_trades_alone_and_the_others_counted():
    lines = LogLines()
    lines.add([line("noise"), line("exit", 2, trade=True), line("order rejected", 3, level="ERROR", trade=True)], LIVE)
    assert [each.number for each in lines.shown("TRADES")[0]] == [2, 3]
    assert lines.shown("TRADES")[1] == 1
    assert [each.number for each in lines.shown("ERROR")[0]] == [3]
    assert lines.shown("INFO")[0] is lines.shown("INFO")[0]  # made once, until there are more


KINDS = ("heartbeat ticks {}", "A no entry: {}", "B no tick for {} s", "entry {}", "plain {}")


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.booleans()), max_size=80))
def test_nothing_is_lost_from_count(kinds):
    lines = LogLines()
    for number, (kind, value, trade) in enumerate(kinds, 1):
        lines.add([line(kind.format(value), number, trade=trade)], LIVE)
    kept = lines.shown("DEBUG")[0]
    counted = sum(int(each.text.rpartition("×")[2].rstrip(")")) if "(×" in each.text else 1 for each in kept)
    assert counted == len(kinds)
    assert [each.number for each in kept] == sorted({each.number for each in kept})
    assert sum(each.trade for each in kept) == sum(trade for _, _, trade in kinds)


def test_no_more_than_so_many_are_kept():
    lines = LogLines()
    lines.add([line(f"line {n}", n) for n in range(1, KEPT + 50)], LIVE)
    assert len(lines.shown("INFO")[0]) == KEPT
