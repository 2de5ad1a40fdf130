"""A sweep from what was asked for to what came of it: the plan, the run, the table. Prints nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from engine.assembly import load
from engine.backtest.sweep.axes import wanted
from engine.backtest.sweep.ledger import Ledger
from engine.backtest.sweep.maps import all_maps, spread_of
from engine.backtest.sweep.plan import Plan, Search, SessionFacts, found_sessions, units_of
from engine.backtest.sweep.scores import Numbers
from engine.backtest.sweep.selection import Chosen, Wishes, choose, near_share, rows_of
from engine.backtest.sweep.sets import Sets, sets_of, values_of
from engine.backtest.sweep.store import Store
from engine.config import Config
from engine.config.judge import Draft
from engine.config.overrides import judge_overrides
from engine.config.schema import sections_of, tables_with
from engine.model.errors import ConfigError, InputError
from engine.model.sweep_result import SetRow, Summary, SweepReport
from engine.presentation.day_figures import day_ratios, mean_band

_CAPITAL = "capital.initial_capital"
_DRAWS = 1_000  # of the band around a day: there is one for each set of the table


def planned(places: Sequence[Path], overrides: Sequence[str], search: Search) -> Plan:
    """The sweep that was asked for; `overrides` are all `--set`. Raises ConfigError, InputError."""
    path = Path(search.config_file) if search.config_file else None
    bare = load(path)
    tables = tables_with(sections_of(bare))
    asked = wanted(overrides, tables)
    draft = Draft(tables, values=values_of(bare), problems=[])
    judge_overrides(asked.fixed, draft)
    if draft.problems:
        raise ConfigError(*(f"--set: {line}" for line in draft.problems))
    sets = sets_of(asked.axes, draft.values, tables, trials=search.trials, seed=search.seed)
    first = [f"{key}={text}" for key, text in sets.texts(0).items()]
    config = load(path, [*asked.fixed, *first])  # so that no recording's own word goes before what varies
    sessions = tuple(facts for facts, _ in found_sessions(places, config))
    if not sessions:
        raise InputError("--sessions: no tick in them is in trading time")
    return Plan(config, sets, sessions, msgspec.structs.replace(search, overrides=asked.fixed))


def planned_again(store: Store) -> Plan:
    """The plan of a sweep that is there, by which its rows can be made anew; raises UserError."""
    sets, search, sessions = store.sets(), store.search(), store.sessions()
    path = Path(search.config_file) if search.config_file else None
    first = [f"{key}={text}" for key, text in sets.texts(0).items()]
    config = load(path, [*search.overrides, *first])
    tables = tables_with(sections_of(config))
    axes = tuple(axis for each in sets.axes for axis in wanted([f"{each.key}={','.join(each.texts)}"], tables).axes)
    plan = Plan(config, Sets(axes, sets.ranks, sets.dropped), sessions, search)
    store.require_same(plan)
    return plan


def capital_of(config: Config | float, sets: Sets) -> Numbers:
    """What each set starts with."""
    usual = config if isinstance(config, float) else float(config.capital.initial_capital)
    if not any(axis.key == _CAPITAL for axis in sets.axes):
        return np.full(len(sets), usual)
    return np.array([float(sets.texts(row)[_CAPITAL]) for row in range(len(sets))])


def summed_up(
    store: Store, ledger: Ledger, wishes: Wishes, top: int, only: int | None = None
) -> tuple[Summary, Chosen]:
    """What came of a sweep: the best `top` sets, or row `only`; that held-out days are looked at is entered."""
    sets, sessions = store.sets(), store.sessions()
    capital = capital_of(float(store.facts("capital")), sets)
    names = [each.fingerprint for each in sessions]
    tried = max(ledger.tried(names), len(sets))
    chosen = choose(store, sets, sessions, capital, wishes, tried)
    held_out = [each.fingerprint for each in sessions if each.day in set(chosen.days_out)]
    ledger.look(held_out)
    rows = [only] if only is not None else [int(row) for row in chosen.order[:top]]
    windows = chosen.walked
    summary = Summary(
        file=str(store.path),
        sets=len(sets),
        dropped=sets.dropped,
        sessions=len(sessions),
        days_in=len(chosen.days_in),
        days_out=len(chosen.days_out),
        objective=chosen.objective,
        ranked=len(chosen.order),
        by_engine=chosen.by_engine,
        units=sum(1 for _ in units_of(len(sets), len(sessions))),
        units_done=len(store.finished()),
        missing=tuple(f"{why}" for why in store.failures().values()),
        tried=tried,
        looks=ledger.looks(held_out),
        deflated_sharpe=chosen.deflated,
        overfitting=chosen.overfitted,
        walk_forward_windows=windows.windows if windows else 0,
        walk_forward_efficiency=windows.efficiency if windows else None,
        neighbours=chosen.neighbours,
        verdict=chosen.verdict,
        rows=tuple(_rows(store, sets, capital, chosen, rows)),
        lost=tuple(_lost(sessions)),
    )
    return summary, chosen


def reported(store: Store, summary: Summary, chosen: Chosen) -> SweepReport:
    """What a report shows of a sweep: `summary`, the maps of each two keys, how all scores lie."""
    held_out = tuple(each.fingerprint for each in store.sessions() if each.day in set(chosen.days_out))
    maps, left_out = all_maps(store.sets(), chosen)
    return SweepReport(summary, maps, left_out, spread_of(chosen), held_out)


def _lost(sessions: Sequence[SessionFacts]) -> Iterator[str]:
    """A line for each loss of each file."""
    for path, losses in {each.path: each.losses for each in sessions}.items():
        yield from (f"{Path(path).name}: {line.removeprefix(f'{path}: ')}" for line in losses)


def _rows(store: Store, sets: Sets, capital: Numbers, chosen: Chosen, rows: Sequence[int]) -> list[SetRow]:
    inside = len(chosen.days_in)
    found = rows_of(store, sets, store.sessions(), capital, rows)
    told = []
    for row in rows:
        part = found[row]
        nets, returns = part.nets[0].tolist(), part.returns[0].tolist()
        entries, won = int(part.entries.sum()), int(part.won.sum())
        band = mean_band(nets[:inside], str(row), _DRAWS) if inside > 1 else None
        score = float(chosen.scores[row])
        told.append(
            SetRow(
                row=row + 1,
                values=sets.texts(row),
                score=score if np.isfinite(score) else None,
                net_in=sum(nets[:inside]),
                net_out=sum(nets[inside:]) if nets[inside:] else None,
                day_mean=sum(nets[:inside]) / inside,
                day_low=band[0] if band else None,
                day_high=band[1] if band else None,
                sharpe=day_ratios(returns[:inside]).sharpe,
                drawdown=float(part.drawdown[0]),
                positions=entries,
                win_rate=won / entries if entries else None,
                neighbours=near_share(sets, chosen.scores, row) if np.isfinite(score) else None,
                still_open=bool(part.flags[0] & 2),
            )
        )
    return told
