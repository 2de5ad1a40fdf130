"""The sweep against the engine and against the oracle: equal in every exit, cost and cash, or handed to the engine with a reason."""

import csv
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest

from engine.assembly import load
from engine.backtest.sweep import kernel
from engine.backtest.sweep.by_engine import by_engine
from engine.backtest.sweep.days import BOOK_DTYPE, Session, sessions_of, split
from engine.backtest.sweep.recipe import Numbers, recipe_of
from engine.backtest.sweep.rules import NotCoveredError
from engine.backtest.sweep.stage_one import StageOne
from engine.backtest.sweep.stage_two import ExitLine, Outcome, StageTwo
from engine.config import Config, bundled
from engine.model.types import FLAG_HAS_BOOK, FLAG_LATE, FLAG_NEW_LINK
from tests.support.builders import EAGER, PERCENT, config, nifty
from tests.support.known_days import PARAMETERS, RECORDED, stamp_ms, whole
from tests.support.oracle import Row, judge
from tests.support.paths import ROOT
from tests.support.random_days import EMPHASES, configuration, days, minor
from tests.support.shared_data import shared
from tests.support.thorough import LONG, every

pytestmark = pytest.mark.slow

PAIRS = [
    (f"charges.model={model}", f"paper.fill={fill}")
    for model in ("percent", "contract_note")
    for fill in ("last", "touch")
]


def sessions(rows: list[Row], cfg: Config, random: Random | None = None) -> list[Session]:
    """The sessions of `rows`; `random` adds quotes, numbers of the exchange, late ticks and new links."""
    scale = cfg.instrument.price_scale
    raw = np.zeros(len(rows), BOOK_DTYPE)
    for place, row in enumerate(rows):
        raw[place] = (place + 1, 0, 0, 0, 0, row.at_ms, 0, minor(row.price, scale), row.quantity, 0, 0, 0)
    if random is not None:
        decorate(raw, random)
    return list(split(Path("day.mqr"), raw, cfg, (nifty(cfg),), None))


def decorate(raw: np.ndarray, random: Random) -> None:
    """Give most ticks a bid and an ask around their price, and some runs numbers, flags and receipts."""
    numbered, flagged, received = (random.random() < 0.25 for _ in range(3))
    number = 0
    for tick in raw:
        spread = random.choice((0, 1, 5, 10, 40))
        if tick["price"] > 50 and random.random() < 0.9:
            tick["bid"], tick["ask"] = tick["price"] - spread + random.choice((-5, 0, 0, 5)), tick["price"] + spread
            tick["flags"] |= FLAG_HAS_BOOK
        number += random.choice((1, 1, 1, 1, 1, 1, 2, 0, -1))
        tick["exch_seq"] = max(number, 0) if numbered else 0
        if flagged and random.random() < 0.05:
            tick["flags"] |= random.choice((FLAG_LATE, FLAG_NEW_LINK))
        tick["recv_wall_ns"] = tick["exch_ms"] * 1_000_000 + 5_000_000 if received else 0


def by_sweep(session: Session, cfg: Config) -> tuple[Outcome, list[ExitLine]] | None:
    """What the kernel makes of it; None where it hands it to the engine."""
    try:
        stages = StageTwo(StageOne(session))
        recipe = recipe_of(cfg, session.instruments[0], Numbers())
        found = stages.exits(recipe)
        assert stages.run(recipe) == found[0]
    except NotCoveredError:
        return None
    return found


def exits(session: Session, cfg: Config) -> tuple[Outcome, list[ExitLine]]:
    """What the kernel makes of it."""
    return StageTwo(StageOne(session)).exits(recipe_of(cfg, session.instruments[0], Numbers()))


def compare(session: Session, cfg: Config, seen: Counter[str]) -> tuple[Outcome, list[ExitLine]] | None:
    """Kernel and engine must agree; what happened is added to `seen`."""
    found, wanted = by_sweep(session, cfg), by_engine(session, cfg)
    seen["sets"] += 1
    seen["covered"] += found is not None
    if found is not None:
        differing = [pair for pair in zip(found[1], wanted[1], strict=False) if pair[0] != pair[1]]
        assert not differing, differing[0]
        assert found == wanted
    seen["exits"] += len(wanted[1])
    seen.update({line.reason for line in wanted[1]})
    seen["open"] += wanted[0].still_open
    return found


