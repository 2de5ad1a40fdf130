"""Trade lists as the program writes them, and those that were worked out beforehand."""

import csv
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from tests.support.paths import SHARED

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def golden(name: str) -> list[Row]:
    return rows_of(SHARED / "golden" / name)


def decided(rows: Sequence[Row]) -> list[tuple[object, ...]]:
    """What a trade list says without its costs."""
    numbers = ("entry_price", "exit_price", "quantity", "gross_pnl")
    return [
        (row["entry_time"], row["exit_time"], *(Decimal(row[name]) for name in numbers), row["exit_reason"])
        for row in rows
    ]
