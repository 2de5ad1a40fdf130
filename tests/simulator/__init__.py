"""A simulated exchange on 127.0.0.1: SmartAPI's stream and login, Binance's streams, and everything that goes wrong with them.

Within a test:

    with Simulator(Generated(instruments=2, rate=500, count=1000), script="at tick 100: duplicate") as sim:
        ws = websocket.create_connection(sim.ws_url, header=sim.headers)        # or sim.binance_url, sim.http_url
        ws.send('{"action":1,"params":{"mode":2,"tokenList":[{"exchangeType":2,"tokens":["40001","40002"]}]}}')
        sim.fault("reset"); sim.rule("at 12.5s: silence 3")                     # now; later (after the start)
        assert sim.wait_finished(10) and sim.counters.sent == {"40001": …}      # also wait_subscribed, wait_for

    Simulator(play=Path("day.mqr"), speed=0)       a recording (.mqr, .csv, raw lines of Binance) as fast as it is read
    Simulator(RawLines(path, speed=10, rebase=True))   Binance's messages word for word, with times moved to now
    Simulator(Generated(per_token=2, burst=Burst(1457, 0.1, 5), day_time="2025-10-01T09:15:00", speed=60))
    Simulator(stamp=True)                          the send time (perf_counter_ns) stands where the average price is

Traffic starts with the first subscription (`hold=2`: the second; 0: at once; None: at `sim.go()`). `scale=0.01` makes 120 s
of idling 1.2 s. `sim.account` knows PIN and secret (CLIENT_CODE, PIN, API_KEY, TOTP_SECRET), `sim.tokens` are good at once.
Orders, over the same port (`sim.orders_url` is the socket that tells of them), for the instruments of the feed and at its prices:

    with Simulator(Generated(), orders=Orders(deep=True, delays=NO_DELAYS), script="at place 2: after") as sim:
        sim.fault("external -65"); sim.fault("updates close 1001"); sim.fault("place reset")
        sim.look(lambda exchange: exchange.net); sim.wait_until(lambda exchange: exchange.at_rest, 5); sim.counters.orders

Every kind of fault is listed in `script.FORMS` (of orders: `exchange.script.FAULT_FORMS`, `order_script.SOCKET_FAULTS`); a packet fault is one packet more, the good stream is as without it.

As a process of its own: `python -m tests.simulator --help`, and in a test or benchmark:

    with spawn("--rate", "1000", "--instruments", "50", "--stamp") as child:
        child.ws_url; child.tell("at 3s: reset"); child.tell("go"); child.counters(); child.wait_finished(30)
        child.truth(); child.wait("held NIFTY25NOV2525000CE 75", 5)     # with --orders
"""

from tests.simulator.account import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET, Account, Tokens, totp
from tests.simulator.counters import Counters
from tests.simulator.order_options import Orders
from tests.simulator.process import Spawned, spawn
from tests.simulator.raw_lines import RawLines
from tests.simulator.simulator import Simulator, played
from tests.simulator.traffic import Burst, Generated, Quiet, Recorded, Traffic

__all__ = [
    "API_KEY",
    "CLIENT_CODE",
    "PIN",
    "TOTP_SECRET",
    "Account",
    "Burst",
    "Counters",
    "Generated",
    "Orders",
    "Quiet",
    "RawLines",
    "Recorded",
    "Simulator",
    "Spawned",
    "Tokens",
    "Traffic",
    "played",
    "spawn",
    "totp",
]
