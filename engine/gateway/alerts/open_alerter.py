"""The alerter of a service: what it looks at, by what it tells, as configuration and environment want it."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from engine.config import Config
from engine.gateway.alerts.alerter import Alerter, Sent
from engine.gateway.alerts.channels import Channel
from engine.gateway.alerts.rules import Seen
from engine.link.client import ConnectionStatus
from engine.model.measures import Measures
from engine.model.snapshot import Snapshot
from engine.presentation.alerts import Alert
from engine.presentation.health import Health
from engine.presentation.lamps import TerminalLink

_NO_TERMINAL = TerminalLink(0.0, 0.0)


class Watched(Protocol):
    """The engine as the service sees it."""

    @property
    def snapshot(self) -> Snapshot | None:
        """Its newest snapshot; None before the first."""

    @property
    def measures(self) -> Measures | None:
        """Its newest counters; None before the first."""

    @property
    def state(self) -> ConnectionStatus:
        """Whether it is there, and why not."""

    @property
    def pid(self) -> int:
        """Its process; 0 before the first."""

    @property
    def run(self) -> int:
        """Another number for every engine that was started; 0 before the first."""

    def age_s(self) -> float | None:
        """How old the newest snapshot is; None before the first."""


class EngineLook:
    """Looks at an engine: its snapshot with the lamps as they have been judged look by look."""

    def __init__(self, engine: Watched, clock_ns: Callable[[], int] = time.perf_counter_ns) -> None:
        self._engine = engine
        self._clock_ns = clock_ns
        self._health = Health()

    def __call__(self) -> Seen | None:
        """The look of now; None before there was an engine."""
        snapshot, age_s, state = self._engine.snapshot, self._engine.age_s(), self._engine.state
        if snapshot is None or age_s is None:
            return None
        lamps = self._health.judge(snapshot, self._clock_ns(), _NO_TERMINAL)
        return Seen(
            snapshot=snapshot,
            age_s=age_s,
            answers=state.word == "CONNECTED",
            reason=state.reason,
            measures=self._engine.measures,
            lamps=lamps,
            pid=self._engine.pid,
            run=self._engine.run,
        )


def open_alerter(
    config: Config,
    channels: Sequence[Channel],
    engine: Watched,
    sent: Sent,
    more: Callable[[str], Sequence[Alert]] = lambda _: (),
) -> Alerter:
    """The alerter, to be run."""
    wanted = config.alerts
    return Alerter(channels, EngineLook(engine), sent, per_hour=wanted.per_hour, trades=wanted.trades, more=more)
