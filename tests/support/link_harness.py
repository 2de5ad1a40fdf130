"""What the tests of the link are made with: an engine that only stands there to be looked at, and plain connections to its socket."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from engine.link import address
from engine.link.client import RemoteEngine
from engine.link.control import OperatorPolicy
from engine.link.frames import MessageReader, frame
from engine.link.protocol import (
    ENCODER,
    PROTOCOL,
    REPLY_LIMIT,
    AnyCommand,
    GetSnapshot,
    Hello,
    Replies,
    Reply,
    SnapshotReply,
)
from engine.link.server import LinkServer
from engine.model.clock import Clock, SystemClock
from engine.model.commands import Flat
from engine.model.exit_page import ExitPage
from engine.model.measures import Measures
from engine.model.ports import LogLine
from engine.model.run_views import CommandView, EpochView, ProcessView, Pulse, SessionView
from engine.model.run_views import TimelineEvent as Happening
from engine.model.snapshot import Snapshot
from engine.model.trading_views import AccountView, EntriesState, FlatView, Quote
from engine.model.types import Instrument, Trade
from engine.version import VERSION

OPEN_MS = 1_759_290_300_000  # 2025-10-01 09:15:00 in Kolkata
ZERO = Decimal(0)


def trade(number: int, reason: str = "Stop Loss") -> Trade:
    """One exit."""
    return Trade(
        number,
        0,
        OPEN_MS,
        OPEN_MS + 1000,
        15_545,
        15_645,
        75,
        Decimal("75.00"),
        Decimal("9.2"),
        Decimal("65.8"),
        reason,
    )


def gap(tick: int, at_ms: int = OPEN_MS + 3_543_000) -> Happening:
    """A silence of the feed; by default at 10:14:03."""
    return Happening(tick, at_ms, "gap", "4.2 s")


def quote(index: int) -> Quote:
    """The last tick of one instrument."""
    indicators: dict[str, float | None] = {"ema_fast": 157.005, "ema_slow": 156.5025, "rsi": None}
    return Quote(
        index,
        15_701,
        15_600,
        15_695,
        15_705,
        75,
        815_061,
        OPEN_MS,
        1,
        2,
        "EMA fast not above slow",
        1,
        0,
        640,
        indicators,
    )


def engine_snapshot(
    number: int = 1, instruments: int = 1, trades: int = 0, events: int = 0, **changes: object
) -> Snapshot:
    """A snapshot of an engine."""
    summary = Snapshot(
        number=number,
        taken_ns=number,
        wall_ns=number,
        at_ms=OPEN_MS,
        trade_mode="paper",
        source="test",
        delivery="polling",
        instruments=tuple(Instrument(f"NIFTY25NOV{26_000 + 50 * n}CE") for n in range(instruments)),
        ticks=number,
        refused={},
        session=SessionView("Asia/Kolkata", "2025-10-01", OPEN_MS, OPEN_MS + 22_500_000),
        markets={"NSE": SessionView("Asia/Kolkata", "2025-10-01", OPEN_MS, OPEN_MS + 22_500_000, opens="Mon 09:15")},
        pulse=Pulse(number, number, number, 0),
        process=ProcessView(25.0, 0.01, 12, 1.0, 5000),
        events=tuple(gap(n + 1) for n in range(events)),
        quotes=tuple(quote(n) for n in range(min(instruments, 50))),
        positions=(),
        account=AccountView(Decimal(100_000), ZERO, ZERO, ZERO, ZERO, 0),
        entries=EntriesState(paused=False, locked="", halted="", today=0),
        flat=FlatView("NORMAL", "", 0, (), ()),
        trades=tuple(trade(n + 1) for n in range(trades)),
        epochs=(EpochView("polling", 1, number, 0, 0.01, {}),),
        inbox_waiting=0,
        merged=0,
        beats=number,
        faults=0,
        fault="",
        edges=(),
        replay=None,
        outcomes=(),
        stopped=False,
    )
    return replace(summary, **changes)


class FakeEngine:
    """An engine that only stands there: its snapshot, and what it was handed: commands (with tickets) and lines for the log."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.snapshot = snapshot or engine_snapshot()
        self.sent: list[tuple[AnyCommand, int]] = []
        self.said: list[str] = []
        self.lines: list[LogLine] = []
        self.chart: list[tuple[int, int]] = []
        self.counted = Measures()

    def send(self, command: AnyCommand, ticket: int) -> None:
        self.sent.append((command, ticket))

    def history(self, instrument: int) -> Sequence[tuple[int, int]]:
        return tuple(self.chart) if instrument == 0 else ()

    def log_lines(self, since: int, limit: int) -> Sequence[LogLine]:
        return [line for line in self.lines if line.number > since][:limit]

    def exit_page(self, first: int, last: int, rewinds: int) -> ExitPage:
        return ExitPage(first, last, rewinds, "UNREADABLE", reason="there is no journal")

    def measures(self) -> Measures:
        return self.counted

    def say(self, text: str) -> None:
        self.said.append(text)

    def log(self, count: int, text: str = "a line") -> None:
        """Put `count` more lines into the log."""
        first = len(self.lines) + 1
        self.lines += [LogLine(n, n, "INFO", "engine", f"{text} {n}") for n in range(first, first + count)]

    def go_on(self, **changes: object) -> None:
        """Put the next snapshot on the table."""
        number = self.snapshot.number + 1
        self.snapshot = replace(self.snapshot, **({"number": number, "ticks": number, "taken_ns": number} | changes))

    def carry_out(self) -> None:
        """Tell that every command is done."""
        views = tuple(CommandView(ticket, type(command).__name__, "DONE") for command, ticket in self.sent if ticket)
        self.go_on(commands=views)

    @property
    def flats(self) -> int:
        """How many flats it was handed."""
        return sum(isinstance(command, Flat) for command, _ in self.sent)


