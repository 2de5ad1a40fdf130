"""Statistics of a run's trades, exact in the currency. Pure; says nothing of how they are written."""

from decimal import Decimal


def profit_factor(profit: Decimal, loss: Decimal) -> Decimal | None:
    """What was won for each unit lost (`loss` is counted positive); None while nothing was lost."""
    return profit / loss if loss > 0 else None
