"""One WebSocket link from its greeting to its end: the loop that receives. Knows no exchange and no back-off.

Bytes are received in one system call for as many frames as have come, and stamped once. Everything that is due at a time
(pings, the age of what came, the picture for the screen) is looked at between two receipts.
"""

import os
import time
from collections.abc import Callable
from typing import NoReturn

from engine.model.errors import WireError
from engine.stream.adapter import MessageKind, Notice
from engine.stream.errors import LinkLost, Stopped
from engine.stream.frames import BINARY, CLOSE, PING, PONG, TEXT, FrameReader, client_frame, close_code
from engine.stream.link_status import FeedParts, LinkStatus
from engine.stream.socket import StreamSocket

_now_ns = time.perf_counter_ns
_NS = 1_000_000_000
_SHOW_NS = 100_000_000  # least time between two pictures …
_SHOWN_LATE_NS = (
    90_000_000  # … and how much later one may be, so that the next receipt makes it: one wake-up instead of two
)
_LOOK_NS = 500_000_000  # longest time between two looks at the ages
_SEND_NS = 5 * _NS
_NEVER_NS = 1 << 62
_GOING = 1000
_TOO_BIG, _PROTOCOL_BROKEN = 1009, 1002


class StreamSession:
    """Speaks with a server over a line on which hands have been shaken."""

    def __init__(self, line: StreamSocket, parts: FeedParts, status: LinkStatus, steady: Callable[[], None]) -> None:
        self._line = line
        self._parts = parts
        self._status = status
        self._steady = steady  # called when data has flowed long enough
        self._reader = FrameReader()
        self._on_message = parts.adapter.on_message
        now_ns = _now_ns()
        lifetime_s = parts.adapter.lifetime_s
        self._ends_ns = now_ns + round(lifetime_s * _NS) if lifetime_s else _NEVER_NS
        self._ping_ns = now_ns + round(parts.ping_s * _NS) if parts.adapter.ping else _NEVER_NS
        self._asked_ns = 0  # when the ping went out that is not answered yet
        self._look_ns = now_ns  # when the ages are due
        self._shown_ns = 0
        self._due_ns = now_ns  # when anything is due, at the latest
        self._soon_ns = now_ns  # when anything is due where we are awake anyway
        self._news = False  # something came that no picture shows yet
        parts.silence.link_up(now_ns)
        parts.ticker.link_up()
        parts.counters.link_up()

    def greet(self) -> None:
        """Ask for everything wanted; raises LinkLost, Stopped."""
        for text in self._parts.adapter.subscriptions():
            self._send(TEXT, text)

    def listen(self) -> NoReturn:
        """Receive until the link ends; raises LinkLost, Stopped."""
        receive, ticker, wall, feed = self._line.receive, self._parts.ticker, self._parts.wall, self._reader.feed
        catch_up = wall.catch_up
        while True:
            data = receive(self._due_ns)
            now_ns = _now_ns()
            if data is not None:
                catch_up()  # the machine may have slept while we waited
                ticker.stamp(now_ns, now_ns + wall.ahead_ns)
                feed(data)
                self._take_all(now_ns)
                if not self._news:
                    self._news = True
                    self._set_due()
            if now_ns >= self._soon_ns:
                self._see_to(now_ns)

    def bye(self, code: int) -> None:
        """Tell the server that the link ends, if it listens at once."""
        try:
            self._line.send(client_frame(CLOSE, (code or _GOING).to_bytes(2), os.urandom(4)), _now_ns())
        except (LinkLost, Stopped):
            return  # it does not

    # ── What came ──────────────────────────────────────────────────────────────────────────────────────────────

    def _take_all(self, now_ns: int) -> None:
        """Work every message that is complete; raises LinkLost, Stopped."""
        take, on_message = self._reader.take, self._on_message
        messages = frames = 0
        data = False
        ping: bytes | None = None
        try:
            while (message := take()) is not None:
                messages += 1
                if message.opcode <= BINARY:
                    frames += 1
                    try:
                        kind = on_message(message.opcode, message.payload)
                    except WireError as error:
                        self._refuse(error, now_ns)
                        continue
                    if kind == "data" or self._other(kind, now_ns):
                        data = True
                elif message.opcode == PING:
                    ping = message.payload
                elif message.opcode == CLOSE:
                    code, reason = close_code(message.payload)
                    raise LinkLost(f"closed by the server: {code} {reason}".rstrip())
        except WireError as error:
            code = _TOO_BIG if error.reason == "size" else _PROTOCOL_BROKEN
            raise LinkLost(f"no WebSocket's bytes: {error}", close_code=code) from None
        finally:
            self._parts.counters.frames += frames
        if data:
            self._parts.silence.data_came(now_ns)
        elif messages:
            self._parts.silence.frame_ns = now_ns
        if ping is not None:
            self._send(PONG, ping)  # of several, the newest alone need be answered

    def _refuse(self, error: WireError, now_ns: int) -> None:
        """Count a bad packet; raises LinkLost when there are too many."""
        self._status.note(error.reason, f"bad packet, dropped and counted: {error}", False)
        if self._parts.counters.count_bad(error.reason, now_ns):
            raise LinkLost(f"too many bad packets, the last: {error}", close_code=_PROTOCOL_BROKEN)

    def _other(self, kind: MessageKind, now_ns: int) -> bool:
        """See to a message that is no tick; whether it was data."""
        counters = self._parts.counters
        if kind == "book":
            counters.books += 1
            return True
        if kind == "pong":
            counters.pong(self._asked_ns, now_ns)
            self._asked_ns = 0
        elif isinstance(kind, Notice):
            self._status.note(kind.text, kind.text, kind.severe)
            return kind.data
        return False

    # ── What is due ────────────────────────────────────────────────────────────────────────────────────────────

    def _see_to(self, now_ns: int) -> None:
        """Do all that is due; raises LinkLost, Stopped."""
        if now_ns >= self._look_ns:
            self._look(now_ns)
        if now_ns - self._shown_ns >= _SHOW_NS:
            self._status.show()
            self._shown_ns = now_ns
            self._news = False
        self._set_due()

    def _set_due(self) -> None:
        """When the line is left for what is due, and when that is done anyway."""
        show_ns = self._shown_ns + _SHOW_NS if self._news else _NEVER_NS
        self._soon_ns, self._due_ns = min(self._look_ns, show_ns), min(self._look_ns, show_ns + _SHOWN_LATE_NS)

    def _look(self, now_ns: int) -> None:
        """Look at the ages of what came, and whether it is time for a ping or to part."""
        parts = self._parts
        for text in parts.relisted() if parts.wanted else ():
            self._send(TEXT, text)
        reason = parts.silence.overdue(now_ns, in_session=parts.in_session())
        if reason:
            raise LinkLost(reason, waited=True)
        if not parts.in_session() and parts.silence.rests():
            raise LinkLost("the market is closed", planned=True)
        if now_ns >= self._ends_ns:
            raise LinkLost("the exchange ends every link after a day", planned=True)
        if parts.silence.steady():
            self._steady()
        if now_ns >= self._ping_ns:
            self._ping_ns = now_ns + round(parts.ping_s * _NS)
            self._asked_ns = now_ns
            self._send(TEXT, parts.adapter.ping)
        self._look_at_clocks(now_ns)
        self._look_ns = min(now_ns + _LOOK_NS, parts.silence.due_ns(), self._ping_ns, self._ends_ns)

    def _look_at_clocks(self, now_ns: int) -> None:
        """Follow the lag of the ticks, and the machine's clock where that was set right."""
        wall, lag = self._parts.wall, self._parts.ticker.lag
        wall.refresh()
        smallest_ms = lag.smallest_ms()
        moved_ns = 0 if smallest_ms is None else wall.side(smallest_ms)
        if moved_ns:
            lag.forget()
            told = (
                f"the machine's clock was set right by {moved_ns / _NS:+.1f} s; receipts are stamped by it from now on"
            )
            self._status.note(told, told, False)
        lag.turn_over(now_ns)

    def _send(self, opcode: int, payload: bytes) -> None:
        self._line.send(client_frame(opcode, payload, os.urandom(4)), _now_ns() + _SEND_NS)
