"""What stands on the disk and in the socket under a name keeps that name, however the code comes to call it.

Everything is found by its tag or by what is written, not by the name of a class or module: those may change. A new tag,
field or key gets its place in the tables; one that is there stays.
"""

import importlib
import pkgutil
import re
import shutil
from contextlib import closing
from functools import cache
from pathlib import Path

import msgspec
import pytest
from msgspec import Struct
from msgspec.inspect import StructType, Type, type_info

import engine
from engine.assembly.recording_config import header_of
from engine.journal import JOURNAL_FILE
from engine.journal.fold import folded
from engine.journal.rows import ENTRIES
from engine.journal.schema import open_reader
from engine.link.protocol import ENCODER, PROTOCOL, REQUESTS, Replies
from engine.recording.format import decode_marks, encode_header, encode_mark
from tests.support.brokers import LateBroker
from tests.support.builders import EAGER, config, nifty
from tests.support.old_files import FILTERS, KILLED
from tests.support.trader_harness import TraderHarness

# Each tag with its fields in their order; what a field consists of stands in brackets, unless that has a tag itself.
POSITION = "(instrument quantity entry_ms entry_price initial_quantity highest stop trail_stop taken entry_turnover entry_costs operator_stop)"
FILL = "(order instrument side quantity price at_ms)"
ORDER_REPORT = (
    "(broker_id unique_id tag instrument symbol side quantity filled limit average state said at_ms reason family bound above"
    " variety)"
)
TAGGED = f"""
Accepted: order request broker_id unique_id
Acknowledge
Adopted: order tag instrument side quantity limit purpose reason
AllowEntries: symbol by
AmendOrder: order broker_id instrument quantity limit purpose overnight
Arm
BarEntries: symbol by
Bookmark: text tick at_ms
Bye: detached
Cancel: order
Cancelled: order
ChecksMade: made_by checks(name ok text) at_ms
ClockStepped: step_ms at_ms
CloseByHand: instrument side quantity at_ms
ClosePosition: symbol entry_ms entry_price half_of by
ClosedBlind: instrument quantity reason price age_ms at_ms
ClosedOthers: order quantity price
CommandRefused: command reason
ConnView: holder mine since_ns
Continued: file run mode title pid started_ns ended_ns outcome
DayPage: date today rewinds state days(mode statistics(date entries exits positions won lost even profit loss gross costs net best worst drawdown streak longest_won longest_lost reasons costs_by_kind peak lowest) zone cumulative fallen earlier(date entries exits positions won lost even profit loss gross costs net best worst drawdown streak longest_won longest_lost reasons costs_by_kind peak lowest)) trades(mode instrument(symbol token exchange price_scale tick_size lot_size freeze_quantity quantity_scale market watch_only allow_negative removed) number entry_ms exit_ms quantity entry_price exit_price gross costs net reason left) total problems reason
DayStarted: date at_ms note zone
DeskMark: day salt run orders_a_day amends state limits(symbols max_order_value max_lots max_open_positions barred until_ms) net_points
Disarm
Ended: order state filled turnover
EntriesChanged: state reason at_ms
EntryRefused: instrument reason at_ms untold
EventMark: ticks kind text at_ms
ExitPage: first last rewinds state trades(number instrument entry_ms exit_ms entry_price exit_price quantity gross_pnl costs net_pnl reason blind operator_stop) reason
External: broker_id fill_id instrument symbol side quantity price booked by
Fault: kind amount symbol
FeedNote: text at_ms severe
FillBooked: fill{FILL} position{POSITION} cash costs turnover untold
Filled: fill{FILL}
Flat: reason anyway
FlatChanged: state reason at_ms until_ms
FlatNews: number state outcome reason begun_ns legs receipt
FollowFlat: ticket seen
GapsCounted: instrument untold longest_ms since_ms at_ms
GetDays: date today rewinds
GetExits: first last rewinds
HeldOver: instrument quantity at_ms
HeldSilent: instrument silent_ms at_ms severe
Hello: protocol program name wants_conn screen at_once may_flat
Hold
HoldEntries: reason
Holdings: net working
InputMark: ticks command at_ms market_ms closed_until_ms answer
InstrumentWarned: instrument text at_ms
InstrumentsChanged: added removed at_ms
LeaveConn
LevelsMoved: position{POSITION}
LinkChanged: state link reason at_ms down_ms
Lock: reason
LogIn
Look: number have log_since log_limit history_of history_since_ms tells changes
Measures
MeasuresReply: measures(stages(stage delivery below count sum_ns) log(lines suppressed lost escalated))
MoveStop: symbol entry_ms entry_price stop by
NotSent: order request reason
OperatorActed: action instrument by at_ms price quantity stop before order
OrderCancelled: order instrument
OrderRefused: order request family text bound above
OrderRejected: order instrument reason
OrderSeen: report{ORDER_REPORT} generation
OrderWarned: order text at_ms
PartFilled: fill{FILL} position{POSITION} cash costs
PauseEntries
Paused: pause_ms at_ms
Picture: number parts versions history(instrument whole points) conn absence(policy lost_ns due_ns did) watched_by told
PlaceOrder: order tag instrument side quantity limit purpose decided reason overnight wish served
Play
Quoted: instrument at_ms bid ask last lower upper
ReadFailed: reason order instrument wait_s
ReadHoldings
ReadOrder: order unique_id
ReadQuote: instrument
ReadRound: number
RefusalsCounted: instrument untold at_ms
Refused: reason
Rejected: order reason
ResumeEntries
Rewound: ticks
RoundAgain: number begun_ms ended_ms generation orders{ORDER_REPORT} fills(fill_id broker_id instrument symbol side quantity price at_ms) net(instrument symbol net carried overnight exchange token)
RoundFailed: number reason wait_s
RoundRead: number begun_ms ended_ms generation orders{ORDER_REPORT} fills(fill_id broker_id instrument symbol side quantity price at_ms) net(instrument symbol net carried overnight exchange token)
RunEnded: outcome fault
RunStarted: run mode title pid found
Seek: tick
SeekEvent: forward
SeekTime: at_ms
Send: ticket command
SendBegun: order
Sent: order request durable
SequenceGap: instrument missing at_ms
SessionChanged: generation up reason
SetLogLevel: component level for_s
SetSpeed: speed
SkipSilence: on
Stall: seconds
StartMark: kept fields
StateKept: fields symbols at_ms
StateMark: ticks state_hash fields
Step: ticks
Stop
Submit: order(number tag instrument side quantity price reason at_ms tick_seq target)
SwitchDelivery: delivery
TakeConn
Taken: ticket state reason
TickGap: instrument gap_ms at_ms position_open untold
TickRefused: instrument reason seq at_ms
TradeClosed: trade(number instrument entry_ms exit_ms entry_price exit_price quantity gross_pnl costs net_pnl reason blind operator_stop)
TraderFault: where error seq at_ms
Unclear: order request reason wait_s
Unlock
Unwatch: symbols
Watch: symbols watch_only
Welcome: protocol program engine pid
WithdrawEntry: order by
WithdrawOrder: order broker_id purpose variety
begin: delivery
collect: count
ended
fail: reason
ready: folder poll_ms measuring_ns
slice: late_ns merged lost cpu_share rss_mb wrong
"""

