"""A table for a person, in as many cells as a terminal has. Pure."""

from collections.abc import Collection, Sequence


def fitted(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    *,
    left: Collection[str],
    missed_least: Sequence[str] = (),
) -> list[str]:
    """`head` and `rows` as lines, the columns named in `left` flush left; where they do not fit into `width` cells, those in `missed_least` go first."""
    sizes = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    shown = dict(zip(head, range(len(head)), strict=True))
    for name in missed_least:
        if sum(sizes[place] + 2 for place in shown.values()) - 2 > width:
            del shown[name]
    return [
        "  ".join(
            row[place].ljust(sizes[place]) if name in left else row[place].rjust(sizes[place])
            for name, place in shown.items()
        ).rstrip()
        for row in (head, *rows)
    ]
