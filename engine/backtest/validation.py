"""The daily validation: whether a replay of each recording of a session day decides as the run did, and trades as the journal says."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from engine.backtest.divergence import Divergence, TradeRow, divergence, paired
from engine.backtest.recorded_day import has_session, is_over, last_session
from engine.backtest.validation_record import DayOutcome, FileOutcome, Validation
from engine.backtest.verification import Outcome, Verification
from engine.backtest.verify_child import Unverified
from engine.model.errors import InputError
from engine.text.sanitize import CleanText, clean
from engine.trading.session import TradingHours

_OF_FILE: Final[Mapping[Outcome, DayOutcome]] = {
    "same": "same",
    "different": "different",
    "not comparable": "failed",
    "damaged": "failed",
    "unreadable": "failed",
}
# The gravest last. What is proven goes before what could not be judged.
_ORDER: Final[tuple[DayOutcome, ...]] = ("no session", "same", "not validated", "different", "failed", "missing")
_BLANK: Final = CleanText("nothing to compare")
_LONGEST_REASON: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Found = Verification | Unverified
Booked = Mapping[str, Sequence[TradeRow]]


def validate(
    files: Sequence[Path],
    day: date,
    markets: Sequence[TradingHours],
    booked: Booked,
    verify: Callable[[Path], Found],
    now: datetime,
    *,
    needed: Collection[str] = (),
) -> Validation:
    """Judge `files`, the recordings of `day`; `booked` are the exits that journals have of it, by mode.

    Of each mode that is `needed`, or has a journal of the day, a recording must be there. Raises InputError where nothing
    can be missing yet.
    """
    now_ms = int(now.timestamp() * 1000)
    if not files and has_session(markets, day) and not is_over(markets, day, now_ms):
        last = last_session(markets, now_ms)
        raise InputError(f"{day}: that session is not over yet; the last that is over is {last}")
    found = [verify(path) for path in files]
    sizes = _sizes(found, day, markets[0], booked)
    told = [
        *_of_day(found, day, markets, {*needed, *booked}),
        *_of_files(found),
        *_of_trades(sizes, found, day, markets[0], booked),
    ]
    blank = sum(_is_blank(each) for each in found)
    notes = [f"{blank} of {len(found)} recordings hold nothing to compare by: no checkpoint, no exit"] if blank else []
    if booked and sizes is None:
        notes.append("trades were not compared with the journal's: not every recording could be replayed")
    return Validation(
        date=day.isoformat(),
        at=now,
        outcome=max((outcome for outcome, _ in told), key=_ORDER.index),
        reason=clean("; ".join(filter(None, (why for _, why in told))), _LONGEST_REASON),
        files=tuple(map(_outcome_of, found)),
        sizes=sizes,
        notes=tuple(map(clean, notes)),
    )


Told = Iterator[tuple[DayOutcome, str]]


def _of_day(found: Sequence[Found], day: date, markets: Sequence[TradingHours], needed: Collection[str]) -> Told:
    """Whether the day is covered by recordings that hold something."""
    decisive = {_mode_of(each) for each in found if not _is_blank(each)}
    if not has_session(markets, day) and not decisive:
        why = markets[0].on(day).why
        yield "no session", f"no session on {day}{f': {why}' if why else ''}"
    elif not decisive:
        nothing = " holds anything to compare by" if found else ""
        yield "missing", f"no recording of {day}{nothing}, a trading day"
    else:
        yield "same", ""
        for mode in sorted(set(needed) - decisive):
            yield "missing", f"no {mode} recording of {day}, a trading day"


def _of_files(found: Sequence[Found]) -> Told:
    for each in found:
        name = Path(each.file).name
        if isinstance(each, Unverified):
            yield "not validated", f"{name}: {each.reason}"
        elif each.outcome != "same" and not each.blank:
            yield _OF_FILE[each.outcome], f"{name}: {each.outcome}: {each.reason}"


def _of_trades(
    sizes: Divergence | None, found: Sequence[Found], day: date, hours: TradingHours, booked: Booked
) -> Told:
    """Whether the replays trade as the journal says, and the first trade that is another."""
    if sizes is None or not sizes.differing:
        return
    recorded, now = _recorded(booked), _replayed_on(found, day, hours, booked)
    pairs = [(then, today) for then, today in paired(recorded, now) if then != today]
    then, today = min(pairs, key=lambda pair: min(row.exit_ms for row in pair if row is not None))
    known = then or today
    assert known is not None
    of = f"{sizes.differing} of {max(len(recorded), len(now))} trades differ from the journal"
    at = f"{known.symbol} at {hours.local(known.exit_ms):%H:%M:%S}"
    yield "different", f"{of}, the first {at}: {_spoken(then, 'the journal')} ≠ {_spoken(today, 'the replay')}"


def _spoken(row: TradeRow | None, where: str) -> str:
    return f"{row.entry_price} → {row.exit_price}, net {row.net}" if row else f"nothing in {where}"


def _sizes(found: Sequence[Found], day: date, hours: TradingHours, booked: Booked) -> Divergence | None:
    """How far the replays' trades are from those of the journal; None without one, or where not all were replayed."""
    unknown = any(isinstance(each, Unverified) or (each.outcome == "unreadable" and not each.blank) for each in found)
    if unknown or not booked:
        return None
    return divergence(_recorded(booked), _replayed_on(found, day, hours, booked))


def _recorded(booked: Booked) -> list[TradeRow]:
    return [row for rows in booked.values() for row in rows]


def _replayed_on(found: Sequence[Found], day: date, hours: TradingHours, booked: Booked) -> list[TradeRow]:
    """The exits on `day` that the replays came to, of runs whose journal is there."""
    rows = (row for each in found if isinstance(each, Verification) for row in replayed(each))
    return [row for row in rows if row.mode in booked and hours.day_of(row.exit_ms).date == day]


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
            _mode_of(found),
        )
        for row in found.exits
    ]


def _ms(stamp: str) -> int:
    return int((datetime.fromisoformat(stamp) - _EPOCH) / timedelta(milliseconds=1))


def _mode_of(found: Found) -> str:
    """The mode of the run, which the name of its recording begins with."""
    return Path(found.file).name.partition("-")[0]


def _is_blank(found: Found) -> bool:
    return isinstance(found, Verification) and found.blank


def _outcome_of(found: Found) -> FileOutcome:
    if isinstance(found, Unverified):
        return FileOutcome(found.file, CleanText("not validated"), found.reason, 0, 0)
    outcome = _BLANK if found.blank else clean(found.outcome)
    return FileOutcome(clean(found.file), outcome, clean(found.reason), found.ticks, len(found.exits))
