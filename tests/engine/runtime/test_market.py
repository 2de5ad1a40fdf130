"""The exchange's stamps have the last word over our clock and over a calendar."""

import pytest
from msgspec.structs import replace

from engine.assembly.market_hours import MarketHours
from engine.model.types import FLAG_LATE, FLAG_NEW_LINK, Instrument, TradeMode
from engine.runtime.market import OPEN, MarketWatch
from engine.trading.session import closed_among
from tests.support.builders import config, ms, nifty, tick
from tests.support.scripted_feed import ScriptedFeed
from tests.support.turn_parts import turn_parts

OPENS = ms("09:15:00", "2025-10-02")
NIGHT = ms("20:00:00")


class Market:
    def __init__(self, mode: TradeMode = "paper", *, state: str = "UP", link: bool = True) -> None:
        parts = turn_parts((nifty(), nifty()))
        self.instruments = parts.trader.state.instrument_states
        view = replace(ScriptedFeed(lambda _: None, lambda: True).view(), state=state)
        self.watch = MarketWatch(parts, mode, lambda: view if link else None)

    def tick(self, own: int, received: int, *, instrument: int = 0, flags: int = 0) -> "Market":
        self.instruments[instrument].last_tick = tick(
            1, 100, own, instrument=instrument, flags=flags, recv_wall_ns=received * 1_000_000
        )
        return self

    def at(self, now_ms: int) -> int:
        return self.watch.market_ms(now_ms, due=True) or now_ms


@pytest.mark.parametrize("apart_ms", [-7_200_000, -10_000, -500, 0, 500, 5_000, 3_600_000, 40_000_000_000])
def test_a_wrong_clock_is_judged_by_the_quickest_tick(apart_ms):
    own = ms("10:00:00")
    market = Market().tick(own - 3_000, own + apart_ms - 3_000)
    market.at(own + apart_ms - 2_000)
    market.tick(own, own + apart_ms).tick(own - 20_000, own + apart_ms, instrument=1)
    assert abs(market.at(own + apart_ms + 10_000) - (own + 10_000)) <= 1_000
    # What was found out holds on through a silence.
    assert abs(market.at(own + apart_ms + 5_000_000) - (own + 5_000_000)) <= 1_000


@pytest.mark.parametrize("flags", [FLAG_NEW_LINK, FLAG_LATE])
def test_an_old_price_is_no_clock(flags):
    assert Market().tick(ms("15:29:59"), NIGHT, flags=flags).at(NIGHT) == NIGHT


@pytest.mark.parametrize(
    ("mode", "state", "link", "stamp", "found"),
    [
        ("paper", "UP", True, ms("15:29:59"), OPENS),
        ("paper", "WAITING", True, ms("15:29:59"), OPENS),
        ("paper", "UP", False, 0, OPENS),
        ("live", "UP", True, ms("15:29:59"), OPENS),
        ("live", "WAITING", True, ms("15:29:59"), 0),
        ("live", "UP", False, 0, 0),
        ("live", "UP", True, 0, 0),
        ("live", "UP", True, NIGHT - 59_000, OPEN),
        ("paper", "UP", True, NIGHT - 59_000, OPEN),
        ("mock", "UP", True, ms("15:29:59"), 0),
        ("replay", "UP", True, ms("15:29:59"), 0),
    ],
)
def test_what_proves_that_a_market_is_closed(mode, state, link, stamp, found):
    market = Market(mode, state=state, link=link)
    if stamp:
        market.tick(stamp, NIGHT - 1_000, flags=FLAG_NEW_LINK)
    assert market.watch.closed_until_ms(NIGHT) == found


@pytest.mark.parametrize(
    ("day", "at", "stamp", "opens"),
    [
        ("2027-01-05", "20:00:00", "15:29:59", ms("09:15:00", "2027-01-06")),
        ("2027-01-09", "12:00:00", "", ms("09:15:00", "2027-01-11")),
        ("2027-01-09", "12:00:00", "11:59:30", OPEN),  # whoever trades on a Saturday is open
        ("2027-01-26", "12:00:00", "", OPEN),  # a holiday that no table knows: the broker decides
        ("2026-11-08", "12:00:00", "", 0),  # a special session of unknown hours
    ],
)
def test_beyond_the_end_of_its_table_a_market_is_closed_by_its_hours_and_at_weekends(day, at, stamp, opens):
    parts = turn_parts((replace(nifty(), market="NSE"),), hours_of=MarketHours(config(), "paper"))
    if stamp:
        parts.trader.state.instrument_states[0].last_tick = tick(1, 100, ms(stamp, day))
    assert MarketWatch(parts, "paper", lambda: None).closed_until_ms(ms(at, day)) == opens


@pytest.mark.parametrize(
    ("at", "gold", "closed"),
    [
        ("10:00:00", "10:00:00", None),
        ("16:00:00", "15:59:59", ["NSE"]),
        ("16:00:00", "15:00:00", ["NSE"]),  # nobody trades gold, in an open market
        ("23:59:00", "23:29:00", ["NSE", "MCX"]),
        ("23:59:00", "23:58:30", ["NSE"]),  # by its stamps it is open, whatever a calendar says
    ],
)
def test_of_several_markets_each_is_judged_by_itself(at, gold, closed):
    cfg = config()
    parts = turn_parts((nifty(), Instrument("GOLD", market="MCX")), hours_of=MarketHours(cfg, "paper"))
    first, second = parts.trader.state.instrument_states
    first.last_tick = tick(1, 100, min(at, "15:29:59"))
    second.last_tick = tick(2, 100, gold, instrument=1)
    found = MarketWatch(parts, "paper", lambda: None).closed_until_ms(ms(at))
    markets = parts.trader.state.markets
    names = [name for name, hours in markets.items() if hours in closed_among(tuple(markets.values()), found)]
    if closed == ["NSE", "MCX"]:
        assert found == ms("09:00:00", "2025-10-03")
    else:
        assert (found, names) == (OPEN if closed is None else found, closed or [])


def test_within_the_session_it_is_open():
    assert Market().watch.closed_until_ms(ms("10:00:00")) == OPEN


def test_a_clock_that_is_wrong_refuses_no_flat_in_an_open_market():
    market = Market().tick(ms("14:00:00") - 3_000, NIGHT - 3_000)
    market.at(NIGHT - 2_000)
    market.tick(ms("14:00:00"), NIGHT)
    assert market.watch.closed_until_ms(NIGHT + 500) == OPEN
    assert market.watch.closed_until_ms(NIGHT + 600_000) == OPEN  # nor one that has gone silent since
