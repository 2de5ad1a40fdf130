"""All channels over one engine: a channel that hangs, fails or raises holds up no other; what was not told is told later."""

import asyncio
import logging
import threading
from collections import Counter

import pytest
from msgspec.structs import replace

from engine.gateway.alerts.alerter import Alerter
from engine.gateway.alerts.channels import Told
from engine.gateway.alerts.rules import Seen
from engine.presentation.alerting import Message
from tests.support.screens.lamp_snapshots import live
from tests.support.screens.snapshots import SECOND

GONE = Seen(live(), 0.1, answers=False, reason="nobody listens")


class Recorder:
    """A channel that keeps what it is told; `does` is what comes of it."""

    def __init__(self, name: str, does=Told) -> None:
        self.name = name
        self.told: list[Message] = []
        self._does = does

    def tell(self, message: Message) -> Told:
        self.told.append(message)
        return self._does()


class Counts(Counter):
    def add(self, channel: str, outcome: str) -> None:
        self[channel, outcome] += 1


class Clock:
    now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


async def looked(alerter: Alerter, clock: Clock, at_s: float, *, hanging: int = 0) -> None:
    """One round at that moment, and whatever it hands over to a channel that answers; `hanging` of them do not."""
    clock.now_ns = round(at_s * SECOND)
    alerter.look()
    while len(alerter._telling) > hanging:
        await asyncio.wait(alerter._telling, return_when=asyncio.FIRST_COMPLETED)


def raises() -> Told:
    raise RuntimeError("broken")


def test_a_dead_engine_is_told_by_everybody_though_one_hangs_and_one_breaks() -> None:
    free = threading.Event()
    hangs = Recorder("telegram", lambda: Told() if free.wait(30) else Told("late"))
    breaks, well = Recorder("webhook", raises), Recorder("command")
    clock, counts = Clock(), Counts()
    alerter = Alerter([hangs, breaks, well], lambda: GONE, counts, per_hour=20, clock_ns=clock)

    async def watch() -> None:
        for at_s in (0, 1, 2, 61, 62):
            await looked(alerter, clock, at_s, hanging=1)
        free.set()
        await asyncio.gather(*alerter._telling)

    asyncio.run(watch())
    assert [
        each.lines[0].startswith("still, after 1 min: the engine does not answer: nobody listens") for each in well.told
    ] == [False, True]
    assert len(hangs.told) == 1
    assert len(breaks.told) >= 2
    assert alerter.problems == {"webhook": "RuntimeError: broken"}
    assert (counts["command", "sent"], counts["telegram", "sent"]) == (2, 1)
    assert counts["webhook", "failed"] == len(breaks.told)


def test_it_is_over_when_the_engine_answers_again_and_a_replay_is_nobody_s_money() -> None:
    seen = [GONE]
    well = Recorder("command")
    clock = Clock()
    alerter = Alerter([well], lambda: seen[0], Counts(), per_hour=20, clock_ns=clock)

    async def watch() -> None:
        await looked(alerter, clock, 0)
        seen[0] = replace(GONE, answers=True, snapshot=live(positions=()))
        for at_s in (10, 14):
            await looked(alerter, clock, at_s)
        seen[0] = replace(GONE, snapshot=live(trade_mode="replay"))
        for at_s in (20, 40):
            await looked(alerter, clock, at_s)

    asyncio.run(watch())
    assert [(each.level, each.lines[0].partition(":")[0]) for each in well.told] == [
        ("critical", "the engine does not answer"),
        ("info", "over"),
    ]


def test_another_engine_is_told_once() -> None:
    well = Seen(live(positions=()), 0.1, answers=True, pid=7, run=1)
    seen = [well]
    heard = Recorder("command")
    clock = Clock()
    alerter = Alerter([heard], lambda: seen[0], Counts(), per_hour=20, clock_ns=clock)

    async def watch() -> None:
        await looked(alerter, clock, 0)
        seen[0] = replace(well, pid=8, run=2)
        for at_s in (10, 14, 18):
            await looked(alerter, clock, at_s)

    asyncio.run(watch())
    assert [each.lines for each in heard.told] == [("another engine answers: process 8",)]


def test_a_second_engine_that_dies_within_the_minute_is_told_at_once() -> None:
    here = Seen(live(positions=()), 0.1, answers=True, pid=7, run=1)
    seen = [here]
    heard = Recorder("command")
    clock = Clock()
    alerter = Alerter([heard], lambda: seen[0], Counts(), per_hour=20, clock_ns=clock)

    async def watch() -> None:
        for at_s, run, answers in ((0, 1, True), (1, 1, False), (10, 2, True), (14, 2, True), (20, 2, False)):
            seen[0] = replace(
                here, answers=answers, reason="gone", run=run
            )  # begun anew in its place: the same process
            await looked(alerter, clock, at_s)

    asyncio.run(watch())
    assert [each.lines for each in heard.told] == [
        ("the engine does not answer: gone",),
        ("another engine answers: process 7", "over: the engine does not answer: gone"),
        ("the engine does not answer: gone",),
    ]


def test_a_channel_is_claimed_while_it_can_be_counted_on_and_no_longer() -> None:
    free = threading.Event()
    here = Seen(live(positions=(), taken_ns=77), 0.1, answers=True, run=1)
    seen = [here]
    clock = Clock()
    hangs = Recorder("webhook", lambda: Told() if free.wait(30) else Told("late"))
    channels = [Recorder("command"), Recorder("telegram", raises), hangs]
    alerter = Alerter(channels, lambda: seen[0], Counts(), per_hour=20, clock_ns=clock)
    assert alerter.claims() == {}

    async def watch() -> None:
        await looked(alerter, clock, 0, hanging=1)
        assert alerter.claims() == {"command": 77, "telegram": 77, "webhook": 77}
        seen[0] = replace(here, snapshot=live(positions=(), taken_ns=99, fault="boom"))
        await looked(alerter, clock, 1, hanging=1)
        assert alerter.claims() == {"command": 77, "telegram": 77, "webhook": 77}  # they are about to
        await looked(alerter, clock, 2, hanging=1)
        assert alerter.claims() == {"command": 99, "webhook": 77}
        await looked(alerter, clock, 7, hanging=1)
        assert alerter.claims() == {"command": 99}
        clock.now_ns += 4 * SECOND  # it looks no more
        assert alerter.claims() == {}
        free.set()
        await asyncio.gather(*alerter._telling)

    asyncio.run(watch())


def test_each_alert_is_logged_with_the_channel_that_took_it_and_a_failure_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outcomes = iter((Told("status 500"), Told("status 500"), Told()))
    clock = Clock()
    channels = [Recorder("command"), Recorder("webhook", lambda: next(outcomes))]
    alerter = Alerter(channels, lambda: GONE, Counts(), per_hour=20, clock_ns=clock)

    async def watch() -> None:
        for at_s in (0, 10, 30):
            await looked(alerter, clock, at_s)
            await asyncio.gather(*alerter._telling)

    with caplog.at_level(logging.INFO, "myquant.gateway"):
        asyncio.run(watch())
    said = sorted(record.getMessage().partition(": nobody")[0] for record in caplog.records)
    assert said == [
        "an alert was not told by webhook: status 500",
        "told by command: CRITICAL the engine does not answer",
        "told by webhook: CRITICAL the engine does not answer",
    ]
