"""A baseline: raw measurements, what each part costs, and whether a tick has become dearer."""
