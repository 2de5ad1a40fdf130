"""Recordings and a journal that version 0.1.0 left are read as they were then; `tests/golden/README.md` says what each is."""

import json
import shutil
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.journal import JOURNAL_FILE, Opened, SqliteJournal, read_events
from engine.journal import verify as chain_problem
from engine.journal.rows import Waiting, chained
from engine.journal.schema import open_reader
from engine.model.clock import VirtualClock
from engine.model.commands import Flat, Lock, Unlock
from engine.model.events import StateKept
from engine.model.marks import InputMark, StartMark
from engine.model.types import PositionState
from engine.presentation.statistics import TradeStatistics
from engine.recording import Header, MqrSource
from engine.trading.trader import Trader
from engine.version import RULES_REVISION
from tests.support.builders import PERCENT, config
from tests.support.journal_harness import account_after, exact_fields, instruments_named
from tests.support.old_files import FILTERS, GOLDEN, KILLED
from tests.support.paths import ROOT
from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer
from tests.support.recomputed import recomputed
from tests.support.recorded_runs import rewrite

BUNDLED_HASH = "21daefbc5ab95aae8c78a785b01b3f5b"
SYMBOL = "NIFTY25NOV2525000CE"

# Ticks, checkpoints, recorded exits, entries, positions open at the end, cash.
RUNS = {
    "paper_flat": (462, 19, 10, 7, 1, "742132.08"),
    "paper_restarted": (164, 7, 5, 3, 1, "740018.19"),
    "paper_killed": (202, 8, 5, 4, 1, "736795.68"),
    "replay_filters": (2_200, 9, 2, 1, 0, "101268.10"),
}
HELD = PositionState(
    instrument=0,
    quantity=1725,
    entry_ms=1_795_984_770_000,
    entry_price=14_435,
    initial_quantity=3375,
    highest=14_445,
    stop=14_395,
    trail_stop=14_415,
    taken=1,
    entry_turnover=24_900_375,
    entry_costs=Decimal("96.962060250"),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("old"))


# ── Recordings ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def verified(home: Home) -> Answer:
    """What `verify` says of all of them."""
    return home.run("verify", "--json", *(GOLDEN / f"{name}.mqr" for name in RUNS))


def report(answer: Answer, name: str) -> dict[str, Any]:
    reports = [json.loads(line) for line in answer.out.splitlines()]
    (found,) = (each for each in reports if Path(each["file"]).stem == name)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", RUNS)
def test_an_old_recording_is_the_same_as_recorded(verified: Answer, name: str) -> None:
    ticks, checkpoints, exits, entries, held, cash = RUNS[name]
    found = report(verified, name)
    assert (verified.status, verified.err) == (0, "")
    assert (found["outcome"], found["reason"], found["ticks"]) == ("same", "", ticks)
    assert (found["same"], found["checkpoints"]) == (checkpoints, checkpoints)
    assert (found["exits_same"], found["exits_recorded"], len(found["exits"])) == (exits, exits, exits)
    assert (len(found["entries"]), found["open_positions"], found["cash"]) == (entries, held, cash)
    assert len(found["damage"]) == (name == "paper_killed")


def test_its_exits_are_those_of_then(verified: Answer) -> None:
    reasons = [each["reason"] for each in report(verified, "paper_flat")["exits"]]
    stops, first = ["Stop Loss", "Stop Loss"], "Take Profit 1"
    trailing = ["Trailing Stop", "Trailing Stop"]
    assert reasons == [*stops, first, *trailing, first, "Flat", first, "Take Profit 2", first]
    assert report(verified, "replay_filters")["exits"][0] == {
        "time": "2025-10-03T09:31:36+05:30",
        "symbol": "NIFTY",
        "entry_time": "2025-10-03T09:22:41+05:30",
        "entry_price": "160.85",
        "price": "166.05",
        "quantity": "75",
        "reason": "Take Profit 1",
        "net_pnl": "377.34",
    }


