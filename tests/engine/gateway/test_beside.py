import asyncio

from engine.gateway import beside
from engine.gateway.beside import BesideTasks


class Worker:
    """Fails so often, then works until it is ended."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.runs = 0
        self.working = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            raise RuntimeError("broken")
        self.working.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended = True


def test_one_that_fails_ends_no_other_and_is_begun_anew(monkeypatch) -> None:
    monkeypatch.setattr(beside, "_AGAIN_S", 0.0)

    async def scene() -> None:
        well, failing = Worker(0), Worker(3)
        tasks = BesideTasks((failing, well))
        tasks.start()
        await asyncio.gather(well.working.wait(), failing.working.wait())
        assert (well.runs, failing.runs) == (1, 4)
        await tasks.stop()
        assert well.ended
        assert failing.ended

    asyncio.run(scene())
