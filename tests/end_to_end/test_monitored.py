"""A real Prometheus over a service over an engine that trades: every panel has its series, and a dead engine is an alert.

How long a rule waits before it fires is not waited for here: `test_rules.py` lets Prometheus's own tool do that.
"""

import os
import signal
from pathlib import Path

import pytest

from engine.gateway.metrics.dashboard import PANELS
from tests.support.gateway.monitored import PROMETHEUS, Prometheus, ServeProcess
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not here")]
QUERIES = [query.replace("$__rate_interval", "10s") for panel in PANELS for query, _ in panel.queries]


def test_every_panel_shows_something_and_a_dead_engine_is_an_alert(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.start()
        shell.holds()
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
            wrong = {"EngineGone", "SnapshotOld", "DataStale", "Faults", "TickLatencyHigh"}
            assert not prometheus.alerts("firing") & wrong
            until(lambda: "EngineGone" not in prometheus.alerts("pending"), lambda: prometheus.api("alerts"))
            os.kill(shell.pid, signal.SIGKILL)
            until(lambda: "EngineGone" in prometheus.alerts("pending", "firing"), lambda: prometheus.api("alerts"))
