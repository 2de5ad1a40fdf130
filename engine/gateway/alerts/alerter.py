"""Looks at the engine once a second and tells by every channel what is due; a channel that hangs or fails holds up no other."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from engine.gateway.alerts.channels import Channel, Told
from engine.gateway.alerts.outbox import Look, Outbox
from engine.gateway.alerts.rules import RuleWatch, Seen
from engine.gateway.log import LOGGER
from engine.presentation.alert_look import TradeNews
from engine.presentation.alerting import Message
from engine.presentation.alerts import Alert, conditions, of_run
from engine.text.sanitize import clean

_LOOK_S = 1.0
_LIVES_NS = 4_000_000_000  # since its last look; an alerter that looks no more tells nothing


class Sent(Protocol):
    """Counts what was handed to a channel."""

    def add(self, channel: str, outcome: str) -> None:
        """Count one; `outcome` is sent or failed."""


class Alerter:
    """All channels over one engine; `look_at` gives the newest look, None before there was an engine.

    `more` gives what else stands for a channel, such as a validation that failed. `trades`: each exit is told as well.
    """

    def __init__(
        self,
        channels: Sequence[Channel],
        look_at: Callable[[], Seen | None],
        sent: Sent,
        *,
        per_hour: int,
        trades: bool = False,
        more: Callable[[str], Sequence[Alert]] = lambda _: (),
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._boxes = [(channel, Outbox(per_hour)) for channel in channels]
        self._look_at = look_at
        self._sent = sent
        self._trades = trades
        self._more = more
        self._clock_ns = clock_ns
        self._rules = RuleWatch()
        self._news = TradeNews()
        self._run = 0
        self._telling: set[asyncio.Task[None]] = set()
        self._claims: tuple[int, dict[str, int]] = (0, {})  # replaced as a whole: the thread of the link reads it

    @property
    def names(self) -> tuple[str, ...]:
        """The channels there are."""
        return tuple(channel.name for channel, _ in self._boxes)

    @property
    def problems(self) -> dict[str, str]:
        """Why a channel did not tell its newest message, for those that did not."""
        return {channel.name: box.problem for channel, box in self._boxes if box.problem}

    @property
    def told_ns(self) -> dict[str, int]:
        """The channels there are, each with the newest look (monotonic) up to which all that stood was told; from any thread."""
        return {channel.name: box.told.at_ns for channel, box in self._boxes}

    def claims(self) -> dict[str, int]:
        """The channels that can be counted on now, each with when the engine's snapshot was taken up to which all was told; from any thread."""
        looked_ns, claims = self._claims
        return claims if self._clock_ns() - looked_ns < _LIVES_NS else {}

    async def run(self) -> None:
        """Look once a second until it is cancelled."""
        while True:
            self.look()
            looked_ns = self._clock_ns()
            await asyncio.sleep(_LOOK_S)
            if self._clock_ns() - looked_ns > _LIVES_NS:  # we stood still ourselves: first the link may look
                await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Make one round: judge, and hand over what is due."""
        seen = self._look_at()
        look = Look(self._clock_ns(), seen.snapshot.taken_ns if seen else 0)
        found = self._found(seen, look.at_ns) if seen else []
        for channel, box in self._boxes:
            message = box.look([*found, *self._more(channel.name)], look)
            if message is not None:
                task = asyncio.ensure_future(self._tell(channel, box, message))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)
        claims = {channel.name: box.told.taken_ns for channel, box in self._boxes if box.is_well(look.at_ns)}
        self._claims = look.at_ns, claims

    def _found(self, seen: Seen, now_ns: int) -> list[Alert]:
        """What stands of the engine; of another run of it these are other conditions."""
        if self._trades and seen.snapshot.trade_mode != "replay":
            for line in self._news.since(seen.snapshot):
                self._once(line, now_ns)
        if seen.answers and seen.run != self._run:
            if self._run:
                self._once(f"another engine answers: process {seen.pid}", now_ns)
            self._run = seen.run
        by_rule = self._rules.look(seen, now_ns)
        ruled = {each.key for each in by_rule}
        more = (each for each in conditions(seen.snapshot, now_ns) if each.key not in ruled)
        return of_run((*by_rule, *more), seen.run)

    def _once(self, text: str, now_ns: int) -> None:
        for _, box in self._boxes:
            box.once(text, now_ns)

    async def _tell(self, channel: Channel, box: Outbox, message: Message) -> None:
        try:
            told = await asyncio.to_thread(channel.tell, message)
        except Exception as error:  # noqa: BLE001 - of a channel: told like any other failure
            told = Told(clean(f"{type(error).__name__}: {error}"))
        before = box.problem
        box.settled(message, told, self._clock_ns())
        self._sent.add(channel.name, "failed" if told.problem else "sent")
        if not told.problem:
            LOGGER.info("told by %s: %s %s", channel.name, message.level.upper(), "; ".join(message.lines))
        elif told.problem != before:
            LOGGER.error("an alert was not told by %s: %s", channel.name, told.problem)
