"""A simulated exchange, an engine and a screen's client, each in a place of its own, and samples of the engine's process."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from engine.config import bundled
from engine.link import RemoteEngine
from engine.model.snapshot import Snapshot
from tests.simulator import Spawned, spawn
from tests.soak.growth import Sample
from tests.support.processes.command_home import Home
from tests.support.venues.live_harness import ENVIRON

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_FIRST_STRIKE = 10_000


def symbols(count: int) -> list[str]:
    """Names of options that are not expired for a long time; at most 1,800."""
    return [f"NIFTY30DEC99{_FIRST_STRIKE + 50 * n}CE" for n in range(count)]


class SoakHarness:
    """All that runs during a soak; `remote` shows what the engine shows a screen."""

    def __init__(self, home: Home, exchange: Spawned, engine: subprocess.Popen[str], remote: RemoteEngine) -> None:
        self.home = home
        self.exchange = exchange
        self.engine = engine
        self.remote = remote
        self.begun_s = time.monotonic()
        self._pause = Event()

    @property
    def seen(self) -> Snapshot:
        """The engine's newest picture."""
        return self.remote.snapshot

    @property
    def recordings(self) -> list[Path]:
        return sorted((self.home.cwd / "recordings").iterdir())

    def pause(self, seconds: float) -> None:
        """Let time pass; a soak is made of it."""
        self._pause.wait(seconds)

    def sample(self) -> Sample:
        """The engine's process as the kernel sees it."""
        proc = Path(f"/proc/{self.engine.pid}")
        status = (proc / "status").read_text(encoding="ascii")
        fields = (proc / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        figure = {name: int(value) for name, value in re.findall(r"(VmRSS|Threads):\s+(\d+)", status)}
        return Sample(
            at_s=time.monotonic() - self.begun_s,
            rss_kb=figure["VmRSS"],
            descriptors=len(os.listdir(proc / "fd")),
            threads=figure["Threads"],
            cpu_s=(int(fields[11]) + int(fields[12])) * _TICK_S,
        )

    def reaches(self, ticks: int, within_s: float = 60.0) -> bool:
        """Whether the engine shows so many ticks, worked or merged, within that time."""
        give_up_s = time.monotonic() + within_s
        while time.monotonic() < give_up_s:
            if self.seen.ticks + self.seen.merged >= ticks:
                return True
            self.pause(0.05)
        return False

    def end(self) -> int:
        """End the engine in good order; its exit status."""
        self.remote.leave(detached=False)
        self.engine.send_signal(signal.SIGTERM)
        _, said = self.engine.communicate(timeout=60)
        (self.home.folder / "stderr.txt").write_text(said or "", encoding="utf-8")
        return self.engine.returncode


@contextmanager
def soaking(folder: Path, listed: Sequence[str], traffic: Sequence[str], keys: Sequence[str]) -> Iterator[SoakHarness]:
    """A paper run of `listed` symbols on an exchange with the options `traffic`, under the configuration's `keys`."""
    home = Home(folder)
    (home.cwd / "recordings").mkdir(exist_ok=True)
    with spawn("--symbols", ",".join(listed), "--hold", str(len(listed)), *traffic) as exchange:
        quoted = ",".join(f'"{symbol}"' for symbol in listed)
        usual = (
            f"smartapi.stream_url={exchange.ws_url}",
            f"smartapi.rest_url={exchange.http_url}",
            f"feed.symbols=[{quoted}]",
        )
        words = [word for key in (*usual, *keys) for word in ("--set", key)]
        state = folder / "state"
        tables = "".join(
            f'\n[instruments.{symbol}]\ntoken = "{token}"\n'
            for symbol, token in zip(listed, exchange.tokens, strict=True)
        )
        config = folder / "config.toml"
        config.write_text(bundled("config.toml").read_text(encoding="utf-8") + tables, encoding="utf-8")
        whole: tuple[str | Path, ...] = (
            "engine",
            "--quiet",
            "--config",
            config,
            "--source",
            "smartapi",
            "--state-dir",
            state,
            *words,
        )
        with home.start(*whole, env=home.environment | ENVIRON) as engine:
            remote = RemoteEngine(state / "engine.sock", "soak")
            try:
                remote.start(30)
                yield SoakHarness(home, exchange, engine, remote)
            finally:
                remote.leave(detached=False)
                if engine.returncode is None:  # it did not come to `end`
                    engine.kill()
                    print(engine.communicate(timeout=20)[1], file=sys.stderr)
