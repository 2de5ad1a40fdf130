"""How to put the program on the simulated exchange by hand, in words for a person. Starts nothing."""

import json
from datetime import datetime, timedelta

from tests.simulator.account import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET
from tests.simulator.simulator import Simulator
from tests.simulator.traffic import IST

_NAMES = ("CLIENT_CODE", "PIN", "API_KEY", "TOTP_SECRET")
_WORDS = "words here, a line each: reset · silence 10 · close 1006 · duplicate · jump 5 · counters · stop"
_LIVE_WORDS = """words here, a line each:
  place after · place late 4000 · place reset · 5xx · status_false AB9999 · reject funds · partial 40     the next order
  cancel fill 50 · modify fill 50 · order_book stale · book empty · positions wrong 75 · any html for 5s  the next calls
  updates lost 3 · updates dup · updates late 2000 · updates down 8000 · updates close 1001 · hang_up     the sockets
  external -75 · square_off · ip for 20s · blocked for 20s · session · orders recover                     the broker
  reset · silence 10 · down 5                                                                             the feed
  at 30s: place after · at place 3: lost · p 0.1 any: 5xx                                                 later
  truth · counters · stop"""
_LIVE_CONFIG = """[feed]
source = "smartapi"
symbols = {symbols}

[smartapi]
stream_url = "{stream}"
orders_url = "{orders}"
rest_url = "{rest}"
master_url = "{listed}"

[session]
start = "00:01"
end = "23:58"
end_buffer_minutes = 20
calendar = "none"

[operator]
on_loss = "keep"

[risk]
max_daily_loss = 20000

[live]
enabled = true
max_order_value = 30000
max_lots = 2
max_open_positions = 2
max_orders_per_day = 500
symbols = {symbols}
forward_days = 5
"""


def explain(simulator: Simulator) -> str:
    """What to type in another shell, and what goes wrong by which line here."""
    return _on_paper(simulator) if simulator.counters.orders is None else _with_orders(simulator)


def _account() -> str:
    values = (CLIENT_CODE, PIN, API_KEY, TOTP_SECRET)
    return " ".join(f"MYQUANT_SMARTAPI_{name}={value}" for name, value in zip(_NAMES, values, strict=True))


def _on_paper(simulator: Simulator) -> str:
    """Fills are the program's own; what it needs stands on one command line."""
    symbols = [line.symbol for line in simulator.lines]
    keys = [
        f"smartapi.stream_url={simulator.ws_url}",
        f"smartapi.rest_url={simulator.http_url}",
        f"feed.symbols='{json.dumps(symbols)}'",
        *(f"instruments.{line.symbol}.token={line.token}" for line in simulator.lines),
        "session.start=00:00",
        "session.end=23:59:59",
        "session.calendar=none",  # on Sundays as well
    ]
    words = " \\\n    --set ".join(["myquant-tui run --source smartapi --trust-host 127.0.0.1", *keys])
    return f"In another shell:\n\n{_account()} \\\n  {words}\n\n{_WORDS}\n"


def _with_orders(simulator: Simulator) -> str:
    """Orders come here: a folder, a cache and a configuration of their own, since several commands need them."""
    begin = datetime.now(IST) - timedelta(hours=3)
    said = _LIVE_CONFIG.format(
        symbols=json.dumps([line.symbol for line in simulator.lines]),
        stream=simulator.ws_url,
        orders=simulator.orders_url,
        rest=simulator.http_url,
        listed=simulator.master_url,
    )
    return f"""In another shell (LIVE-SIM: orders go to this exchange and to nothing else):

mkdir -p ~/myquant-simulated && cd ~/myquant-simulated
export {_account()}
export MYQUANT_TRUST_HOST=127.0.0.1 XDG_CACHE_HOME=$PWD/cache XDG_STATE_HOME=$PWD/state XDG_DATA_HOME=$PWD/data
cat > config.toml <<'END'
{said}END
myquant-tui run --headless   # on paper first: two hours of it are the forward test (a minute and a half, where this exchange runs as
                             # python -m tests.simulator --orders --port {simulator.port} --instruments {len(simulator.lines)} --per-token 100 \\
                             #     --speed 150 --day-time {begin:%Y-%m-%dT%H:%M:%S}   # from three hours ago on
myquant-tui arm --live       # the last four characters of the client code are {CLIENT_CODE[-4:]}
myquant-tui run --live       # k begins entries; !x closes everything

{_LIVE_WORDS}
"""
