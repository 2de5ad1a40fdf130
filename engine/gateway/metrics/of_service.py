"""The service's own metrics: its cache, its alerts, how long its answers took."""

from collections.abc import Container, Iterable, Iterator
from threading import Lock
from typing import get_args

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.metrics_core import Metric

from engine.backtest.validation_record import DayOutcome, Validation
from engine.gateway.metrics.families import PREFIX, counter, gauge, one_of
from engine.gateway.quotes.answers import CacheView

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each of ours that nobody asks for

_NEVER = "never"
_UP_TO_S = (0.005, 0.025, 0.1, 0.5)


def of_cache(cache: CacheView) -> Iterator[Metric]:
    """The cache of quotes."""
    yield counter("cache_hits", "Quotes that a layer of the cache had", cache.hits, ("layer",))
    yield counter("cache_misses", "Quotes that no layer had", cache.misses)
    yield gauge("cache_redis_available", "Whether Redis answers", cache.redis_available)


def of_validation(found: Validation | None) -> Iterator[Metric]:
    """The newest validation; the time 0 where there was none."""
    words = (*get_args(DayOutcome), _NEVER)
    yield one_of(
        "validation_outcome", "How the newest validation came out", "outcome", words, found.outcome if found else _NEVER
    )
    yield gauge("validation_timestamp_seconds", "When it was made", found.at.timestamp() if found else 0)


def of_channels(names: Iterable[str], problems: Container[str]) -> Iterator[Metric]:
    """The channels of alerts, and which of them did not take their newest message."""
    yield gauge(
        "alerts_failing",
        "Whether a channel did not take its newest alert",
        {name: name in problems for name in names},
        ("channel",),
    )


class AlertsSent:
    """How often an alert was handed to a channel, and with which outcome (sent, failed)."""

    def __init__(self) -> None:
        self._lock = Lock()  # channels work in threads of their own; held for one addition
        self._counts: dict[tuple[str, str], int] = {}

    def add(self, channel: str, outcome: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[channel, outcome] = self._counts.get((channel, outcome), 0) + 1

    def metrics(self) -> Iterator[Metric]:
        """The counts."""
        with self._lock:
            counts = dict(self._counts)
        yield counter("alerts_sent", "Alerts handed to a channel", counts, ("channel", "outcome"))


class AnswerTimes:
    """How long answers took, by route (of the table of operations) and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._took = Histogram(
            f"{PREFIX}http_request_duration_seconds",
            "How long answers took",
            ("route", "code"),
            registry=self.registry,
            buckets=_UP_TO_S,
        )

    def took(self, route: str, code: int, seconds: float) -> None:
        """Take one answer; `route` is a path of the table, not what somebody asked for."""
        self._took.labels(route, str(code)).observe(seconds)
