"""The dashboard for Grafana, made of a table of panels: title, unit, and what is asked of Prometheus."""

from typing import Final

import msgspec
from msgspec import Struct

_DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
_PANELS_A_ROW: Final = 3
_WIDTH, _HEIGHT = 8, 7
_STAGES: Final = "sum by (le, stage, delivery) (rate(myquant_tick_stage_seconds_bucket[$__rate_interval]))"
_BY_STAGE: Final = "{{stage}} {{delivery}}"


class Panel(Struct, frozen=True):
    """A panel: `queries` are what is asked, each with the name of its lines; `kind` as Grafana calls it."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"
    what: str = ""


PANELS: Final = (
    Panel(
        "Engine",
        "short",
        (("myquant_up", "up"), ("myquant_session_open", "session open"), ("myquant_entries_locked", "entries locked")),
    ),
    Panel("Flat", "short", (("myquant_flat_state == 1", "{{state}}"),), "state-timeline"),
    Panel(
        "Lamps", "short", (("max by (lamp, word) (myquant_lamp_state == 1)", "{{lamp}} {{word}}"),), "state-timeline"
    ),
    Panel("Latency, median", "s", ((f"histogram_quantile(0.5, {_STAGES})", _BY_STAGE),)),
    Panel("Latency, p99", "s", ((f"histogram_quantile(0.99, {_STAGES})", _BY_STAGE),)),
    Panel("Snapshot", "s", (("myquant_snapshot_age_seconds", "age"), ("myquant_heartbeat_age_seconds", "{{lamp}}"))),
    Panel(
        "Ticks",
        "cps",
        (
            ("rate(myquant_ticks_total[$__rate_interval])", "worked"),
            ("sum(rate(myquant_ticks_refused_total[$__rate_interval])) or vector(0)", "refused"),
        ),
    ),
    Panel(
        "Inbox",
        "short",
        (("myquant_inbox_ticks", "waiting"), ("increase(myquant_ticks_merged_total[$__rate_interval])", "merged")),
    ),
    Panel(
        "Refused, by reason",
        "cps",
        (("rate(myquant_ticks_refused_total[$__rate_interval]) or vector(0)", "{{reason}}"),),
    ),
    Panel(
        "Errors",
        "short",
        (
            ("increase(myquant_faults_total[$__rate_interval])", "faults {{component}}"),
            ("increase(myquant_sequence_gaps_total[$__rate_interval])", "sequence gaps"),
            ("myquant_edge_failed", "{{edge}} cannot write"),
            (
                'sum by (component) (increase(myquant_log_lines_total{level=~"warning|error"}[$__rate_interval]))',
                "log {{component}}",
            ),
        ),
    ),
    Panel("What waits to be written", "short", (("myquant_edge_backlog", "{{edge}}"),)),
    Panel(
        "Link to the exchange",
        "s",
        (
            ("myquant_feed_rtt_seconds or vector(0)", "round trip"),
            ("myquant_feed_clock_offset_seconds or vector(0)", "clock offset"),
        ),
        what="Of a live feed.",
    ),
    Panel(
        "Session watched",
        "percentunit",
        (("myquant_session_watched_minutes / myquant_session_minutes", "{{days}}"),),
        what="Minutes with the link up and prices fresh, of those that have passed.",
    ),
    Panel(
        "Memory and disk",
        "decbytes",
        (("myquant_engine_resident_memory_bytes", "engine"), ("myquant_disk_free_bytes", "free on the disk")),
    ),
    Panel("Processor", "percentunit", (("myquant_engine_cpu_ratio", "engine, of one core"),)),
    Panel(
        "Pauses and descriptors",
        "short",
        (
            ("myquant_engine_gc_pause_seconds_max * 1000", "longest collection, ms"),
            ("myquant_engine_open_fds", "descriptors"),
        ),
    ),
    Panel(
        "Result",
        "currencyINR",
        (
            ("myquant_day_pnl", "day"),
            ("myquant_realised_pnl", "realised"),
            ("myquant_drawdown", "drawdown of the day"),
            ("myquant_position_open_pnl or vector(0)", "open {{symbol}}"),
        ),
        what="Needs the token in the scrape configuration.",
    ),
    Panel(
        "Trades",
        "short",
        (
            ("myquant_entries_total", "entries"),
            ("sum(myquant_exits_total) or vector(0)", "exits"),
            ("myquant_position_quantity or vector(0)", "held {{symbol}}"),
        ),
        what="Needs the token.",
    ),
    Panel(
        "Money", "currencyINR", (("myquant_cash", "cash"), ("myquant_costs_total", "costs")), what="Needs the token."
    ),
    Panel(
        "Orders at the broker",
        "short",
        (
            ("myquant_orders_working or vector(0)", "working"),
            ("myquant_orders_unknown or vector(0)", "unknown"),
            ("myquant_orders_locked or vector(0)", "locked"),
            ("increase(myquant_orders_refused_total[$__rate_interval]) or vector(0)", "refused {{family}}"),
            ("myquant_broker_mismatches or vector(0)", "held otherwise"),
            ("myquant_broker_external or vector(0)", "of others"),
        ),
        what="Of a run with orders at a broker, as the three beside it.",
    ),
    Panel(
        "Order budget",
        "percentunit",
        (("myquant_order_budget_used / myquant_order_budget_limit or vector(0)", "{{window}}"),),
    ),
    Panel(
        "Broker",
        "s",
        (
            ("myquant_broker_round_trip_seconds or vector(0)", "round trip"),
            ("myquant_broker_round_age_seconds or vector(0)", "age of its books"),
            ("increase(myquant_broker_rounds_total[$__rate_interval]) or vector(0)", "readings {{outcome}}"),
            ("myquant_broker_session_up or vector(0)", "logged in"),
            ("myquant_broker_updates_up or vector(0)", "updates"),
        ),
    ),
    Panel(
        "Cost of orders",
        "currencyINR",
        (
            ("myquant_orders_slippage or vector(0)", "slippage of the day"),
            ("myquant_day_charges", "charges of the day"),
        ),
        what="Needs the token.",
    ),
    Panel(
        "Cache of quotes",
        "cps",
        (
            ("rate(myquant_cache_hits_total[$__rate_interval])", "{{layer}}"),
            ("rate(myquant_cache_misses_total[$__rate_interval])", "missed"),
        ),
    ),
    Panel(
        "Answers, p99",
        "s",
        (
            (
                "histogram_quantile(0.99, sum by (le, route) (rate(myquant_http_request_duration_seconds_bucket[$__rate_interval])))",
                "{{route}}",
            ),
        ),
    ),
    Panel(
        "Validation",
        "short",
        (
            ("myquant_validation_outcome == 1", "{{outcome}}"),
            ("(time() - myquant_validation_timestamp_seconds) / 86400", "days ago"),
        ),
    ),
)


def dashboard() -> bytes:
    """Return the dashboard as JSON, to be imported into Grafana."""
    return (
        msgspec.json.format(
            msgspec.json.encode(
                {
                    "uid": "myquant",
                    "title": "myquant-tui",
                    "tags": ["myquant"],
                    "timezone": "browser",
                    "schemaVersion": 39,
                    "refresh": "5s",
                    "time": {"from": "now-30m", "to": "now"},
                    "templating": {
                        "list": [
                            {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
                        ]
                    },
                    "panels": [_panel(place, panel) for place, panel in enumerate(PANELS)],
                }
            ),
            indent=2,
        )
        + b"\n"
    )


def _panel(place: int, panel: Panel) -> dict[str, object]:
    row, column = divmod(place, _PANELS_A_ROW)
    return {
        "id": place + 1,
        "title": panel.title,
        "description": panel.what,
        "type": panel.kind,
        "datasource": _DATASOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "options": {},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _DATASOURCE, "expr": query, "legendFormat": legend}
            for number, (query, legend) in enumerate(panel.queries)
        ],
    }
