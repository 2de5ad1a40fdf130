"""What must be shown: a real session gives the trade lists that were worked out beforehand, in every mode, form and pace."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.model.types import DELIVERIES
from tests.support.builders import PERCENT
from tests.support.paths import SHARED
from tests.support.processes.command_home import Home
from tests.support.recordings.trade_lists import Row, decided, golden, rows_of

DAY = SHARED / "nifty_option_20251001.csv"
FULL_CASH = ("--set", "risk.max_position_value_percent=100", *(word for key in PERCENT for word in ("--set", key)))
FILTERS = ("--set", "strategy.use_macd=true", "--set", "strategy.use_vwap=true")
SLICE_ROWS = 1_200  # of the session's beginning: ten minutes and the first trades
ENTRY_COST = Decimal("0.0003894")  # of the turnover: (0.03 % + 0.003 %) and GST on them
EXIT_COST = ENTRY_COST + Decimal("0.00025")  # and STT
CENT = Decimal("0.01")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DAY.exists(), reason="the recorded session (../shared/data) is not here"),
]


class Replay(NamedTuple):
    """A replay's summary and trade list."""

    summary: dict[str, Any]
    trades: list[Row]


def exact_cash(rows: Sequence[Row]) -> Decimal:
    """The cash at the end of a trade list, to the last digit."""
    cash = Decimal(100_000)
    for row in rows:
        quantity = Decimal(row["quantity"])
        cash += Decimal(row["exit_price"]) * quantity * (1 - EXIT_COST)
        cash -= Decimal(row["entry_price"]) * quantity * (1 + ENTRY_COST)
    return cash


def replays(home: Home, wanted: dict[str, tuple[str | Path, ...]]) -> dict[str, Replay]:
    """Each replay by its name; all of them ended well."""
    common = ("--headless", "--quiet", "--json", *FULL_CASH)
    answers = home.run_all([("replay", *words, *common, "--trades", f"{name}.csv") for name, words in wanted.items()])
    assert [(answer.status, answer.err) for answer in answers] == [(0, "")] * len(wanted)
    return {
        name: Replay(json.loads(answer.out), rows_of(home.cwd / f"{name}.csv"))
        for name, answer in zip(wanted, answers, strict=True)
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which the session lies as CSV, as a recording, and as CSV exported from that."""
    home = Home(tmp_path_factory.mktemp("golden"))
    for words in (("import", DAY, "day.mqr"), ("export", "day.mqr", "again.csv"), ("import", "again.csv", "again.mqr")):
        answer = home.run(*words)
        assert answer.status == 0, answer
    return home


@pytest.fixture(scope="module")
def days(home: Home) -> dict[str, Replay]:
    """The whole session, in all forms and modes."""
    wanted: dict[str, tuple[str | Path, ...]] = {"filters": (DAY, *FILTERS), "exported": ("again.csv",)}
    for delivery in DELIVERIES:
        wanted[f"csv-{delivery}"] = (DAY, "--delivery", delivery)
        wanted[f"mqr-{delivery}"] = ("day.mqr", "--delivery", delivery)
    return replays(home, wanted)


def test_the_session_gives_the_trade_list_row_for_row(days: dict[str, Replay]) -> None:
    summary, trades = days["csv-polling"]
    assert decided(trades) == decided(golden("default_20251001.csv"))
    assert (summary["ticks"], summary["entries"], summary["exits"]) == (32_591, 46, 102)
    assert summary["cash"] == "141375.06" == str(exact_cash(trades).quantize(CENT))
    assert summary["net_pnl"] == "41375.06"
    assert summary["open_positions"] == 0


def test_with_macd_and_vwap_it_gives_the_other_list(days: dict[str, Replay]) -> None:
    summary, trades = days["filters"]
    assert decided(trades) == decided(golden("macd_vwap_20251001.csv"))
    assert (summary["entries"], summary["exits"]) == (38, 81)
    assert abs(Decimal(summary["cash"]) - Decimal("118834.24")) <= CENT
    assert summary["cash"] == str(exact_cash(trades).quantize(CENT))


@pytest.mark.parametrize("name", [f"{form}-{delivery}" for form in ("csv", "mqr") for delivery in DELIVERIES])
def test_form_and_delivery_change_nothing(days: dict[str, Replay], name: str) -> None:
    assert days[name].summary["delivery"] == name.partition("-")[2]
    assert days[name].trades == days["csv-polling"].trades
    assert days[name].summary["state_hash"] == days["csv-polling"].summary["state_hash"]


def test_what_was_exported_again_is_the_same_session(home: Home, days: dict[str, Replay]) -> None:
    assert days["exported"].trades == days["csv-polling"].trades
    assert days["exported"].summary["state_hash"] == days["csv-polling"].summary["state_hash"]
    prints = {
        json.loads(answer.out)["fingerprint"]
        for answer in home.run_all([("info", name, "--json") for name in (DAY, "day.mqr", "again.csv", "again.mqr")])
    }
    assert len(prints) == 1


def test_another_strategy_gives_another_state(days: dict[str, Replay]) -> None:
    assert days["filters"].summary["state_hash"] != days["csv-polling"].summary["state_hash"]


def test_each_exit_carries_its_own_costs_and_its_share_of_the_entry(days: dict[str, Replay]) -> None:
    trades = days["csv-polling"].trades
    for row, expected in zip(trades, golden("default_20251001.csv"), strict=True):
        share = Decimal(row["entry_price"]) * Decimal(row["quantity"]) * ENTRY_COST
        assert abs(Decimal(row["costs"]) - Decimal(expected["costs"]) - share) <= CENT
        assert abs(Decimal(row["gross_pnl"]) - Decimal(row["costs"]) - Decimal(row["net_pnl"])) <= CENT


@pytest.mark.parametrize("name", ["csv-polling", "filters"])
def test_the_summary_adds_up(days: dict[str, Replay], name: str) -> None:
    summary, trades = days[name]
    assert Decimal(summary["cash"]) == 100_000 + Decimal(summary["net_pnl"])
    assert abs(Decimal(summary["gross_pnl"]) - Decimal(summary["costs"]) - Decimal(summary["net_pnl"])) <= CENT
    for key in ("gross_pnl", "costs", "net_pnl"):
        total = sum(Decimal(row[key]) for row in trades)
        assert abs(total - Decimal(summary[key])) <= CENT * len(trades) / 2
    assert len(trades) == summary["exits"]


def test_pace_changes_nothing(home: Home) -> None:
    lines = DAY.read_text(encoding="utf-8").splitlines(keepends=True)
    (home.cwd / "slice.csv").write_text("".join(lines[: SLICE_ROWS + 1]), encoding="utf-8")
    paced = {f"slow-{delivery}": ("slice.csv", "--speed", "1000", "--delivery", delivery) for delivery in DELIVERIES}
    wanted: dict[str, tuple[str | Path, ...]] = {"fast": ("slice.csv", "--speed", "max"), **paced}
    found = replays(home, wanted)
    assert found["fast"].summary["ticks"] == SLICE_ROWS
    assert len(found["fast"].trades) > 2
    for name in paced:
        assert found[name].trades == found["fast"].trades
        assert found[name].summary["state_hash"] == found["fast"].summary["state_hash"]
