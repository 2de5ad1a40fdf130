"""The volume-weighted average price, exact."""


class Vwap:
    """Volume-weighted average price over the session: Σ price·volume / Σ volume, kept as exact integers."""

    __slots__ = ("turnover", "volume")
    STATE = ("turnover", "volume")

    def __init__(self) -> None:
        self.turnover = 0
        self.volume = 0

    def update(self, price: int, quantity: int) -> None:
        """Take a trade of `quantity` (≤ 0: not counted) at `price`."""
        if quantity > 0:
            self.turnover += price * quantity
            self.volume += quantity

    @property
    def value(self) -> float | None:
        """The average in minor units, None before the first volume."""
        return self.turnover / self.volume if self.volume else None

    def is_below(self, price: int) -> bool:
        """Whether `price` > VWAP, decided exactly; False while the VWAP is undefined."""
        return self.volume > 0 and price * self.volume > self.turnover
