"""A simulated broker and exchange for orders, pure: what a client of SmartAPI meets, and everything that goes wrong with it.

    exchange = SimulatedExchange([Security("NIFTY06OCT2622100CE", "40672")], Random(seed), now_ms, script="at place 2: after")
    outcome = exchange.call(now_ms, "place", {"variety": "NORMAL", …})      # or exchange.request(now_ms, "POST", path, headers, body)
    outcome.end, outcome.at_ms, outcome.answer.status, outcome.answer.body  # "silent": nothing comes, ever
    exchange.step(now_ms)                                                   # exchange.next_ms: when something happens by itself
    stream = exchange.open_updates(now_ms); stream.take(now_ms)             # order updates as they arrive
    exchange.set_book(now_ms, symbol, [(9_995, 650)], [(10_000, 650)], last=10_000)   # else it moves by itself: exchange.depth(symbol)
    exchange.fault(now_ms, "cancel fill 50"); exchange.end_faults(now_ms)
    exchange.net, exchange.working, exchange.fills, exchange.at_rest        # the truth; exchange.counters judge a client

Faults: `script.FAULT_FORMS`, and `drawn.drawn_script` for scripts by chance. A fault of a call is written
`CALL FAULT [taken] [untagged] [rejected | cancelled] [x3 | for 2s]`, of placing where no call is named, and `write`, `book`,
`read`, `any` are calls as well. Delays, and what is not settled about the real broker: `Delays`, `Quirks`.
"""

from tests.simulator.exchange.answers import CallOutcome, WireAnswer
from tests.simulator.exchange.counters import OrderCounters
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.orders import BrokerOrder, ExchangeFill
from tests.simulator.exchange.positions import Carried
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import NO_DELAYS, Delays, Quirks, TradingDay
from tests.simulator.exchange.updates import UpdateStream

__all__ = [
    "NO_DELAYS",
    "BrokerOrder",
    "CallOutcome",
    "Carried",
    "Delays",
    "ExchangeFill",
    "OrderCounters",
    "Quirks",
    "Security",
    "SimulatedExchange",
    "TradingDay",
    "UpdateStream",
    "WireAnswer",
]
