"""What is only watched: shown, followed and recorded like any other, never entered; in a replay as it was."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from engine.assembly.recording_config import fit_to_recording, header_of
from engine.model.events import Submit
from engine.model.types import Instrument
from engine.recording import MqrSource
from engine.recording.format import FIXED_HEADER, decode_header, encode_header
from engine.recording.writer import RecordingWriter
from engine.runtime.replay.comparable import incomparable
from engine.text.sanitize import CleanText
from engine.trading.reach import WATCH_ONLY
from tests.support.builders import EAGER, ListSource, config, nifty, ticks
from tests.support.trader_harness import TraderHarness

INDEX = replace(nifty(), symbol=CleanText("NIFTY"), watch_only=True)
CALL = replace(nifty(), symbol=CleanText("CALL"))
RISING = [100.0, 101.0, 102.0, 103.0, 104.0]


def test_no_signal_of_it_is_followed_and_the_reason_is_counted() -> None:
    for listed, entries in (((CALL,), 1), ((INDEX,), 0)):
        harness = TraderHarness(*EAGER, listed=listed).prices(*RISING)
        assert sum(isinstance(event, Submit) and event.order.side == "BUY" for event in harness.events) == entries
    state = harness.trader.state
    assert state.instrument_states[0].objection == WATCH_ONLY
    assert state.reach.objections == {WATCH_ONLY: len(RISING) - 1}
    assert "watch only: an index cannot be bought" in harness.trader.findings.why_undecided(len(RISING))


@given(st.lists(st.floats(50, 150), min_size=1, max_size=60))
def test_it_is_never_entered_whatever_the_prices(prices: list[float]) -> None:
    harness = TraderHarness(*EAGER, "risk.slippage_points=0", listed=(INDEX,)).prices(*prices)
    assert not [event for event in harness.events if isinstance(event, Submit)]
    assert harness.trader.state.instrument_states[0].last_price > 0


def test_a_recording_keeps_it_and_one_of_before_says_nothing_of_it(tmp_path: Path) -> None:
    path = tmp_path / "x.mqr"
    with RecordingWriter(path, header_of(config(), "run", (INDEX, CALL))) as writer:
        for each in ticks([100.0, 101.0]):
            writer.append_tick(each)
    source = MqrSource(path)
    assert source.instruments == (INDEX, CALL)
    assert [each.watch_only for each in fit_to_recording(config(), source)[1]] == [True, UNSET]
    whole = encode_header(header_of(config(), "run", (CALL,)))
    assert b"watch_only" not in whole
    assert decode_header(whole[FIXED_HEADER.size :], whole[: FIXED_HEADER.size]).instruments == (CALL,)


def test_a_person_says_otherwise_and_the_replay_is_then_not_comparable() -> None:
    header = header_of(config(), "run", (INDEX, CALL))
    source = _Recorded([], (INDEX, CALL))
    source.header = header
    for said, expected in (
        ("instruments.NIFTY.watch_only=false", (UNSET, UNSET)),
        ("instruments.CALL.watch_only=true", (True, True)),
        ("instruments.CALL.watch_only=false", (True, UNSET)),
    ):
        cfg, fitted = fit_to_recording(config(said), source)
        assert tuple(each.watch_only for each in fitted) == expected
        assert bool(incomparable(header, cfg, fitted)) == (expected != (True, UNSET))


class _Recorded(ListSource):
    header = header_of(config(), "run", (INDEX,))


def test_it_is_said_of_an_instrument_never_of_all() -> None:
    assert nifty(config("instruments.NIFTY.watch_only=true")) == Instrument(
        CleanText("NIFTY"), market="NSE", watch_only=True
    )
    assert nifty(config("instruments.NIFTY.watch_only=false")) == nifty()
