"""Carries out what is to go wrong with links and the account."""

from collections.abc import Callable

from tests.simulator.account import Account
from tests.simulator.floor import FOR_EVER, Floor, Knobs
from tests.simulator.framing import TEXT, frame
from tests.simulator.loop import now_ns
from tests.simulator.script import Fault
from tests.simulator.server import Server
from tests.simulator.tally import add

_NEXT = {"refuse", "401", "429", "throttle", "slow_header", "rest"}
_SHUTDOWN = b'{"e":"serverShutdown","E":1770123456789}'


class LinkFaults:
    """Ends links, holds them up, and refuses new ones; each is counted in `faults` by its name."""

    def __init__(self, floor: Floor, server: Server, account: Account) -> None:
        self._floor = floor
        self._server = server
        self._account = account
        self._ways: dict[str, Callable[[Fault], object]] = {
            "close": self._close,
            "disconnect": self._close,
            "reset": self._reset,
            "half_open": self._half_open,
            "silence": self._silence,
            "silence_token": self._silence_token,
            "mute_pong": self._mute_pong,
            "pong_delay": self._pong_delay,
            "delay": self._delay,
            "stop_reading": self._stop_reading,
            "shutdown": self._shutdown,
            "down": lambda fault: server.go_down(fault.number),
            "expire": lambda _: account.expire(),
            "recover": self._recover,
        }

    def carry_out(self, fault: Fault) -> None:
        """Do it."""
        if fault.kind != "rest":  # those are counted when they happen
            add(self._floor.counters.faults, fault.name)
        if fault.kind in _NEXT:
            coming = self._floor.knobs.next
            add(coming, fault.name, int(fault.number))
        else:
            self._ways[fault.kind](fault)

    def _close(self, fault: Fault) -> None:
        for client in list(self._floor.clients):
            client.close(int(fault.number))

    def _reset(self, _: Fault) -> None:
        for client in list(self._floor.clients):
            client.connection.reset()

    def _half_open(self, fault: Fault) -> None:
        for client in self._floor.clients:
            client.connection.silence()
        add(self._floor.knobs.next, "half_open", int(fault.number))

    def _silence(self, fault: Fault) -> None:
        if fault.number:
            self._floor.knobs.silent_ns = now_ns() + round(fault.number * 1e9)
            return
        for client in self._floor.clients:
            client.silent = True

    def _silence_token(self, fault: Fault) -> None:
        until_ns = now_ns() + round(fault.number * 1e9) if fault.number else FOR_EVER
        self._floor.knobs.silent_tokens[fault.word] = until_ns

    def _mute_pong(self, fault: Fault) -> None:
        self._floor.knobs.mute_pong_ns = now_ns() + round(fault.number * 1e9) if fault.number else FOR_EVER

    def _pong_delay(self, fault: Fault) -> None:
        self._floor.knobs.pong_delay_s = fault.number / 1000

    def _delay(self, fault: Fault) -> None:
        self._floor.knobs.delay_ns = round(fault.number * 1e6)
        for connection in self._server.connections:
            connection.delay_ns = self._floor.knobs.delay_ns

    def _stop_reading(self, _: Fault) -> None:
        for client in self._floor.clients:
            client.connection.stop_reading()

    def _shutdown(self, _: Fault) -> None:
        for client in list(self._floor.clients):
            if not client.connection.blocked:
                client.data(frame(TEXT, _SHUTDOWN))

    def _recover(self, _: Fault) -> None:
        self._floor.knobs = Knobs()
        for client in self._floor.clients:
            client.silent = False
        for connection in self._server.connections:
            connection.delay_ns = 0
