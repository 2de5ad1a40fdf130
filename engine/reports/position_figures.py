"""What is told of one position: its risk, how far it went for and against us, what fills lost against the decided price. Pure.

Money is exact; R and shares are floats. What is not known, or not defined, is None.
"""

from decimal import Decimal

from msgspec import Struct

from engine.model.session_result import PositionExit, PositionResult


class PositionFigures(Struct, frozen=True, kw_only=True):
    """Money in the currency, points in minor units; `mae` and `mfe` are ≥ 0, against us and for us.

    `risk` is initial quantity × (entry - first stop), `r` net / risk, `mae_r` and `mfe_r` × the same. `after` is how much
    higher than the entry it came within five minutes after the last exit. `slippage` is what fills were worse than the
    tick prices they were decided at, of both sides, against us positive; None where one of them is not known.
    """

    risk: Decimal | None
    r: float | None
    mae_points: int | None
    mfe_points: int | None
    mae: Decimal | None
    mfe: Decimal | None
    mae_r: float | None
    mfe_r: float | None
    after_points: int | None
    efficiency: float | None
    slippage: Decimal | None
    waited_ms: int | None


def position_figures(position: PositionResult) -> PositionFigures:
    """All figures of `position`."""
    entry, quantity, instrument = position.entry_price, position.quantity, position.instrument
    risk = None
    if position.first_stop is not None and entry > position.first_stop:
        risk = instrument.money(quantity * (entry - position.first_stop))
    mae_points = None if position.low is None else max(0, entry - position.low)
    mfe_points = None if position.high is None else max(0, position.high - entry)
    mae, mfe = (None if points is None else instrument.money(points * quantity) for points in (mae_points, mfe_points))
    return PositionFigures(
        risk=risk,
        r=_share(position.net, risk) if position.exits and not position.left else None,
        mae_points=mae_points,
        mfe_points=mfe_points,
        mae=mae,
        mfe=mfe,
        mae_r=_share(mae, risk),
        mfe_r=_share(mfe, risk),
        after_points=None if position.high_after is None else position.high_after - entry,
        efficiency=_efficiency(position, mfe_points),
        slippage=_slippage(position),
        waited_ms=_longest_wait(position),
    )


def mean_exit(position: PositionResult) -> Decimal | None:
    """The mean exit price by quantity, in minor units; None where nothing was sold."""
    sold = sum(each.quantity for each in position.exits)
    return Decimal(sum(each.price * each.quantity for each in position.exits)) / sold if sold else None


def slippage_of(position: PositionResult, sold: PositionExit | None = None) -> int | None:
    """Points (minor units) that a fill was worse than decided: of the entry, or of the exit `sold`; None: not known."""
    if sold is not None:
        return sold.decided - sold.price if sold.decided else None
    return position.entry_price - position.decided if position.decided else None


def _share(part: Decimal | None, whole: Decimal | None) -> float | None:
    return None if part is None or not whole else float(part / whole)


def _efficiency(position: PositionResult, mfe_points: int | None) -> float | None:
    """(Mean exit - entry) / MFE, where there is an MFE and all is sold."""
    middle = mean_exit(position)
    if middle is None or not mfe_points or position.left:
        return None
    return float((middle - position.entry_price) / mfe_points)


def _slippage(position: PositionResult) -> Decimal | None:
    bought = slippage_of(position)
    if bought is None:
        return None
    lost = bought * position.quantity
    for each in position.exits:
        points = slippage_of(position, each)
        if points is None:
            return None
        lost += points * each.quantity
    return position.instrument.money(lost)


def _longest_wait(position: PositionResult) -> int | None:
    waits = [each for each in (position.waited_ms, *(sold.waited_ms for sold in position.exits)) if each is not None]
    return max(waits, default=None)
