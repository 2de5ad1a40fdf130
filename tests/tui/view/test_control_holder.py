"""Who has control, at the top of every screen; what happens when nobody has; commands on their way in the last line."""

import pytest

from engine import Arm, Flat, PauseEntries, Seek, SwitchDelivery
from tests.support.screens.snapshots import (
    NOW_NS,
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
from tui.frame import banner, footer, header, screen
from tui.input import keys
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view import commands
from tui.view.model import Ui

NO_ANSWER = "NO ANSWER from engine"


def top(attachment, width=120, seen=None):
    return plain([header.status(view(seen or paper(), attachment=attachment), width)])


def foot(attachment, width=120, **ui):
    return footer.line(view(paper(), attachment=attachment, ui=Ui(**ui)), width)


def told(*pending, **more):
    line = foot(apart(asked=pending), **more)
    return plain([line]).strip(), line[0][1]


def test_every_screen_says_who_has_control_and_how_many_look():
    assert "CONTROL you  " in top(apart())
    assert "CONTROL you · 2 screens" in top(apart(screens=2), 160)
    assert "CONTROL pts/3 from 10.0.0.7 · 2 screens" in top(looking(), 200)
    assert "CONTROL nobody" in top(apart(holder="", has_control=False))
    assert "read-only" in top(looking(read_only=True))
    assert "read-only · CONTROL pts/3 from 10.0.0.7" in top(looking(read_only=True), 200)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_it_has_a_place_on_the_smallest_usual_screen(width):
    for seen in (paper(), paper(positions=()), lost(), SNAPSHOT):
        assert "CONTROL you" in top(apart(), width, seen)
        assert "CONTROL pts/3" in top(looking(), width, seen)
        assert "read-only" in top(looking(read_only=True), width, seen)


def test_in_one_process_there_is_no_control_to_speak_of():
    assert "CONTROL" not in plain([header.status(view(), 200)])
    assert not any(label == "O" for label, _ in keys.hints(view()))
    assert keys.find("O", view()) is None


def test_without_a_link_nobody_knows_who_has_it():
    assert "CONTROL" not in top(apart(lost="no answer"), 200)


def test_the_policy_counts_down_where_nobody_has_control():
    alone = {"holder": "", "has_control": False, "on_loss": "flat_after", "vacant_ns": NOW_NS - 50 * SECOND}
    line = banner.line(view(paper(), attachment=apart(due_ns=NOW_NS + 250 * SECOND, **alone)), 120)
    assert plain([line]).strip() == "▲ nobody has control: flat in 4 min 10 s — O takes control"
    assert line[0][1] == "banner"
    did = banner.line(view(paper(), attachment=apart(did="flat: operator lost for 300 s", **alone)), 120)
    assert "nobody has control: flat: operator lost for 300 s" in plain([did])
    only = banner.line(view(paper(), attachment=apart(read_only=True, did="x", **alone)), 120)
    assert "takes control" not in plain([only])


def test_with_nothing_to_do_the_policy_takes_no_line():
    gone = apart(holder="", has_control=False, vacant_ns=NOW_NS - SECOND)
    assert banner.line(view(paper(), attachment=gone), 120) is None
    assert banner.line(view(paper(), attachment=looking(vacant_ns=1, did="x")), 120) is None


def test_a_command_is_told_with_its_state_beside_the_keys():
    words, style = told(asked(PauseEntries()))
    assert words.startswith("pause entries REQUESTED  !x flat")
    assert style == "warn"
    assert told(asked(PauseEntries(), "ACCEPTED"))[0].startswith("pause entries ACCEPTED ")
    words, style = told(asked(SwitchDelivery("queued"), "DONE"), notice="0 lost", notice_until_ns=1)
    assert (words, style) == ("delivery queued DONE  0 lost", "good")


def test_what_goes_wrong_is_loud():
    words, style = told(asked(Seek(7), "REFUSED", "not in this run"))
    assert words.startswith("go to REFUSED: not in this run ")
    assert style == "alert"
    silent = asked(PauseEntries(), "REQUESTED", NO_ANSWER, 3.1)
    words, style = told(silent)
    assert words.startswith("pause entries REQUESTED: NO ANSWER from engine (3.1 s) ")
    assert style == "alert"
    refused = looking(read_only=True, asked=(asked(Seek(7), "REFUSED", "pts/3 has control"),))
    assert "pts/3 has control; this screen is read-only" in plain([foot(refused)])


def test_the_newest_is_told_but_nothing_hides_what_went_wrong_nor_a_flat():
    good, bad = asked(PauseEntries(), "DONE"), asked(Seek(1), "FAILED", "no link")
    flat = asked(Flat("operator"), "REQUESTED", NO_ANSWER, 2.5)
    assert commands.newest(apart(asked=(bad, good))) is bad
    assert commands.newest(apart(asked=(flat, bad, good))) is flat
    assert commands.newest(apart(asked=(good, asked(Seek(2))))).command == Seek(2)
    assert commands.newest(apart(asked=(asked(Arm()),))) is None
    assert commands.newest(apart(asked=(asked(Arm(), "FAILED", "no link"),))).command == Arm()


def test_a_flat_is_seen_in_row_0_before_the_engine_has_it():
    assert "FLAT: REQUESTED 0.2 s" in top(apart(asked=(asked(Flat("operator")),)), 160)
    silent = apart(asked=(asked(Flat("operator"), "REQUESTED", NO_ANSWER, 3.1),))
    assert "FLAT: NO ANSWER 3.1 s" in top(silent, 160)
    assert "FLAT NO ANSWER" in top(silent, 80)
    done = apart(asked=(asked(Flat("operator"), "DONE"),))
    assert "FLAT≈" in top(done, 160)


def test_the_flat_window_says_what_became_of_the_request():
    def window(*pending, seen=None, **ui):
        shown = view(seen or snapshot(replay=None), ui=Ui(dialog="flat", **ui), attachment=apart(asked=pending))
        return plain(screen.frame(shown, 80, 24))

    assert "FLAT REQUESTED" in window(asked(Flat("operator")))
    assert "x was sent" in window(asked(Flat("operator")))
    assert "NO ANSWER from engine (3.1 s)" in window(asked(Flat("operator"), "REQUESTED", NO_ANSWER, 3.1))
    assert "no flat is on its way · any key closes, then !x asks again" in window()
    old = snapshot(replay=None, flat=SNAPSHOT.flat.__class__("FLAT", "", 0, (), ("FLAT verified",)), positions=())
    assert "FLAT verified" in window(seen=old)
    assert "FLAT verified" not in window(asked(Flat("operator")), seen=old)


def test_a_dead_engine_sends_the_operator_to_the_shell():
    gone = apart(lost="nobody listens", there=False, options=" --state-dir /d")
    shown = plain(screen.frame(view(paper(), ui=Ui(dialog="flat"), attachment=gone), 120, 40))
    assert "THE ENGINE IS GONE" in shown
    assert "myquant-tui flat --state-dir /d" in shown


UNHEARD = "not sent: no link to the engine"


@pytest.mark.parametrize("answer", ["", NO_ANSWER])
def test_of_a_flat_that_no_engine_has_heard_one_story_is_told(answer):
    flat = asked(Flat("operator"), "REQUESTED", answer, 3.1)
    gone = apart(lost="x", there=False, options=" --state-dir /d", asked=(asked(Arm(), "FAILED", UNHEARD), flat))
    line = plain([foot(gone, 160)]).strip()
    assert line.startswith("FLAT NOT SENT YET (3.1 s): tried for a minute; meanwhile: myquant-tui flat --state-dir /d")
    assert "myquant-tui flat" in plain([foot(gone, 80)])
    shown = plain(screen.frame(view(paper(), ui=Ui(dialog="flat"), attachment=gone), 160, 40))
    assert "not sent yet: it is tried for a minute · any key closes" in shown
    assert "x was sent" not in shown
    assert "lock FAILED" not in shown
    assert "FLAT: NOT SENT 3.1 s" in top(gone, 160)


def test_a_flat_whose_answer_was_lost_may_have_been_carried_out():
    reason = "the link broke before it was answered: it may have been carried out"
    unsure = apart(lost="x", asked=(asked(Flat("operator"), "REQUESTED", f"{NO_ANSWER} ({reason})", 3.1),))
    assert "FLAT NOT ANSWERED, it may have been carried out (3.1 s): tried for a minute" in plain([foot(unsure, 160)])
    assert "FLAT: NO ANSWER 3.1 s" in top(unsure, 160)


def test_after_its_minute_a_flat_is_no_longer_on_its_way():
    over = apart(lost="x", there=False, asked=(asked(Flat("operator"), "FAILED", UNHEARD, 61.0),))
    shown = plain(screen.frame(view(paper(), ui=Ui(dialog="flat"), attachment=over), 120, 40))
    assert f"FLAT FAILED: {UNHEARD}" in shown
    assert "no flat is on its way" in shown
    assert "not sent yet" not in shown


@pytest.mark.parametrize("width", [1, 12, 40, 80, 200])
@pytest.mark.parametrize("glyphs", [view().glyphs, ASCII])
def test_the_last_line_fits_whatever_it_tells(width, glyphs):
    long = asked(Flat("operator"), "FAILED", "x" * 300)
    for attachment in (apart(asked=(long,)), looking(asked=(asked(PauseEntries(), "DONE"),)), apart()):
        for notice in ("", "n" * 300):
            line = footer.line(view(paper(positions=(position(),)), attachment=attachment, ui=Ui(notice=notice)), width)
            assert width_of(line) == width
            assert all(style in STYLES for _, style in line)
