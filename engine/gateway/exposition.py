"""The metrics that say what this is; those of the engine come from `metrics`."""

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE

from engine.version import VERSION

__all__ = ["CONTENT_TYPE", "exposition"]

_REGISTRY = CollectorRegistry()
Gauge("myquant_up", "The service answers", registry=_REGISTRY).set(1)
Gauge("myquant_build_info", "Which version this is", ("version",), registry=_REGISTRY).labels(VERSION).set(1)


def exposition(private: bool) -> bytes:
    """The metrics in Prometheus's text format; `private`: those of money as well."""
    del private
    return generate_latest(_REGISTRY)
