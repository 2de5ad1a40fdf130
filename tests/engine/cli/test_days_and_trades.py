"""The commands `days` and `trades`: what they say of a journal, by hand, as JSON and as CSV, and what they refuse."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.cli.main import main
from engine.journal.months import closed_files
from engine.model.history import DayTrade
from engine.model.types import Instrument
from engine.reports.day_list import Extremes
from engine.text.sanitize import CleanText
from tests.support.day_journals import Counted, Run, counted, write

SYMBOLS = ("NIFTY25000CE", "BANKNIFTY")
NIFTY = Instrument(CleanText("NIFTY"))
DAYS = ("2026-10-27", "2026-10-28", "2026-11-02")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("history") / "state"
    write(folder, [Run(DAYS[:2], SYMBOLS, 60, 9), Run(DAYS[2:], SYMBOLS, 60, 5)])
    return folder


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, Counted]:
    return counted(folder)


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def paise(value: Decimal) -> float:
    return float(round(value, 2))


def test_days_as_json_are_what_the_fills_come_to(capsys, folder, expected):
    status, out, err = said(capsys, "days", "--json", "--state-dir", folder)
    told = json.loads(out)
    assert (status, err, told["problems"], told["zone"]) == (0, "", [], "Asia/Kolkata")
    assert [day["date"] for day in told["days"]] == [*expected]
    for day, made in zip(told["days"], expected.values(), strict=True):
        assert [day[name] for name in ("entries", "exits", "positions", "won")] == [*made[:4]]
        assert [day[name] for name in ("gross", "costs", "net")] == [*map(paise, made[4:])]
    assert told["total"]["costs_by_kind"].keys() == {kind for day in told["days"] for kind in day["costs_by_kind"]}
    assert told["total"]["net"] == told["days"][-1]["cumulative"] == paise(sum(each.net for each in expected.values()))


def test_days_for_a_person_and_a_spreadsheet_say_the_same(capsys, folder):
    _, lines, _ = said(capsys, "days", "--last", "2", "--state-dir", folder)
    head, *days, total = lines.splitlines()
    assert head.split()[:4] == ["DATE", "MODE", "ENTRIES", "POS"]
    assert [line.split()[0] for line in days] == [*DAYS[1:]]
    assert total.startswith("2 days")
    _, rows, _ = said(capsys, "days", "--last", "2", "--csv", "--state-dir", folder)
    found = list(csv.DictReader(io.StringIO(rows)))
    assert [row["date"] for row in found] == [*DAYS[1:]]
    assert f"{Decimal(found[0]['costs']):,.2f}" in days[0]


@pytest.mark.parametrize(("asked", "meant"), [([], DAYS[2]), (["--day", "-1"], DAYS[1]), (["--day", DAYS[0]], DAYS[0])])
def test_trades_of_a_day_add_up_to_it(capsys, folder, expected, asked, meant):
    status, out, _ = said(capsys, "trades", *asked, "--json", "--state-dir", folder)
    told = json.loads(out)
    sold = [trade for trade in told["trades"] if trade["exit_time"]]
    assert (status, told["date"], len(sold)) == (0, meant, expected[meant].exits)
    assert told["total"]["net"] == paise(expected[meant].net)
    assert sum(not trade["left"] for trade in sold) == expected[meant].positions
    assert all(trade["exit_time"].startswith(meant) and trade["exit_time"].endswith("+05:30") for trade in sold)


def test_the_figures_of_a_day_stand_under_its_list(capsys, folder):
    days = json.loads(said(capsys, "days", "--json", "--state-dir", folder)[1])["days"]
    told = json.loads(said(capsys, "trades", "--json", "--day", DAYS[1], "--state-dir", folder)[1])
    assert told["day"] | {"cumulative": 0} == days[1] | {"cumulative": 0}
    assert told["day"]["longest_losing_streak"] > 0
    made = told["day"]
    _, lines, _ = said(capsys, "trades", "--day", DAYS[1], "--state-dir", folder)
    *_, ended, best, worst, fallen, costs = lines.splitlines()
    assert ended.startswith(f"{made['positions']} positions ended, {made['won']} won")
    assert ended.endswith(f"longest losing streak {made['longest_losing_streak']}")
    assert best.startswith(f"best  {made['best']:+,.2f} (")
    assert worst.startswith(f"worst {made['worst']:+,.2f} (")
    assert fallen == f"drawdown {made['drawdown']:,.2f}"
    assert costs.startswith(
        "costs paid: commission " if "commission" in made["costs_by_kind"] else "costs paid: brokerage "
    )
    _, some, _ = said(capsys, "trades", "--day", DAYS[1], "--symbol", "bank", "--state-dir", folder)
    assert "longest losing streak" not in some


def test_the_best_ended_when_its_last_exit_did():
    sold = DayTrade("paper", NIFTY, 1, 0, 1000, 75, 1, 1, Decimal(0), Decimal(0), Decimal(5), "Take Profit 1", 75)
    rest = replace(sold, number=2, exit_ms=61_000, net=Decimal(-2), reason="Stop Loss", left=0)
    lost = replace(rest, number=3, exit_ms=122_000, net=Decimal(-9), reason="Flat")
    extremes = Extremes()
    for trade in (sold, rest, lost):
        extremes.add(trade)
    assert extremes.said(Decimal(3), "UTC") == " (00:01:01 NIFTY, Stop Loss)"
    assert extremes.said(Decimal(-9), "UTC") == " (00:02:02 NIFTY, Flat)"
    assert extremes.said(Decimal(8), "UTC") == ""


def test_trades_of_one_symbol(capsys, folder):
    _, out, _ = said(capsys, "trades", "--symbol", "bank", "--csv", "--state-dir", folder)
    found = list(csv.DictReader(io.StringIO(out)))
    assert {row["symbol"] for row in found} == {"BANKNIFTY"}


def test_a_day_that_is_none_is_refused_with_those_there_are(capsys, folder):
    status, out, err = said(capsys, "trades", "--day", "2026-10-29", "--state-dir", folder)
    assert (status, out) == (2, "")
    assert "no session day 2026-10-29" in err
    assert "the newest are 2026-11-02, 2026-10-28, 2026-10-27" in err
    assert said(capsys, "trades", "--day", "-9", "--state-dir", folder)[0] == 2


@pytest.mark.parametrize("words", [("trades", "--day", "27.11."), ("days", "--last", "0"), ("days", "--json", "--csv")])
def test_a_wrong_word_is_refused_in_one_line(capsys, folder, words):
    status, _, err = said(capsys, *words, "--state-dir", folder)
    assert (status, len(err.splitlines())) == (2, 1)


def test_where_nothing_ran_that_is_said(capsys, tmp_path):
    for command in ("days", "trades"):
        status, _, err = said(capsys, command, "--state-dir", tmp_path / "none")
        assert (status, len(err.splitlines())) == (2, 1)
        assert "there is no journal in" in err


def test_what_cannot_be_read_is_told_in_one_line_and_by_the_exit_status(capsys, folder):
    before = closed_files(folder)[0]
    before.rename(folder / "elsewhere")
    try:
        status, out, err = said(capsys, "days", "--csv", "--state-dir", folder)
    finally:
        (folder / "elsewhere").rename(before)
    assert (status, len(err.splitlines())) == (1, 1)
    assert f"{before.name} is missing" in err
    assert [row["date"] for row in csv.DictReader(io.StringIO(out))] == [DAYS[2]]
