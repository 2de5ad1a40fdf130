"""Families of metrics as Prometheus's client writes them out; all names begin with `myquant_`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

PREFIX = "myquant_"
_Valued = TypeVar("_Valued", CounterMetricFamily, GaugeMetricFamily)
Values = float | Mapping[Any, float]  # by a label's text, or a tuple of texts


class Rising:
    """Makes one that only rises of a count that begins anew, as that of a day does: a fall is where counting goes on from."""

    def __init__(self) -> None:
        self._total = self._last = 0

    def of(self, value: int) -> int:
        """Take the count as it is now; what it has risen by in all."""
        self._total += max(0, value - self._last)
        self._last = value
        return self._total


def gauge(name: str, what: str, value: Values, labels: Sequence[str] = ()) -> Metric:
    """A value that rises and falls; where it has `labels`, one for each (a text, or a tuple of them)."""
    return _filled(GaugeMetricFamily(PREFIX + name, what, labels=labels), value)


def counter(name: str, what: str, value: Values, labels: Sequence[str] = ()) -> Metric:
    """A value that only rises, but for a restart; `_total` is put behind its name."""
    return _filled(CounterMetricFamily(PREFIX + name, what, labels=labels), value)


def one_of(name: str, what: str, label: str, words: Iterable[str], now: str) -> Metric:
    """A state: 1 for the word of now, 0 for each other one of the closed list."""
    return gauge(name, what, {word: float(word == now) for word in words}, (label,))


def histogram(
    name: str,
    what: str,
    labels: Sequence[str],
    rows: Iterable[tuple[Sequence[str], Sequence[tuple[str, float]], float]],
) -> Metric:
    """Durations: for each row its labels, how many were up to each bound (as text, "+Inf" last), and their sum in seconds."""
    family = HistogramMetricFamily(PREFIX + name, what, labels=labels)
    for values, buckets, total in rows:
        family.add_metric(values, buckets, total)
    return family


def _filled(family: _Valued, value: Values) -> _Valued:
    if not isinstance(value, Mapping):
        family.add_metric((), float(value))
        return family
    for labels, number in value.items():
        family.add_metric((labels,) if isinstance(labels, str) else labels, float(number))
    return family