def test_its_marks_say_what_was_done_then() -> None:
    def commands(name: str) -> list[object]:
        marks = MqrSource(GOLDEN / f"{name}.mqr").marks()
        return [mark.command for mark in marks if isinstance(mark, InputMark) and mark.command is not None]

    left_open = Lock("the last run left something open")
    assert commands("paper_flat") == [Flat("looking at the news"), Unlock()]
    assert commands("paper_restarted") == [left_open, Unlock()]
    assert commands("paper_killed") == [left_open, Unlock(), Lock("a colleague looks")]


def test_a_run_that_took_over_begins_with_that_account() -> None:
    (start,) = (mark for mark in MqrSource(GOLDEN / "paper_restarted.mqr").marks() if isinstance(mark, StartMark))
    assert start.kept.symbols == (SYMBOL,)
    wanted = {"position.0.quantity": 1725, "position.0.entry_price": 14_650, "position.0.trail_stop": 14_635}
    assert {name: start.kept.fields[name] for name in wanted} == wanted
    assert start.kept.fields["book.day_realised"] == "-5057.017029750"
    assert not [m for m in MqrSource(GOLDEN / "paper_flat.mqr").marks() if isinstance(m, StartMark)]


def test_an_old_header_is_of_the_first_rules_whatever_program_wrote_it(home: Home) -> None:
    """Its version is told, and decides nothing."""
    assert RULES_REVISION >= 1
    copied = home.folder / "paper_flat.mqr"
    shutil.copyfile(GOLDEN / "paper_flat.mqr", copied)
    assert b"rules_revision" not in copied.read_bytes()
    assert MqrSource(copied).header.rules_revision == 1

    def newer(head: Header) -> Header:
        return replace(head, program_version="9.9.9")

    answer = home.run("verify", "--json", rewrite(copied, lambda mark: mark, newer))
    found = report(answer, "changed")
    assert (answer.status, found["outcome"], found["same"]) == (0, "same", RUNS["paper_flat"][1])
    assert "made by 9.9.9" in found["notes"]


# ── Replays ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rules", "state_hash", "entries", "exits", "cash"),
    [
        ((), "c71f4963df5be08c31476f70183ba98c", 2, 2, "75728.88"),
        (FILTERS, "1993170caec1c93a47e19a32dce4cef2", 1, 2, "101268.10"),
    ],
)
def test_a_replay_of_either_form_ends_as_it_did(
    home: Home, rules: tuple[str, ...], state_hash: str, entries: int, exits: int, cash: str
) -> None:
    keys = [word for rule in (*PERCENT, *rules) for word in ("--set", rule)]
    for name in ("morning.csv", "replay_filters.mqr"):
        answer = home.run("replay", GOLDEN / name, "--headless", "--quiet", "--json", *keys)
        assert (answer.status, answer.err) == (0, "")
        found = json.loads(answer.out)
        assert found["state_hash"] == state_hash
        assert (found["ticks"], found["entries"], found["exits"], found["cash"]) == (2_200, entries, exits, cash)


def test_import_and_export_keep_the_session(home: Home) -> None:
    assert home.run("import", GOLDEN / "morning.csv", "morning.mqr").status == 0
    assert home.run("export", "morning.mqr", "again.csv").status == 0
    assert (home.cwd / "again.csv").read_bytes() == (GOLDEN / "morning.csv").read_bytes()
    files = [GOLDEN / "replay_filters.mqr", GOLDEN / "morning.csv", Path("morning.mqr")]
    prints = [json.loads(home.run("info", file, "--json").out)["fingerprint"] for file in files]
    assert prints == ["828f1dd163c3c49be08fa969a8d0fb97"] * 3


def test_the_bundled_session_ends_in_the_same_state(home: Home) -> None:
    answer = home.run("--headless", "--quiet", "--json")
    assert json.loads(answer.out)["state_hash"] == BUNDLED_HASH
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"\nstate {BUNDLED_HASH}\n" in readme


# ── The journal ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A copy of the state directory: whoever opens a journal leaves something beside it."""
    return Path(shutil.copytree(KILLED, tmp_path / "state"))


def opened(folder: Path) -> Opened:
    """What a start in `folder` finds."""
    clock = VirtualClock(1_795_984_800 * 10**9)
    journal = SqliteJournal.open(folder, "paper", clock)
    journal.close("looked")
    return journal.opened


