"""Counts the trades of a day and of all days from what the trader tells, live or row by row out of a journal. Pure, and no part of what decides.

What is remembered does not grow with the trades: two sets of sums, and what the open positions have made so far.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from engine.model.events import DayStarted, FillBooked, StateKept, TradeClosed
from engine.model.state import Fields, Plain
from engine.model.statistics import DayStatistics
from engine.model.types import Trade

OTHER: Final = "other"  # exits whose reason had no room any more
_KEPT: Final = "statistics."  # names under which an account is kept with them
_DAY, _TOTAL, _OPEN = f"{_KEPT}day.", f"{_KEPT}total.", f"{_KEPT}open."
_MOST_REASONS: Final = 40
_ZERO: Final = Decimal(0)
_NO_DAY: Final = ("", "0001-01-01")


class _Sums(Struct, omit_defaults=True):
    """A `DayStatistics` that still grows."""

    date: str = ""
    entries: int = 0
    exits: int = 0
    positions: int = 0
    won: int = 0
    lost: int = 0
    even: int = 0
    profit: Decimal = _ZERO
    loss: Decimal = _ZERO
    gross: Decimal = _ZERO
    costs: Decimal = _ZERO
    net: Decimal = _ZERO
    best: Decimal | None = None
    worst: Decimal | None = None
    drawdown: Decimal = _ZERO
    streak: int = 0
    longest_won: int = 0
    longest_lost: int = 0
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    costs_by_kind: dict[str, Decimal] = msgspec.field(default_factory=dict)
    peak: Decimal = _ZERO
    lowest: Decimal = _ZERO

    def pay(self, kinds: Mapping[str, Decimal]) -> None:
        """Count what a fill cost by kind."""
        for kind, amount in kinds.items():
            self.costs_by_kind[kind] = self.costs_by_kind.get(kind, _ZERO) + amount

    def exit(self, trade: Trade) -> None:
        """Count an exit."""
        self.exits += 1
        self.gross += trade.gross_pnl
        self.costs += trade.costs
        self.net += trade.net_pnl
        self.peak = max(self.peak, self.net)
        self.lowest = min(self.lowest, self.net)
        self.drawdown = max(self.drawdown, self.peak - self.net)
        known = trade.reason in self.reasons or len(self.reasons) < _MOST_REASONS
        reason = trade.reason if known else OTHER
        self.reasons[reason] = self.reasons.get(reason, 0) + 1

    def position(self, net: Decimal) -> None:
        """Count a position that has ended with the result `net`."""
        self.positions += 1
        self.best = net if self.best is None else max(self.best, net)
        self.worst = net if self.worst is None else min(self.worst, net)
        if net > 0:
            self.won += 1
            self.profit += net
            self.streak = max(self.streak, 0) + 1
            self.longest_won = max(self.longest_won, self.streak)
        elif net < 0:
            self.lost += 1
            self.loss -= net
            self.streak = min(self.streak, 0) - 1
            self.longest_lost = max(self.longest_lost, -self.streak)
        else:
            self.even += 1
            self.streak = 0

    def seen(self) -> DayStatistics:
        """As it stands now."""
        values = asdict(self)
        values["reasons"], values["costs_by_kind"] = dict(self.reasons), dict(self.costs_by_kind)
        return DayStatistics(**values)


class TradeStatistics:
    """Follows `FillBooked`, `TradeClosed`, `DayStarted` and `StateKept`, in their order; everything else is passed over.

    The day is the account's: that of the newest `DayStarted`, over restarts too. `symbols` name the instruments by their
    numbers, which another run may give otherwise; a `StateKept` says them, and begins anew where its account does.

    One that `joins_days` counts dates, whichever account had them: each goes on where it was left, and is kept in `by_date`,
    the newest last; `earlier` is what accounts of before made on theirs.
    """

    def __init__(self, symbols: Sequence[str] = (), *, joins_days: bool = False) -> None:
        self._symbols = tuple(symbols)
        self._day, self._total = _Sums(), _Sums()
        self._open: dict[str, Decimal] = {}
        self._ends: int | None = None  # the instrument of which the newest fill has sold the last
        self._seen: tuple[DayStatistics, DayStatistics] | None = None
        self.last_day = DayStatistics()  # the one before the newest, as it ended
        self._joins_days = joins_days
        self._by_date: dict[str, _Sums] = {}
        self.earlier: dict[str, DayStatistics] = {}

    @property
    def day(self) -> DayStatistics:
        """The newest session day."""
        return self._both()[0]

    @property
    def date(self) -> str:
        """That of the newest session day."""
        return self._day.date

    @property
    def by_date(self) -> dict[str, DayStatistics]:
        """Each date, if it `joins_days`; the one that was newest last comes last."""
        return {date: sums.seen() for date, sums in self._by_date.items()}

    @property
    def total(self) -> DayStatistics:
        """All days since the account began; `date` is the first of them."""
        return self._both()[1]

    def _both(self) -> tuple[DayStatistics, DayStatistics]:
        if self._seen is None:
            self._seen = self._day.seen(), self._total.seen()
        return self._seen

    def take(self, event: object) -> None:
        """Follow one event."""
        match event:
            case FillBooked():
                self._filled(event)
            case TradeClosed(trade=trade):
                self._closed(trade)
            case DayStarted(date=date):
                self.begin_day(date)
            case StateKept():
                self._account(event)
            case _:
                return
        self._seen = None

    def begin_day(self, date: str) -> None:
        """Begin the session of `date` (ISO text), where it is another one than the newest."""
        if date != self._day.date and date not in _NO_DAY:
            untold = self._day if self._day.date in _NO_DAY else None  # fills before the first day was told
            self.last_day = self._day.seen()
            self._day = untold or self._by_date.pop(date, None) or _Sums()
            self._day.date = date
            if self._joins_days:
                self._by_date[date] = self._day
            self._total.date = self._total.date or date
            self._seen = None

    def _filled(self, booked: FillBooked) -> None:
        fill, position = booked.fill, booked.position
        self._day.pay(booked.costs)
        self._total.pay(booked.costs)
        self._ends = None
        if fill.side == "SELL":
            self._ends = fill.instrument if position is None else None
        elif position is not None and position.initial_quantity == fill.quantity:
            self._day.entries += 1
            self._total.entries += 1
            self._open.pop(self._symbol(fill.instrument), None)

    def _closed(self, trade: Trade) -> None:
        symbol = self._symbol(trade.instrument)
        net = self._open.pop(symbol, _ZERO) + trade.net_pnl
        ended = self._ends == trade.instrument
        if not ended:
            self._open[symbol] = net
        for sums in (self._day, self._total):
            sums.exit(trade)
            if ended:
                sums.position(net)
        self._ends = None

    def _account(self, kept: StateKept) -> None:
        """See which instruments and which day there are, and whether the account is one that has just begun."""
        self._symbols = kept.symbols
        fields = kept.fields
        counted = {"book.entries": self._total.entries, "book.trades": self._total.exits}
        if any(isinstance(now := fields.get(name), int) and now < count for name, count in counted.items()):
            self._begin_account()
        self.begin_day(str(fields.get("today", "")))

    def relist(self, symbols: Sequence[str]) -> None:
        """`symbols` name the instruments from now on; no number means another one than before."""
        self._symbols = tuple(symbols)

    def _begin_account(self) -> None:
        self._total, self._open = _Sums(), {}
        if not self._joins_days:
            self._day = _Sums()
        elif self._day.exits or self._day.entries:
            self.earlier[self._day.date] = self._day.seen()

    def _symbol(self, instrument: int) -> str:
        return self._symbols[instrument] if 0 <= instrument < len(self._symbols) else f"#{instrument}"

    def keep(self, kept: StateKept) -> StateKept:
        """`kept` with all that is remembered, for `take_over`; no part of what decides."""
        return StateKept(kept.fields | self.dump(), kept.symbols, kept.at_ms)

    def take_over(self, kept: StateKept) -> bool:
        """Go on from what `keep` has put into `kept`; whether it was there, else only its day and instruments are taken."""
        known = self.load(kept.fields)
        self.take(kept)
        return known

    def dump(self) -> Fields:
        """All that is remembered, by name; what is still as it began is left out."""
        fields: Fields = {f"{_KEPT}counted": True}
        for name, sums in ((_DAY, self._day), (_TOTAL, self._total)):
            for key, value in _plain(sums).items():
                if isinstance(value, dict):
                    fields |= {f"{name}{key}.{each}": part for each, part in value.items()}
                else:
                    fields[f"{name}{key}"] = value
        return fields | {f"{_OPEN}{symbol}": str(net) for symbol, net in self._open.items()}

    def load(self, fields: Mapping[str, Plain]) -> bool:
        """Go on from what `dump` has put into `fields`; False, and nothing changes, where it is not there or not sound."""
        if f"{_KEPT}counted" not in fields:
            return False
        try:
            day, total = (_sums(_behind(fields, name)) for name in (_DAY, _TOTAL))
            open_ = {symbol: _finite(Decimal(str(net))) for symbol, net in _behind(fields, _OPEN).items()}
        except (ValueError, ArithmeticError):  # of a file of others: the account does not rest on it
            return False
        self._day, self._total, self._open = day, total, open_
        self._ends = self._seen = None
        return True


def _plain(sums: _Sums) -> dict[str, Plain | dict[str, Plain]]:
    plain: dict[str, Plain | dict[str, Plain]] = msgspec.to_builtins(sums)
    return plain


def _behind(fields: Mapping[str, Plain], prefix: str) -> dict[str, Plain]:
    """The fields whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in fields.items() if name.startswith(prefix)}


def _sums(plain: Mapping[str, Plain]) -> _Sums:
    """Raises ValueError for what is no set of sums."""
    values: dict[str, object] = {name: value for name, value in plain.items() if "." not in name}
    values |= {name: _behind(plain, f"{name}.") for name in ("reasons", "costs_by_kind")}
    sums = msgspec.convert(values, _Sums)
    for amount in (*asdict(sums).values(), *sums.costs_by_kind.values()):
        if isinstance(amount, Decimal):
            _finite(amount)
    return sums


def _finite(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    return amount
