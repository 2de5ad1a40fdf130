"""How to put the program on the simulated exchange by hand, in words for a person. Starts nothing."""

import json

from tests.simulator.account import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET
from tests.simulator.simulator import Simulator

_NAMES = ("CLIENT_CODE", "PIN", "API_KEY", "TOTP_SECRET")


def explain(simulator: Simulator) -> str:
    """What to type in another shell, and what goes wrong by which line here."""
    account = " ".join(
        f"MYQUANT_SMARTAPI_{name}={value}"
        for name, value in zip(_NAMES, (CLIENT_CODE, PIN, API_KEY, TOTP_SECRET), strict=True)
    )
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
    orders = "orders here, a line each: reset · silence 10 · close 1006 · duplicate · jump 5 · counters · stop"
    return f"In another shell:\n\n{account} \\\n  {words}\n\n{orders}\n"
