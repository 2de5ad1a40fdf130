"""The levels of the log's components: as configured, as an operator has chosen for a while, and in detail by itself.

What an operator has chosen goes before the rest until it goes back. Each change is a line that is kept.
"""

import logging
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final, get_args

from engine.logs.kept import log_trade
from engine.logs.lines import ROOT
from engine.model.errors import ConfigError
from engine.model.log_counts import (
    COMPONENTS,
    DEFAULT,
    LEVEL_NAMES,
    LONGEST_S,
    ComponentLevel,
    LogComponent,
    LogLevelName,
    objection_to,
)
from engine.text.sanitize import CleanText

OPERATOR, ADAPTIVE = CleanText("operator"), CleanText("adaptive")
_NEVER_NS: Final = 1 << 62
_SECOND_NS = 1_000_000_000
_NUMBERS: Mapping[str, int] = {name: getattr(logging, name.upper()) for name in LEVEL_NAMES}


class LogLevels:
    """The level of each component; `view` is what they are now, and `due_ns` (monotonic) when the next goes back by itself.

    `in_detail` are those at DEBUG, `escalated` those of them that are so by themselves.
    """

    def __init__(self, level: str, levels: Mapping[str, str]) -> None:
        """Set them as configured: `level`, and that of each component in `levels`; raises ConfigError with every problem."""
        _judge(level, levels)
        self.due_ns = _NEVER_NS
        self.view: tuple[ComponentLevel, ...] = ()
        self._configured: dict[LogComponent, LogLevelName] = {
            component: _level(levels.get(component, level)) for component in COMPONENTS
        }
        self._chosen: dict[LogComponent, tuple[LogLevelName, int]] = {}  # by an operator, until when
        self._detailed: frozenset[LogComponent] = frozenset()
        self.in_detail: tuple[LogComponent, ...] = ()
        self.escalated: tuple[LogComponent, ...] = ()
        self._changing = Lock()  # a command's turn and the engine's thread both change levels; held for one change
        logging.getLogger(ROOT).setLevel(_NUMBERS[level.lower()])
        self._show()

    @property
    def chosen(self) -> tuple[LogComponent, ...]:
        """The components of which an operator has chosen the level."""
        return tuple(self._chosen)

    def choose(self, component: str, level: str, for_s: int, now_ns: int) -> str:
        """Log `component` at `level` (or as configured again, `default`) for so long, 0 = for good; why not, or ""."""
        objection = objection_to(component, level) or ("" if 0 <= for_s <= LONGEST_S else f"for {for_s} s: too long")
        if objection:
            return objection
        known = next(each for each in COMPONENTS if each == component)
        with self._changing:
            if level == DEFAULT:
                self._chosen.pop(known, None)
            else:
                self._chosen[known] = (_level(level), now_ns + for_s * _SECOND_NS if for_s else _NEVER_NS)
            self._show()
        until = f" for {span(for_s)}" if for_s and level != DEFAULT else ""
        self._tell((known,), f"operator{until}")
        return ""

    def look(self, now_ns: int) -> None:
        """Let go back what has been chosen long enough."""
        with self._changing:
            over = [component for component, (_, until_ns) in self._chosen.items() if until_ns <= now_ns]
            for component in over:
                del self._chosen[component]
            self._show()
        for component in over:
            self._tell((component,), "the time that was said is over")

    def detail(self, components: Iterable[LogComponent], *, on: bool, because: str) -> None:
        """Log `components` in detail by itself, or no more, and why; one of which an operator has chosen the level keeps that."""
        components = tuple(components)
        with self._changing:
            self._detailed = self._detailed | set(components) if on else self._detailed - set(components)
            self._show()
        self._tell(components, because)

    def _show(self) -> None:
        """Have the loggers go by it; the caller holds the lock, or nobody logs so far."""
        self.view = tuple(map(self._view_of, COMPONENTS))
        self.in_detail = tuple(each.component for each in self.view if each.level == "debug")
        self.escalated = tuple(each.component for each in self.view if each.by == ADAPTIVE)
        self.due_ns = min((until_ns for _, until_ns in self._chosen.values()), default=_NEVER_NS)
        for each in self.view:
            logger, number = logging.getLogger(f"{ROOT}.{each.component}"), _NUMBERS[each.level]
            if logger.level != number:
                logger.setLevel(number)

    def _view_of(self, component: LogComponent) -> ComponentLevel:
        configured = self._configured[component]
        without = "debug" if component in self._detailed else configured
        if component in self._chosen:
            level, until_ns = self._chosen[component]
            return ComponentLevel(component, level, 0 if until_ns == _NEVER_NS else until_ns, without, OPERATOR)
        if without != configured:
            return ComponentLevel(component, without, 0, configured, ADAPTIVE)
        return ComponentLevel(component, configured)

    def _tell(self, components: tuple[LogComponent, ...], because: str) -> None:
        now = {each.component: each.level for each in self.view}
        log_trade("log %s → %s: %s", ", ".join(components), now[components[0]], because, component="engine")


def span(seconds: int) -> str:
    """A stretch of time in its largest whole unit: `10 min`, `90 s`, `2 h`."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length and not seconds % length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _level(name: str) -> LogLevelName:
    return next(each for each in get_args(LogLevelName) if each == name.lower())


def _judge(level: str, levels: Mapping[str, str]) -> None:
    problems = [
        f"[log] level {name[:40]!r} is not known; allowed: {', '.join(LEVEL_NAMES)}"
        for name in dict.fromkeys((level, *levels.values()))
        if name.lower() not in LEVEL_NAMES
    ]
    problems += [
        f"[log] component {name[:40]!r} is not known; allowed: {', '.join(COMPONENTS)}"
        for name in levels
        if name not in COMPONENTS
    ]
    if problems:
        raise ConfigError(*problems)
