"""A disk that hangs, fails or is full under a living engine: nobody who must go on waits for it, what is shown is marked, and there is a way back."""

import os
import re
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, verify
from engine.model.commands import Lock, PauseEntries, ResumeEntries, Stall, Unlock
from engine.model.errors import EXIT_DISK, EXIT_WELL
from engine.model.trading_views import NOT_YET_DURABLE
from engine.recording import MqrSource
from engine.serving.state_dirs import FLAT_FILE
from tests.support.parallel import Parallel
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.waiting import until

pytestmark = pytest.mark.slow

AUDITED = ("-m", "tests.support.processes.audited_engine_process")

side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING, "mock.speed=20"))


@side_by_side
def test_no_thread_that_must_go_on_touches_the_disk(shell: OperatorShell) -> None:
    shell.start(program=AUDITED, environ={"PYTHONDONTWRITEBYTECODE": "1"}).holds()
    touched = shell.cwd / "touched"
    until(touched.read_text)
    (first,) = re.findall(r"^\w+: .*", touched.read_text(), re.MULTILINE)
    assert first.startswith("engine: os.stat touched")  # it hears
    with shell.remote():
        shell.command(Lock("me"), Unlock())
        shell.steering.send(Stall(2.5))  # the watchdog dumps stacks
        until(lambda: "stacks of all threads" in shell.log)
    shell.holds()
    shell.signal(signal.SIGUSR1)
    shell.is_flat("SIGUSR1")
    with shell.remote() as screen:  # an exit of the journal
        until(lambda: screen.exit_page(1, 1, 0).state == "HERE", lambda: screen.exit_page(1, 1, 0))
    shell.command(Unlock())
    shell.holds()
    (shell.state / FLAT_FILE).touch()
    shell.is_flat("file FLAT")
    until(lambda: not (shell.state / FLAT_FILE).exists())
    until(lambda: len(shell.receipts) == 2)
    shell.socket.unlink()
    until(shell.socket.exists)
    shell.signal(signal.SIGHUP)
    shell.signal(signal.SIGTERM)
    assert shell.ended() == EXIT_WELL
    assert not shell.socket.exists()
    assert re.findall(r"^\w+: .*", touched.read_text(), re.MULTILINE) == [first], touched.read_text()
    assert "stood still" in (shell.state / "stacks.txt").read_text()
    assert Path(shell.state / "engine.log").exists()


# ── A disk that hangs ───────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def stuck(shell: OperatorShell) -> Iterator[None]:
    """Every writer of the engine's hangs within its next call, as on a disk that does not answer."""
    (shell.cwd / "stuck").touch()
    yield
    (shell.cwd / "stuck").unlink(missing_ok=True)


HANGING = ("-m", "tests.support.processes.broken_engine_process", "disk")


def goes_on_beside(shell: OperatorShell) -> None:
    """The disk hanging: it beats, entries wait, what is shown is marked, and a flat is verified."""
    shell.command(PauseEntries(), ResumeEntries())  # rows that wait
    seen = shell.sees(lambda seen: seen.entries.halted and seen.unkept_from_ms)
    assert seen.late_ms >= 400
    status = shell.status()
    assert (status["exit"], status["not_durable_s"] > 0) == (EXIT_WELL, True)
    assert [position["durable"] for position in status["positions"]] == [False]
    assert NOT_YET_DURABLE in shell.ask("status").out
    shell.signal(signal.SIGUSR1)
    flat = shell.is_flat("SIGUSR1")
    assert flat.positions == ()
    assert flat.trades[-1].exit_ms >= flat.unkept_from_ms > 0  # shown, and marked
    for told in (shell.ask("flat", "--yes"), shell.ask("flat", text="FLAT\n")):  # the short way, and the long one
        assert (told.status, NOT_YET_DURABLE in told.out.splitlines()[-1]) == (EXIT_WELL, True), told
    beats = shell.snapshot.beats
    shell.sees(lambda seen: seen.beats > beats + 20)
    shell.sees(lambda seen: any("the disk does not answer" in e.problem for e in seen.edges if e.name == "log"))


