"""Wilder's smoothing, which RSI and ATR are made of."""


def wilder(average: float, value: float, seen: int, length: int) -> float:
    """The average after value number `seen`: the mean of the first `length` values, then (average·(n−1) + value)/n."""
    return average + (value if seen <= length else value - average) / length
