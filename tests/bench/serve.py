"""The service under load, beside a running engine: 50 connections, each asking again as soon as it is answered.

`python -m tests.bench.serve [--connections 50] [--seconds 30] [--no-engine]`: how long answers take, by path, and what it
costs. Exit status 1 where a request failed, where the 99th percentile is above the target, or the memory.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.support.gateway.service import Service, served
from tests.support.processes.command_home import Home

PATHS = (
    "/",
    "/health",
    "/api/v1/status",
    "/api/v1/data/binance/BTCUSDT",
    "/api/v1/data/binance/ETHUSDT",
    "/api/v1/data/mock/NIFTY",
    "/metrics",
)
TARGET_MS = 50.0
TARGET_MB = 40.0
REDIS_MB = 5.0


class Load:
    """What was asked and how long the answers took."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port = port
        self.until_s = time.monotonic() + seconds
        self.took_ns: list[tuple[str, int]] = []
        self.problems: list[str] = []

    async def run(self, connections: int) -> None:
        """All connections at once."""
        loop = asyncio.get_running_loop()
        made = [await loop.create_connection(lambda: Client(self), "127.0.0.1", self.port) for _ in range(connections)]
        for number, (_, client) in enumerate(made):
            client.begin(number)
        await asyncio.gather(*(client.ended for _, client in made))


class Client(asyncio.Protocol):
    """One connection, kept alive: asks again as soon as it is answered. Costs little, lest the load be what is measured."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.ended = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.number = self.begun_ns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.load.problems.append(f"a connection was lost: {exc}")
            self.ended.set_result(None)

    def begin(self, number: int) -> None:
        """Ask for the `number`th path."""
        self.number = number
        self.begun_ns = time.perf_counter_ns()
        path = PATHS[number % len(PATHS)]
        self.transport.write(b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path.encode())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.partition(b"content-length: ")[2].partition(b"\r")[0]):
            return
        self.buffer = b""
        path = PATHS[self.number % len(PATHS)]
        self.load.took_ns.append((path, time.perf_counter_ns() - self.begun_ns))
        if not head.startswith(b"HTTP/1.1 200 "):
            self.load.problems.append(f"{path}: {head[:60]!r}")
        if time.monotonic() < self.load.until_s:
            self.begin(self.number + 1)
        else:
            self.ended.set_result(None)
            self.transport.close()


def percentile(rising: list[int], share: float) -> float:
    """In ms."""
    return rising[min(len(rising) - 1, int(share * len(rising)))] / 1e6


def main() -> int:
    """Measure and say it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--no-engine", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.environment |= {name: os.environ[name] for name in ("REDIS_URL",) if name in os.environ}
        with served(home, engine=not args.no_engine) as service:
            return measured(service, args.connections, args.seconds)


def measured(service: Service, connections: int, seconds: float) -> int:
    """Put it under load; the exit status."""
    load, before_s, own_s = Load(service.port, seconds), service.cpu_s(), time.process_time()
    asyncio.run(load.run(connections))
    took = sorted(ns for _, ns in load.took_ns)
    if not took:
        print("nothing was answered:", *load.problems[:3])
        return 1
    p99_ms, rss_mb = percentile(took, 0.99), service.peak_mb()
    print(f"{len(took):,} requests by {connections} connections in {seconds:g} s, {len(load.problems)} problems")
    print(f"  median {percentile(took, 0.5):.1f} ms, p99 {p99_ms:.1f} ms, longest {took[-1] / 1e6:.1f} ms")
    for path in PATHS:
        of_path = sorted(ns for name, ns in load.took_ns if name == path)
        print(f"  p99 {percentile(of_path, 0.99):6.1f} ms  {path}")
    own_us, its_us = ((used / len(took)) * 1e6 for used in (time.process_time() - own_s, service.cpu_s() - before_s))
    print(f"  {its_us:.0f} µs of processor a request, beside {own_us:.0f} µs of who asks")
    print(f"  resident memory {service.rss_mb():.1f} MB, at most {rss_mb:.1f} MB")
    for problem in load.problems[:5]:
        print(f"  {problem}")
    most_mb = TARGET_MB + (REDIS_MB if os.environ.get("REDIS_URL") else 0)
    return int(bool(load.problems) or p99_ms > TARGET_MS or rss_mb > most_mb)


if __name__ == "__main__":
    sys.exit(main())
