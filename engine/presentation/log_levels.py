"""The levels of the log in words. Pure."""

from engine.model.log_counts import ComponentLevel
from engine.model.snapshot import Snapshot
from engine.presentation import format as text

_BY = {"operator": "the operator's", "adaptive": "by itself, while something is wrong"}


def words(each: ComponentLevel, seen: Snapshot) -> str:
    """`trader debug until 14:32:10, then info (the operator's)`; `feed info` where it is as configured."""
    until = ""
    if each.until_ns:
        at_ms = (seen.wall_ns + each.until_ns - seen.taken_ns) // 1_000_000
        until = f" until {text.clock(at_ms, seen.session.zone)}"
    then = f", then {each.back}" if each.until_ns and each.back else ""
    by = f" ({_BY.get(each.by, each.by)})" if each.by else ""
    return f"{each.component} {each.level}{until}{then}{by}"
