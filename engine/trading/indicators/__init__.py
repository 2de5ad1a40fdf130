"""Incremental indicators over integer prices, one a file, each O(1) a tick. Know nothing of sessions, filters or orders.

Each has `update`, which takes the next price in minor units, a `value` (or several) in the same unit, None until it is
defined, and in `STATE` the names of what it remembers. A strategy gives its own name to each that it uses.
"""
