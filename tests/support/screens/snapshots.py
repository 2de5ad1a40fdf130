"""Snapshots and views for the tests of the screen: a lifelike one, from which variants are made by `replace`."""

from decimal import Decimal

from msgspec.structs import replace

from engine import (
    AccountView,
    Bar,
    Command,
    DayStatistics,
    EdgeView,
    EntriesState,
    EpochView,
    FeedView,
    FlatView,
    Instrument,
    LatencySummary,
    LogLine,
    OpenPosition,
    Pending,
    PositionState,
    ProcessView,
    Pulse,
    Quote,
    ReplayView,
    SessionView,
    Snapshot,
    TimelineEvent,
    Trade,
)
from engine.model.bars import NOTHING
from tui.view.model import Attachment, Ui, View

SECOND = 1_000_000_000
NOW_NS = 1_000 * SECOND
OPEN_MS = 1_759_290_300_000  # 2025-10-01 09:15:00 in Kolkata
AT_MS = OPEN_MS + 2 * 3_600_000 + 27 * 60_000 + 17_331  # 11:42:17.331
CALL = Instrument("NIFTY25NOV25900CE", lot_size=75)
PUT = Instrument("NIFTY25NOV25900PE", lot_size=75)


def quote(index: int, last: int, **more) -> Quote:
    """A quote that came 0.2 s ago."""
    fields = {
        "instrument": index,
        "last": last,
        "day_open": 15_600,
        "close": 15_600,
        "close_from": "feed",
        "bid": 0,
        "ask": 0,
        "quantity": 75,
        "day_volume": 815_061,
        "exch_ms": AT_MS,
        "recv_ns": NOW_NS - SECOND // 5,
        "green": 2,
        "objection": "EMA fast not above slow",
        "gaps": 1,
        "sequence_gaps": 0,
        "median_gap_ms": 640,
        "indicators": {"ema_fast": 15_700.5, "ema_slow": 15_650.25},
    }
    return Quote(**(fields | more))


def position(index: int = 0, **more) -> OpenPosition:
    """A position bought at 155.45, trail at 150.80, first target taken."""
    fields = {
        "instrument": index,
        "quantity": 150,
        "entry_ms": AT_MS - 240_000,
        "entry_price": 15_545,
        "initial_quantity": 225,
        "highest": 16_080,
        "stop": 14_045,
        "trail_stop": 15_580,
        "taken": 1,
        "entry_turnover": 150 * 15_545,
        "entry_costs": Decimal("9.08"),
    }
    return OpenPosition(PositionState(**(fields | more)), 15_701, Decimal("224.92"), 16_745, Decimal("15.05"))


def trade(number: int, net: str = "362.72", reason: str = "Take Profit 1", entry: int = 15_545) -> Trade:
    """One exit of 75."""
    costs = Decimal("12.28")
    return Trade(
        number=number,
        instrument=0,
        entry_ms=AT_MS - 600_000 + number * 1000,
        exit_ms=AT_MS - 500_000 + number * 1000,
        entry_price=entry,
        exit_price=entry + 500,
        quantity=75,
        gross_pnl=Decimal(net) + costs,
        costs=costs,
        net_pnl=Decimal(net),
        reason=reason,
    )


def latency(p50: int) -> LatencySummary:
    """A summary around `p50` ns."""
    return LatencySummary(18_233, p50, p50 * 2, p50 * 3, p50 * 5, p50 * 9)


def epoch(delivery: str = "polling", p50: int = 120_000, **more) -> EpochView:
    """One stretch in one mode."""
    stages = {
        "receive→decision": latency(p50),
        "receive→inbox": latency(900),
        "wait": latency(p50 - 2000),
        "decide": latency(780),
        "act": latency(110),
        "tick→order": latency(14_000),
    }
    fields = {"delivery": delivery, "first_tick": 1, "ticks": 18_233, "merged": 0, "cpu_share": 0.012, "stages": stages}
    return EpochView(**(fields | more))


