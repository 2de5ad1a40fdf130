"""The simulated exchange as a command: prints its addresses as a line of JSON, obeys lines on stdin, ends with its counters.

Orders: a line of a script (`at 12.5s: reset`, `at place 3: after`), a fault (`reset`, `external -65`), `go` (`go N`: and
stand still behind tick N), `counters`, `truth` (what the exchange for orders holds), `wait WHAT … SECONDS`, `stop`. Each is answered by one line of JSON: {"ok":…},
{"error":…}, the counters or the truth. To be waited for: `subscribed N`, `finished`; with --orders `listening N` (sockets for
order updates), `placed N`, `working N`, `held SYMBOL UNITS`, `at_rest`.
"""

import argparse
import json
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL, UserError
from tests.simulator.commands import carry_out
from tests.simulator.exchange.settings import NO_DELAYS, Delays
from tests.simulator.explain import explain
from tests.simulator.listing import symbols_ahead
from tests.simulator.order_options import Orders
from tests.simulator.raw_lines import RawLines
from tests.simulator.simulator import Simulator, played
from tests.simulator.traffic import Burst, Generated, Quiet, Traffic, today

_LONGEST_S = 3600.0


def main(arguments: list[str]) -> int:
    """Run until stdin ends, `--seconds` are over, or a signal comes; exit status 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        simulator = Simulator(
            _traffic(options),
            script=Path(options.script).read_text("utf-8") if options.script else "",
            seed=options.seed,
            hold=None if options.hold < 0 else options.hold,
            scale=options.scale,
            port=options.port,
            stamp=options.stamp,
            rate_limits=not options.no_rate_limits,
            orders=_orders(options) if options.orders else None,
            whole_list=options.orders,
        )
    except (UserError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return EXIT_BAD_INPUT
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    with simulator:
        with suppress(KeyboardInterrupt):
            _say(_hello(simulator))
            if options.explain:
                print(explain(simulator), file=sys.stderr, flush=True)
            _obey(simulator, options)
        print(simulator.counters.to_json(), flush=True)
    return EXIT_WELL


def _obey(simulator: Simulator, options: argparse.Namespace) -> None:
    """Carry out orders until the end."""
    end_s = monotonic() + options.seconds if options.seconds else None
    orders = b""
    listening = True
    while True:
        left_s = _LONGEST_S if end_s is None else end_s - monotonic()
        if left_s <= 0 or (options.until_finished and simulator.wait_finished(0.05)):
            return
        patience_s = 0.05 if options.until_finished else left_s
        if not select.select([0] if listening else [], [], [], patience_s)[0]:
            continue
        data = os.read(0, 65536)
        if not data:
            if end_s is None and not options.until_finished:
                return
            listening = False  # started with no input: it ends by itself
        *whole, orders = (orders + data).split(b"\n")
        for line in whole:
            order = line.decode(errors="replace").strip()
            if order == "stop":
                return
            if order:
                print(carry_out(simulator, order), flush=True)


def _traffic(options: argparse.Namespace) -> Traffic:
    if options.quiet:
        return Quiet()
    free = options.speed == 0
    if options.play:
        path = Path(options.play)
        if options.protocol == "binance":
            return RawLines(path, speed=options.speed, rebase=options.rebase)
        return played(path, options.speed, rebase=options.rebase, symbols=_symbols(options))
    return Generated(
        instruments=options.instruments,
        rate=options.rate,
        per_token=options.per_token,
        burst=Burst(int(options.burst[0]), options.burst[1] / 1000, options.burst[2]) if options.burst else None,
        seed=options.seed,
        count=options.count,
        seconds=options.traffic_seconds,
        day_time=options.day_time,
        speed=options.speed or 1.0,
        free=free,
        tokens=tuple(filter(None, options.tokens.split(","))),
        symbols=_symbols(options),
    )


def _symbols(options: argparse.Namespace) -> tuple[str, ...]:
    """Those that were said; where orders are taken they have to be of contracts that have not expired."""
    if options.symbols or not options.orders:
        return tuple(filter(None, options.symbols.split(",")))
    return symbols_ahead(options.instruments, today())


def _orders(options: argparse.Namespace) -> Orders:
    delays = NO_DELAYS if options.no_delays else Delays()
    return Orders(cash=round(options.cash * 100), deep=options.deep, delays=delays)


def _hello(simulator: Simulator) -> dict[str, object]:
    return {
        "ws_url": simulator.ws_url,
        "http_url": simulator.http_url,
        "master_url": simulator.master_url,
        "orders_url": simulator.orders_url,
        "binance_url": simulator.binance_url,
        "headers": simulator.headers,
        "tokens": [line.token for line in simulator.lines],
        "symbols": [line.symbol for line in simulator.lines],
    }


def _say(answer: dict[str, object]) -> None:
    print(json.dumps(answer), flush=True)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__, allow_abbrev=False)
    option = parser.add_argument
    option("--port", type=int, default=0, help="0 = any that is free")
    option("--play", metavar="FILE", help="a recording: .mqr, .csv, or raw lines of Binance")
    option("--protocol", choices=("smartapi", "binance"), default="smartapi", help="binance: FILE holds raw lines")
    option("--rebase", action="store_true", help="move the times in FILE to now")
    option(
        "--speed", type=float, default=1.0, help="times the recorded pace, or that of the exchange's clock; 0 = at most"
    )
    option("--rate", type=float, default=100.0, help="generated packets a second over all instruments")
    option("--per-token", type=float, default=0.0, help="or: packets a second of each, with jitter")
    option("--instruments", type=int, default=1)
    option("--tokens", default="", help="theirs, with commas between; else 40001, …")
    option(
        "--symbols", default="", help="likewise, such as BTCUSDT; with --orders, else options that expire in some weeks"
    )
    option("--burst", type=float, nargs=3, metavar=("PACKETS", "MS", "EVERY_S"))
    option("--count", type=int, default=0, help="packets until the traffic is over")
    option("--traffic-seconds", type=float, default=0.0, help="or: seconds until it is over")
    option("--day-time", default="", help="where the exchange's clock begins, such as 2025-10-01T09:15:00 (Kolkata)")
    option("--quiet", action="store_true", help="no traffic and no instruments")
    option("--hold", type=int, default=1, help="start with that many subscriptions; 0 at once, -1 on `go`")
    option("--script", metavar="FILE", help="what goes wrong and when")
    option("--seed", type=int, default=1)
    option("--scale", type=float, default=1.0, help="shortens the exchange's time-outs")
    option("--stamp", action="store_true", help="the send time stands where the average price is")
    option("--explain", action="store_true", help="say how to put the program on it")
    option("--no-rate-limits", action="store_true", help="REST calls as often as you like")
    option("--orders", action="store_true", help="take orders, too")
    option("--cash", type=float, default=500_000.0, help="what the account has, in rupees")
    option("--deep", action="store_true", help="any quantity trades at the last price")
    option("--no-delays", action="store_true", help="orders and lists are answered and told at once")
    option("--seconds", type=float, default=0.0, help="end after that long")
    option("--until-finished", action="store_true", help="end when the traffic is over")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