class LinkHarness:
    """A server on a real socket, the double that it serves, and what was noted of clients."""

    def __init__(self, folder: Path, fake: FakeEngine, operator: OperatorPolicy, clock: Clock) -> None:
        self.path = folder / "engine.sock"
        self.fake = fake
        self.clock = clock
        self.notes: list[str] = []
        self.server = LinkServer(self.path, fake, policy=operator, clock=clock, note=self.notes.append)

    @property
    def clients(self) -> int:
        """How many were let in and are there."""
        return len(self.server._handler.clients)

    @property
    def connections(self) -> int:
        """How many are connected."""
        return len(self.server._connections)


@contextmanager
def serving(
    folder: Path, *, fake: FakeEngine | None = None, operator: OperatorPolicy | None = None, clock: Clock | None = None
) -> Iterator[LinkHarness]:
    """A server that serves, until the end of the block."""
    folder.chmod(0o700)
    made = LinkHarness(folder, fake or FakeEngine(), operator or OperatorPolicy("keep", 600), clock or SystemClock())
    made.server.start()
    try:
        yield made
    finally:
        made.server.stop(0.0)


class RawClient:
    """A connection that says what it likes; closed at the end of its block."""

    def __init__(self, path: Path) -> None:
        self.sock = address.connect(path, 10.0)
        self._reader = MessageReader(REPLY_LIMIT)
        self.replies = Replies()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def hello(self, name: str = "plain", **more: object) -> Self:
        """Say who it is, and hear the answer."""
        fields = {"protocol": PROTOCOL, "program": VERSION, "name": name, "wants_control": False, "screen": True}
        self.answer = self.ask(Hello(**(fields | more)))
        return self

    def say(self, request: object) -> None:
        """Send without waiting for the answer."""
        self.sock.sendall(frame(ENCODER.encode(request)))

    def pour(self, data: bytes) -> None:
        """Send bytes as they are, as many as the other end takes before it closes."""
        with suppress(BrokenPipeError, ConnectionResetError):  # it may well drop this guest at the first of them
            self.sock.sendall(data)

    def ask(self, request: object) -> Reply:
        """Send, and wait for the answer; the sections of a snapshot are kept in `parts`."""
        self.say(request)
        reply = self.replies.reply.decode(self.receive())
        self.parts = {name: self.receive() for name in reply.parts} if isinstance(reply, SnapshotReply) else {}
        return reply

    def receive(self) -> bytes:
        """One frame; EOFError when the other end closed."""
        while (payload := self._reader.take()) is None:
            data = self.sock.recv(65_536)
            if not data:
                raise EOFError
            self._reader.feed(data)
        return payload

    def is_closed(self) -> bool:
        """Whether the other end closes, now or soon."""
        try:
            while self.sock.recv(65_536):
                continue
        except ConnectionError:
            return True
        return True


@contextmanager
def remote(where: LinkHarness | Path, name: str = "Ann", **more: bool) -> Iterator[RemoteEngine]:
    """A screen's client that was started; it leaves at the end of the block."""
    opened = RemoteEngine(where if isinstance(where, Path) else where.path, name, **more)
    opened.start()
    try:
        yield opened
    finally:
        opened.leave(detached=True)


@contextmanager
def undisturbed(there: LinkHarness) -> Iterator[RawClient]:
    """A well-behaved screen beside what happens in the block; on its one connection it is served to the end."""
    with RawClient(there.path) as good:
        good.hello("good")
        yield good
        there.fake.go_on()
        assert good.ask(GetSnapshot()).number == there.fake.snapshot.number
