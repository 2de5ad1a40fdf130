"""A frame shows one snapshot: no two results and no two last prices stand on one screen, however its panes are kept."""

import re
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import Snapshot
from engine.presentation import format as text
from tests.support.screens.snapshots import AT_MS, NOW_NS, OPEN_MS, SECOND, SNAPSHOT, position, quote, snapshot, view
from tui.frame.screen import frame
from tui.panes.layout import lasting
from tui.text.rows import plain

SIZES = [(200, 60), (120, 40), (120, 30), (100, 30), (80, 24), (60, 15)]
ZONE = SNAPSHOT.session.zone


def at(number: int) -> Snapshot:
    """A snapshot whose values no other one has."""
    last, odd = 15_703 + 10 * number, Decimal(f"{number}.{37 + number}")
    open_pnl, net = Decimal(2_000) + odd, Decimal(41_000) + 3 * odd
    account = replace(
        SNAPSHOT.account,
        cash=Decimal(76_000) + odd,
        open_pnl=open_pnl,
        day_pnl=net + open_pnl,
        day=replace(SNAPSHOT.account.day, net=net, costs=Decimal(600) + odd, drawdown=Decimal(2_100) + odd),
    )
    held = replace(position(), last=last, open_pnl=open_pnl)
    return snapshot(
        number=number,
        at_ms=AT_MS + 250 * number,
        quotes=(quote(0, last, exch_ms=AT_MS + 250 * number), SNAPSHOT.quotes[1]),
        positions=(held,),
        account=account,
    )


def told(seen: Snapshot) -> dict[str, str]:
    """What the values of a snapshot look like on a screen."""
    account, money = seen.account, text.money
    return {
        "last price": text.price(seen.instruments[0], seen.quotes[0].last),
        "open P&L": money(account.open_pnl, ZONE, sign=True),
        "day P&L": money(account.day_pnl, ZONE, sign=True),
        "realised": money(account.day.net, ZONE, sign=True),
        "costs": money(account.day.costs, ZONE),
        "drawdown": money(account.day.drawdown, ZONE),
        "cash": money(account.cash, ZONE),
    }


HISTORY = tuple((OPEN_MS + 5_000 * n, 15_600 + n) for n in range(400))


def looked(seen: Snapshot, number: int):
    """The view of `seen`, whose chart was asked for a moment later and knows a newer tick."""
    later = (AT_MS + 250 * number + 5_000, at(number + 1).quotes[0].last)
    curve = ((OPEN_MS, 0.0), (AT_MS + 250 * number, float(seen.account.day_pnl)))
    return view(seen, now_ns=NOW_NS + number * SECOND // 4, history=(*HISTORY, later), pnl_curve=curve)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("dialog", ["", "flat"])
def test_no_value_of_another_snapshot_is_left_in_a_frame(size, dialog):
    calm, shown_ever = None, set()
    for number in range(5):
        seen = at(number)
        look = looked(seen, number)
        look.ui.dialog = dialog
        if number % 2:
            look.calm = calm
        else:  # as often as the screen draws its slower panes
            look.drawn = lasting(calm, look)
            calm = look
        words = set(re.findall(r"[+-]?[\d,]+\.\d\d", plain(frame(look, *size))))
        mine = told(seen)
        for other in range(7):
            if other != number:
                foreign = {name for name, word in told(at(other)).items() if word in words and word != mine[name]}
                assert not foreign, f"frame {number} shows of snapshot {other}: {foreign}"
        shown_ever |= {name for name, word in mine.items() if word in words}
    assert {"last price", "day P&L"} <= shown_ever or size == (60, 15)
