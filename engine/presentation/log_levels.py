"""The levels of the log in words: as they are, and as they are asked for. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.model.commands import SetLogLevel
from engine.model.log_counts import LONGEST_S, ComponentLevel, objection_to
from engine.model.snapshot import Snapshot
from engine.presentation import format as text
from engine.text.sanitize import clean

_BY = {"operator": "the operator's", "adaptive": "by itself, while something is wrong"}
_FOR: Final = "--for"
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_SUCH_AS: Final = "trader=debug --for 10m"


def words(each: ComponentLevel, seen: Snapshot) -> str:
    """`trader debug until 14:32:10, then info (the operator's)`; `feed info` where it is as configured."""
    until = ""
    if each.until_ns:
        at_ms = (seen.wall_ns + each.until_ns - seen.taken_ns) // 1_000_000
        until = f" until {text.clock(at_ms, seen.session.zone)}"
    then = f", then {each.back}" if each.until_ns and each.back else ""
    by = f" ({_BY.get(each.by, each.by)})" if each.by else ""
    return f"{each.component} {each.level}{until}{then}{by}"


def commands_of(said: Sequence[str]) -> tuple[SetLogLevel, ...]:
    """What words such as `trader=debug feed=default --for 10m` ask for; raises ValueError with what is allowed."""
    changes: dict[str, str] = {}
    for_s = 0
    rest = iter(said)
    for word in rest:
        if word == _FOR or word.startswith(f"{_FOR}="):
            for_s = _seconds(word.partition("=")[2] or next(rest, ""))
        else:
            changes |= _change(word)
    if for_s and not changes:
        raise ValueError(f"--for: of which component? such as: {_SUCH_AS}")
    return tuple(SetLogLevel(clean(component), clean(level), for_s) for component, level in changes.items())


def told(seen: Snapshot) -> Iterator[str]:
    """The levels that are not as configured, in words."""
    return (words(each, seen) for each in seen.log_levels if each.by)


def _change(said: str) -> dict[str, str]:
    component, equals, level = said.partition("=")
    component, level = component.strip().lower(), level.strip().lower()
    if not equals:
        raise ValueError(f"{clean(said, 80)!r} is no COMPONENT=LEVEL, such as trader=debug")
    if objection := objection_to(component, level):
        raise ValueError(clean(objection, 400))
    return {component: level}


def _seconds(said: str) -> int:
    found = re.fullmatch(r"([0-9]{1,7})([smh])", said.strip().lower())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_S:
        raise ValueError(
            f"--for {clean(said, 40)!r}: no time; allowed: 1s to {LONGEST_S // 3600}h, such as 90s, 10m, 2h"
        )
    return seconds
