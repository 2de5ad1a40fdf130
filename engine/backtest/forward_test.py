"""The forward test: the newest paper recording that is long and young enough and was made under the rules of now. Prints nothing."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from engine.assembly.recording_config import fit_to_recording, recordings_folder
from engine.backtest.verification import Verification
from engine.backtest.verify_child import Unverified
from engine.config import Config
from engine.model.errors import UserError
from engine.model.preflight import ForwardFound
from engine.recording import MqrSource
from engine.recording.naming import runs_in
from engine.runtime.replay.comparable import incomparable
from engine.text.sanitize import CleanText, clean
from engine.version import VERSION

_HOUR_MS: Final = 3_600_000
_MOST_TOLD: Final = 3


def forward_test(
    config: Config, now_ns: int, least_hours: float, verify: Callable[[Path], Verification | Unverified]
) -> ForwardFound:
    """The recording that counts, verified by `verify`; where none does, why not. `now_ns` is UTC. Raises nothing."""
    folder, zone = recordings_folder(config), ZoneInfo(config.session.zone)
    oldest = datetime.fromtimestamp(now_ns / 1e9, zone) - timedelta(days=config.live.forward_days)
    try:
        runs = [each for each in runs_in(folder, zone) if each.mode == "paper" and each.began >= oldest]
    except UserError as error:
        return ForwardFound(problem=clean(error.lines[0]))
    told = []
    for each in reversed(runs):
        hours, why = _fitness(each.path, config, least_hours)
        name = clean(each.path.name, 120)
        if not why:
            found = verify(each.path)
            outcome = found.reason if isinstance(found, Unverified) else _outcome(found)
            return ForwardFound(name, hours, outcome)
        told.append(f"{name}: {why}")
    days = f"{config.live.forward_days} day{'s' if config.live.forward_days != 1 else ''}"
    nothing = f"no paper recording of {least_hours:g} h under these rules in {folder} is younger than {days}"
    return ForwardFound(problem=clean("; ".join([nothing, *told[:_MOST_TOLD]]), 300))


def _fitness(path: Path, config: Config, least_hours: float) -> tuple[float, str]:
    """How many hours the recording has, and why it does not count; "" where it does."""
    try:
        source = MqrSource(path)
        fitted, instruments = fit_to_recording(config, source)
        if source.header.program_version != VERSION:
            return 0.0, f"made by version {source.header.program_version or 'unknown'}, this is {VERSION}"
        if other := incomparable(source.header, fitted, instruments):
            return 0.0, other
        hours = _hours(source)
    except UserError as error:
        return 0.0, error.lines[0]
    return hours, "" if hours >= least_hours else f"{int(hours)} h {int(hours * 60) % 60:02} min long"


def _hours(source: MqrSource) -> float:
    """From its first to its last tick."""
    first = next(iter(source.ticks()), None)
    last = deque(source.last_ticks(1), maxlen=1)
    return max(0.0, (last[0].exch_ms - first.exch_ms) / _HOUR_MS) if first is not None and last else 0.0


def _outcome(found: Verification) -> CleanText:
    if found.outcome == "same" and found.blank:
        return CleanText("holds nothing to compare by")
    return clean(found.outcome if found.outcome == "same" else f"{found.outcome}: {found.reason}", 200)
