"""The daily validation: does a replay of each recording of a session day decide as the run did? Each is replayed in a child of its own."""

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from engine.backtest.divergence import TradeRow, divergence
from engine.backtest.validation_record import DayOutcome, FileOutcome, Validation
from engine.backtest.verification import Outcome, Verification
from engine.model.errors import InputError
from engine.recording.naming import is_named_by_us
from engine.text.sanitize import clean
from engine.trading.session import TradingHours

_SEARCHED_DAYS: Final = 40
_NICE: Final = 19
_LASTS_S: Final = 3_600.0
_RUNS: Final = re.compile(r"(?:mock|paper|live)-.*-(\d{8})-\d{6}(?:-\d+)?\.mqr", re.ASCII)
_GRAVE: Final[dict[Outcome, DayOutcome]] = {
    "same": "same",
    "different": "different",
    "not comparable": "failed",
    "damaged": "failed",
    "unreadable": "failed",
}
_ORDER: Final[tuple[DayOutcome, ...]] = ("no session", "same", "missing", "different", "failed")


def last_session(hours: TradingHours, now_ms: int) -> date | None:
    """The newest date whose session is over at `now_ms` (UTC); None where none is near."""
    day = hours.day_of(now_ms)
    for _ in range(_SEARCHED_DAYS):
        if not hours.on(day.date).closed and day.end_ms < now_ms:
            return day.date
        day = hours.day_of(day.day_from_ms - 1)
    return None


def recordings_of(folder: Path, day: date) -> list[Path]:
    """The recordings in `folder` of runs that began on `day`, by their names, the oldest first; raises InputError."""
    try:
        names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from error
    named = ((name, _RUNS.fullmatch(name)) for name in names if is_named_by_us(name))
    return [folder / name for name, found in named if found and found[1] == f"{day:%Y%m%d}"]


def validate(
    files: Sequence[Path],
    day: date,
    hours: TradingHours,
    booked: Sequence[TradeRow] | None,
    verify: Callable[[Path], Verification],
    now: datetime,
    mode: str = "",
) -> Validation:
    """Judge `files`, the recordings of `day`; `booked` are the exits that the journal has of it, None where there is none.

    With a `mode` it is that of the journal, and of the recordings only its own are compared with it.
    Raises InputError where nothing can be missing yet.
    """
    last = last_session(hours, int(now.timestamp() * 1000))
    if not files and last is not None and day > last and not hours.on(day).closed:
        raise InputError(f"{day}: that session is not over yet; the last that is over is {last}")
    if hours.on(day).closed and not files:
        why = hours.on(day).why
        return Validation(day.isoformat(), now, "no session", clean(f"no session on {day}{f': {why}' if why else ''}"))
    if not files:
        return Validation(day.isoformat(), now, "missing", clean(f"no recording of {day}, a trading day"))
    found = [verify(path) for path in files]
    outcome = max((_GRAVE[each.outcome] for each in found), key=_ORDER.index)
    of_mode = [each for each in found if Path(each.file).name.startswith(f"{mode}-" if mode else "")]
    rows = [row for each in of_mode for row in replayed(each)]
    bad = [each for each in found if each.outcome != "same"]
    return Validation(
        date=day.isoformat(),
        at=now,
        outcome=outcome,
        reason=clean("; ".join(f"{Path(each.file).name}: {each.outcome}: {each.reason}" for each in bad), 1_000),
        files=tuple(
            FileOutcome(clean(each.file), clean(each.outcome), clean(each.reason), each.ticks, len(each.exits))
            for each in found
        ),
        sizes=None if booked is None else divergence(booked, rows),
    )


def replayed(found: Verification) -> list[TradeRow]:
    """The exits that a replay came to."""
    return [
        TradeRow(
            row.symbol,
            _ms(row.entry_time),
            _ms(row.time),
            Decimal(row.entry_price),
            Decimal(row.price),
            Decimal(row.net_pnl),
        )
        for row in found.exits
    ]


def _ms(stamp: str) -> int:
    return int((datetime.fromisoformat(stamp) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def verified_in_child(program: Sequence[str], path: Path, *more: str) -> Verification:
    """How `verify` finds `path` in a process of its own, which gives way to every other; one that dies is an outcome as well."""
    words = [*program, "verify", "--json", *more, "--", str(path)]
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            words, capture_output=True, timeout=_LASTS_S, check=False, preexec_fn=_give_way, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return Verification(clean(str(path)), "unreadable", f"its replay did not end within {_LASTS_S / 60:.0f} min")
    except (OSError, subprocess.SubprocessError) as error:
        why = getattr(error, "strerror", None) or error
        return Verification(clean(str(path)), "unreadable", f"its replay cannot be started: {clean(str(why), 300)}")
    try:
        return msgspec.json.decode(done.stdout, type=Verification)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = clean(done.stderr.decode(errors="replace").strip().rpartition("\n")[2], 300)
        return Verification(clean(str(path)), "unreadable", f"its replay ended with status {done.returncode}: {said}")


def _give_way() -> None:
    os.nice(_NICE)