def compare_with_oracle(rows: list[Row], cfg: Config, found: tuple[Outcome, list[ExitLine]]) -> bool:
    """Whether the oracle, which has no clock and shares costs out without rounding, was held to `found`."""
    oracle, stamps = judge(cfg, rows), {row.at_ms for row in rows}
    outcome, lines = found
    if any(line.exit_ms not in stamps for line in lines) or any(
        times and name.startswith("unclear") for name, times in oracle.seen.items()
    ):
        return False
    it = nifty(cfg)
    ours = [
        (line.entry_ms, line.exit_ms, Fraction(line.entry_price, it.price_scale), Fraction(line.exit_price, it.price_scale),
         Fraction(line.quantity, it.quantity_scale), line.reason)
        for line in lines
    ]  # fmt: skip
    if [line[:2] for line in ours] != [one[:2] for one in oracle.exits] and has_clock_exit(lines, rows):
        return False
    assert ours == [(*one[:5], one.reason) for one in oracle.exits]
    assert all(
        abs(Fraction(line.costs) - one.costs) < Fraction(1, 10**8)
        for line, one in zip(lines, oracle.exits, strict=True)
    )
    assert outcome.cash == oracle.cash
    assert outcome.entries == oracle.entries
    return True


def has_clock_exit(lines: list[ExitLine], rows: list[Row]) -> bool:
    """Whether an exit was at the time of no tick of its price: the clock's."""
    priced = {(row.at_ms, row.price) for row in rows}
    return any((line.exit_ms, Decimal(line.exit_price) / 100) not in priced for line in lines)


@pytest.mark.parametrize("pair", PAIRS, ids=" ".join)
def test_random_sets_on_random_days_come_out_as_by_the_engine(pair: tuple[str, str]) -> None:
    seen: Counter[str] = Counter()
    for number in range(64 if LONG else 6):
        for emphasis, values in enumerate(EMPHASES):
            random = Random(f"{number} {emphasis} {pair}")
            cfg = load(bundled("config.toml"), (*configuration(random, values), *pair))
            bare = pair == PERCENT and number % 2 == 0
            for session in sessions(days(random, cfg), cfg, None if bare else random):
                found = compare(session, cfg, seen)
                if bare and found is not None:
                    seen["as the oracle"] += compare_with_oracle(rows_of(session, cfg), cfg, found)
    assert seen["covered"] > 0.8 * seen["sets"]
    assert seen["exits"] > seen["sets"] / 2
    assert pair != PERCENT or seen["as the oracle"] > seen["sets"] / 20


def rows_of(session: Session, cfg: Config) -> list[Row]:
    """The ticks of a session as the oracle takes them, none of which is bad beyond its price."""
    words = {
        minor(None, 1): None,
        minor(Decimal("NaN"), 1): Decimal("NaN"),
        minor(Decimal("Infinity"), 1): Decimal("Infinity"),
    }
    scale = cfg.instrument.price_scale
    return [
        Row(ms, words[price] if price in words else Decimal(price) / scale, quantity)
        for ms, price, quantity in session.raw[["exch_ms", "price", "quantity"]].tolist()
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["1", RECORDED])
def test_forty_sets_on_generated_and_recorded_sessions(name: str) -> None:
    seen: Counter[str] = Counter()
    rows = whole(name)
    for number, overrides in every(13, [*enumerate(PARAMETERS)], int(name) if name.isdigit() else 0):
        cfg = config(*overrides, *PAIRS[number % 4])
        [session] = sessions(rows, cfg, Random(number) if number % 4 != 0 else None)
        compare(session, cfg, seen)
    assert seen["covered"] == seen["sets"]


@pytest.mark.parametrize(
    ("golden", "overrides", "entries", "cash"),
    [
        ("golden/default_20251001.csv", PARAMETERS[0], 46, "141375.06"),
        ("golden/macd_vwap_20251001.csv", PARAMETERS[4], 38, "118834.24"),
    ],
)
def test_the_golden_trade_lists(golden: str, overrides: tuple[str, ...], entries: int, cash: str) -> None:
    numbers = ("entry_price", "exit_price", "quantity")
    with shared(golden).open(newline="") as file:
        wanted = [
            (stamp_ms(r["entry_time"]), stamp_ms(r["exit_time"]), *(Fraction(r[n]) for n in numbers), r["exit_reason"])
            for r in csv.DictReader(file)
        ]
    cfg = config(*overrides, *PERCENT)
    [session] = sessions_of(shared(RECORDED), cfg)
    found = by_sweep(session, cfg)
    assert found is not None
    outcome, lines = found
    prices = [(Fraction(line.entry_price, 100), Fraction(line.exit_price, 100)) for line in lines]
    ours = [
        (line.entry_ms, line.exit_ms, *price, line.quantity, line.reason)
        for line, price in zip(lines, prices, strict=True)
    ]
    assert ours == wanted
    assert outcome.entries == entries
    assert abs(outcome.cash - Fraction(cash)) < Fraction(1, 100)


