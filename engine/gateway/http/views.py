"""From the engine's snapshot to what is answered of it. Pure."""

from datetime import UTC, datetime
from decimal import Decimal

from engine.gateway.http.answers import (
    AccountAnswer,
    LogLineAnswer,
    PositionAnswer,
    PositionsAnswer,
    TradeAnswer,
    TradesAnswer,
)
from engine.model.ports import LogLine
from engine.model.snapshot import Snapshot
from engine.model.trading_views import OpenPosition
from engine.model.types import Instrument, Trade


def positions(seen: Snapshot, age_s: float) -> PositionsAnswer:
    """What is held."""
    return PositionsAnswer(tuple(_position(seen, held) for held in seen.positions), age_s)


def trades(seen: Snapshot, age_s: float) -> TradesAnswer:
    """The newest exits."""
    return TradesAnswer(
        tuple(_trade(seen.instruments[trade.instrument], trade) for trade in seen.trades), seen.account.exits, age_s
    )


def account(seen: Snapshot, age_s: float) -> AccountAnswer:
    """The account."""
    money = seen.account
    return AccountAnswer(
        cash=money.cash,
        day_pnl=money.day_pnl,
        open_pnl=money.open_pnl,
        realised=money.realised,
        costs=money.costs,
        drawdown=money.day.drawdown,
        entries=money.day.entries,
        exits=money.exits,
        snapshot_age_s=age_s,
    )


def log_line(line: LogLine) -> LogLineAnswer:
    """A line of the log."""
    return LogLineAnswer(line.number, moment(line.wall_ns // 1_000_000), line.level, line.component, line.text)


def moment(at_ms: int) -> datetime:
    """A moment (UTC ms)."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC)


def _position(seen: Snapshot, held: OpenPosition) -> PositionAnswer:
    state, instrument = held.state, seen.instruments[held.state.instrument]
    return PositionAnswer(
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        quantity=_quantity(instrument, state.quantity),
        entry_price=_price(instrument, state.entry_price),
        entry_at=moment(state.entry_ms),
        last_price=_price(instrument, held.last) if held.last else None,
        open_pnl=held.open_pnl,
        exit_costs=held.exit_costs,
        stop=_price(instrument, state.stop),
        trail_stop=None if state.trail_stop is None else _price(instrument, state.trail_stop),
        next_target=None if held.next_target is None else _price(instrument, held.next_target),
        durable=not seen.unkept_from_ms,
    )


def _trade(instrument: Instrument, trade: Trade) -> TradeAnswer:
    return TradeAnswer(
        number=trade.number,
        symbol=instrument.symbol,
        entry_at=moment(trade.entry_ms),
        exit_at=moment(trade.exit_ms),
        quantity=_quantity(instrument, trade.quantity),
        entry_price=_price(instrument, trade.entry_price),
        exit_price=_price(instrument, trade.exit_price),
        gross=trade.gross_pnl,
        costs=trade.costs,
        net=trade.net_pnl,
        reason=trade.reason,
    )


def _price(instrument: Instrument, price: int) -> Decimal:
    return Decimal(instrument.price_text(price))


def _quantity(instrument: Instrument, quantity: int) -> Decimal:
    return Decimal(instrument.quantity_text(quantity))