def is_well_again(shell: OperatorShell) -> None:
    """The disk answering: all is written, and entries are allowed as far as it is up to the disk."""
    shell.sees(lambda seen: not (seen.entries.halted or seen.unkept_from_ms or any(e.problem for e in seen.edges)))
    until(lambda: shell.receipts)
    shell.command(Unlock())
    shell.holds()
    assert "restarting" not in shell.log
    assert "engine loop has stood still" not in shell.log
    assert verify(shell.state / JOURNAL_FILE) is None


@side_by_side
def test_a_disk_that_hangs_holds_up_nothing_and_is_over_by_itself(shell: OperatorShell) -> None:
    shell.start(program=HANGING).holds()
    with stuck(shell):
        goes_on_beside(shell)
    is_well_again(shell)
    assert (shell.ask("stop", "--leave-open").status, shell.ended()) == (EXIT_WELL, EXIT_WELL)
    same = shell.run("verify", recording_of(shell))
    assert (same.status, "SAME" in same.out) == (EXIT_WELL, True), same


def recording_of(shell: OperatorShell) -> str:
    return (shell.state / "recording").read_text().strip()


def is_recorded_elsewhere(shell: OperatorShell, than: str) -> bool:
    """Whether it is recorded to another file, and a tick is in it; the note of where is empty while it is written anew."""
    path = recording_of(shell)
    return path not in {"", than} and MqrSource(Path(path)).count() > 0


@side_by_side
def test_an_end_in_spite_of_a_disk_that_hangs_tells_what_was_not_written(shell: OperatorShell) -> dict[str, float]:
    shell.start("--quiet", program=HANGING).holds()
    (shell.cwd / "stuck").touch()
    shell.command(PauseEntries(), ResumeEntries())
    begun_s = time.monotonic()
    shell.signal(signal.SIGTERM)
    assert shell.ended() == EXIT_DISK
    stop_s = time.monotonic() - begun_s
    assert re.search(r"the disk did not answer in time, NOT written: \d+ rows of the journal", shell.said())
    (shell.cwd / "stuck").unlink()
    shell.start("--paused")
    assert shell.snapshot.entries.locked == "the last run ended uncleanly"
    assert shell.snapshot.positions
    return {"stop_s": stop_s}


# ── A disk that is full, read-only, or taken away ───────────────────────────────────────────────────────────────────


