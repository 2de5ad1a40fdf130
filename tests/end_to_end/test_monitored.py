"""A real Prometheus over a service over an engine with orders at a broker: every panel has its series, and a dead engine is an alert.

How long a rule waits before it fires is not waited for here: `test_rules.py` lets Prometheus's own tool do that.
"""

import os
import signal
from pathlib import Path

import pytest

from engine.gateway.metrics.dashboard import PANELS
from tests.support.gateway.monitored import PROMETHEUS, Prometheus, ServeProcess
from tests.support.processes.live_shell import HOLDING, live_shell
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not here")]
QUERIES = [query.replace("$__rate_interval", "10s") for panel in PANELS for query, _ in panel.queries]


# What orders at a broker are watched by, and from what to what it is where one was bought and is kept.
ORDERS = {
    'myquant_orders_sent_total{purpose="ENTRY"}': (1, 1),
    "myquant_orders_accepted_total": (1, 1),
    "myquant_order_fills_total": (1, 75),
    "myquant_orders_unknown": (0, 0),
    "myquant_orders_locked": (0, 0),
    "sum(myquant_orders_refused_total)": (0, 0),
    'myquant_order_budget_used{window="day"}': (1, 1),
    'myquant_broker_rounds_total{outcome="trusted"}': (2, 1e6),
    "myquant_broker_round_age_seconds": (0, 60),
    "myquant_broker_round_trip_seconds": (0, 60),
    "myquant_broker_login_generation": (1, 1),
    "myquant_broker_updates_up": (1, 1),
    "myquant_broker_mismatches": (0, 0),
    "myquant_broker_external": (0, 0),
}


def test_every_panel_shows_something_and_a_dead_engine_is_an_alert(tmp_path: Path) -> None:
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading().sees(lambda seen: seen.positions)
        with (
            ServeProcess(tmp_path, shell.state) as served,
            Prometheus(tmp_path / "prometheus", served.port, served.token) as prometheus,
        ):
            for _ in range(3):
                served.get("/api/v1/data/mock/BTCUSDT")
            empty = list(QUERIES)

            def shown() -> bool:
                empty[:] = [query for query in empty if not prometheus.series(query)]
                return not empty

            until(shown, lambda: (empty, served.said.read_text()[-2000:]))
            found: dict[str, list[float]] = {}

            def is_so() -> bool:
                found.update(
                    (query, [float(each["value"][1]) for each in prometheus.series(query)]) for query in ORDERS
                )
                return all(low <= min(found[query], default=-1) <= high for query, (low, high) in ORDERS.items())

            until(is_so, lambda: found)
            wrong = {"EngineGone", "SnapshotOld", "DataStale", "Faults", "TickLatencyHigh", "OrderUnknown"}
            assert not prometheus.alerts("firing") & wrong
            until(lambda: "EngineGone" not in prometheus.alerts("pending"), lambda: prometheus.api("alerts"))
            os.kill(shell.pid, signal.SIGKILL)
            until(lambda: "EngineGone" in prometheus.alerts("pending", "firing"), lambda: prometheus.api("alerts"))
