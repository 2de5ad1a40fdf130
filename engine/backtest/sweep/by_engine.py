"""One set over one session by the engine itself: what the sweep is held to, and what does the rest. No file, no clock of ours."""

from decimal import Decimal
from fractions import Fraction

from engine.backtest.stand_ins import Notes, NothingDue, lone_parts, lone_turn, silence
from engine.backtest.sweep.days import NO_TIME_MS, Session, ticks_of
from engine.backtest.sweep.stage_two import ExitLine, Outcome
from engine.config import Config
from engine.model.types import PRICE_MISSING, Fill, Tick, Trade
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated


def by_engine(session: Session, config: Config) -> tuple[Outcome, list[ExitLine]]:
    """Trade `session` on paper under `config`; the clock comes as far as the tick behind it."""
    trader = Trader(config, session.instruments, "S-", session.hours(config))
    notes = Notes()
    ticks = list(ticks_of(session.raw))
    parts = lone_parts(config, trader, ticks[0] if ticks else None, simulated, notes)
    turn = lone_turn(parts, NothingDue(parts.cursor))
    with silence():
        for tick in ticks:
            turn.take(tick)
        if session.until_ms != NO_TIME_MS:
            turn.take(_of_time(session.until_ms, len(ticks) + 1))
    return _outcome(trader, notes.booked)


def _of_time(at_ms: int, seq: int) -> Tick:
    """A tick that is refused and moves the clock."""
    return Tick(seq, 0, 0, 0, 0, at_ms, 0, PRICE_MISSING, 0, 0)


def _outcome(trader: Trader, booked: list[Fill | Trade]) -> tuple[Outcome, list[ExitLine]]:
    """What was booked, summed up by position: on paper each entry is one fill."""
    entered: list[Decimal] = []  # what each position has won so far
    newest: dict[int, int] = {}  # of each instrument
    lines: list[ExitLine] = []
    for each in booked:
        if isinstance(each, Fill):
            newest[each.instrument] = len(entered)
            entered.append(Decimal(0))
        else:
            entered[newest[each.instrument]] += each.net_pnl
            lines.append(_line(each))
    book = trader.state.portfolio
    open_ones = [newest[index] for index, position in enumerate(book.positions) if position is not None]
    over = [net for number, net in enumerate(entered) if number not in open_ones]
    outcome = Outcome(
        cash=Fraction(book.cash),
        net=Fraction(book.realised),
        drawdown=Fraction(book.drawdown),
        gains=Fraction(sum((net for net in entered if net > 0), Decimal(0))),
        losses=-Fraction(sum((net for net in entered if net <= 0), Decimal(0))),
        exits=len(lines),
        entries=len(entered),
        won=sum(net > 0 for net in over),
        still_open=bool(open_ones),
    )
    return outcome, lines


def _line(trade: Trade) -> ExitLine:
    return ExitLine(
        entry_ms=trade.entry_ms,
        exit_ms=trade.exit_ms,
        entry_price=trade.entry_price,
        exit_price=trade.exit_price,
        quantity=trade.quantity,
        costs=trade.costs,
        net=trade.net_pnl,
        reason=trade.reason,
    )
