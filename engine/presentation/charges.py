"""Costs by kind in words, and as the day's contract note rounds them; nothing is booked by that. Pure."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from engine.model.statistics import COST_KINDS
from engine.presentation.money import grouped

_TO_THE_RUPEE: Final = "STT"
_RUPEE = Decimal(1)
_PAISA = Decimal("0.01")


def by_kind(kinds: Mapping[str, Decimal], zone: str) -> str:
    """Such as `brokerage 40.00, STT 10.24, GST 8.05`, as a note lists them and as `zone` groups money; no kind of nought."""
    return ", ".join(f"{kind} {grouped(amount, zone)}" for kind, amount in in_order(kinds).items() if amount)


def in_order(kinds: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """`kinds` in the order of a note; what it does not know comes last."""
    known = [kind for kind in COST_KINDS if kind in kinds]
    return {kind: kinds[kind] for kind in (*known, *(kind for kind in kinds if kind not in known))}


def as_noted(kinds: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The costs of one day as its contract note has them: STT to the rupee, everything else to the paisa."""
    return {
        kind: amount.quantize(_RUPEE if kind == _TO_THE_RUPEE else _PAISA, ROUND_HALF_UP)
        for kind, amount in in_order(kinds).items()
    }


def fills_text(fill: str, at_touch: int, at_last: int) -> str:
    """Where simulated orders were filled: `bid/ask`, `last`, or how many at each."""
    if at_touch and at_last:
        return f"bid/ask {at_touch:,}, last {at_last:,}"
    return "bid/ask" if at_touch or (fill == "touch" and not at_last) else "last"
