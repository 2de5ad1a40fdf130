"""The session days of a journal for a report: its fills and exits put together to positions. Without ticks nothing says how far they went."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from engine.backtest.position_ledger import OpenResult, PositionLedger
from engine.backtest.session_follower import fingerprint_of
from engine.journal.chain_reader import ChainReader
from engine.journal.history import Happened, History
from engine.journal.lost_exits import instruments_of
from engine.model.errors import InputError, reason
from engine.model.events import AnyEvent, DayStarted, FillBooked, StateKept, TradeClosed
from engine.model.session_result import ReportedDay
from engine.model.types import Instrument
from engine.text.sanitize import CleanText, clean
from engine.trading.costs import total

_UNNAMED = Instrument(CleanText("?"))
_ALL_DAYS = 1 << 30
_NO_DAY = ("", "0001-01-01")


class JournalDays:
    """All days of the journal in `folder`, one at a time; `problems` are what of it could not be read so far."""

    def __init__(self, folder: Path) -> None:
        """Raises InputError where there is no journal."""
        try:
            self._chain = ChainReader(folder)
        except OSError as error:
            raise InputError(f"there is no journal in {folder}: {reason(error)}") from None
        self._name = clean(folder.name, 200)

    @property
    def problems(self) -> tuple[str, ...]:
        """What of the journal could not be read so far, a line each."""
        return tuple(self._chain.problems)

    def days(self) -> Iterator[ReportedDay]:
        """Each session day that was begun, the oldest first; what is still open comes with the last."""
        history = History(self._chain)
        marks = history.days(_ALL_DAYS)
        if not marks:
            return
        rows = _Rows(self._name)
        for row in history.rows(marks[0]):
            day = rows.take(row)
            if day is not None:
                yield day
        if (day := rows.hand_over(last=True)) is not None:
            yield day


class _Rows:
    """Takes rows and gives a day whenever another begins."""

    def __init__(self, source: CleanText) -> None:
        self._source = source
        self._ledger = PositionLedger("")
        self._instruments: tuple[Instrument, ...] = ()
        self._cash: Decimal | None = None  # as far as rows tell
        self._zone, self._began_ms = "", 0
        self._begin_cash: Decimal | None = None
        self._ended: list[OpenResult] = []
        self._exits: list[tuple[int, Decimal]] = []

    def take(self, row: Happened) -> ReportedDay | None:
        """Take the next row; the day that is over by it, if one is."""
        event = row.event
        over = None
        if isinstance(event, DayStarted) and event.date not in {*_NO_DAY, self._ledger.date}:
            over = self.hand_over()
            self._begin(event.date, event.zone, event.at_ms)
        self._ledger.mode = row.mode or self._ledger.mode
        self._book(event)
        return over

    def _begin(self, date: str, zone: str, at_ms: int) -> None:
        self._ledger.begin_day(date)
        self._zone, self._began_ms, self._begin_cash = zone or self._zone, at_ms, self._cash

    def _book(self, event: AnyEvent) -> None:
        match event:
            case StateKept():
                self._account(event)
            case FillBooked():
                self._filled(event)
            case TradeClosed(trade=trade):
                held = self._ledger.closed(trade, self._named(trade.instrument))
                self._exits.append((trade.exit_ms, trade.net_pnl))
                if trade.instrument not in self._ledger.held:
                    self._ended.append(held)

    def _filled(self, booked: FillBooked) -> None:
        """Take a fill; before the first that is known, cash was what it has made of it."""
        fill, instrument = booked.fill, self._named(booked.fill.instrument)
        cash = _decimal(booked.cash)
        if cash is not None:
            if self._cash is None and self._begin_cash is None:
                turnover = instrument.money(booked.turnover or fill.price * fill.quantity)
                self._begin_cash = cash + (turnover if fill.side == "BUY" else -turnover) + total(booked.costs)
            self._cash = cash
        self._ledger.filled(booked, instrument)

    def _account(self, kept: StateKept) -> None:
        """Instruments, day and cash as an account tells them; positions are followed on by their symbols."""
        named = instruments_of(kept)
        if named:
            places = {each.symbol: place for place, each in enumerate(named)}
            held = {each.result.instrument.symbol: each for each in self._ledger.held.values()}
            self._ledger.held = {places[symbol]: each for symbol, each in held.items() if symbol in places}
            self._instruments = named
        self._cash = _decimal(str(kept.fields.get("book.cash", ""))) or self._cash
        if not self._ledger.date and (today := str(kept.fields.get("today", ""))) not in _NO_DAY:
            self._begin(today, "", kept.at_ms)

    def _named(self, number: int) -> Instrument:
        return self._instruments[number] if 0 <= number < len(self._instruments) else _UNNAMED

    def hand_over(self, *, last: bool = False) -> ReportedDay | None:
        """The day that runs, which is over; None where none has begun."""
        ledger = self._ledger
        done = tuple(each.done() for each in (*self._ended, *(ledger.held.values() if last else ())))
        exits, self._ended, self._exits = tuple(self._exits), [], []
        if not ledger.date:
            return None
        return ReportedDay(
            mode=ledger.mode,
            date=ledger.date,
            zone=self._zone,
            source=self._source,
            began_ms=self._began_ms,
            cash=self._begin_cash,
            net=ledger.net,
            costs_by_kind=dict(ledger.paid),
            positions=done,
            exits=exits,
            cash_after=self._cash,
            fingerprint=fingerprint_of(ledger.date, (), done),
        )


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