@side_by_side
def test_after_a_disk_without_room_everything_goes_on_by_itself(shell: OperatorShell) -> None:
    shell.start().holds()
    first = recording_of(shell)
    before = resource.prlimit(shell.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    shell.command(PauseEntries(), ResumeEntries())
    shell.sees(lambda seen: sum(bool(edge.problem) for edge in seen.edges if edge.name != "log") == 2)
    shell.signal(signal.SIGUSR1)
    shell.is_flat("SIGUSR1")
    resource.prlimit(shell.pid, resource.RLIMIT_FSIZE, before)
    shell.sees(lambda seen: not any(edge.problem or (edge.name == "journal" and edge.waiting) for edge in seen.edges))
    until(lambda: is_recorded_elsewhere(shell, first))
    until(lambda: f"recording goes on in {recording_of(shell)}; what came since is missing" in shell.log)
    assert (shell.state / "journal.reserve").exists()
    assert verify(shell.state / JOURNAL_FILE) is None


@side_by_side
def test_recordings_that_were_taken_away_are_told_and_go_on_elsewhere(shell: OperatorShell) -> None:
    shell.start().holds()
    first = recording_of(shell)
    shutil.rmtree(shell.kept)
    until(lambda: "recording stopped: " in shell.log, lambda: shell.log[-900:])
    until(lambda: is_recorded_elsewhere(shell, first))
    shell.sees(lambda seen: not any(edge.problem for edge in seen.edges))
    assert (shell.ask("stop", "--leave-open").status, shell.ended()) == (EXIT_WELL, EXIT_WELL)
    assert shell.run("replay", recording_of(shell), "--headless", "--quiet").status == EXIT_WELL


TAKEN = {
    "journal": lambda shell: [path.unlink() for path in shell.state.glob(f"{JOURNAL_FILE}*")],
    "directory": lambda shell: shutil.rmtree(shell.state.rename(shell.state.with_name("gone"))),
    "socket": lambda shell: shell.socket.unlink(),
    "lock": lambda shell: (shell.state / "lock").unlink(),
    "log": lambda shell: (shell.state / "engine.log").unlink(),
}


@side_by_side.each(TAKEN)
def test_what_is_held_outlives_whatever_is_taken_away(home: OperatorShell, what: str) -> None:
    with OperatorShell(home.folder / "its own", *home.rules[2:]) as shell:
        shell.start().holds()
        TAKEN[what](shell)
        until(lambda: shell.socket.exists() and (shell.state / "lock").exists())
        until(lambda: (shell.state / "engine.log").exists() and (shell.state / JOURNAL_FILE).exists())
        shell.answers()  # a socket is there before anybody listens
        seen = shell.sees(lambda seen: seen.entries.locked or what in {"socket", "log"})
        until(lambda: "gone" in shell.log)
        if what in {"journal", "directory"}:
            shell.sees(lambda seen: not any(edge.waiting for edge in seen.edges if edge.name == "journal"))
            shell.kill()
            shell.start("--paused")
            again = shell.snapshot
            assert [each.state.quantity for each in again.positions] == [each.state.quantity for each in seen.positions]
            assert again.entries.locked
        done = shell.ask("flat", "--yes")
        assert (done.status, "FLAT verified" in done.out) == (EXIT_WELL, True)
        assert shell.popen.poll() is None
        assert verify(shell.state / JOURNAL_FILE) is None


# ── Real disks, where we may have one ───────────────────────────────────────────────────────────────────────────────


@contextmanager
def a_disk(folder: Path, *options: str) -> Iterator[Path]:
    """A file system of our own, mounted; skips where that cannot be had."""
    image, place = folder / "image", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(48 << 20)
    words = ["mount", *options, str(image), str(place)] if options[0] == "-o" else ["mount", *options, str(place)]
    try:
        made = options[0] != "-o" or not subprocess.run(["mkfs.ext4", "-q", str(image)], check=False).returncode
        mounted = made and not subprocess.run(words, capture_output=True, check=False).returncode
    except FileNotFoundError:
        mounted = False
    if os.geteuid() or not mounted:
        pytest.skip("needs root, and a file system of its own")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


@side_by_side
def test_a_frozen_file_system_holds_up_nothing(shell: OperatorShell) -> None:
    with a_disk(shell.folder, "-o", "loop") as disk:
        shell.state = disk / "here"
        shell.start().holds()
        if subprocess.run(["fsfreeze", "-f", str(disk)], check=False).returncode:
            pytest.skip("this file system cannot be frozen")
        try:
            goes_on_beside(shell)
        finally:
            subprocess.run(["fsfreeze", "-u", str(disk)], check=True)
        is_well_again(shell)
        assert (shell.ask("stop", "--leave-open").status, shell.ended()) == (EXIT_WELL, EXIT_WELL)


@side_by_side
def test_a_full_file_system_is_gone_on_with_once_there_is_room(shell: OperatorShell) -> None:
    with a_disk(shell.folder, "-t", "tmpfs", "-o", "size=8m", "tmpfs") as disk:
        shell.state = disk / "here"
        shell.start().holds()
        with (disk / "fill").open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        until(lambda: shell.command(PauseEntries(), ResumeEntries()) or "full" in shell.snapshot.entries.locked)  # type: ignore[func-returns-value]
        shell.signal(signal.SIGUSR1)
        shell.is_flat("SIGUSR1")
        (disk / "fill").unlink()
        shell.sees(lambda seen: not any(edge.problem for edge in seen.edges if edge.name == "journal"))
        assert (shell.state / "journal.reserve").exists()
        assert verify(shell.state / JOURNAL_FILE) is None


@side_by_side
def test_a_read_only_directory_is_gone_on_with_once_it_is_writable(shell: OperatorShell) -> None:
    shell.start().holds()
    if os.geteuid() or subprocess.run(["mount", "--bind", shell.state, shell.state], check=False).returncode:
        pytest.skip("needs root, to mount a directory over itself")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", shell.state], check=True)
        done = shell.ask("flat", "--yes")
        assert (done.status, shell.popen.poll()) == (EXIT_WELL, None)
        until(lambda: "could not be kept as a file: Read-only file system" in shell.log)
        subprocess.run(["mount", "-o", "remount,bind,rw", shell.state], check=True)
        shell.sees(lambda seen: not any(edge.problem for edge in seen.edges))
        shell.command(Unlock())
        shell.holds()
    finally:
        subprocess.run(["umount", "-l", str(shell.state)], check=False)
