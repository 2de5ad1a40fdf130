"""Leaving an engine that goes on: detach, stop it, come back; control and how it moves; what happened meanwhile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import Arm, EntriesState, Flat, Stop
from tests.support.screens.hands import Hands, typed
from tests.support.screens.snapshots import (
    SECOND,
    SNAPSHOT,
    apart,
    asked,
    looking,
    lost,
    paper,
    position,
    snapshot,
    view,
)
from tests.support.thorough import examples
from tui.frame import dialogs
from tui.input import keys
from tui.shell.exit_message import lines as exit_lines
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui

FREE = paper(positions=())
PLACED = apart(options=" --state-dir /d")


def box(seen, attachment, width=80, height=24, **ui):
    shown = view(seen, ui=Ui(**ui), attachment=attachment)
    return [line[2:-2].rstrip() for line in plain(dialogs.overlay(shown, width, height)).split("\n")[1:-1]]


# ── Detach ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_q_says_that_the_engine_goes_on_and_how_to_come_back():
    assert box(FREE, PLACED, dialog="quit") == [
        "no position is open",
        "the engine goes on without this screen (pid 4711); it goes on trading:",
        "entries and exits",
        "back: myquant-tui attach --state-dir /d",
        "flat: myquant-tui flat --state-dir /d",
        "stop: myquant-tui stop --state-dir /d",
        "",
        "q detaches · s stops the engine · ! flat · any other key stays",
    ]
    held = "\n".join(box(paper(), apart(on_loss="flat_after"), dialog="quit"))
    assert "NIFTY25NOV25900CE  LONG 150  open +224.92" in held
    words = "when nobody has control for a while (operator.flat_after_s), everything is closed"
    assert words in " ".join(held.split())
    assert "no new entries" in "\n".join(box(FREE, apart(on_loss="no_entries"), dialog="quit"))
    assert "pid 4711" in "\n".join(box(FREE, looking(), dialog="quit"))


@pytest.mark.parametrize(("seen", "how"), [(replace(FREE, stopped=True), {}), (paper(), {"lost": "x", "there": False})])
def test_q_offers_no_way_to_an_engine_that_has_ended(seen, how):
    lines = box(seen, apart(options=" --state-dir /d", **how), dialog="quit")
    shown = "\n".join(lines)
    assert lines[-1] == "q leaves · any other key stays"
    assert "attach" not in shown
    assert "stop:" not in shown
    assert ("myquant-tui flat --state-dir /d" in shown) is bool(seen.positions)  # what it held is still to be closed
    hands = Hands(seen, attachment=apart(**how)).press("q", 0).press("s", 1)
    assert hands.ui.dialog == ""


def said(seen, **more):
    return " ".join(" ".join(box(seen, apart(**more), dialog="quit")).split())


def test_q_says_what_is_true_where_nothing_is_entered():
    locked = paper(entries=EntriesState(False, "daily loss", "", 3))
    exits = "it goes on with exits only: LOCKED daily loss"
    for policy in ("keep", "no_entries", "flat_after"):
        assert exits in said(locked, on_loss=policy)
        assert "entries and exits" not in said(locked, on_loss=policy)
    assert "there are no new ones" in said(locked, on_loss="no_entries")
    assert "everything is closed" in said(locked, on_loss="flat_after")
    assert "exits only: HALTED 10 gaps" in said(paper(entries=EntriesState(False, "", "10 gaps", 3)))
    assert "exits only: entries paused" in said(paper(entries=EntriesState(True, "", "", 3)))
    barred = EntriesState(False, "", "", 3, barred=tuple(range(len(paper().instruments))))
    assert "exits only: no entries in" in said(paper(entries=barred))
    assert "exits wait for prices" in said(lost())
    ended = replace(SNAPSHOT, replay=replace(SNAPSHOT.replay, ended=True))
    assert "its replay has ended: nothing is traded any more" in said(ended)


def test_the_seconds_of_the_policy_are_named_where_they_are_known():
    running = {"on_loss": "flat_after", "vacant_ns": SECOND, "due_ns": 301 * SECOND}
    assert "when nobody has control for 5 min 0 s, everything is closed" in said(paper(), **running)


def test_q_asks_always_and_q_again_detaches():
    hands = Hands(FREE, attachment=PLACED).press("q", 0)
    assert (hands.ui.dialog, hands.left) == ("quit", [])
    assert keys.hints(view(FREE, ui=hands.ui, attachment=PLACED))[0] == ("q", "detach")
    assert hands.press("y", 200).ui.dialog == ""
    hands.press("q", 400).press("q", 800)
    assert (hands.left, hands.client.sent) == ([True], [])


@pytest.mark.parametrize(
    ("seen", "attachment"),
    [
        (paper(stopped=True), apart(lost="closed the connection", there=False)),
        (paper(), apart(lost="nobody listens", there=False)),
    ],
)
def test_of_an_engine_that_is_no_more_there_is_nothing_to_ask(seen, attachment):
    assert Hands(seen, attachment=attachment).press("q", 0).left == [True]


def test_a_flat_that_no_engine_has_taken_is_not_left_unawares():
    attachment = apart(lost="nobody listens", there=False, asked=(asked(Flat("operator")),))
    hands = Hands(paper(), attachment=attachment).press("q", 0)
    assert (hands.ui.dialog, hands.left) == ("quit", [])
    assert box(paper(), attachment, dialog="quit")[0] == "the flat has not reached the engine: leaving gives it up"
    assert hands.press("q", 300).left == [True]
    taken = apart(asked=(asked(Flat("operator"), "ACCEPTED"),))
    assert "gives it up" not in "\n".join(box(paper(), taken, dialog="quit"))


def test_from_the_question_a_flat_is_one_key_away():
    for key in ("q", "s"):
        hands = Hands(paper(), attachment=PLACED).press("q", 0)
        if key == "s":
            hands.press("s", 100)
        hands.press("!", 200)
        assert (hands.ui.dialog, hands.client.sent) == ("flat", [Arm()])
    assert Hands(snapshot()).press("q", 0).press("!", 200).client.sent == []  # in one process any key but q stays


# ── Stop ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_stopping_is_typed():
    hands = Hands(FREE, attachment=PLACED).press("q", 0).press("s", 100)
    assert hands.ui.dialog == "stop"
    assert typed(hands, "STOP").client.sent == [Stop()]
    hands = typed(Hands(FREE, attachment=PLACED).press("q", 0).press("s", 50), "stop")
    assert hands.client.sent == []
    assert hands.ui.notice == "the engine goes on: type STOP in capitals to stop it"


def test_with_a_position_open_more_must_be_typed():
    shown = box(paper(), PLACED, dialog="stop")
    assert "the engine would end: simulated positions stay open, no stop is watched" in shown
    assert shown[-1] == "! flat first · type STOP HOLDING and enter · esc closes"
    assert "REAL positions" in "\n".join(box(paper(trade_mode="live"), PLACED, dialog="stop"))
    assert typed(Hands(paper(), attachment=PLACED).press("q", 0).press("s", 50), "STOP").client.sent == []
    assert typed(Hands(paper(), attachment=PLACED).press("q", 0).press("s", 50), "STOP HOLDING").client.sent == [Stop()]


def test_who_has_not_control_is_told_before_typing():
    assert "it will refuse: pts/3 from 10.0.0.7 has control" in box(FREE, looking(), dialog="stop")


def test_an_engine_in_this_process_is_not_stopped_from_here():
    hands = Hands(snapshot()).press("q", 0).press("s", 100)
    assert (hands.ui.dialog, hands.client.sent) == ("", [])


# ── Control ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_taking_control_names_its_holder_and_needs_another_key():
    hands = Hands(FREE, attachment=looking()).press("O", 0)
    assert (hands.ui.dialog, hands.client.control_asked) == ("control", [])
    shown = box(FREE, looking(), dialog="control")
    assert shown[:2] == ["pts/3 from 10.0.0.7 has control", "2 screens look at this engine"]
    assert shown[-1] == "t takes control · any other key closes"
    assert hands.press("O", 100).client.control_asked == []
    hands.press("O", 200).press("t", 600)
    assert (hands.client.control_asked, hands.ui.dialog) == (["take"], "")


def test_what_a_line_s_noise_types_takes_nothing():
    assert Hands(FREE, attachment=looking()).press("O", 0).press("t", 100, alone=False).client.control_asked == []
    assert Hands(FREE, attachment=looking()).press("O", 0).press("t", 100, suspicious=True).client.control_asked == []


def test_it_is_given_up_by_another_key():
    hands = Hands(FREE, attachment=apart()).press("O", 0).press("t", 100)
    assert hands.client.control_asked == []
    assert hands.press("O", 200).press("g", 300).client.control_asked == ["give"]
    assert box(FREE, apart(), dialog="control")[0] == "you have control"


@pytest.mark.parametrize(
    ("attachment", "words"),
    [(looking(read_only=True), "read-only"), (looking(lost="nobody listens"), "no link to the engine")],
)
def test_where_it_cannot_be_had_that_is_said(attachment, words):
    hands = Hands(FREE, attachment=attachment).press("O", 0)
    assert words in "\n".join(box(FREE, attachment, dialog="control"))
    assert keys.hints(view(FREE, ui=hands.ui, attachment=attachment))[0] == ("any other key", "close")
    hands.press("t", 300)
    assert hands.client.control_asked == []
    assert words in hands.ui.notice


def test_the_palette_has_it_only_where_there_is_one():
    apart_view = view(FREE, ui=Ui(text="control"), attachment=looking())
    assert [entry[2] for entry in keys.palette(apart_view)] == ["control"]
    assert keys.palette(view(snapshot(), ui=Ui(text="control"))) == []
    assert ("O", "control") in keys.hints(view(FREE, attachment=looking()))[:3]
    assert not any(label == "O" for label, _ in keys.hints(view(FREE, attachment=apart())))


# ── What happened meanwhile ─────────────────────────────────────────────────────────────────────────────────────────

AWAY = "away 6 min 12 s: 2 entries, 1 stop loss, P&L meanwhile −420"


def test_the_absence_is_told_over_the_panes_and_takes_no_key():
    hands = Hands(FREE, attachment=apart())
    hands.control.tell((AWAY, "you have control"), 10_000_000_000)
    assert box(FREE, apart(), digest=AWAY) == [
        "away 6 min 12 s",
        "2 entries, 1 stop loss, P&L meanwhile −420",
        "",
        "it stays in the log · any key closes this and does what it does",
    ]
    assert (hands.ui.digest, hands.ui.notice) == (AWAY, "you have control")
    hands.press("!", 100)
    assert (hands.ui.digest, hands.ui.dialog, hands.client.sent) == ("", "flat", [Arm()])


def test_it_goes_away_by_itself_and_an_absence_without_events_is_a_notice():
    hands = Hands(FREE, attachment=apart())
    hands.control.tell((AWAY,), SECOND)
    hands.control.pass_time(20 * SECOND)
    assert hands.ui.digest == AWAY
    hands.control.pass_time(21 * SECOND)
    assert hands.ui.digest == ""
    hands.control.tell(("away 2 s: nothing happened",), SECOND)
    assert (hands.ui.digest, hands.ui.notice) == ("", "away 2 s: nothing happened")


def test_a_link_that_blinked_is_no_absence():
    hands = Hands(FREE, attachment=apart())
    hands.control.tell(("away 0 s: nothing happened", "away 1 s: nothing happened"), SECOND)
    assert (hands.ui.digest, hands.ui.notice) == ("", "")
    hands.control.tell(("away 1 s: 1 stop loss, P&L meanwhile −420",), SECOND)
    assert hands.ui.digest == "away 1 s: 1 stop loss, P&L meanwhile −420"


def test_control_that_was_taken_is_loud():
    hands = Hands(FREE, attachment=looking())
    hands.control.tell(("pts/3 took control: you may look",), SECOND)
    assert (hands.ui.notice, hands.ui.notice_style) == ("pts/3 took control: you may look", "alert")


# ── The last lines ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_shell_is_told_how_to_come_back():
    assert exit_lines(paper(), apart()) == [
        "detached; the engine goes on (pid 4711, PAPER, 1 position open)",
        "back: myquant-tui attach · flat: myquant-tui flat · stop: myquant-tui stop",
    ]
    assert exit_lines(FREE, PLACED) == [
        "detached; the engine goes on (pid 4711, PAPER, no position open)",
        "back: myquant-tui attach --state-dir /d · flat: myquant-tui flat --state-dir /d · stop: myquant-tui stop --state-dir /d",
    ]


def test_or_that_there_is_nothing_to_come_back_to():
    two = paper(positions=(position(0), position(1)), stopped=True)
    assert exit_lines(two, apart(lost="x", there=False)) == [
        "the engine has ended (PAPER, 2 positions open)",
        "start it again as you did (myquant-tui run …); what was held is restored · flat: myquant-tui flat",
    ]
    assert exit_lines(paper(), apart(lost="x", there=False))[0] == "the engine is gone (PAPER, 1 position open)"
    assert (
        exit_lines(FREE, apart(lost="x", pid=0))[0] == "detached; the engine does not answer (PAPER, no position open)"
    )


@settings(max_examples=examples(100))
@given(
    dialog=st.sampled_from(["quit", "stop", "control", ""]),
    width=st.integers(1, 130),
    height=st.integers(1, 40),
    attachment=st.sampled_from([PLACED, looking(), looking(read_only=True), apart(lost="x" * 200, there=False)]),
    glyphs=st.sampled_from([view().glyphs, ASCII]),
)
def test_any_size(dialog, width, height, attachment, glyphs):
    many = replace(SNAPSHOT, positions=tuple(position(n % 2) for n in range(30)))
    shown = view(many, ui=Ui(dialog=dialog, digest=AWAY), attachment=attachment, glyphs=glyphs)
    lines = dialogs.overlay(shown, width, height)
    assert len(lines) <= height
    assert len({width_of(line) for line in lines}) <= 1
    assert all(style in STYLES for line in lines for _, style in line)
    assert glyphs is not ASCII or plain(lines).replace("−", "-").isascii()
