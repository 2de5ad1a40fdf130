"""Metrics for Prometheus: what an engine's snapshot and counters say, with names, units and labels from closed lists."""
