"""A channel's look: conditions and, where they are wanted, exits, each once."""

from msgspec.structs import replace

from engine.model.run_views import AlertsView
from engine.presentation.alert_look import AlertLook
from engine.presentation.alerting import Message
from engine.presentation.terminal_alert import sequences
from tests.support.screens.snapshots import NOW_NS, SECOND, feed, snapshot, trade

PAPER = snapshot(trade_mode="paper", replay=None, feed=feed(), positions=(), trades=(trade(1),))


def said(seen, *, trades: bool) -> list[str]:
    look, lines = AlertLook(), []
    for second in range(12):
        shown = replace(PAPER if second < 3 else seen, alerts=AlertsView(trades=trades))
        message = look.look(shown, NOW_NS + second * SECOND)
        lines += message.lines if message else ()
    return lines


def test_exits_since_the_first_look_are_told_where_they_are_wanted() -> None:
    more = replace(PAPER, trades=(trade(1), trade(2), trade(3, "-12.50", "Stop Loss")))
    assert said(more, trades=True) == [
        "exit 75 NIFTY25NOV25900CE at 160.45, Take Profit 1, +362.72",
        "exit 75 NIFTY25NOV25900CE at 160.45, Stop Loss, -12.50",
    ]
    assert said(more, trades=False) == []


def test_a_terminal_is_rung_for_what_is_grave_and_notified_as_it_wants() -> None:
    grave, info = Message("critical", ("a; b",)), Message("info", ("over: a",))
    assert sequences(grave, bell=True, notify="off") == "\x07"
    assert sequences(info, bell=True, notify="off") == ""
    assert sequences(grave, bell=False, notify="osc9") == "\x1b]9;myquant: a, b\x07"
    assert sequences(info, bell=True, notify="osc777") == "\x1b]777;notify;myquant info;over: a\x07"
