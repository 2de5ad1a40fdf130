"""The engine against a second, naive reading of the trading rules: the same exits, refusals and cash on whatever comes."""

import csv
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from engine.model.types import Tick
from tests.support.builders import EAGER, PERCENT, config, ms, nifty
from tests.support.known_days import PARAMETERS, RECORDED, stamp_ms, whole
from tests.support.oracle import Exit, Oracle, Row, judge
from tests.support.random_days import EMPHASES, configuration, days, minor
from tests.support.shared_data import shared
from tests.support.thorough import LONG, every
from tests.support.trader_harness import TraderHarness

pytestmark = pytest.mark.slow


def played(overrides: tuple[str, ...], rows: list[Row]) -> TraderHarness:
    """The engine with its paper broker over `rows`."""
    scale = config(*overrides).instrument.price_scale
    return TraderHarness(*PERCENT, *overrides).play(
        Tick(n, 0, 0, 0, 0, row.at_ms, 0, minor(row.price, scale), row.quantity, 0) for n, row in enumerate(rows, 1)
    )


def differences(harness: TraderHarness, oracle: Oracle) -> list[str]:
    """What the two do not agree on, one line each; costs are shared out to a billionth of a rupee."""
    it, state = nifty(harness.config), harness.trader.state
    ours = [
        Exit(
            *(one.entry_ms, one.exit_ms),
            *(Fraction(price, it.price_scale) for price in (one.entry_price, one.exit_price)),
            *(Fraction(one.quantity, it.quantity_scale), Fraction(one.gross_pnl), Fraction(one.costs)),
            one.reason,
        )
        for one in harness.trades
    ]
    found = [
        f"engine {one} ≠ oracle {other}"
        for one, other in zip(ours, oracle.exits, strict=False)
        if one._replace(costs=other.costs) != other or abs(one.costs - other.costs) > Fraction(1, 10**8)
    ]
    figures = (
        ("exits", len(ours), len(oracle.exits)),
        ("entries", state.portfolio.entries, oracle.entries),
        ("refused", state.instrument_states[0].tick_filter.refused, dict(oracle.refused)),
        ("cash", Fraction(state.portfolio.cash), oracle.cash),
        ("held", Fraction(harness.held, it.quantity_scale), oracle.held),
        ("locked", bool(state.gate.locked), oracle.locked),
    )
    return found + [f"{name}: engine {one} ≠ oracle {other}" for name, one, other in figures if one != other]


def compare(overrides: tuple[str, ...], rows: list[Row], seen: Counter[str]) -> None:
    """Both must agree over `rows`; what happened is added to `seen`."""
    oracle = judge(config(*overrides), rows)
    found = differences(played(overrides, rows), oracle)
    seen["examples"] += 1
    if found and any(times and name.startswith("unclear") for name, times in oracle.seen.items()):
        seen["unclear and different"] += 1
        return
    assert not found, "\n".join(found[:4])
    seen.update({one.reason for one in oracle.exits} | {f"refused: {reason}" for reason in oracle.refused})
    seen.update(name for name, times in oracle.seen.items() if times)
    seen["several exits on one tick"] += any(one[:2] == other[:2] for one, other in pairwise(oracle.exits))
    seen["over night"] += any(one.exit_ms - one.entry_ms > 12 * 3_600_000 for one in oracle.exits)
    seen["traded"] += bool(oracle.entries)
    seen["held at the end"] += oracle.held > 0


EXPECTED = (
    *("Session End", "Stop Loss", "Trailing Stop", "Max Duration", "Emergency", "Daily Loss"),
    *(f"Take Profit {n}" for n in range(1, 7)),
    *(f"refused: {why}" for why in ("missing", "nan", "infinite", "non_positive", "backwards")),
    *(f"no entry: {why}" for why in ("halted", "locked", "full", "cash")),
    *(f"no entry: {name}" for name in ("EMA", "MACD", "VWAP", "HTF", "RSI", "Bollinger")),
    *(
        "several exits on one tick",
        "over night",
        "held at the end",
        "costs took a lot",
    ),
)


