"""The plan of the emergency flat, the running job and the receipt, by their rendered lines."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import EntriesState, FlatLeg, FlatView, Instrument, Snapshot
from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, paper, position, snapshot, view
from tests.support.thorough import examples
from tui.frame import flatplan, header
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui, View

LOCKED = EntriesState(False, "flat armed", "", 6)
ARMED = snapshot(flat=FlatView("ARMED", "", 0, (), ()), entries=LOCKED)
LEGS = (FlatLeg(0, 150, 75, 15_701, "PART 75/150"), FlatLeg(1, 75, 0, 9_444, "REJ circuit"))
PLAN = Ui(dialog="flat", plan_drawn_ns=NOW_NS, plan_until_ns=NOW_NS + 6_500_000_000)


def running(state: str, **changes) -> Snapshot:
    return snapshot(flat=FlatView(state, "operator", NOW_NS - SECOND, LEGS, ()), **changes)


def text(seen: Snapshot, width: int = 72, height: int = 20, **more) -> list[str]:
    return plain(flatplan.rows(view(seen, **({"ui": PLAN} | more)), width, height)).split("\n")


def test_a_simulated_sale_at_the_touch_is_planned_at_the_bid() -> None:
    account = replace(SNAPSHOT.account, fill="touch")
    booked = tuple(replace(quote, bid=15_695, ask=15_705) for quote in ARMED.quotes)
    assert text(replace(ARMED, account=account, quotes=booked))[2].endswith("SELL 150  at bid 156.95")
    bare = tuple(replace(quote, bid=0, ask=0) for quote in ARMED.quotes)
    assert text(replace(ARMED, account=account, quotes=bare))[2].endswith("at last 157.01 less slippage")


def test_the_plan() -> None:
    assert text(ARMED) == [
        " REPLAY   broker is simulated  account 76,420.55 cash",
        "no order to cancel",
        "NIFTY25NOV25900CE  LONG 150 → SELL 150  at last 157.01 less slippage",
        "3 requests (1 order), under 1 s, realises ≈ +224.92 before exit costs",
        "prices are 0.2s old, the snapshot 0.1s",
        "state ARMED, entries LOCKED (flat armed)",
        "",
        "x fires · any other key closes · closes by itself in 7 s",
    ]


def test_every_simulated_mode_says_so_and_live_says_the_opposite() -> None:
    for mode in ("replay", "mock", "paper"):
        first = text(replace(ARMED, trade_mode=mode))[0]
        assert first.startswith(f" {mode.upper()} ")
        assert "broker is simulated" in first
    live = text(replace(ARMED, trade_mode="live"))
    assert live[0].startswith(" LIVE   REAL ORDERS")
    assert "SELL 150  LIMIT from last 157.01" in live[2]
    assert "up to 10 s" in live[3]


def test_a_large_position_is_sliced_to_the_freeze_quantity() -> None:
    for mode in ("paper", "live"):
        large = replace(ARMED, trade_mode=mode, positions=(position(quantity=4_000),))
        assert "SELL 4,000 in 3 orders" in "\n".join(text(large))
        assert "5 requests (3 orders)" in "\n".join(text(large))
        assert "FLAT≈3 orders" in plain([header.status(view(replace(large, flat=SNAPSHOT.flat)), 160)])
    vast = replace(ARMED, positions=(position(quantity=10**9),))
    assert "in 1000 orders" in "\n".join(text(vast))
    short = replace(ARMED, positions=(position(quantity=-75),))
    assert "SHORT 75 → BUY 75" in text(short)[2]


def test_an_old_snapshot_is_shouted() -> None:
    lines = flatplan.rows(view(ARMED, ui=PLAN, now_ns=NOW_NS + 4 * SECOND), 80, 20)
    assert plain(lines[:1]) == "!! THESE FIGURES ARE 4.0 s OLD: the engine does not answer !!"
    assert lines[0][0][1] == "alert"
    assert "THESE FIGURES" not in "\n".join(text(ARMED))


def test_old_prices_stand_out_and_a_held_replay_has_none() -> None:
    held = replace(ARMED, replay=replace(SNAPSHOT.replay, playing=False))
    assert "prices: the replay stands still" in text(held)
    silent = replace(ARMED, quotes=tuple(replace(each, recv_ns=NOW_NS - 9 * SECOND) for each in ARMED.quotes))
    line = flatplan.rows(view(silent, ui=PLAN), 72, 20)[4]
    assert line[0] == ("prices are 9.0s old, the snapshot 0.1s", "warn")


def test_with_nothing_held_the_plan_says_that_too() -> None:
    lines = text(replace(ARMED, positions=(), pulse=replace(ARMED.pulse, order_ns=NOW_NS - 2 * SECOND)))
    assert lines[1:4] == [
        "an order has waited 2.0s for its answer: it is cancelled first",
        "no position: nothing to close; entries are locked",
        "2 requests (0 orders), under 1 s",
    ]


def test_while_it_runs_every_leg_has_its_word_and_the_state_is_marked() -> None:
    lines = text(running("CLOSING"))
    assert lines[1:3] == [
        "FLAT RUNS for 1.0s  operator",
        "NORMAL → ARMED → LOCKED → CANCELLING → [CLOSING] → VERIFYING → FLAT",
    ]
    assert [line.split() for line in lines[3:5]] == [
        ["NIFTY25NOV25900CE", "75/150", "plan", "157.01", "PART", "75/150"],
        ["NIFTY25NOV25900PE", "0/75", "plan", "94.44", "REJ", "circuit"],
    ]
    assert lines[-1] == "it runs · any key closes this window, the flat goes on"
    for state in flatplan.RUNS:
        assert f"[{state}]" in "\n".join(text(running(state)))
        assert f"[{state}]" in "\n".join(text(running(state), 34, 11))


def test_a_state_this_screen_does_not_know_is_shown_and_never_hidden() -> None:
    lines = text(running("ESCALATED"))
    assert "[ESCALATED]" in lines
    assert lines[-1].startswith("it runs")


def test_the_receipt() -> None:
    done = snapshot(
        flat=FlatView("FLAT", "operator", 1, (), ("FLAT verified 0.1 s after the lock", "  unresolved: nothing"))
    )
    lines = text(done)
    assert lines[1:3] == ["FLAT verified 0.1 s after the lock", "  unresolved: nothing"]
    assert lines[-1] == "flat and locked · k unlocks · any key closes this"


def test_x_was_sent_and_nobody_answered_yet() -> None:
    assert text(ARMED, ui=Ui(dialog="flat"))[-1] == "x was sent; the engine has not answered yet"


def test_the_keys_are_the_last_line_at_any_height() -> None:
    for height in range(1, 12):
        lines = text(ARMED, 52, height)
        assert lines[-1].startswith("x fires")
        assert len(lines) <= height
    assert "more lines in a higher window" in text(ARMED, 52, 5)[3]


STATES = st.sampled_from((*flatplan.PATH, "UNRESOLVED", ""))
COUNT = st.integers(-(10**12), 10**12)


@settings(max_examples=examples(200))
@given(
    state=STATES,
    legs=st.lists(st.builds(FlatLeg, st.integers(-1, 5), COUNT, COUNT, COUNT, st.text(max_size=30)), max_size=6),
    held=st.lists(st.tuples(st.integers(-1, 5), COUNT), max_size=4),
    receipt=st.lists(st.text(max_size=90), max_size=4),
    width=st.integers(-1, 100),
    height=st.integers(-1, 30),
    now_ns=st.integers(0, 3 * NOW_NS),
)
def test_any_flat_at_any_size(state, legs, held, receipt, width: int, height: int, now_ns: int) -> None:
    seen = snapshot(
        flat=FlatView(state, "operator", NOW_NS, tuple(legs), tuple(receipt)),
        positions=tuple(position(index, quantity=quantity) for index, quantity in held),
    )
    for glyphs in (view().glyphs, ASCII):
        shown: View = view(seen, ui=PLAN, now_ns=now_ns, glyphs=glyphs)
        lines = flatplan.rows(shown, width, height)
        assert len(lines) <= max(0, height)
        assert all(width_of(line) == width for line in lines)
        assert all(style in STYLES for line in lines for _, style in line)
        assert glyphs is not ASCII or plain(lines).isascii()


# ── Blind ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def styled(seen: Snapshot, words: str) -> str:
    """The style of the first span that has `words` in it."""
    lines = flatplan.rows(view(seen, ui=PLAN), 72, 20)
    return next(style for line in lines for part, style in line if words in part)


def test_the_plan_names_each_leg_whose_price_is_no_news() -> None:
    quotes = (replace(SNAPSHOT.quotes[0], recv_ns=NOW_NS - 22 * SECOND), SNAPSHOT.quotes[1])
    seen = paper(quotes=quotes, positions=(position(0), position(1, quantity=75)))
    lines = text(seen)
    assert lines[3] == "  BLIND: its price is 22s old"
    assert "BLIND" not in "".join(lines[4:])
    assert styled(seen, "BLIND") == "alert"
    never = paper(quotes=(replace(SNAPSHOT.quotes[0], recv_ns=0),))
    assert "  BLIND: no price since the start" in text(never)
    assert "BLIND" not in "\n".join(text(replace(ARMED, quotes=quotes)))  # a replay's prices do not grow old


def test_a_leg_that_is_closed_blind_is_loud_until_the_receipt_too() -> None:
    legs = (FlatLeg(0, 150, 150, 15_701, "BLIND 22 s FILLED"), FlatLeg(1, 75, 75, 9_444, "FILLED"))
    seen = paper(flat=FlatView("CLOSING", "operator", NOW_NS - SECOND, legs, ()))
    assert "1 of 2 closed BLIND: at prices that are no news any more" in text(seen)
    assert styled(seen, "BLIND 22 s FILLED") == "alert"
    assert "FLAT: CLOSING 2/2" in plain([header.status(view(seen), 160)])
    told = "  NIFTY25NOV25900CE sold 150 of 150 @ 156.50, plan 157.01, slippage +0.51 a unit: BLIND 22 s DONE"
    done = paper(flat=FlatView("FLAT", "operator", 1, (), ("FLAT verified", told)))
    assert "BLIND 22 s DONE" in " ".join(" ".join(text(done)).split())
    assert styled(done, "BLIND") == "alert"


def test_coins_have_room_for_their_quantities() -> None:
    coin = Instrument("BTCUSDT", price_scale=10**8, quantity_scale=10**8, tick_size=1)
    leg = FlatLeg(0, 1_234_567, 1_234_567, 6_172_830_000_000, "FILLED")
    seen = snapshot(instruments=(coin,), flat=FlatView("CLOSING", "operator", NOW_NS, (leg,), ()))
    assert text(seen)[3].split() == ["BTCUSDT", "0.01234567/0.01234567", "plan", "61728.30", "FILLED"]


def test_what_a_closed_market_holds_says_until_when_and_what_x_does() -> None:
    waiting = FlatView("HELD", "operator", NOW_NS - SECOND, LEGS, (), until_ms=SNAPSHOT.at_ms + 3_600_000)
    closed = replace(SNAPSHOT.session, opens="Mon 09:15")
    lines = text(snapshot(flat=waiting, session=closed), width=90)
    assert any(line.startswith("HELD until Mon 09:15") for line in lines)
    assert lines[-1].startswith("HELD until Mon 09:15 · x sends now, the broker decides")
    assert "FLAT: HELD until Mon 09:15" in plain((header.status(view(snapshot(flat=waiting, session=closed)), 160),))
    unknown = replace(closed, calendar_ends="2026-12-31")
    lines = text(snapshot(flat=waiting, session=unknown), width=90)
    assert any(line.startswith("HELD until Mon 09:15 (the calendar ends 2026-12-31)") for line in lines)


def test_after_a_minute_a_person_is_told_what_to_do() -> None:
    late = FlatView(
        "ESCALATED", "operator", NOW_NS - 61 * SECOND, LEGS, (), by_hand=("SELL 75 A in the broker's own app",)
    )
    assert "DO IT BY HAND: SELL 75 A in the broker's own app" in text(snapshot(flat=late), width=90)
