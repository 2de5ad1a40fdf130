"""Kills a recorded and journalled replay with SIGKILL at random moments, and looks whether all that it acknowledged is there.

`python -m tests.soak.crash_replay 200 --seed 1` reports figures and ends with status 1 when anything was lost or a start
afterwards was refused.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from engine.assembly import Run, build, load
from engine.config import bundled
from engine.journal import JOURNAL_FILE, read_events, verify
from engine.recording import MqrSource
from engine.recording.writer import RecordingWriter
from tests.support.paths import ROOT
from tests.support.processes.command_home import Home

DAYS = 6
_DAY_MS = 86_400_000
_RECORD_BYTES = 64
_START_S, _RUN_S = 0.3, 0.6  # about what the program takes to start, and for the run: kills land within
_OWN_COLUMNS = ("exch_ms", "price", "quantity", "day_volume", "exch_seq", "recv_wall_ns", "flags")


class Outcome(NamedTuple):
    """One kill: rows acknowledged and found, ticks known to be written and found, `problem` "" when all is well."""

    acknowledged: int
    rows: int
    written: int
    ticks: int
    finished: bool
    problem: str


def long_recording(path: Path, days: int = DAYS) -> Path:
    """The bundled session, once for each of `days` days."""
    source = MqrSource(bundled("nifty-synthetic.mqr"))
    with RecordingWriter(path, source.header) as writer:
        for day in range(days):
            shift_ms = day * _DAY_MS
            for tick in source.ticks():
                tick.exch_ms += shift_ms
                tick.recv_wall_ns += shift_ms * 1_000_000
                writer.append_tick(tick)
    return path


# ── The program that is killed. ──────────────────────────────────────────────────────────────────────────────────────


def _replay_until_killed(folder: Path, source: Path, flush_ms: str) -> None:
    """Replay `source` with journal and recording; a line "rows ticks" for what is safe by now, each time it rises."""
    overrides = (
        "recording.enabled=on",
        f"recording.directory={folder / 'recordings'}",
        f"recording.flush_ms={flush_ms}",
    )
    config = load(bundled("config.toml"), overrides)
    with build(config, MqrSource(source), "replay", speed=0.0, state_root=folder / "state") as run:
        over = Event()
        reporter = Thread(target=_report, args=(run, over))
        run.engine.start()
        reporter.start()
        run.engine.wait()
        run.engine.stop()
        over.set()
        reporter.join()
    os.write(1, b"over\n")


def _report(run: Run, over: Event) -> None:
    told = (-1, -1)
    while not over.wait(0.001):
        safe = _safe(run)
        if safe != told:
            told = safe
            os.write(1, b"%d %d\n" % safe)


def _safe(run: Run) -> tuple[int, int]:
    """(Journal's rows on the disk, ticks handed to the system): bytes that wait may all be ticks."""
    journal, recorder = run.journal, run.recorder
    assert journal is not None
    assert recorder is not None
    with run.engine.turn.lock:
        return journal.durable, max(0, recorder.kept - -(-recorder.waiting // _RECORD_BYTES))


# ── The one that kills. ──────────────────────────────────────────────────────────────────────────────────────────────


class Experiment:
    """Kills one replay after the other; `folder` holds the source and what an undisturbed run journals."""

    def __init__(self, folder: Path, days: int = DAYS) -> None:
        self._folder = folder
        self._source = long_recording(folder / "long.mqr", days)
        self._reference = [
            tuple(getattr(tick, name) for name in _OWN_COLUMNS) for tick in MqrSource(self._source).ticks()
        ]
        quiet = Home(folder / "undisturbed")
        answer = quiet.run("replay", self._source, "--headless", "--quiet", "--state-dir", folder / "undisturbed/state")
        assert answer.status == 0, answer
        self._bodies = _bodies(folder / "undisturbed/state" / JOURNAL_FILE)[:-1]  # without the row of a good end

    def kill(self, name: str, chance: random.Random, *, second: bool) -> Outcome:
        """Start, kill at a random moment, look, start again; with `second` also try to start beside the running one."""
        home = Home(self._folder / name)
        early = chance.random() < 0.1
        flush_ms = chance.choice(("10", "100", "1000"))
        words = ("-m", "tests.soak.crash_replay", "--victim", str(home.folder), str(self._source), flush_ms)
        with subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=home.environment, stdout=subprocess.PIPE
        ) as victim:
            assert victim.stdout is not None
            said = b"" if early else victim.stdout.readline()
            refused = self._second(home) if second and not early else ""
            with suppress(subprocess.TimeoutExpired):
                victim.wait(chance.uniform(0, _START_S if early else _RUN_S))
            victim.send_signal(signal.SIGKILL)
            said += victim.stdout.read()
        return self.judge(home, said, refused)

    def _second(self, home: Home) -> str:
        """Why a second instance did not get the answer that it should get; "" when it did."""
        answer = home.run("replay", self._source, "--headless", "--quiet", "--state-dir", home.folder / "state")
        right = answer.status == 3 and len(answer.lines) == 1 and "is in use by process" in answer.err
        # It may come after the first has ended by itself.
        return "" if right or answer.status == 0 else f"the second instance was answered {answer}"

    def judge(self, home: Home, said: bytes, refused: str) -> Outcome:
        """Look at what is left in `home` of a run that `said` on standard output what is safe."""
        lines = said.decode().splitlines(keepends=True)
        pairs = [line.split() for line in lines if line.endswith("\n") and " " in line]
        acknowledged, written = (int(pairs[-1][0]), int(pairs[-1][1])) if pairs else (0, 0)
        journal = home.folder / "state" / JOURNAL_FILE
        problems = [refused]
        bodies: list[str] = []
        if journal.exists() and journal.stat().st_size:
            problems.append(verify(journal) or "")
            bodies = _bodies(journal)
        if len(bodies) < acknowledged:
            problems.append(f"{acknowledged} rows were acknowledged, {len(bodies)} are there")
        ran = [body for body in bodies if '"RunEnded"' not in body]
        if ran[1:] != self._bodies[1 : len(ran)]:
            problems.append("the journal's rows are not the first rows of an undisturbed run")
        ticks = self._ticks(home, written, problems)
        problems.append(self._start_again(home, journal))
        problem = "; ".join(filter(None, problems))
        return Outcome(acknowledged, len(bodies), written, ticks, b"over\n" in said, problem)

    def _ticks(self, home: Home, written: int, problems: list[str]) -> int:
        """How many ticks can be read of the recording; adds to `problems` what is wrong with them."""
        found = list((home.folder / "recordings").glob("*.mqr"))
        if not found or not found[0].stat().st_size:
            if written:
                problems.append("there is no recording")
            return 0
        source = MqrSource(found[0])
        ticks = 0
        for ticks, (tick, expected) in enumerate(zip(source.ticks(), self._reference, strict=False), 1):
            if tuple(getattr(tick, name) for name in _OWN_COLUMNS) != expected:
                problems.append(f"tick {ticks} of the recording is wrong")
                break
        if ticks < written:
            problems.append(f"{written} ticks were written, {ticks} can be read")
        if ticks < len(self._reference) and not source.losses():
            problems.append("the recording is cut and does not say so")
        return ticks

    def _start_again(self, home: Home, journal: Path) -> str:
        """Why the next start did not work; "" when it did and the journal goes on soundly."""
        answer = home.run(
            "replay", bundled("nifty-synthetic.mqr"), "--headless", "--quiet", "--state-dir", home.folder / "state"
        )
        if answer.status != 0:
            return f"the start afterwards ended with {answer}"
        return verify(journal) or ""


def _bodies(journal: Path) -> list[str]:
    """The facts of the first run, in order."""
    return [event.body for event in read_events(journal) if event.run == 1]


def figures(outcomes: Sequence[Outcome]) -> list[str]:
    """What a number of kills came to, for a person."""
    running = [outcome for outcome in outcomes if not outcome.finished]
    after_rows = sum(bool(outcome.acknowledged) for outcome in running)
    acknowledged = sum(outcome.acknowledged for outcome in outcomes)
    rows_lost = sum(max(0, outcome.acknowledged - outcome.rows) for outcome in outcomes)
    beyond = sum(max(0, outcome.rows - outcome.acknowledged) for outcome in outcomes)
    written = sum(outcome.written for outcome in outcomes)
    ticks_lost = sum(max(0, outcome.written - outcome.ticks) for outcome in outcomes)
    lines = [
        f"{len(outcomes)} kills, {len(running)} while the run was under way, {after_rows} of them after acknowledged rows",
        f"rows acknowledged {acknowledged:,}, lost {rows_lost}; found beyond those {beyond:,}",
        f"ticks written {written:,}, lost {ticks_lost}",
    ]
    problems = [f"kill {number}: {one.problem}" for number, one in enumerate(outcomes, 1) if one.problem]
    return lines + (problems or ["no problem"])


def experiment(folder: Path, kills: int, seed: int, days: int = DAYS) -> list[Outcome]:
    """The outcome of `kills` kills; the same `seed` gives the same moments."""
    chance = random.Random(seed)
    trial = Experiment(folder, days)
    outcomes = []
    for number in range(kills):
        outcomes.append(trial.kill(f"kill{number}", chance, second=number % 5 == 0))
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{kills}", end="", file=sys.stderr, flush=True)
    return outcomes


def main() -> int:
    """Carry out the command line; 1 when anything was lost."""
    if sys.argv[1:2] == ["--victim"]:
        _replay_until_killed(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
        return 0
    parser = argparse.ArgumentParser(description="Kill a replay at random moments and look what is left of it.")
    parser.add_argument("kills", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--account", action="store_true", help="kill a trading account that goes on after each kill")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.account:
            from tests.soak import crash_account  # noqa: PLC0415 - what is killed here starts without it

            rounds = crash_account.experiment(Path(folder), args.kills, args.seed)
            print("\n".join(crash_account.figures(rounds)))
            return int(any(each.problem for each in rounds))
        outcomes = experiment(Path(folder), args.kills, args.seed)
    print("\n".join(figures(outcomes)))
    return int(any(outcome.problem for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
