"""`/metrics`: all there is to tell at this moment, in Prometheus's text format. Asked at most as often as somebody scrapes."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine.gateway.metrics import of_engine, of_money, of_orders, of_service
from engine.gateway.metrics.families import Rising, gauge
from engine.gateway.quotes.answers import CacheView
from engine.link.client import ConnectionStatus
from engine.model.measures import Measures
from engine.model.snapshot import Snapshot
from engine.presentation.health import Health
from engine.presentation.lamps import TerminalLink
from engine.version import VERSION

CONTENT_TYPE = CONTENT_TYPE_LATEST
_KEPT_NS = 200_000_000  # a snapshot is as old
_NO_TERMINAL = TerminalLink(0.0, 0.0)


class Watched(Protocol):
    """The engine as the service sees it."""

    @property
    def snapshot(self) -> Snapshot | None:
        """Its newest snapshot; None before the first."""

    @property
    def measures(self) -> Measures | None:
        """Its newest counters; None before the first."""

    @property
    def state(self) -> ConnectionStatus:
        """Whether it is there."""

    def age_s(self) -> float | None:
        """How old the newest snapshot is; None before the first."""


class Exposition:
    """Writes out the metrics of `engine` and of the service; `more` are further collections of the service's own."""

    def __init__(
        self,
        engine: Watched,
        cache: Callable[[], CacheView] | None = None,
        more: Iterable[Callable[[], Iterator[Metric]]] = (),
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self.answers = of_service.AnswerTimes()
        self.alerts = of_service.AlertsSent()
        self._engine = engine
        self._cache = cache
        self._more = (self.alerts.metrics, *more)
        self._clock_ns = clock_ns
        self._health = Health()
        self._kept: dict[bool, tuple[int, bytes]] = {}  # whoever asks all the time costs the others no answers
        self._lamp_words: set[tuple[str, str]] = set()
        self._gaps = Rising()  # the engine counts those of a day, which each instrument begins by itself

    def text(self, private: bool) -> bytes:
        """The metrics, at most a fifth of a second old; `private`: those of money as well."""
        now_ns = self._clock_ns()
        made_ns, text = self._kept.get(private, (0, b""))
        if not text or now_ns - made_ns >= _KEPT_NS:
            text = self._written(private=private)
            self._kept[private] = now_ns, text
        return text

    def _written(self, *, private: bool) -> bytes:
        registry = CollectorRegistry()
        registry.register(_Once(self._collected(private=private)))
        return generate_latest(registry) + generate_latest(self.answers.registry)

    def _collected(self, *, private: bool) -> Iterator[Metric]:
        seen, age_s = self._engine.snapshot, self._engine.age_s()
        up = seen is not None and self._engine.state.word == "CONNECTED" and not seen.stopped
        yield gauge("up", "Whether an engine runs and answers", up)
        yield gauge("build_info", "Which version this is", {VERSION: 1}, ("version",))
        if seen is not None and age_s is not None:
            yield from of_engine.of_engine(seen, age_s, self._gaps.of(seen.sequence_gaps))
            yield from of_engine.of_feed(seen)
            yield from of_engine.of_uptime(seen)
            yield from of_engine.of_process(seen)
            yield from of_orders.of_orders(seen)
            yield from of_engine.of_lamps(self._health.judge(seen, self._clock_ns(), _NO_TERMINAL), self._lamp_words)
            if private:
                yield from of_money.of_money(seen)
                yield from of_orders.of_order_money(seen)
        if (measures := self._engine.measures) is not None:
            yield from of_engine.of_stages(measures)
            yield from of_engine.of_log(measures.log)
        if self._cache is not None:
            yield from of_service.of_cache(self._cache())
        for more in self._more:
            yield from more()


class _Once(Collector):
    """A collector of what was collected already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """All of it."""
        return self._metrics