def test_a_session_that_is_cut_anywhere_has_the_same_exits_before_the_cut() -> None:
    cfg, rows = config(*PARAMETERS[12], *PERCENT), whole("2")
    [session] = sessions(rows, cfg)
    lines = exits(session, cfg)[1]
    assert len(lines) > 20
    for length in Random(5).sample(range(1000, len(rows)), 6):
        [cut] = sessions(rows[:length], cfg)
        again, until_ms = exits(cut, cfg)[1], rows[length - 1].at_ms
        assert len(again) <= len(lines)
        assert [one for one in again if one.exit_ms < until_ms] == [one for one in lines if one.exit_ms < until_ms]


def test_days_of_one_file_come_out_as_if_each_had_its_own() -> None:
    cfg = config(*PARAMETERS[0], *PERCENT)
    first, later = whole("1")[:9000], [row._replace(at_ms=row.at_ms + 3 * 86_400_000) for row in whole("2")]
    both = sessions(first + later, cfg)
    alone = [*sessions(first, cfg), *sessions(later, cfg)]
    assert [each.day.isoformat() for each in both] == ["2025-10-03", "2025-10-06"]
    found = [exits(each, cfg) for each in both]
    assert found == [by_engine(each, cfg) for each in both]
    assert found[1] == exits(alone[1], cfg)
    closed, left = found[0][1], exits(alone[0], cfg)
    assert left[0].still_open
    assert closed[: len(left[1])] == left[1]
    assert closed[-1].reason == "Session End"  # by the clock, which the next day's first tick moves


def test_what_only_the_engine_can_do_is_handed_to_it_with_a_reason() -> None:
    rows = whole("1")[:500]
    for overrides, reason in (
        (("risk.jump_percent=5",), "jump_percent"),
        (("risk.unprotected=refuse",), "unprotected"),
        (("operator.on_silence=flat",), "on_silence"),
        (("capital.initial_capital=1000000000000",), "too large"),
    ):
        cfg = config(*overrides)
        [session] = sessions(rows, cfg)
        with pytest.raises(NotCoveredError, match=reason):
            exits(session, cfg)


def test_compiled_and_plain_are_one_source() -> None:
    pytest.importorskip("numba")
    code = f"""
import sys
{{}}
from engine.backtest.sweep.compiling import COMPILES
from engine.backtest.sweep.days import sessions_of
from engine.backtest.sweep.stage_one import StageOne
from engine.backtest.sweep.stage_two import StageTwo
from engine.backtest.sweep.recipe import Numbers, recipe_of
from tests.support.builders import config
cfg = config("risk.max_position_value_percent=100")
from pathlib import Path
[session] = sessions_of(Path({str(ROOT / "recordings" / "nifty-synthetic.mqr")!r}), cfg)
found = StageTwo(StageOne(session)).exits(recipe_of(cfg, session.instruments[0], Numbers()))
print(COMPILES, file=sys.stderr)
print(found)
"""
    told = [
        subprocess.run((sys.executable, "-c", code.format(line)), capture_output=True, text=True, check=True, cwd=ROOT)
        for line in ("", "sys.modules['numba'] = None")
    ]
    assert [each.stderr.strip() for each in told] == ["True", "False"]
    assert told[0].stdout == told[1].stdout


def test_shares_are_exact_however_large() -> None:
    random = Random(3)
    for _ in range(500):
        whole_one, digits = random.choice((75, 150, 3 * 10**5, 10**8)), random.choice((9, 11, 12))
        part, amount, step = (
            random.randrange(1, whole_one),
            random.randrange(10 ** random.randrange(6, 18)),
            10 ** (digits - 9),
        )
        if whole_one**2 * step < kernel.BOUND:
            wanted = round(Fraction(amount * part, whole_one * step)) * step  # half to even
            assert kernel.shared_out(amount, part, whole_one, step) == wanted


@pytest.mark.parametrize("capital", [1_000, 100_000, 5_000_000, 20_000_000, 900_000_000])
@pytest.mark.parametrize("lot", [1, 75])
def test_much_of_what_costs_a_paisa_comes_out_the_same_or_is_handed_over(capital: int, lot: int) -> None:
    random, seen = Random(capital), Counter[str]()
    rows = [
        Row(whole("1")[0].at_ms + 1000 * second, Decimal(random.choice((1, 2, 3, 5))) / 100, 75)
        for second in range(900)
    ]
    cheap = (
        "risk.tp_points=[0.01,0.02]",
        "risk.tp_percents=[0.37,0.63]",
        "risk.base_sl_points=0.01",
        "instrument.tick_size=0.01",
    )
    for pair in PAIRS:
        cfg = config(
            *EAGER,
            *cheap,
            *pair,
            f"capital.initial_capital={capital}",
            f"instrument.lot_size={lot}",
            "instrument.freeze_quantity=1800",
        )
        [session] = sessions(rows, cfg, random)
        compare(session, cfg, seen)
    assert seen["covered"] == 4 or capital >= 20_000_000
    assert seen["exits"] > 10
