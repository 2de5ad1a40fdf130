"""The pictures of a report as files of their own, `STEM.MODE.NAME.svg`, for other documents."""

from collections.abc import Iterable
from pathlib import Path

from engine.reports.own_files import MARK, own_file
from engine.reports.pictures import pictures
from engine.reports.price_days import PriceDays, day_drawing
from engine.reports.report import Report
from engine.reports.svg import Drawing


def write_pictures(stem: Path, report: Report, prices: dict[str, PriceDays]) -> list[Path]:
    """Write each picture; where they are. Raises InputError, DiskError."""
    written: list[Path] = []
    for mode, found in report.modes.items():
        drawn = [(each.name, each.drawing) for each in pictures(found)]
        drawn += [(f"price-{day.date}", day_drawing(day, found.zone)[0]) for day in prices[mode].drawn]
        written += write_drawings(stem, ((f"{mode}.{name}", drawing) for name, drawing in drawn))
    return written


def write_drawings(stem: Path, drawn: Iterable[tuple[str, Drawing]]) -> list[Path]:
    """Write drawings by their names; where they are. Raises InputError, DiskError."""
    written: list[Path] = []
    for name, drawing in drawn:
        path = stem.with_name(f"{stem.name}.{name}.svg")
        with own_file(path) as file:
            file.write(drawing.standalone(MARK).encode("utf-8", "replace"))
        written.append(path)
    return written
