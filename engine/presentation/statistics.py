"""Counts the trades of a day and of all days from what the trader tells, live or row by row out of a journal. Pure, and no part of what decides.

What is remembered does not grow with the trades: two sets of sums, and what the open positions have made so far.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import asdict, replace

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


def _paid(made: DayStatistics, kinds: Mapping[str, Decimal]) -> DayStatistics:
    """With what a fill cost by kind."""
    sums = {kind: made.costs_by_kind.get(kind, _ZERO) + amount for kind, amount in kinds.items()}
    return replace(made, costs_by_kind={**made.costs_by_kind, **sums}) if sums else made


def _exited(made: DayStatistics, trade: Trade) -> DayStatistics:
    """With one more exit."""
    net = made.net + trade.net_pnl
    peak = max(made.peak, net)
    known = trade.reason in made.reasons or len(made.reasons) < _MOST_REASONS
    reason = trade.reason if known else OTHER
    return replace(
        made,
        exits=made.exits + 1,
        gross=made.gross + trade.gross_pnl,
        costs=made.costs + trade.costs,
        net=net,
        peak=peak,
        lowest=min(made.lowest, net),
        drawdown=max(made.drawdown, peak - net),
        reasons={**made.reasons, reason: made.reasons.get(reason, 0) + 1},
    )


def _ended(made: DayStatistics, net: Decimal) -> DayStatistics:
    """With one more position, which has ended with the result `net`."""
    streak = max(made.streak, 0) + 1 if net > 0 else min(made.streak, 0) - 1 if net < 0 else 0
    return replace(
        made,
        positions=made.positions + 1,
        won=made.won + (net > 0),
        lost=made.lost + (net < 0),
        even=made.even + (net == 0),
        profit=made.profit + max(net, _ZERO),
        loss=made.loss - min(net, _ZERO),
        best=net if made.best is None else max(made.best, net),
        worst=net if made.worst is None else min(made.worst, net),
        streak=streak,
        longest_won=max(made.longest_won, streak),
        longest_lost=max(made.longest_lost, -streak),
    )


class TradeStatistics:
    """Follows `FillBooked`, `TradeClosed`, `DayStarted` and `StateKept`, in their order; everything else is passed over.

    The day is the account's: that of the newest `DayStarted`, over restarts too. `symbols` name the instruments by their
    numbers, which another run may give otherwise; a `StateKept` says them, and begins anew where its account does.

    One that `joins_days` counts dates, whichever account had them: each goes on where it was left, and is kept in `by_date`,
    the newest last; `earlier` is what accounts of before made on theirs.
    """

    def __init__(self, symbols: Sequence[str] = (), *, joins_days: bool = False) -> None:
        self._symbols = tuple(symbols)
        self.day = DayStatistics()  # the newest session day
        self.total = DayStatistics()  # all days since the account began; `date` is the first of them
        self._open: dict[str, Decimal] = {}
        self._ends: int | None = None  # the instrument of which the newest fill has sold the last
        self.last_day = DayStatistics()  # the one before the newest, as it ended
        self._joins_days = joins_days
        self._by_date: dict[str, DayStatistics] = {}  # those before the newest
        self.earlier: dict[str, DayStatistics] = {}

    @property
    def date(self) -> str:
        """That of the newest session day."""
        return self.day.date

    @property
    def by_date(self) -> dict[str, DayStatistics]:
        """Each date, if it `joins_days`; the one that was newest last comes last."""
        return {**self._by_date, self.date: self.day} if self._joins_days and self.date not in _NO_DAY else {}

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

    def begin_day(self, date: str) -> None:
        """Begin the session of `date` (ISO text), where it is another one than the newest."""
        if date == self.date or date in _NO_DAY:
            return
        self.last_day = self.day
        if self._joins_days and self.date not in _NO_DAY:
            self._by_date[self.date] = self.day
        known = self._by_date.pop(date, None) or DayStatistics()
        self.day = replace(
            self.day if self.date in _NO_DAY else known, date=date
        )  # fills before the first day was told
        self.total = replace(self.total, date=self.total.date or date)

    def _filled(self, booked: FillBooked) -> None:
        fill, position = booked.fill, booked.position
        self.day, self.total = _paid(self.day, booked.costs), _paid(self.total, booked.costs)
        self._ends = None
        if fill.side == "SELL":
            self._ends = fill.instrument if position is None and not booked.untold else None
        elif position is None or position.initial_quantity == fill.quantity:  # what was bought may be gone already
            self.day, self.total = (replace(each, entries=each.entries + 1) for each in (self.day, self.total))
            self._open.pop(self._symbol(fill.instrument), None)

    def _closed(self, trade: Trade) -> None:
        symbol = self._symbol(trade.instrument)
        net = self._open.pop(symbol, _ZERO) + trade.net_pnl
        ended = self._ends == trade.instrument
        if not ended:
            self._open[symbol] = net
        self.day, self.total = _exited(self.day, trade), _exited(self.total, trade)
        if ended:
            self.day, self.total = _ended(self.day, net), _ended(self.total, net)
        self._ends = None

    def _account(self, kept: StateKept) -> None:
        """See which instruments and which day there are, and whether the account is one that has just begun."""
        self._symbols = kept.symbols
        fields = kept.fields
        counted = {"book.entries": self.total.entries, "book.trades": self.total.exits}
        if any(isinstance(now := fields.get(name), int) and now < count for name, count in counted.items()):
            self._begin_account()
        self.begin_day(str(fields.get("today", "")))

    def relist(self, symbols: Sequence[str]) -> None:
        """`symbols` name the instruments from now on; no number means another one than before."""
        self._symbols = tuple(symbols)

    def _begin_account(self) -> None:
        self.total, self._open = DayStatistics(), {}
        if not self._joins_days:
            self.day = DayStatistics()
        elif self.day.exits or self.day.entries:
            self.earlier[self.date] = self.day

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
        for name, sums in ((_DAY, self.day), (_TOTAL, self.total)):
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
        self.day, self.total, self._open = day, total, open_
        self._ends = None
        return True


def _plain(sums: DayStatistics) -> dict[str, Plain | dict[str, Plain]]:
    plain: dict[str, Plain | dict[str, Plain]] = msgspec.to_builtins(sums)
    return plain


def _behind(fields: Mapping[str, Plain], prefix: str) -> dict[str, Plain]:
    """The fields whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: value for name, value in fields.items() if name.startswith(prefix)}


def _sums(plain: Mapping[str, Plain]) -> DayStatistics:
    """Raises ValueError for what is no set of sums."""
    values: dict[str, object] = {name: value for name, value in plain.items() if "." not in name}
    values |= {name: _behind(plain, f"{name}.") for name in ("reasons", "costs_by_kind")}
    sums = msgspec.convert(values, DayStatistics)
    for amount in (*asdict(sums).values(), *sums.costs_by_kind.values()):
        if isinstance(amount, Decimal):
            _finite(amount)
    return sums


def _finite(amount: Decimal) -> Decimal:
    if not amount.is_finite():
        raise ValueError(f"{amount} is no amount")
    return amount
