"""Each alert rule fires on what it is for and is silent otherwise, as Prometheus's own tool finds; the other files are what they claim."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.gateway.package_files import FOLDER

promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here")
DAY_S = 86_400
# rule: series in which it fires, series (of the same metrics) in which it does not; promtool's notation, a value each 15 s
UP = ('up{job="myquant"}', "1x60")
OPEN = ("myquant_session_open", "1x60")
LAMP = 'myquant_lamp_state{lamp="DATA",word="%s"}'
BUCKET = 'myquant_tick_stage_seconds_bucket{stage="total",delivery="%s",le="%s"}'


def slow(delivery: str) -> list[tuple[str, str]]:
    return [
        (BUCKET % (delivery, "0.004"), "0+1x60"),
        (BUCKET % (delivery, "0.008"), "0+50x60"),
        (BUCKET % (delivery, "+Inf"), "0+100x60"),
    ]


RULES: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {
    "EngineGone": ([UP, ("myquant_up", "1x7 0x53")], [UP, ("myquant_up", "1x60")]),
    "SnapshotOld": (  # one that has ended, or is gone, has no newer one, and that is not news
        [("myquant_up", "1x60"), ("myquant_snapshot_age_seconds", "0+1x60")],
        [("myquant_up", "0x60"), ("myquant_snapshot_age_seconds", "0+1x60")],
    ),
    "DataStale": ([OPEN, (LAMP % "STALE", "1x60")], [("myquant_session_open", "0x60"), (LAMP % "STALE", "1x60")]),
    "FeedFlapping": ([("myquant_feed_links_total", "1+0.3x60")], [("myquant_feed_links_total", "1x26 2x34")]),
    "TickLatencyHigh": (slow("callback"), slow("polling")),
    "InboxDeep": ([("myquant_inbox_ticks", "900x60")], [("myquant_inbox_ticks", "800x60")]),
    "TicksMerged": ([("myquant_ticks_merged_total", "0x40 1+1x20")], [("myquant_ticks_merged_total", "7x60")]),
    "Faults": (
        [('myquant_faults_total{component="trader"}', "0x46 1x14")],
        [('myquant_faults_total{component="trader"}', "1x60")],
    ),
    "RefusedRate": (
        [("myquant_ticks_total", "0+100x60"), ('myquant_ticks_refused_total{reason="nan"}', "0+2x60")],
        [("myquant_ticks_total", "0+100x60"), ('myquant_ticks_refused_total{reason="nan"}', "0+0.5x60")],
    ),
    "FlatEscalated": (
        [('myquant_flat_state{state="ESCALATED"}', "1x60")],
        [('myquant_flat_state{state="CLOSING"}', "1x60")],
    ),
    "EntriesLocked": (
        [OPEN, ("myquant_entries_locked", "1x60")],
        [("myquant_session_open", "0x60"), ("myquant_entries_locked", "1x60")],
    ),
    "OrderUnknown": ([("myquant_orders_unknown", "1x60")], [("myquant_orders_unknown", "0x54 1 0x5")]),
    "OrdersRefused": (
        [('myquant_orders_refused_total{family="ip"}', "0x50 3x10")],
        [('myquant_orders_refused_total{family="ip"}', "0x50 1x10")],
    ),
    "BrokerHoldsOtherwise": ([("myquant_broker_mismatches", "1x60")], [("myquant_broker_mismatches", "0x60")]),
    "BrokerBooksOld": (
        [("myquant_up", "1x60"), ("myquant_broker_round_age_seconds", "0+15x60")],
        [("myquant_up", "1x60"), ("myquant_broker_round_age_seconds", "31x60")],
    ),
    "AlertsFail": (
        [('myquant_alerts_failing{channel="telegram"}', "1x60")],
        [('myquant_alerts_failing{channel="telegram"}', "0x60")],
    ),
    "JournalFailed": (
        [('myquant_edge_failed{edge="journal"}', "1x60")],
        [('myquant_edge_failed{edge="log"}', "1x60")],
    ),
    "RecorderStopped": (
        [('myquant_edge_failed{edge="recorder"}', "1x60")],
        [('myquant_edge_failed{edge="recorder"}', "0x60")],
    ),
    "DiskLow": ([("myquant_disk_free_bytes", "499e6x60")], [("myquant_disk_free_bytes", "501e6x60")]),
    "ClockSkew": (
        [("myquant_feed_clock_offset_seconds", "-2.5x60")],
        [("myquant_feed_clock_offset_seconds", "1.9x60")],
    ),
    "ValidationFailed": (
        [('myquant_validation_outcome{outcome="not validated"}', "1x60")],
        [
            ('myquant_validation_outcome{outcome="same"}', "1x60"),
            ('myquant_validation_outcome{outcome="different"}', "0x60"),
        ],
    ),
    "ValidationMissing": (
        [OPEN, ("myquant_validation_timestamp_seconds", f"{-5 * DAY_S}x60")],
        [OPEN, ("myquant_validation_timestamp_seconds", f"{-3 * DAY_S}x60")],
    ),
}


REPLAY = ('myquant_trade_mode{mode="replay"}', "1x60")
# further series in which a rule does not fire: of a replay, or of an engine that was stopped in good order
SILENT = {
    "EngineGone": [[UP, ("myquant_up", "0x60"), ("myquant_stopped", "1x60")], [UP, ("myquant_up", "0x60"), REPLAY]],
    "DataStale": [[*RULES["DataStale"][0], REPLAY]],
    "EntriesLocked": [[*RULES["EntriesLocked"][0], REPLAY]],
    "InboxDeep": [[*RULES["InboxDeep"][0], REPLAY]],
    "BrokerBooksOld": [[*RULES["BrokerBooksOld"][0], REPLAY]],
}


def test_every_rule_has_its_two_cases() -> None:
    assert re.findall(r"alert: (\w+)", (FOLDER / "rules.yml").read_text(encoding="utf-8")) == list(RULES)


@promtool
@pytest.mark.parametrize("fires", [True, False])
def test_rules_fire_on_what_they_are_for_and_not_otherwise(tmp_path: Path, fires: bool) -> None:
    tests = []
    cases = [(rule, cases[not fires]) for rule, cases in RULES.items()]
    if not fires:
        cases += [(rule, series) for rule, several in SILENT.items() for series in several]
    for rule, case in cases:
        series = [{"series": name, "values": values} for name, values in case]
        found = f"count(ALERTS{{alertname='{rule}',alertstate='firing'}}) or vector(0)"
        expected = [{"labels": "{}", "value": 1 if fires else 0}]
        tests.append(
            {
                "name": rule,
                "interval": "15s",
                "input_series": series,
                "promql_expr_test": [{"expr": found, "eval_time": "14m", "exp_samples": expected}],
            }
        )
    document = {"rule_files": [str(FOLDER / "rules.yml")], "evaluation_interval": "15s", "tests": tests}
    path = tmp_path / "rules_test.yml"
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    done = subprocess.run(
        ["promtool", "test", "rules", path.name], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr


@promtool
def test_the_scrape_configuration_is_one(tmp_path: Path) -> None:
    from engine.gateway.package_files import text_of  # noqa: PLC0415

    (tmp_path / "serve.token").write_text("t", encoding="utf-8")
    (tmp_path / "prometheus.yml").write_text(
        text_of("scrape", port=8000, token=tmp_path / "serve.token"), encoding="utf-8"
    )
    (tmp_path / "myquant-rules.yml").write_text(text_of("rules"), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "check", "config", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool is not here")
def test_the_alertmanager_s_configuration_is_one() -> None:
    done = subprocess.run(
        ["amtool", "check-config", str(FOLDER / "alertmanager.yml")], capture_output=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dashboard_is_one_for_grafana() -> None:
    from grafana_foundation_sdk.models.dashboard import Dashboard  # noqa: PLC0415 - slow to import

    from engine.gateway.metrics.dashboard import PANELS, dashboard  # noqa: PLC0415

    read = Dashboard.from_json(json.loads(dashboard()))
    assert read.title == "myquant-tui"
    assert [each.title for each in read.panels] == [each.title for each in PANELS]
    assert all(each.targets for each in read.panels)
