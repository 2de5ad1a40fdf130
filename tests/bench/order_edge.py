"""From the decision of an order to its arrival on loopback, both its rows durable in a real journal: `python -m tests.bench.order_edge [ORDERS]`.

Then how long the lanes take to end while each waits for an answer that never comes.
Beside it, in turn with the orders, what the disk takes for one row alone, of which an order waits for two; with TMPDIR=/dev/shm there is no disk in it.
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event

from engine.journal import SqliteJournal
from engine.model.clock import SystemClock, VirtualClock
from engine.model.order_reports import Accepted, OrderAnswer, SessionChanged
from engine.model.order_requests import ReadRound
from engine.model.order_rows import SendBegun
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.order_connections import open_orders
from tests.bench.flat_figures import percentile
from tests.support.broker_answers import TRADED
from tests.support.builders import config
from tests.support.lane_harness import place
from tests.support.venues.edge_harness import CREDENTIALS, NOON_NS, EdgeHarness
from tests.support.venues.order_server import OrderServer, ServedLine, yes
from tests.support.waiting import PATIENCE_S, until

ORDERS = 500
STOPS = 20
MOST_MS = 5.0
MOST_STOP_MS = 1_000.0
_APART_S = 0.03  # so that the next connection is open, as between two orders of a day


def serve(pipe: Connection) -> None:
    """A broker in a process of its own, whose answers carry the moment at which the request had come."""

    def arrived(line: ServedLine) -> None:
        yes({"orderid": "200910000000001", "uniqueorderid": str(time.perf_counter_ns())})(line)

    with OrderServer() as server, OrderServer() as hung:
        server.act("placeOrder", arrived)
        for call in ("placeOrder", "getOrderBook"):
            hung.act(call, lambda line: line.stay())
        pipe.send((server.url, hung.url))
        pipe.recv()


def measured(url: str, folder: Path, orders: int) -> Iterator[float]:
    """Milliseconds of each order."""
    came = Event()
    stamps: list[int] = []

    def post(answer: OrderAnswer) -> None:
        if isinstance(answer, Accepted):
            stamps.append(int(answer.unique_id))
        if isinstance(answer, Accepted | SessionChanged):
            came.set()

    journal = SqliteJournal.open(folder, "paper", SystemClock())
    chosen = config(f"smartapi.rest_url={url}", "smartapi.orders_url=ws://127.0.0.1:1")
    login = LoginSession(CREDENTIALS, url, VirtualClock(NOON_NS))
    edge = open_orders(chosen, login, TRADED, post, journal, SystemClock())
    edge.start()
    came.wait()
    for number in range(1, orders + 1):
        time.sleep(_APART_S)
        came.clear()
        request = place(number, "EXIT")
        decided_ns = time.perf_counter_ns()
        edge.ask(request, journal.write(request))
        came.wait()
        yield (stamps[-1] - decided_ns) / 1e6
    edge.stop(5.0)
    journal.close("well")


def stops(url: str, times: int) -> list[float]:
    """Milliseconds until all lanes have ended, each in the midst of a request."""
    spent: list[float] = []
    for _ in range(times):
        with EdgeHarness(url) as harness:
            harness.until(SessionChanged)
            for request in (place(1), place(2, "EXIT"), ReadRound(1)):
                harness.ask(request, row=not isinstance(request, ReadRound))
            until(lambda: harness.edge.view().asked_ns)
            begun_ns = time.perf_counter_ns()
            harness.edge.stop(PATIENCE_S)
            spent.append((time.perf_counter_ns() - begun_ns) / 1e6)
    return spent


def one_row(folder: Path, rows: int) -> Iterator[float]:
    """Milliseconds until a single row is on the disk, of each."""
    there = Event()
    journal = SqliteJournal.open(folder, "paper", SystemClock())
    journal.on_durable(lambda _: there.set())
    for number in range(1, rows + 1):
        time.sleep(_APART_S)
        there.clear()
        begun_ns = time.perf_counter_ns()
        journal.write(SendBegun(number))
        there.wait()
        yield (time.perf_counter_ns() - begun_ns) / 1e6
    journal.close("well")


def told(what: str, spent: list[float]) -> str:
    """A line of quantiles."""
    quantiles = [f"p{percent} {percentile(spent, percent):.2f} ms" for percent in (50, 95, 99, 100)]
    return f"{what}, {len(spent)} times: {', '.join(quantiles)}"


def main() -> int:
    """Print quantiles; 1 where the 99th percentile is above `MOST_MS`, or an end took more than `MOST_STOP_MS`."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    ours, theirs = multiprocessing.Pipe()
    broker = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    broker.start()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        url, hung = ours.recv()
        pairs = [*zip(measured(url, Path(first), orders), one_row(Path(second), orders), strict=True)]
        spent, rows = [one for one, _ in pairs], [other for _, other in pairs]
        ends = stops(hung, STOPS)
    ours.send("")
    broker.join()
    print(told("decided to arrived", spent))
    print(told("one row durable, after each", rows))
    beside = (percentile(spent, percent) / percentile(rows, percent) for percent in (50, 99))
    print("an order takes {:.1f} times as long as one row at p50, {:.1f} times at p99".format(*beside))
    print(told("lanes under way ended", ends))
    return int(percentile(spent, 99) > MOST_MS or max(ends) > MOST_STOP_MS)


if __name__ == "__main__":
    sys.exit(main())
