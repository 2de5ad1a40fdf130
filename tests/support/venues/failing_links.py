"""What may happen to a link of a paper run, how the feed words it, and what must hold all the while."""

from engine.model.types import FLAG_NEW_LINK
from engine.stream.live_feed import Pace
from tests.simulator import Generated, Simulator
from tests.support.venues.live_harness import HOLDING, LiveHarness, assert_same, noon
from tests.support.waiting import PATIENCE_S

SILENCE_S = 0.4
# What a whole test must not wait for is short; the rest is as in a real run. No machine is slow enough for a patient one.
BRISK = Pace(silence_s=SILENCE_S, handshake_s=0.4, first_wait_s=0.02)
PATIENT = Pace(silence_s=PATIENCE_S, lifeless_s=PATIENCE_S, handshake_s=PATIENCE_S, first_wait_s=0.02)
KEYS = (*HOLDING, *noon(), "smartapi.sequence=rising")

# What is done to the link, and how the feed puts it into words.
LOST = {
    "silence": "no data for 0.",  # pongs go on
    "half_open": "no data for 0.",
    "half": "no data for 0.",  # half a frame
    "reset": "connection reset by peer",
    "close 1000": "closed by the server: 1000",
    "close 1001": "closed by the server: 1001",
    "close 1011": "closed by the server: 1011",
    "disconnect 1006": "closed by the server without a word",
    "claim": "no WebSocket's bytes: size",  # a frame of a tebibyte
    "huge": "no WebSocket's bytes: size",  # of a megabyte
    "endless": "no WebSocket's bytes: ",  # fragments
}

# What is done to the next handshakes, and how the feed puts it into words.
REFUSED = {
    "429 1": "429 Too Many Requests",
    "throttle 1": "closed by the server without a word",
    "refuse 1": "connection reset by peer",
    "slow_header 1": "no complete answer to the handshake in time",
    "half_open 1": "no complete answer to the handshake in time",
}


def exchange(script: str = "", *, rate: float = 1200.0, instruments: int = 2) -> Simulator:
    traffic = Generated(instruments=instruments, rate=rate, seed=3)
    return Simulator(traffic, script=script, hold=instruments, rate_limits=False)


def holding(live: LiveHarness) -> list[tuple[int, int]]:
    """What is held of each instrument, and at which price it was bought."""
    return [(each.quantity, each.entry_price) for each in live.portfolio.positions if each is not None]


def opened_positions(live: LiveHarness) -> list[tuple[int, int]]:
    """The run is up, every instrument ticks and is held."""
    live.ticking()
    live.until(lambda: len(holding(live)) == len(live.instrument_states))
    return holding(live)


def assert_nothing_went_back(live: LiveHarness) -> None:
    """The run's own record: numbers without holes, admitted times that never fall, fresh instruments marked as such."""
    ticks = live.recorded()
    assert [tick.seq for tick in ticks] == list(range(1, len(ticks) + 1))
    for index in range(len(live.instrument_states)):
        own = [tick for tick in ticks if tick.instrument == index]
        assert sum(bool(tick.flags & FLAG_NEW_LINK) for tick in own) <= len(live.ups)
        last_ms = 0
        for tick in own:
            assert tick.exch_ms >= last_ms
            last_ms = tick.exch_ms
    assert_same(live.verified())
