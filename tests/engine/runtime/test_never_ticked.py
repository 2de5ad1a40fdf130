"""Whoever was subscribed and has never ticked is named once the market has been open for a while."""

from engine.assembly.market_hours import MarketHours
from engine.model.types import Instrument
from engine.runtime.never_ticked import NeverTicked
from tests.support.builders import config, ms, nifty, tick
from tests.support.turn_parts import turn_parts

OPEN = ms("10:00:00")
S = 10**9


def watch(count: int = 3) -> tuple[NeverTicked, list[str], list]:  # type: ignore[type-arg]
    parts = turn_parts((nifty(),) * count)
    told: list[str] = []
    instruments = parts.trader.state.instrument_states
    return NeverTicked(instruments, told.append), told, instruments


def test_it_is_named_after_half_a_minute_and_told_once():
    never, told, instruments = watch()
    for inst in instruments[1:]:
        inst.last_tick = tick(1, 100, OPEN)
    assert never.look(1 * S, OPEN) == ()
    assert never.look(30 * S, OPEN) == ()
    assert never.look(31 * S, OPEN) == ("NIFTY",)
    assert never.look(40 * S, OPEN) == ("NIFTY",)
    assert told == ["wanted 3, ticking 2: NIFTY never"]
    instruments[0].last_tick = tick(1, 100, OPEN)
    assert never.look(50 * S, OPEN) == ()


def test_a_closed_market_names_nobody_and_the_time_counts_from_its_opening():
    never, told, _ = watch()
    assert [never.look(second * S, ms("08:00:00")) for second in (1, 100)] == [(), ()]
    assert never.look(101 * S, ms("09:15:29")) == ()
    assert len(never.look(131 * S, ms("09:15:30"))) == 3
    assert len(told) == 1
    assert never.look(200 * S, ms("15:31:00")) == ()


def test_of_several_markets_each_has_its_own_opening():
    cfg = config()
    listed = (*(nifty(),) * 25, Instrument("GOLD", market="MCX"))
    told: list[str] = []
    parts = turn_parts(listed, hours_of=MarketHours(cfg, "paper"))
    never = NeverTicked(parts.trader.state.instrument_states, told.append)
    never.look(1 * S, ms("09:00:00"))
    assert never.look(60 * S, ms("09:01:00")) == ("GOLD",)
    assert len(never.look(2000 * S, ms("10:00:00"))) == 20
    assert never.look(9000 * S, ms("20:00:00")) == ("GOLD",)
    assert len(told) == 2


def test_of_many_the_first_are_named():
    never, told, _ = watch(1000)
    never.look(1 * S, OPEN)
    assert len(never.look(31 * S, OPEN)) == 20
    assert told[0].endswith(" and 980 more never")
