"""What the terminal itself shows and is called for: its title, and what only a screen can know to be grave. Pure."""

from decimal import ROUND_HALF_UP, Decimal

from engine.presentation import format as text
from engine.presentation.alerts import Alert, holding
from tui.view.model import View

_GRAVE = ("STALE", "DEAD")
_RUPEE = Decimal(1)


def title(view: View) -> str:
    """`PAPER ● LONG 450 day -1,240 myquant`; a mark of alarm where something is grave."""
    seen, glyphs = view.snapshot, view.glyphs
    grave = view.engine_silent or seen.stopped or any(lamp.word in _GRAVE for lamp in view.lamps)
    held = [each.state for each in seen.positions if each.state.quantity]
    side = text.side(text.instrument_at(seen, held[0].instrument), held[0].quantity) if held else "flat"
    more = f" +{len(held) - 1:,}" if len(held) > 1 else ""
    whole = seen.account.day_pnl.quantize(_RUPEE, ROUND_HALF_UP)
    money = text.money(whole, seen.session.zone, sign=True).partition(".")[0]
    return f"{seen.trade_mode.upper()} {glyphs.bad if grave else glyphs.ok} {side}{more} day {money} myquant"


def silences(view: View) -> tuple[Alert, ...]:
    """That the engine is gone or silent, as an alert; a snapshot cannot say that of itself."""
    if not view.engine_silent or view.snapshot.stopped or view.snapshot.trade_mode == "replay":
        return ()
    held = holding(view.snapshot)
    unwatched = f", {held} UNWATCHED" if held else ""
    return (Alert("silent", "critical", f"the engine says nothing{unwatched}"),)