STATISTICS = DayStatistics(
    date="2025-10-01",
    entries=6,
    exits=11,
    positions=9,
    won=7,
    lost=2,
    profit=Decimal("6900.10"),
    loss=Decimal("2690.10"),
    gross=Decimal("4822.40"),
    costs=Decimal("612.40"),
    net=Decimal("4210.00"),
    best=Decimal("1500.00"),
    worst=Decimal("-1400.10"),
    drawdown=Decimal("2140.00"),
    streak=2,
    longest_won=4,
    longest_lost=1,
    reasons={"Take Profit 1": 9, "Stop Loss": 2},
)

SNAPSHOT = Snapshot(
    number=77,
    taken_ns=NOW_NS - SECOND // 20,
    wall_ns=1_763_640_000 * SECOND,
    at_ms=AT_MS,
    trade_mode="replay",
    source="nifty-synthetic.mqr",
    delivery="polling",
    instruments=(CALL, PUT),
    ticks=18_233,
    refused={"backwards": 2},
    session=SessionView("Asia/Kolkata", "2025-10-01", OPEN_MS, OPEN_MS + 22_500_000),
    pulse=Pulse(NOW_NS - SECOND // 20, NOW_NS - SECOND // 5, NOW_NS - SECOND // 5, 0),
    process=ProcessView(31.2, 0.013, 14, 1.8, 53_000),
    events=(
        TimelineEvent(120, OPEN_MS + 60_000, "entry", "225"),
        TimelineEvent(180, OPEN_MS + 90_000, "exit", "Take Profit 1"),
    ),
    quotes=(quote(0, 15_701), quote(1, 9_444, objection="", green=0, indicators={})),
    positions=(position(),),
    account=AccountView(
        cash=Decimal("76420.55"),
        realised=Decimal("4210.00"),
        costs=Decimal("612.40"),
        open_pnl=Decimal("224.92"),
        day_pnl=Decimal("4434.92"),
        exits=11,
        day=STATISTICS,
        total=STATISTICS,
    ),
    entries=EntriesState(paused=False, locked="", halted="", today=6),
    flat=FlatView("NORMAL", "", 0, (), ()),
    trades=tuple(trade(n) for n in range(1, 12)),
    epochs=(epoch(),),
    inbox_waiting=3,
    merged=0,
    beats=4_100,
    faults=0,
    fault="",
    edges=(EdgeView("journal", 0, 240, ""),),
    replay=ReplayView(18_233, 34_086, AT_MS, True, False, 10.0, 9.7, False, 0),
    outcomes=(),
    stopped=False,
)


def snapshot(**changes) -> Snapshot:
    """The lifelike snapshot with `changes`."""
    return replace(SNAPSHOT, **changes)


def feed(**more) -> FeedView:
    """A link that has been up for ten minutes and heard something 0.1 s ago."""
    fields = {
        "source": "smartapi",
        "state": "UP",
        "link": 2,
        "since_ns": NOW_NS - 600 * SECOND,
        "up_ns": NOW_NS - 600 * SECOND,
        "frame_ns": NOW_NS - SECOND // 10,
        "pong_ns": NOW_NS - 4 * SECOND,
        "retry_ns": 0,
        "attempt": 0,
        "because": "",
        "rtt_ms": 11.8,
        "clock_ms": -38.0,
        "frames": 18_233,
        "books": 0,
        "bad": {},
        "wanted": 2,
        "ticking": 2,
    }
    return FeedView(**(fields | more))


def waiting(lost_s: float = 12.4, retry_s: float = 3.6, **more) -> FeedView:
    """A link that was lost, with the next attempt due."""
    fields = {
        "state": "WAITING",
        "since_ns": NOW_NS - round((lost_s - 8) * SECOND),
        "up_ns": 0,
        "frame_ns": NOW_NS - round(lost_s * SECOND),
        "pong_ns": NOW_NS - round(lost_s * SECOND),
        "retry_ns": NOW_NS + round(retry_s * SECOND),
        "attempt": 3,
        "because": "no data for 8.0 s",
    }
    return feed(**(fields | more))


def paper(**changes) -> Snapshot:
    """The lifelike snapshot as a paper run over a live link has it; the machine's clock agrees with the exchange's."""
    wall_ns = AT_MS * 1_000_000 + SECOND // 5
    fields = {
        "trade_mode": "paper",
        "source": "smartapi",
        "replay": None,
        "feed": feed(),
        "wall_ns": wall_ns,
        "watched": 2,
        "ticking": 2,
        "edges": (EdgeView("journal", 0, 240, ""), EdgeView("recorder", 4_096, 18_233, "")),
    }
    return replace(SNAPSHOT, **(fields | changes))


def evening(**changes) -> Snapshot:
    """A paper run on two markets, of which that of the first instrument is over for today and the other is not.

    The first has had no tick for an hour; the second ticks.
    """
    session = SessionView("Asia/Kolkata", "2025-10-01", OPEN_MS - 900_000, OPEN_MS + 51_300_000)
    markets = {"NSE": replace(SNAPSHOT.session, opens="Fri 09:15"), "MCX": session}
    old = replace(SNAPSHOT.quotes[0], recv_ns=NOW_NS - 3600 * SECOND)
    fields = {
        "at_ms": OPEN_MS + 30_000_000,
        "session": session,
        "markets": markets,
        "instruments": (replace(CALL, market="NSE"), replace(PUT, market="MCX")),
        "quotes": (old, SNAPSHOT.quotes[1]),
        "positions": (position(1), position(0)),
    }
    return paper(**(fields | changes))


def lost(held: bool = True, **more) -> Snapshot:
    """The paper run while its link is down."""
    came_ns = NOW_NS - round(12.4 * SECOND)
    quotes = tuple(replace(each, recv_ns=came_ns - n * SECOND) for n, each in enumerate(SNAPSHOT.quotes))
    pulse = replace(SNAPSHOT.pulse, came_ns=came_ns, decided_ns=came_ns)
    fields = {"feed": waiting(), "quotes": quotes, "pulse": pulse, "inbox_waiting": 0, "silent": 2}
    return paper(**(fields | ({} if held else {"positions": ()}) | more))


def apart(**more) -> Attachment:
    """The engine in another process, this screen alone before it and with control."""
    fields = {"apart": True, "pid": 4711, "holder": "pts/0"}
    return Attachment(**(fields | more))


def looking(**more) -> Attachment:
    """One of two screens, and the other has control."""
    fields = {"holder": "pts/3 from 10.0.0.7", "has_control": False, "screens": 2}
    return apart(**(fields | more))


def asked(command: Command, state: str = "REQUESTED", reason: str = "", age_s: float = 0.2) -> Pending:
    """A command on its way."""
    return Pending(command, state, reason, age_s)


def many_instruments(count: int, **more) -> tuple[tuple[Instrument, ...], tuple[Quote, ...]]:
    """So many calls on the strike ladder, and a quote of each."""
    instruments = tuple(Instrument(f"NIFTY25NOV{25_000 + 50 * n}CE") for n in range(count))
    return instruments, tuple(quote(n, 15_000 + n, **more) for n in range(count))


def log(count: int = 30) -> tuple[LogLine, ...]:
    """Log lines of all levels."""
    levels = ("INFO", "DEBUG", "WARN", "INFO", "ERROR")
    return tuple(
        LogLine(
            n,
            (1_763_640_000 + n) * SECOND,
            levels[n % 5],
            ("trader", "feed", "engine")[n % 3],
            f"line {n} of the log",
            run_ns=AT_MS * 1_000_000,
        )
        for n in range(1, count + 1)
    )


def bar(at_ms: int, price: int) -> Bar:
    """A stretch in which nothing but `price` was seen."""
    return (at_ms, price, price, price, price, 0, NOTHING)


_LOG = log()
_HISTORY = tuple(bar(OPEN_MS + 5000 * n, 15_500 + (n * 7919) % 300) for n in range(1_700))


def view(seen: Snapshot = SNAPSHOT, **more) -> View:
    """A view of `seen`, 50 ms old; of its history what is a moment and a price becomes a bar."""
    fields = {
        "snapshot": seen,
        "ui": Ui(),
        "now_ns": NOW_NS,
        "log": _LOG,
        "history": _HISTORY,
        "trends": {0: tuple(15_500 + (n * 31) % 200 for n in range(60)), 1: tuple(range(9_400, 9_460))},
        "pnl_trend": tuple(float((n * 37) % 500 - 100) for n in range(80)),
    }
    if "history" in more:
        more["history"] = tuple(bar(*each) if len(each) == 2 else each for each in more["history"])
    return View(**(fields | more))
