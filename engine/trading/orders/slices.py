"""Cuts a quantity into orders that an exchange takes: whole lots, none above the freeze quantity. Sends nothing."""

from msgspec import Struct


class Cut(Struct, frozen=True):
    """A quantity as `count` slices of `size`, the last one of `last`; `odd` is what is no whole lot, and cannot be sent.

    A number and not a list of them, for the quantity may be any that a broker tells.
    """

    size: int
    count: int
    last: int
    odd: int

    def slice(self, index: int) -> int:
        """The quantity of slice `index`, which counts from 0."""
        return self.last if index == self.count - 1 else self.size

    def due(self, sent: int, *, entry: bool, filled: bool) -> int:
        """How many more slices go out now, after `sent` of them.

        Of an exit all that are left; of an entry the next one, once the last one is `filled`: what comes behind one that is
        not filled is dropped.
        """
        left = max(0, self.count - sent)
        return min(left, int(filled or not sent)) if entry else left


def cut(quantity: int, lot_size: int, largest: int) -> Cut:
    """Cut `quantity` (≥ 0) so that no slice is above `largest`; a slice is one lot at least.

    `largest` is what is known to be taken: the freeze quantity (the first one refused is one above it), or less, learnt.
    """
    size = max(lot_size, largest // lot_size * lot_size)
    odd = quantity % lot_size
    whole = quantity - odd
    count = -(-whole // size)
    return Cut(size, count, whole - (count - 1) * size if count else 0, odd)


def halved(refused: int, lot_size: int) -> int:
    """The largest slice after one of `refused` was above the freeze quantity: half of it in whole lots, one lot at least."""
    return max(lot_size, refused // 2 // lot_size * lot_size)
