"""What the log counts, and at which levels its components are: plain data that edges, screens and gateways share."""

from typing import Final, Literal, get_args

from msgspec import Struct

from engine.text.sanitize import CleanText

LogComponent = Literal["engine", "feed", "trader", "broker", "journal", "recording"]
LogLevelName = Literal["debug", "info", "warning", "error"]
COMPONENTS: Final[tuple[LogComponent, ...]] = get_args(LogComponent)
LEVEL_NAMES: Final[tuple[LogLevelName, ...]] = get_args(LogLevelName)  # the least grave first
DEFAULT: Final = "default"  # what an operator says for the level that is configured
LONGEST_S: Final = 7 * 86_400  # for which he may choose one


class LogCounts(Struct, frozen=True):
    """Rising counts of one run's log: `lines` that were taken in by component and level, every pair of them.

    `suppressed` were beyond a component's lines in a second, `lost` beyond what may wait for a disk (or refused by it);
    `escalated` are the components that are at DEBUG by themselves at this moment.
    """

    lines: dict[LogComponent, dict[LogLevelName, int]]
    suppressed: int = 0
    lost: int = 0
    escalated: tuple[LogComponent, ...] = ()


class ComponentLevel(Struct, frozen=True, array_like=True):
    """The level of one component; `until_ns` (monotonic, 0 = for good) is when it goes back to `back` by itself.

    `by` is who chose it: "" = the configuration, `operator`, or `adaptive`.
    """

    component: LogComponent
    level: LogLevelName
    until_ns: int = 0
    back: LogLevelName | None = None
    by: CleanText = CleanText("")


def objection_to(component: str, level: str) -> str:
    """Why `component` cannot be logged at `level`; empty when it can."""
    if component not in COMPONENTS:
        return f"component {component[:40]!r} is not known; allowed: {', '.join(COMPONENTS)}"
    if level not in LEVEL_NAMES and level != DEFAULT:
        return f"level {level[:40]!r} is not known; allowed: {', '.join(LEVEL_NAMES)}, {DEFAULT}"
    return ""