# Which of them may stand where.
BY_OPERATOR = "AllowEntries Arm BarEntries ClosePosition Disarm Flat Lock MoveStop PauseEntries ResumeEntries Unlock WithdrawEntry"
BY_TRADER = f"{BY_OPERATOR} HoldEntries"
BY_SCREEN = (
    f"{BY_OPERATOR} Acknowledge Bookmark Fault Hold Play Seek SeekEvent SeekTime SetLogLevel SetSpeed SkipSilence Stall Step Stop"
    " SwitchDelivery Unwatch Watch"
)
JOURNALLED = (
    "Cancel ChecksMade ClockStepped CloseByHand ClosedBlind CommandRefused Continued DayStarted EntriesChanged EntryRefused FeedNote FillBooked FlatChanged GapsCounted HeldOver HeldSilent InstrumentWarned InstrumentsChanged"
    " LevelsMoved LinkChanged OperatorActed OrderCancelled OrderRejected Paused ReadHoldings Rewound RunEnded RunStarted RefusalsCounted SequenceGap StateKept Submit"
    " TickGap TickRefused TradeClosed TraderFault"
    # Of orders at a real broker.
    " Accepted Adopted AmendOrder ClosedOthers Ended External LogIn NotSent OrderRefused OrderWarned PartFilled PlaceOrder ReadOrder ReadQuote ReadRound"
    " SendBegun Unclear WithdrawOrder"
)

