"""The figures of a run that is over. Reads the engine, changes nothing, prints nothing."""

import resource
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from engine.assembly import Run
from engine.model.latency import Histogram
from engine.model.sources import Selective, of_candles
from engine.model.state import state_hash
from engine.presentation.charges import as_noted, in_order
from engine.presentation.money import plain_money

_REASONS = ("missing", "nan", "infinite", "non_positive", "backwards")


class LatencyMicroseconds(Struct, frozen=True):
    """Receive → decision in microseconds."""

    p50: float
    p95: float
    p99: float
    p999: float
    max: float


class LeftOut(Struct, frozen=True):
    """Ticks that did not come to a decision, and where the first and the last of them stand: place in the source, own time."""

    count: int
    first: str
    first_time: str
    last: str
    last_time: str


class Summary(Struct, frozen=True):
    """What `--json` prints; money as text to two decimals, `rss_mb` the peak.

    `in_session` of the ticks reached the strategies; `signals` found nothing held and all ticks they asked for risen;
    so many were `followed`. Like `filters` they are counted since this run began: `since`, ISO 8601, where that was within a day.
    `filters` says how often each refused, `undecided` why there was no entry, and what to change; empty where there was one.
    `positions` (round trips) have ended, of which so many were `won` and `lost`; `best` and `worst` are theirs. Counts and
    money are those of the account, earlier runs included. `remarks` are what was also logged as a warning. `candles`: the
    ticks were made of candles, four of each.
    `charged_by` names the table and the date of its row, or says "percent"; `costs_by_kind` are what the account has paid,
    entries of what is still open included, and `costs_as_noted` the same as the contract note of its one day rounds it.
    `fill` is what simulated orders were to fill at; so many found bid and ask, so many took the last price.
    """

    source: str
    mode: str
    delivery: str
    ticks: int
    refused: dict[str, int]
    refused_first: dict[str, str]
    entries: int
    exits: int
    cash: str
    gross_pnl: str
    costs: str
    net_pnl: str
    open_positions: int
    elapsed_s: float
    ticks_per_s: int
    latency_us: LatencyMicroseconds
    rss_mb: float
    state_hash: str
    losses: tuple[str, ...]
    recording: str
    faults: int
    complete: bool
    in_session: int = 0
    left_out: dict[str, LeftOut] = {}
    signals: int = 0
    followed: int = 0
    since: str = ""
    filters: dict[str, int] = {}
    undecided: str = ""
    remarks: tuple[str, ...] = ()
    candles: bool = False
    positions: int = 0
    won: int = 0
    lost: int = 0
    profit_factor: str = ""
    best: str | None = None
    worst: str | None = None
    drawdown: str = "0.00"
    exits_by_reason: dict[str, int] = {}
    costs_by_kind: dict[str, str] = {}
    charged_by: str = ""
    costs_as_noted: dict[str, str] = {}
    fill: str = ""
    fills_at_touch: int = 0
    fills_at_last: int = 0


def _peak_kb() -> int:
    """Peak resident memory of this process; `ru_maxrss` would also tell what was before `exec`."""
    with suppress(OSError):  # not every system has /proc
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _microseconds(histogram: Histogram) -> LatencyMicroseconds:
    summary = histogram.summary()
    values = (summary.p50_ns, summary.p95_ns, summary.p99_ns, summary.p999_ns, summary.max_ns)
    return LatencyMicroseconds(*(round(ns / 1000, 2) for ns in values))


def summarise(run: Run, elapsed_s: float) -> Summary:
    """Return the summary of a stopped run."""
    engine = run.engine
    portfolio, reach = run.trader.state.portfolio, run.trader.state.reach
    account = engine.snapshot.account
    day, total = account.day, engine.exits.statistics.total
    one_day = day.date == total.date and "brokerage" in day.costs_by_kind
    snapshot = engine.snapshot
    recorder = next((edge for edge in snapshot.edges if edge.name == "recorder"), None)
    return Summary(
        source=run.source.name,
        mode=snapshot.trade_mode,
        delivery=snapshot.delivery,
        ticks=snapshot.ticks,
        refused=dict.fromkeys(_REASONS, 0) | snapshot.refused,
        refused_first={reason: run.source.row_of(seq) for reason, seq in run.trader.state.first_refused.items()},
        entries=portfolio.entries,
        exits=portfolio.trades,
        cash=plain_money(portfolio.cash),
        gross_pnl=plain_money(total.gross),
        costs=plain_money(total.costs),
        net_pnl=plain_money(total.net),
        open_positions=sum(position is not None for position in portfolio.positions),
        elapsed_s=round(elapsed_s, 3),
        ticks_per_s=round(snapshot.ticks / elapsed_s) if elapsed_s else 0,
        latency_us=_microseconds(engine.epochs.all_ticks()),
        rss_mb=round(_peak_kb() / 1024, 1),
        state_hash=state_hash(run.trader.state.dump()),
        losses=run.source.losses(),
        recording=recorder.problem if recorder and recorder.problem else "",
        faults=snapshot.faults,
        in_session=run.trader.findings.facts(snapshot.ticks).taken,
        left_out=_left_out(run),
        signals=reach.signals,
        followed=reach.followed,
        since=run.trader.hours.stamp(reach.since_ms) if reach.since_ms else "",
        filters={"green ticks": run.trader.findings.waited()} | reach.objections,
        undecided=run.trader.findings.why_undecided(snapshot.ticks),
        remarks=(*run.trader.findings.remarks(snapshot.ticks), *run.trader.state.told_of_costs),
        candles=of_candles(run.source),
        positions=total.positions,
        won=total.won,
        lost=total.lost,
        profit_factor=f"{total.profit_factor:.2f}" if total.profit_factor is not None else "",
        best=None if total.best is None else plain_money(total.best),
        worst=None if total.worst is None else plain_money(total.worst),
        drawdown=plain_money(total.drawdown),
        exits_by_reason=dict(total.reasons),
        charged_by=account.charged_by,
        costs_by_kind=_texts(total.costs_by_kind),
        costs_as_noted=_texts(as_noted(day.costs_by_kind)) if one_day else {},
        fill=account.fill,
        fills_at_touch=account.fills_at_touch,
        fills_at_last=account.fills_at_last,
        complete=engine.status.source_ended or engine.playback is None,  # a live stream has no end to come to
    )


def _texts(kinds: Mapping[str, Decimal]) -> dict[str, str]:
    return {kind: plain_money(amount) for kind, amount in in_order(kinds).items()}


def _left_out(run: Run) -> dict[str, LeftOut]:
    found = run.trader.state.reach.left_out()
    if run.engine.inbox.merged_places.count:
        found["merged"] = run.engine.inbox.merged_places
    passed = run.source.passed_over() if isinstance(run.source, Selective) else ()
    place, stamp = run.source.row_of, run.trader.hours.stamp
    return {each.reason: LeftOut(each.count, each.first, "", each.last, "") for each in passed} | {
        reason: LeftOut(
            each.count, place(each.first.seq), stamp(each.first.exch_ms), place(each.last.seq), stamp(each.last.exch_ms)
        )
        for reason, each in found.items()
    }
