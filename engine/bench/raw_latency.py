"""Latencies as they came, one by one, put where an engine counts them."""

from array import array

from engine.model.latency import Histogram


class RawLatency(Histogram):
    """A histogram that also keeps every value, until somebody takes them."""

    __slots__ = ("values_ns",)

    def __init__(self) -> None:
        super().__init__()
        self.values_ns = array("q")

    def record(self, ns: int) -> None:
        """Count one duration and keep it."""
        super().record(ns)
        self.values_ns.append(ns)