def test_an_old_journal_is_whole(killed: Path) -> None:
    assert chain_problem(killed / JOURNAL_FILE) is None
    assert (killed / "mode").read_text() == "paper\n"


def test_a_start_takes_over_what_was_held_and_stays_locked(killed: Path) -> None:
    found = opened(killed)
    assert (found.run, found.fresh, found.damage) == (4, False, "")
    assert found.unclean == "run 3 (paper) of 20261129T203926Z did not end in good order"
    assert found.still_locked == "a colleague looks"
    assert (found.open_positions, found.unresolved_orders) == (((0, 1725),), ())
    assert found.report == (
        f"{found.unclean}; its last row is of 20261129T203930Z",
        f"found: 1725 of 3375 {SYMBOL} @ 144.35, stop 143.95, trailing stop 144.15, highest 144.45, targets taken 1",
        "found: cash 736795.68, result of the day 2026-11-29 -14103.61, entries 14",
        "entries are locked: a colleague looks",
        "READY: locked until you unlock (k)",
    )
    assert opened(killed).still_locked == "a colleague looks", "and so does the start after it"


def test_the_trader_goes_on_with_position_levels_and_counters(killed: Path) -> None:
    found = opened(killed)
    assert found.kept is not None
    trader = Trader(config("risk.base_sl_points=0.4"), instruments_named(SYMBOL), "P4-")
    assert trader.state.restore(found.kept) == ()
    book, gate = trader.state.portfolio, trader.state.gate
    assert book.positions[0] is not None
    assert book.positions[0].state(0) == HELD
    assert (book.cash, book.day_realised) == (Decimal("736795.678465"), Decimal("-14103.60947475"))
    assert (book.costs_paid, book.profit, book.loss) == tuple(
        map(Decimal, ("6929.321535", "689.30629125", "14792.915766"))
    )
    assert (book.entries, book.trades, book.won) == (14, 20, 1)
    assert (gate.locked, gate.day_entries, gate.paused, gate.halted) == ("a colleague looks", 14, False, "")
    assert trader.state.today.isoformat() == "2026-11-29"


def test_trades_are_counted_though_nobody_counted_them_then(killed: Path) -> None:
    found = opened(killed)
    entries = [event.entry() for event in read_events(killed / JOURNAL_FILE)]
    by_hand = recomputed(entries)
    statistics = TradeStatistics()
    assert found.kept is not None
    assert statistics.take_over(found.kept)
    assert statistics.total == by_hand[""]
    assert statistics.day == by_hand["2026-11-29"]
    assert (statistics.total.exits, str(statistics.day.net)) == (20, "-14103.609474750")
    assert [trade.number for trade in found.exits] == list(range(1, 21))


def test_the_rows_alone_tell_the_account_that_was_kept(killed: Path) -> None:
    """Orders, fills, levels, locks and a flat of then are followed from the first row of all."""
    entries = [event.entry() for event in read_events(killed / JOURNAL_FILE)]
    kept = [entry for entry in entries if isinstance(entry, StateKept)]
    last = max(place for place, entry in enumerate(entries) if isinstance(entry, StateKept))
    assert exact_fields(account_after(kept[0], entries[: last + 1]).state()) == exact_fields(kept[-1])


def test_every_old_row_would_be_written_again_to_the_byte(killed: Path) -> None:
    """Names of kinds and fields, their order and the chain: all of it is what it was."""
    for row in read_events(killed / JOURNAL_FILE):
        ((again, _),) = chained([Waiting(row.number, row.wall_ns, row.entry())], row.run, row.previous)
        assert again == row


def test_its_tables_are_the_ones_a_new_journal_gets(killed: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    opened(new)
    schemas = []
    for folder in (killed, new):
        with closing(open_reader(folder / JOURNAL_FILE)) as connection:
            schemas.append(
                connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
            )
    added = [each for each in schemas[1] if each not in schemas[0]]
    assert [each for each in schemas[1] if each not in added] == schemas[0]
    assert [each[:2] for each in added] == [("index", "events_of_days")]  # which is only faster
