"""Starts the simulated exchange as a process of its own and talks to it, one line out, one line back."""

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import msgspec

from engine.model.errors import InputError
from tests.simulator.commands import Truth
from tests.simulator.counters import Counters
from tests.support.paths import ROOT

_END_S = 20.0


class Spawned:
    """A running exchange; its addresses are `ws_url`, `http_url`, `master_url`, `orders_url`, `binance_url`; `headers` open SmartAPI's stream."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        hello = self._read()
        self.ws_url: str = hello["ws_url"]
        self.http_url: str = hello["http_url"]
        self.master_url: str = hello["master_url"]
        self.orders_url: str = hello["orders_url"]
        self.binance_url: str = hello["binance_url"]
        self.headers: list[str] = hello["headers"]
        self.tokens: list[str] = hello["tokens"]  # of the instruments
        self.symbols: list[str] = hello["symbols"]
        self.final: Counters | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def tell(self, line: str) -> dict[str, Any]:
        """Give an order: a line of a script, a fault, `go`, `counters`, `wait finished 30`. Raises InputError when it is none."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise InputError(answer["error"])
        return answer

    def go(self, last_tick: int = 0) -> None:
        """Let the traffic start, or go on; it stands still behind that tick, where one is said."""
        self.tell(f"go {last_tick}")

    def counters(self) -> Counters:
        """What happened so far."""
        return msgspec.convert(self.tell("counters"), Counters)

    def truth(self) -> Truth:
        """What is true at the exchange for orders."""
        return msgspec.convert(self.tell("truth"), Truth)

    def wait(self, what: str, timeout_s: float) -> bool:
        """Whether what stands behind `wait` came true within `timeout_s`, such as `placed 2` or `held SYMBOL 0`."""
        return bool(self.tell(f"wait {what} {timeout_s}")["ok"])

    def wait_subscribed(self, number: int, timeout_s: float) -> bool:
        """Whether there were `number` subscriptions within `timeout_s`."""
        return bool(self.tell(f"wait subscribed {number} {timeout_s}")["ok"])

    def wait_finished(self, timeout_s: float) -> bool:
        """Whether the traffic was over within `timeout_s`."""
        return bool(self.tell(f"wait finished {timeout_s}")["ok"])

    def stop(self) -> Counters:
        """End it; its counters at the end."""
        if self.final is None:
            out, _ = self._process.communicate(timeout=_END_S)  # its input ends, and so does it
            self.final = msgspec.json.decode(out.splitlines()[-1], type=Counters)
        return self.final

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._process.kill()
            self._process.wait(_END_S)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.communicate(timeout=_END_S)
            raise InputError(f"the simulated exchange ended with status {self._process.returncode}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def spawn(*arguments: str, program: str = "tests.simulator") -> Spawned:
    """Start `python -m tests.simulator` with `arguments`; raises InputError when it does not come up (why is on stderr).

    `program` is a module that is another such exchange.
    """
    command = [sys.executable, "-m", program, *arguments]
    return Spawned(
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    )