# Which of them a takeover asks the journal for.
FOLLOWED = "Adopted ClosedOthers DayStarted Ended EntriesChanged FillBooked FlatChanged LevelsMoved OperatorActed OrderCancelled OrderRejected PartFilled PlaceOrder RunEnded RunStarted StateKept Submit TradeClosed"

# The deciding state of one instrument with every indicator, a position, an order on its way and a held tick.
STATE = """
0.day 0.day_open 0.door.bad_streak 0.door.good_price 0.door.good_streak 0.door.halted 0.door.held
0.door.last_exch_seq 0.door.late_seq 0.door.late_streak 0.door.newest_ms 0.door.sequence_gaps 0.gaps 0.halt_shown
0.last_ms 0.last_price 0.objection 0.strategy.atr.average 0.strategy.atr.previous 0.strategy.atr.seen
0.strategy.bollinger.squares 0.strategy.bollinger.total 0.strategy.bollinger.window 0.strategy.ema_fast.value
0.strategy.ema_slow.value 0.strategy.green 0.strategy.htf.value 0.strategy.macd.fast 0.strategy.macd.macd
0.strategy.macd.signal 0.strategy.macd.slow 0.strategy.needed 0.strategy.previous 0.strategy.rsi.gain
0.strategy.rsi.loss 0.strategy.rsi.previous 0.strategy.rsi.seen 0.strategy.ticks 0.strategy.vwap.turnover
0.strategy.vwap.volume
book.cash book.costs_paid book.day_realised book.drawdown book.entries book.loss book.peak book.profit book.realised
book.trades book.won
flat.exit_reason flat.reason flat.state flat.trusted_reads
gate.day_entries gate.halted gate.locked gate.paused
orders.last_number orders.open.2
position.0.entry_costs position.0.entry_ms position.0.entry_price position.0.entry_turnover position.0.exiting
position.0.highest position.0.initial_quantity position.0.open position.0.quantity position.0.stray position.0.taken
position.0.trail_stop
today
"""
# Of that, what the next run takes over.
KEPT = """
0.day 0.day_open 0.last_price
book.cash book.costs_paid book.day_realised book.drawdown book.entries book.loss book.peak book.profit book.realised
book.trades book.won
flat.exit_reason flat.reason flat.state flat.trusted_reads
gate.day_entries gate.halted gate.locked gate.paused
orders.last_number orders.open.2
position.0.entry_costs position.0.entry_ms position.0.entry_price position.0.entry_turnover position.0.highest
position.0.initial_quantity position.0.quantity position.0.stop position.0.taken position.0.trail_stop
price_scale quantity_scale
today
"""


@cache
def tagged() -> dict[str, StructType]:
    """Each struct of the engine that has a tag and is no base of others, under its tag."""
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, StructType] = {}
    waiting = list(Struct.__subclasses__())
    while waiting:
        each = waiting.pop()
        below = each.__subclasses__()
        waiting += below
        if each.__module__.startswith("engine.") and each.__struct_config__.tag is not None and not below:
            struct = type_info(each)
            assert isinstance(struct, StructType)
            assert struct.tag_field == "type"
            assert found.setdefault(str(struct.tag), struct) is struct, "two of that tag"
    return found


def structs_in(found: Type) -> list[StructType]:
    """The structs that a value of this type holds or is."""
    if isinstance(found, StructType):
        return [found]
    inner = [getattr(found, name, None) for name in ("item_type", "key_type", "value_type")]
    inner += [*getattr(found, "types", ()), *getattr(found, "item_types", ())]
    return [each for one in inner if one is not None for each in structs_in(one)]


def fields_of(struct: StructType) -> str:
    """Its fields as they are written."""
    told = []
    for field in struct.fields:
        inside = [fields_of(each) for each in structs_in(field.type) if each.tag is None]
        told.append(field.encode_name + "".join(f"({each})" for each in inside))
    return " ".join(told)


def tags_in(kind: Type) -> set[object]:
    return {each.tag for each in structs_in(kind)}


# ── Tags ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_tag_and_its_fields_are_what_they_were() -> None:
    found = [f"{tag}: {fields_of(struct)}".removesuffix(": ") for tag, struct in tagged().items()]
    assert sorted(found) == TAGGED.strip().splitlines()


