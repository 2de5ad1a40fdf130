"""Counting by name. Decides nothing."""


def add(to: dict[str, int], key: str, amount: int = 1) -> None:
    """Count `amount` more of `key`."""
    to[key] = to.get(key, 0) + amount
