"""What a recording's header says of the configuration it was made under, and what of it holds in a replay."""

from itertools import product

import pytest
from msgspec.structs import replace

from engine.assembly.recording_config import fit_to_recording, header_of
from engine.config import Config, describe, explained, instrument_for
from engine.model.types import Instrument
from engine.recording import Header
from engine.runtime.replay.comparable import incomparable
from tests.support.builders import ListSource, config, nifty


@pytest.mark.parametrize(
    ("source", "strangers"),
    [("replay", {"binance", "smartapi"}), ("mock", {"binance", "smartapi"}), ("smartapi", {"binance"})],
)
def test_it_leaves_out_the_exchanges_that_the_run_was_not_on(source: str, strangers: set[str]) -> None:
    cfg = config(f"feed.source={source}")
    recorded = header_of(cfg, "run", (nifty(),)).config
    left_out = {key.partition(".")[0] for key in describe(cfg).keys() - recorded.keys()}
    onlookers = {
        "adaptive",
        "alerts",
        "serve",
        "cache",
        "live",
    }  # who looks on, and real orders, are no part of such a run
    assert strangers <= left_out - onlookers <= set(cfg.venues) - {source, "mock"}
    assert onlookers <= left_out
    assert recorded.items() <= describe(cfg).items()


# What a recording states of an instrument, and what a person may say instead; the first is the default.
_SAID = {
    "lot_size": ("75", "35", "50"),
    "tick_size": ("0.05", "0.1", "0.01"),
    "freeze_quantity": ("1800", "900", "600"),
}


@pytest.mark.parametrize(("key", "table"), list(product(_SAID, ["instrument", "instruments.X-1"])))
def test_what_a_person_says_of_an_instrument_holds_over_the_recording_also_where_it_is_the_default(
    key: str, table: str
) -> None:
    usual, recorded, other = _SAID[key]
    made = instrument_for(config(f"instruments.X-1.{key}={recorded}"), "X-1")
    for said in (None, usual, other):
        cfg, (fitted,) = fit_to_recording(config(*([f"{table}.{key}={said}"] if said else [])), _source(config(), made))
        assert getattr(fitted, key) == getattr(
            instrument_for(config(f"instrument.{key}={said or recorded}"), "X-1"), key
        )
        told = [f"instruments.X-1.{key} is {said} by --set, not {recorded} by the recording"] if said else []
        assert list(cfg.origins.overruled()) == told


def test_hours_said_hold_over_the_recording_also_where_they_are_the_default() -> None:
    source = _source(config("session.end=23:30", "session.zone=UTC"), nifty())
    assert fit_to_recording(config(), source)[0].session == config("session.end=23:30", "session.zone=UTC").session
    said = config("session.end=15:30", "session.zone=Asia/Kolkata")
    assert fit_to_recording(said, source)[0].session == config().session


def test_a_coin_s_freeze_quantity_is_counted_as_the_recording_counts() -> None:
    made = instrument_for(config("instruments.BTC.lot_size=0.001", "instruments.BTC.freeze_quantity=5"), "BTC")
    _, (fitted,) = fit_to_recording(config("instrument.freeze_quantity=2000"), _source(config(), made))
    assert (fitted.quantity_scale, fitted.freeze_quantity) == (1000, 2_000_000)


class _Recorded(ListSource):
    header: Header


def _source(cfg: Config, *instruments: Instrument) -> _Recorded:
    source = _Recorded([], instruments)
    source.header = header_of(cfg, "run", instruments)
    return source


def test_one_of_before_a_key_existed_states_what_it_was_made_with_unless_a_person_says_otherwise() -> None:
    source = _source(config(), nifty())
    before = replace(source.header, config={})
    source.header = before
    cfg, listed = fit_to_recording(config(), source)
    assert (cfg.charges.model, cfg.paper.fill) == ("percent", "last")
    assert incomparable(before, cfg, listed) == ""
    assert explained(cfg, "charges.model")[0] == "charges.model = percent, by the recording"
    said, _ = fit_to_recording(config("charges.model=contract_note", "paper.fill=touch"), source)
    assert incomparable(before, said, listed) == "model →contract_note, fill →touch"


def test_charges_and_fills_decide_and_are_compared() -> None:
    source = _source(config(), nifty())
    cfg, listed = fit_to_recording(config(), source)
    assert (cfg.charges.model, cfg.paper.fill) == ("contract_note", "touch")
    assert incomparable(source.header, cfg, listed) == ""
    other, _ = fit_to_recording(config("charges.model=percent", "charges.table=x", "paper.fill=last"), source)
    assert incomparable(source.header, other, listed) == "model contract_note→percent, table auto→x, fill touch→last"


def test_what_a_real_order_may_be_stands_in_recordings_of_such_runs_alone() -> None:
    chosen = config("live.max_lots=3")
    paper, live = (header_of(chosen, "run", (nifty(),), real_orders=real).config for real in (False, True))
    assert not [key for key in paper if key.startswith("live.")]
    assert live["live.max_lots"] == "3"
