"""The session days of a file of ticks for a report: a recording re-run as it was, or any ticks traded anew on paper. Prints nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.assembly import load
from engine.assembly.open_source import kind_of, open_file
from engine.assembly.recording_config import fit_to_recording
from engine.backtest.paper_pass import paper_pass
from engine.backtest.rerun import rerun
from engine.backtest.session_follower import SessionFollower
from engine.backtest.verification import Verification, rules_of, verdict
from engine.config import Config
from engine.model.errors import InputError
from engine.model.marks import EventMark, StateMark
from engine.model.session_result import ReportedDay
from engine.recording import MqrSource
from engine.recording.naming import mode_named
from engine.recording.progress import Progress

REPLAY: Final = "replay"
Tell = Callable[[ReportedDay], None]


class Worked(Struct, frozen=True):
    """How a file was worked: as `REPLAY` of its ticks, or re-run as it was recorded, with the verdict on that."""

    path: Path
    mode: str
    verdict: Verification | None = None
    remarks: tuple[str, ...] = ()
    config: Config | None = None

    @property
    def is_replay(self) -> bool:
        """Whether its ticks were traded anew, instead of as recorded."""
        return self.verdict is None


def work(
    path: Path,
    tell: Tell,
    *,
    replay: bool = False,
    config_file: Path | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Worked:
    """Work the file at `path` and tell each of its days; raises UserError where it cannot be read at all.

    A recording of a run is re-run under the rules it was made with; bare ticks, and with `replay` any, are traded anew,
    under the configuration at `config_file` (None: the recording's own, of other files the usual one) with `overrides`.
    """
    if kind_of(path) == "mqr":
        source = MqrSource(path)
        if not replay and _is_of_run(source):
            if config_file is not None or overrides:
                raise InputError(f"{path}: is re-run as it was recorded; allowed: --config and --set with --replay")
            return _re_run(path, source, tell, progress)
        config, instruments, notes = rules_of(source, config_file, overrides)
        follower = SessionFollower(REPLAY, source.name, tell)
        follower.end(paper_pass(source, config, instruments, follower.note, follower.look, progress))
        return Worked(path, REPLAY, remarks=(*notes, *source.losses()), config=config)
    loaded = load(config_file, overrides)
    other = open_file(path, loaded)
    config, instruments = fit_to_recording(loaded, other)
    follower = SessionFollower(REPLAY, other.name, tell)
    follower.end(paper_pass(other, config, instruments, follower.note, follower.look, progress))
    return Worked(path, REPLAY, remarks=other.losses(), config=config)


def _is_of_run(source: MqrSource) -> bool:
    """Whether a run has left marks in it by which it can be compared; without them it is bare ticks."""
    return any(isinstance(mark, StateMark | EventMark) for mark in source.marks())


def _re_run(path: Path, source: MqrSource, tell: Tell, progress: Progress | None) -> Worked:
    config, instruments, notes = rules_of(source, None, ())
    mode = mode_of(source)
    follower = SessionFollower(mode, source.name, tell)
    found = rerun(source, config, instruments, progress, note=follower.note, look=follower.look)
    follower.end(found.trader)
    judged = verdict(path, source, found, notes)
    return Worked(path, mode, judged, (*judged.notes, *judged.damage), config)


def mode_of(source: MqrSource) -> str:
    """In which mode its run was: by its name where that is one of ours, else by what it says of its orders and ticks."""
    if named := mode_named(source.path.name):
        return named
    if source.real_orders:
        return "live"
    return "mock" if source.generated else "paper"
