"""What the tests of live feeds are made with: a login without a server, an observer of all that a feed tells, feeds on short times."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

import pytest

from engine.model.errors import ConfigError
from engine.model.events import FeedEvent, FeedNote, LinkChanged
from engine.model.types import (
    Instrument,
    Tick,
)
from engine.stream.live_feed import Pace, StreamFeed
from engine.venues.angelone.login import LoginError
from engine.venues.angelone.stream import smartapi_feed
from engine.venues.angelone.tokens import Tokens
from engine.venues.binance.stream import binance_feed
from tests.support.builders import config
from tests.support.venues.stream_server import BINARY, ScriptedServer
from tests.support.venues.wire_samples import QUOTE, encode_packet
from tests.support.waiting import PATIENCE_S

CALL = Instrument("NIFTY25NOV2526000CE", token="43210", exchange="NFO")
PUT = Instrument("NIFTY25NOV2526000PE", token="43211", exchange="NFO")
INDEX = Instrument("NIFTY50", token="99926000", exchange="NSE")
COIN = Instrument("BTCUSDT", exchange="BINANCE", price_scale=100, tick_size=1, lot_size=1, quantity_scale=100_000)
STAMP_MS = 1_763_622_900_000  # of every packet
SECRETS = ("jwt-secret-1", "feed-secret-1", "key-secret-1", "jwt-secret-2", "feed-secret-2")

# Short enough for tests; what is not tried out is out of reach.
QUICK = Pace(
    silence_s=60.0,
    lifeless_s=60.0,
    handshake_s=20.0,
    first_wait_s=0.001,
    longest_wait_s=0.002,
    connects=1000,
    ping_s=60.0,
)


class FakeLogin:
    """Gives tokens without a server; `answers` are what `tokens` does first, `renewals` what `renew` does."""

    client_code = "A123456"
    api_key = SECRETS[2]

    def __init__(self, *answers: LoginError, renewal: LoginError | None = None) -> None:
        self._answers = list(answers)
        self._renewal = renewal
        self.asked = self.renewed = 0

    def tokens(self) -> Tokens:
        self.asked += 1
        if self._answers:
            raise self._answers.pop(0)
        number = 2 if self.renewed else 1
        return Tokens(f"jwt-secret-{number}", "refresh-secret", f"feed-secret-{number}")

    def renew(self, after: int) -> Tokens:
        self.renewed += 1
        if self._renewal is not None:
            raise self._renewal
        return self.tokens()


class FeedObserver:
    """Keeps what a feed tells and delivers, and waits for it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self.events: list[FeedEvent] = []
        self.ticks: list[Tick] = []
        self.ended: list[str] = []

    def tell(self, event: FeedEvent) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def deliver(self, tick: Tick) -> None:
        with self._changed:
            self.ticks.append(tick)
            self._changed.notify_all()

    def on_end(self, problem: str) -> None:
        with self._changed:
            self.ended.append(problem)
            self._changed.notify_all()

    def until(self, happened: Callable[[], object]) -> None:
        """Wait for it: looked at whenever something was told, and now and then for what only a view shows."""
        with self._changed:
            give_up_s = time.monotonic() + PATIENCE_S
            while not happened():
                assert time.monotonic() < give_up_s, (self.events, self.ticks[-3:], self.ended)
                self._changed.wait(0.02)

    def until_ups(self, count: int) -> None:
        self.until(lambda: self.states.count("UP") >= count)

    @property
    def changes(self) -> list[LinkChanged]:
        return [event for event in self.events if isinstance(event, LinkChanged)]

    @property
    def states(self) -> list[str]:
        return [change.state for change in self.changes]

    @property
    def losses(self) -> list[str]:
        return [change.reason for change in self.changes if change.state == "WAITING"]

    @property
    def notes(self) -> list[FeedNote]:
        return [event for event in self.events if isinstance(event, FeedNote)]


@contextmanager
def running(feed: StreamFeed, observer: FeedObserver) -> Iterator[StreamFeed]:
    """`feed` from its start to its stop; afterwards its thread is over and nothing told holds a secret."""
    feed.start(observer.deliver, observer.on_end)
    try:
        yield feed
    finally:
        feed.stop(PATIENCE_S)
        assert not feed._thread.is_alive()
        told = repr((observer.events, observer.ended, feed.view()))
        assert not [secret for secret in SECRETS if secret in told]


def smartapi(
    url: str,
    *instruments: Instrument,
    login: FakeLogin | None = None,
    in_session: bool | Callable[[], bool] = True,
    pace: Pace = QUICK,
    **more: str,
) -> tuple[StreamFeed, FeedObserver]:
    """A SmartAPI feed on `url` and its observer; `more` are keys of [smartapi]."""
    observer = FeedObserver()
    overrides = [f'smartapi.stream_url="{url}"', *(f'smartapi.{key}="{value}"' for key, value in more.items())]
    feed = smartapi_feed(
        config(*overrides),
        instruments or (CALL, PUT, INDEX),
        login or FakeLogin(),
        tell=observer.tell,
        in_session=in_session if callable(in_session) else lambda: in_session,
        pace=pace,
    )
    return feed, observer


def binance(url: str, *instruments: Instrument, pace: Pace = QUICK, **more: str) -> tuple[StreamFeed, FeedObserver]:
    """A Binance feed on `url` and its observer; `more` are keys of [binance]."""
    observer = FeedObserver()
    overrides = [f'binance.stream_url="{url}"', *(f"binance.{key}={value}" for key, value in more.items())]
    feed = binance_feed(
        config(*overrides), instruments or (COIN,), tell=observer.tell, in_session=lambda: True, pace=pace
    )
    return feed, observer


def packet(
    sequence: int, *, token: str = CALL.token, exchange_type: int = 2, price: int = 18_235, **more: int
) -> bytes:
    """A quote packet, stamped like all others."""
    fields = {"exch_ms": STAMP_MS, "quantity": 75, "volume": 1_000} | more
    return encode_packet(QUOTE, exchange_type, token, sequence=sequence, price=price, **fields)


def sends_one_packet(conn):
    """A server as it should be: one packet, then nothing to complain about."""
    conn.accept()
    conn.send(BINARY, packet(1))
    conn.linger()


def loss_of(script, *, pace=QUICK, in_session=True, login=None, up_before=True):
    """What the feed says of a link on which `script` plays, and that it comes back; the server's `seen` beside it."""
    with ScriptedServer(script, sends_one_packet) as server:
        feed, observer = smartapi(server.url, pace=pace, in_session=in_session, login=login)
        with running(feed, observer):
            observer.until_ups(2 if up_before else 1)
            assert feed.view().link >= 1
        return observer.losses[0], server


def sending(*frames, greetings=1):
    """A script that shakes hands, keeps what it was asked for, and sends these frames."""

    def script(conn):
        script.asked = [json.loads(text) for text in conn.accept(greetings)]
        conn.raw(b"".join(frames))
        conn.linger()

    return script


def observed(make, script, *instruments, ticks=1, **more):
    """The observer of a feed that was sent all that `script` has, once `ticks` ticks have come."""
    with ScriptedServer(script) as server:
        feed, observer = make(server.url, *instruments, **more)
        with running(feed, observer):
            observer.until(lambda: len(observer.ticks) >= ticks)
        observer.heads = list(server.heads)
        observer.view = feed.view()
    return observer


def refusal_of(make):
    with pytest.raises(ConfigError) as caught:
        make()
    return caught.value.lines
