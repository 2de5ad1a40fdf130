"""What `--set` says in a sweep, and the sets that come of it."""

from decimal import Decimal

import pytest

from engine.backtest.sweep.axes import Axis, split, wanted
from engine.backtest.sweep.sets import neighbours, sets_of, values_of, with_values
from engine.config.schema import sections_of, tables_with
from engine.model.errors import ConfigError
from tests.support.builders import config

TABLES = tables_with(sections_of(config()))


def axis(text: str) -> Axis:
    [found] = wanted([text], TABLES).axes
    return found


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("strategy.fast_ema=5..8", (5, 6, 7, 8)),
        ("risk.base_sl_points=8..13/2", (8, 10, 12)),
        ("risk.base_sl_points=0.5..1.5/.5", (Decimal("0.5"), 1, Decimal("1.5"))),
        ("risk.use_trail_stop=true,false", (True, False)),
        ("risk.tp_percents=[0.4,0.3,0.2,0.1],[1]", ((*map(Decimal, ("0.4", "0.3", "0.2", "0.1")),), (1,))),
        ("strategy.fast_ema=3,5..7,5", (3, 5, 6, 7)),
        ("charges.model=percent,contract_note", ("percent", "contract_note")),
        ("session.end_buffer_minutes=10..20/10", (10, 20)),
    ],
)
def test_the_values_of_a_key(text: str, values: tuple[object, ...]) -> None:
    assert axis(text).values == values


def test_one_value_is_no_axis_and_the_later_of_two_holds() -> None:
    found = wanted(["risk.tp_points=[5,12,20,30]", "strategy.fast_ema=1..3", "strategy.fast_ema=9"], TABLES)
    assert found.axes == ()
    assert found.fixed == ("risk.tp_points=[5,12,20,30]", "strategy.fast_ema=9")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fast_ema=1..3", "must be section.key=values"),
        ("strategy.fats_ema=1..3", "unknown key.*strategy.fast_ema"),
        ("strategy.fast_ema=3..1", "a range rises"),
        ("strategy.fast_ema=1..3/0", "a range rises"),
        ("strategy.fast_ema=1..99999999", "more than 10,000 values"),
        ("strategy.fast_ema=0..3", "must be"),
        ("session.zone=UTC,Asia/Kolkata", "cannot vary in a sweep"),
        ("instrument.lot_size=1..5", "cannot vary in a sweep"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        wanted([text], TABLES)


def test_commas_within_brackets_and_quotes_part_nothing() -> None:
    assert split("[1, 2],[3],'a,b', c") == ["[1, 2]", "[3]", "'a,b'", "c"]


GRID = (axis("strategy.fast_ema=16..19"), axis("strategy.slow_ema=17..20"))


def test_sets_that_contradict_themselves_are_dropped_and_counted() -> None:
    found = sets_of(GRID, values_of(config()), TABLES)
    assert (len(found), found.dropped) == (10, 6)
    assert found.texts(0) == {"strategy.fast_ema": "16", "strategy.slow_ema": "17"}
    assert all(found.values(row)["strategy.fast_ema"] < found.values(row)["strategy.slow_ema"] for row in range(10))
    with pytest.raises(ConfigError, match="fast_ema must be below slow_ema"):
        sets_of((axis("strategy.fast_ema=50..60"),), values_of(config()), TABLES)


def test_random_sets_are_those_of_their_seed() -> None:
    wide = (
        axis("strategy.fast_ema=1..1000"),
        axis("strategy.slow_ema=1001..9000"),
        axis("risk.base_sl_points=1..5000"),
    )
    one, again, other = (sets_of(wide, values_of(config()), TABLES, trials=50, seed=seed) for seed in (7, 7, 8))
    assert one == again != other
    assert len(set(one.ranks)) == 50


def test_a_grid_beyond_all_counting_is_refused() -> None:
    wide = tuple(
        axis(f"{key}=1..9000")
        for key in ("strategy.fast_ema", "strategy.slow_ema", "strategy.htf_period", "strategy.rsi_length")
    )
    assert len(sets_of(wide, values_of(config()), TABLES, trials=20)) <= 20
    with pytest.raises(ConfigError, match="more places than can be counted"):
        sets_of((*wide, axis("strategy.atr_length=1..9000")), values_of(config()), TABLES, trials=20)
    with pytest.raises(ConfigError, match="allowed: --search random --trials N"):
        sets_of(wide, values_of(config()), TABLES)


def test_neighbours_are_one_step_away() -> None:
    found = sets_of(GRID, values_of(config()), TABLES)
    row = next(
        row for row in range(len(found)) if found.texts(row) == {"strategy.fast_ema": "17", "strategy.slow_ema": "19"}
    )
    near = {found.ranks.index(rank) for rank in neighbours(found, row) if rank in found.ranks}
    assert [tuple(found.texts(row).values()) for row in sorted(near)] == [
        ("16", "19"),
        ("17", "18"),
        ("17", "20"),
        ("18", "19"),
    ]


def test_the_configuration_of_a_set_has_its_values() -> None:
    made = with_values(config(), {"strategy.fast_ema": 9, "risk.base_sl_points": Decimal(3), "strategy.slow_ema": 20})
    assert (made.strategy.fast_ema, made.strategy.slow_ema, made.risk.base_sl_points) == (9, 20, 3)
    assert made.session == config().session
