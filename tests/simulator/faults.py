"""Carries out what is to go wrong with packets: each fault is something more on the wire, the good stream goes on."""

from collections.abc import Callable
from math import nan

from msgspec.structs import replace

from tests.simulator.floor import Client, Floor
from tests.simulator.framing import BINARY, CONTINUATION, PING, TEXT, frame, header
from tests.simulator.market import Line
from tests.simulator.script import Fault
from tests.simulator.tally import add
from tests.support.venues.wire_samples import QUOTE, SIZES

_TIB = 1 << 40
_MIB = 1 << 20
_UNKNOWN = "98765432"
_DAY_MS = 86_400_000

# What each fault makes of the newest state of a line; those in `_COUNTED` take a number of their own.
_CHANGES: dict[str, Callable[[Line], dict[str, object]]] = {
    "older": lambda line: {
        "sequence": line.sequence - 5,
        "trade": line.trade - 5,
        "exch_ms": line.exch_ms - 5_000,
    },
    "price zero": lambda line: {"price": 0},
    "price negative": lambda line: {"price": -line.price},
    "price circuit": lambda line: {"price": line.upper + 100 * line.tick},
    "time 1970": lambda line: {"exch_ms": 1_000},
    "time tomorrow": lambda line: {"exch_ms": line.exch_ms + _DAY_MS},
    "time seconds": lambda line: {"exch_ms": line.exch_ms // 1000},
    "unknown_token": lambda line: {"token": _UNKNOWN, "symbol": "NOSUCHPAIR"},
    "nan": lambda line: {"buy_total": nan, "sell_total": nan},
    "book crossed": lambda line: {"book": "crossed"},
    "book one_sided": lambda line: {"book": "one_sided"},
    "book empty": lambda line: {"book": "empty"},
    "ohlc_zero": lambda line: {"open": 0, "high": 0, "low": 0},
    "close_zero": lambda line: {"close": 0},
}
_COUNTED = {"price", "time", "nan", "book", "ohlc_zero", "close_zero"}

# Frames that need no instrument.
_FRAMES: dict[str, Callable[[], bytes]] = {
    "text": lambda: frame(TEXT, b"surprise"),
    "nul": lambda: frame(BINARY, b"\x00"),
    "huge": lambda: frame(BINARY, bytes(_MIB)),
    "claim": lambda: header(BINARY, _TIB) + bytes(64),
    "bad_utf8": lambda: frame(TEXT, b"\xff\xfe\xc0\x80"),
}


class PacketFaults:
    """Puts wrong packets on the wire; each is counted in `faults` by its name, once for each client that got it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._newest: Line | None = None

    def carry_out(self, fault: Fault, line: Line | None) -> None:
        """Do it to `line`, the one of the tick at hand, or to the one that ticked last."""
        line = self._newest = line or self._newest or next(iter(self._floor.market.lines), None)
        if fault.kind in _FRAMES or fault.kind in {"half", "endless"}:
            for client in self._able(list(self._floor.clients)):
                self._frame(client, fault, line)
        elif line is not None:
            self._packet(fault, line)

    def note(self, line: Line) -> None:
        """`line` ticked."""
        self._newest = line

    def _packet(self, fault: Fault, line: Line) -> None:
        """A wrong packet of `line`, to all that hear it."""
        counters = self._floor.counters
        if fault.kind == "jump":
            line.count(int(fault.number))  # the next packet's number is higher by as much
            add(counters.faults, fault.name)
            return
        if fault.kind in _COUNTED or fault.kind == "fragmented":
            line.count()
            counters.last_sequence[line.token] = line.sequence
        change = _CHANGES.get(fault.name)
        wrong = replace(line, **change(line)) if change else line
        for client in self._able([each for each in self._floor.clients if each in self._floor.market.listeners(line)]):
            for packet in client.ticks(wrong):
                add(counters.faults, fault.name)
                if fault.kind == "fragmented":
                    add(counters.sent, line.token)
                client.data(_distorted(fault, packet))

    def _frame(self, client: Client, fault: Fault, line: Line | None) -> None:
        """A frame that is wrong as such."""
        add(self._floor.counters.faults, fault.name)
        if fault.kind == "half":
            whole = frame(BINARY, line.packet(QUOTE) if line else bytes(SIZES[QUOTE]))
            client.data(whole[: len(whole) // 2])
            client.connection.blocked = True
        elif fault.kind == "endless":
            client.connection.blocked = True
            client.data(frame(TEXT, b"{", fin=False))
            self._go_on(client)
        else:
            client.data(_FRAMES[fault.kind]())

    def _go_on(self, client: Client) -> None:
        """One empty fragment after the other, as long as the client takes them."""
        connection = client.connection
        if not connection.over and not client.closing:
            if connection.roomy:
                connection.send(frame(CONTINUATION, b"", fin=False) * 64)
            self._floor.loop.after(0.001, lambda: self._go_on(client))

    def _able(self, clients: list[Client]) -> list[Client]:
        return [
            each
            for each in clients
            if not (each.closing or each.silent or each.connection.blocked or each.connection.mute)
        ]


def _distorted(fault: Fault, packet: bytes) -> bytes:
    """The frame of a packet, as the fault wants it."""
    head, payload = _parted(packet)
    if fault.kind == "length":
        return frame(BINARY, (payload + bytes(443))[: int(fault.number)])
    if fault.kind == "mode":
        return frame(BINARY, bytes([int(fault.number) & 255]) + payload[1:])
    if fault.kind == "fragmented":
        third = len(payload) // 3
        opcode = head[0] & 15
        return (
            frame(opcode, payload[:third], fin=False)
            + frame(CONTINUATION, payload[third : 2 * third], fin=False)
            + frame(PING, b"between")
            + frame(CONTINUATION, payload[2 * third :])
        )
    return packet


def _parted(packet: bytes) -> tuple[bytes, bytes]:
    """Head and payload of one of our own frames."""
    size = {126: 4, 127: 10}.get(packet[1], 2)
    return packet[:size], packet[size:]
