"""Positions for tests of reports, made up by hand or by hypothesis."""

from decimal import Decimal

from hypothesis import strategies as st

from engine.model.session_result import PositionExit, PositionResult
from engine.model.types import Instrument
from engine.text.sanitize import CleanText

NIFTY = Instrument(CleanText("NIFTY25O0725000CE"))
BEGIN_MS = 1_759_290_300_000  # 2025-10-01T09:15+05:30


def position(
    entry: int,
    *sold: tuple[int, int],
    quantity: int = 150,
    stop: int | None = 1_500,
    at_ms: int = BEGIN_MS,
    reason: str = "Stop Loss",
    **more: object,
) -> PositionResult:
    """One entered at `entry`; each of `sold` is a price and a quantity, a second apart; costs are a rupee a fill."""
    rupee = {"commission": Decimal(1)}
    exits = tuple(
        PositionExit(
            at_ms=at_ms + 1000 * place,
            price=price,
            quantity=part,
            gross=(gross := NIFTY.money((price - entry) * part)),
            costs=Decimal(1),
            net=gross - 1,
            reason=reason,
            costs_by_kind=rupee,
        )
        for place, (price, part) in enumerate(sold, 1)
    )
    left = quantity - sum(part for _, part in sold)
    known = {"instrument": NIFTY, "mode": "paper", "date": "2025-10-01", "costs_by_kind": rupee}
    first_stop = None if stop is None else entry - stop
    made = known | {"entry_ms": at_ms, "entry_price": entry, "quantity": quantity, "first_stop": first_stop} | more
    return PositionResult(**made, exits=exits, left=left)  # type: ignore[arg-type]


@st.composite
def positions(draw: st.DrawFn) -> PositionResult:
    """Any that has ended, in one to three exits."""
    entry = draw(st.integers(5_000, 40_000))
    parts = draw(st.lists(st.tuples(st.integers(3_000, 45_000), st.sampled_from((75, 150))), min_size=1, max_size=3))
    quantity = sum(part for _, part in parts)
    low = min(entry, *(price for price, _ in parts)) - draw(st.integers(0, 500))
    high = max(entry, *(price for price, _ in parts)) + draw(st.integers(0, 500))
    at_ms = BEGIN_MS + 1000 * draw(st.integers(0, 20_000))
    stop = draw(st.sampled_from((1_500, 700, None)))
    return position(entry, *parts, quantity=quantity, stop=stop, at_ms=at_ms, low=low, high=high)
