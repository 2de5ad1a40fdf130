"""What only whoever has the token is told: trades, money, positions."""

from collections.abc import Iterator

from prometheus_client.metrics_core import Metric

from engine.gateway.metrics.families import counter, gauge
from engine.model.snapshot import Snapshot
from engine.presentation.format import instrument_at


def of_money(seen: Snapshot) -> Iterator[Metric]:
    """The account and what is held; money in the currency, quantities in units (below zero: short)."""
    account = seen.account
    yield counter("entries", "Entries since the account began", account.total.entries)
    yield counter("exits", "Exits since the account began", account.total.reasons, ("reason",))
    yield counter("costs", "Costs since the account began", float(account.costs))
    yield gauge("day_charges", "Costs of what was sold within the session day, both sides", float(account.day.costs))
    yield gauge("cash", "Cash", float(account.cash))
    yield gauge("day_pnl", "Result of the session day, what is open included", float(account.day_pnl))
    yield gauge("realised_pnl", "Realised result since the account began", float(account.realised))
    yield gauge("drawdown", "Largest fall of the day's realised result", float(account.day.drawdown))
    quantities: dict[str, float] = {}
    results: dict[str, float] = {}
    for held in seen.positions:
        instrument = instrument_at(seen, held.state.instrument)
        quantities[instrument.symbol] = held.state.quantity / instrument.quantity_scale
        results[instrument.symbol] = float(held.open_pnl)
    yield gauge("position_quantity", "What is held", quantities, ("symbol",))
    yield gauge("position_open_pnl", "What is held has earned so far", results, ("symbol",))
