"""All that is sent to a port of 127.0.0.1, as it is on the wire, whoever sends it; where the system permits to look."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

_ALL_PROTOCOLS = 0x0003
_OUTGOING = 4  # each packet is seen twice on loopback: once on its way out
_LOOK_S = 0.05
_BUFFER = 16 << 20
UNSEEN = "what is on the wire was not looked at: the system permits that to nobody here (Linux, CAP_NET_RAW)"


class Capture:
    """Payloads of TCP to one port, one behind the other, by the port they came from."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = Event()
        self.payloads: dict[int, bytearray] = {}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PROTOCOLS))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind(("lo", 0))
        self._socket.settimeout(_LOOK_S)
        self._thread = Thread(target=self._hear, name="capture")
        self._thread.start()

    def sent(self, text: bytes) -> int:
        """How many connections have had that text sent over them so far."""
        return sum(text in payload for payload in self.payloads.copy().values())

    def close(self) -> None:
        """Look no longer."""
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _hear(self) -> None:
        while not self._over.is_set():
            try:
                packet, address = self._socket.recvfrom(1 << 17)
            except TimeoutError:
                continue
            if address[2] != _OUTGOING and packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_TCP:
                self._take(packet[: struct.unpack(">H", packet[2:4])[0] or len(packet)])

    def _take(self, packet: bytes) -> None:
        segment = packet[(packet[0] & 15) * 4 :]
        source, target = struct.unpack(">HH", segment[:4])
        if target == self._port:
            self.payloads.setdefault(source, bytearray()).extend(segment[(segment[12] >> 4) * 4 :])


@contextmanager
def captured(port: int) -> Iterator[Capture | None]:
    """What is sent to that port within; None where the system lets nobody look (no Linux, no CAP_NET_RAW)."""
    try:
        capture = Capture(port)
    except (AttributeError, PermissionError):
        yield None
        return
    try:
        yield capture
    finally:
        capture.close()