def test_random_days_under_random_configurations_come_out_the_same():
    seen: Counter[str] = Counter()
    plain = settings(
        max_examples=125 if LONG else 30, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )

    def run(values: dict[str, object], choosing: Random, number: int) -> None:
        overrides = configuration(choosing, values)
        compare(overrides, days(Random(number), config(*overrides)), seen)

    for number, values in enumerate(EMPHASES):  # one long run would see less: the examples of a run are alike
        choosing = st.randoms(use_true_random=False)
        seed(number)(plain(given(st.just(values), choosing, st.integers(0, 2**32))(run)))()
    missing = [name for name in EXPECTED if not seen[name]]
    assert len(missing) <= (0 if LONG else 4), missing
    assert seen["traded"] > seen["examples"] / 4
    assert seen["unclear and different"] < seen["examples"] / 25


@pytest.mark.parametrize(("at", "name"), [*enumerate(("1", "2", "3", RECORDED))])
def test_forty_parameter_sets_over_synthetic_and_recorded_sessions(at, name):
    seen, rows = Counter[str](), whole(name)
    for first, overrides in every(4, [*enumerate(PARAMETERS)], at):
        compare(overrides, rows[700 * first : 700 * first + 1500] + rows[-2200:-1400], seen)
    assert seen["traded"] > seen["examples"] * 0.8
    assert seen["unclear and different"] == 0


@pytest.mark.parametrize(
    ("golden", "overrides", "entries", "cash"),
    [
        ("golden/default_20251001.csv", PARAMETERS[0], 46, "141375.06"),
        ("golden/macd_vwap_20251001.csv", PARAMETERS[4], 38, "118834.24"),
    ],
)
def test_the_oracle_gives_the_golden_trade_lists(golden, overrides, entries, cash):
    numbers = ("entry_price", "exit_price", "quantity", "gross_pnl")
    with shared(golden).open(newline="") as file:
        wanted = [
            (stamp_ms(r["entry_time"]), stamp_ms(r["exit_time"]), *(Fraction(r[n]) for n in numbers), r["exit_reason"])
            for r in csv.DictReader(file)
        ]
    oracle = judge(config(*overrides), whole(RECORDED))
    assert [(*one[:6], one.reason) for one in oracle.exits] == wanted
    assert oracle.entries == entries
    assert abs(oracle.cash - Fraction(cash)) < Fraction(1, 100)


FREE = "risk.commission_percent=0 risk.exchange_charges_percent=0 risk.stt_percent=0"
BANDS = "strategy.use_bollinger_bands=true strategy.bollinger_length=2 strategy.bollinger_width=1"
UP_AND_DOWN = (("09:30:00", 99), ("09:30:01", 100), ("09:30:02", 99))


@pytest.mark.parametrize(
    ("overrides", "ticks"),
    [
        # A limit is reached when it is equalled, a band is left when it is touched.
        (f"risk.max_daily_loss=975 {FREE}", UP_AND_DOWN),
        (BANDS, UP_AND_DOWN),
        # "No entry follows that day": not even on a tick whose stamp is a second late.
        ("session.no_trade_end_minutes=0", (("15:10:00", 100), ("15:09:59", 101))),
        # Zero green ticks are reached on the first tick of a day.
        ("strategy.consecutive_green_ticks=0", UP_AND_DOWN),
        # An entry is put through the exits on its own tick, the daily loss among them.
        ("risk.max_daily_loss=10", UP_AND_DOWN),
    ],
)
def test_corners(overrides, ticks):
    settled, rows = (*EAGER, *overrides.split()), [Row(ms(at), Decimal(price), 75) for at, price in ticks]
    assert differences(played(settled, rows), judge(config(*settled), rows)) == []