@pytest.mark.parametrize(
    ("kind", "tags"),
    [
        (ENTRIES.type, JOURNALLED),
        (REQUESTS.type, "Bye FollowFlat GetDays GetExits Hello LeaveConn Look Measures Send TakeConn"),
        (Replies().reply.type, "ConnView DayPage ExitPage FlatNews MeasuresReply Picture Refused Taken Welcome"),
    ],
)
def test_what_may_be_journalled_asked_and_answered(kind: object, tags: str) -> None:
    assert tags_in(type_info(kind)) == set(tags.split())


@pytest.mark.parametrize(("tag", "commands"), [("Send", BY_SCREEN), ("InputMark", BY_TRADER)])
def test_which_commands_may_be_sent_and_recorded(tag: str, commands: str) -> None:
    (allowed,) = (each.type for each in tagged()[tag].fields if each.encode_name == "command")
    assert tags_in(allowed) == set(commands.split())


# ── State ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_deciding_state_has_its_names() -> None:
    broker = LateBroker(1)
    first = TraderHarness(*EAGER, broker=broker).prices(99, 100)
    first.answer(*broker.answers()).prices(105)
    kept = first.trader.state.keep(first.now_ms)
    assert sorted(kept.fields) == KEPT.split()
    full = TraderHarness(*EAGER, *FILTERS, "strategy.use_ema_crossover=true", broker=LateBroker(1))
    full.trader.state.restore(kept)
    full.prices(105, 200)
    assert sorted(full.trader.state.dump()) == STATE.split()


# ── The journal ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_takeover_asks_the_journal_for_rows_by_these_names(tmp_path: Path) -> None:
    path = Path(shutil.copytree(KILLED, tmp_path / "state")) / JOURNAL_FILE
    asked: list[str] = []
    with closing(open_reader(path)) as connection:
        connection.set_trace_callback(asked.append)
        assert folded(connection, path) is not None
    names = {name for statement in asked for name in re.findall(r"'(\w+)'", statement)}
    assert names == set(FOLLOWED.split())
    assert names <= set(JOURNALLED.split())


# ── Recordings and the socket ───────────────────────────────────────────────────────────────────────────────────────


def test_a_recordings_header_has_its_keys() -> None:
    rules = config()
    text = encode_header(header_of(rules, "a feed", (nifty(rules),)))
    found = msgspec.json.decode(text[text.index(b"{") :])
    assert list(found) == [
        *("instruments", "session_zone", "session_start", "session_end", "source", "program_version", "config"),
        *("started_wall_ns", "rules_revision", "markets"),
    ]
    assert " ".join(found["instruments"][0]) == (
        "symbol token exchange price_scale tick_size lot_size freeze_quantity quantity_scale market"
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"type":"StateMark","ticks":7,"state_hash":"ab","fields":{"today":"1"}}',
        '{"type":"EventMark","ticks":7,"kind":"gap","text":"5 s","at_ms":9}',
        '{"type":"InputMark","ticks":7,"command":{"type":"Flat","reason":"me"},"at_ms":9}',
        '{"type":"InputMark","ticks":7,"command":null,"at_ms":9}',
        '{"type":"StartMark","kept":{"type":"StateKept","fields":{"today":"1"},"symbols":["A"],"at_ms":9}}',
    ],
)
def test_a_mark_is_this_line(line: str) -> None:
    (mark,) = decode_marks(line.encode() + b"\n")
    assert encode_mark(mark) == line.encode() + b"\n"


@pytest.mark.parametrize(
    "asked",
    [
        {
            "type": "Hello",
            "protocol": 1,
            "program": "0.1.0",
            "name": "Ann",
            "wants_conn": True,
            "screen": True,
            "at_once": False,
            "may_flat": False,
        },
        {
            "type": "Look",
            "number": 3,
            "have": {"trades": 2},
            "log_since": 5,
            "log_limit": 9,
            "history_of": 0,
            "history_since_ms": 7,
        },
        {"type": "Send", "ticket": 5, "command": {"type": "Lock", "reason": "me"}},
        {"type": "Send", "ticket": 6, "command": {"type": "Bookmark", "text": "here", "tick": 4, "at_ms": 8}},
        {"type": "GetExits", "first": 1, "last": 100, "rewinds": 2},
        {"type": "Bye", "detached": True},
    ],
)
def test_a_request_is_these_bytes(asked: dict[str, object]) -> None:
    assert PROTOCOL == 1
    data = msgspec.msgpack.encode(asked)
    assert ENCODER.encode(REQUESTS.decode(data)) == data
