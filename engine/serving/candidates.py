"""Which engines a flat can mean where nobody says which: those that run, and dead ones that hold something or may do so. Sends nothing."""

from msgspec import Struct

from engine.link import LinkError
from engine.serving.journalled import left_in
from engine.serving.state_dirs import EngineDir, place_of, usual_folder, usual_places
from engine.serving.status import held_by
from engine.shortcut.engines import holds_nothing
from engine.text.sanitize import CleanText, clean


class Candidate(Struct, frozen=True):
    """An engine that runs (`place.pid`), or a dead one with what its journal `holds`; `problem`: that is not known, and why."""

    place: EngineDir
    holds: tuple[str, ...] = ()
    problem: str = ""

    @property
    def out_of_reach(self) -> bool:
        """Whether nothing can be closed: no engine runs, and no journal tells of anything that is held."""
        return not self.place.pid and bool(self.problem) and not self.holds

    @property
    def line(self) -> CleanText:
        """It in one line, for a person who has to choose."""
        place, mode = self.place, self.place.mode.upper() or "?"
        if place.pid:
            what = self.problem or (", ".join(self.holds) and f"holds {', '.join(self.holds)}") or "holds nothing"
            return clean(f"{mode} engine {place.pid} in {place.where}: {what}")
        known = f"its journal holds {', '.join(self.holds)}" if self.holds else ""
        return clean(f"{mode} in {place.where}, no engine runs: {'; '.join(filter(None, (known, self.problem)))}")


def candidates() -> list[Candidate]:
    """Return them in the order live, paper, mock; a detached replay only where there is none of these."""
    found = [each for place in usual_places() if (each := _candidate(place)) is not None]
    replay = place_of(usual_folder("replay"))
    return found or ([_running(replay)] if replay.pid else [])


def _candidate(place: EngineDir) -> Candidate | None:
    if place.pid:
        return _running(place)
    if holds_nothing(str(place.folder)):
        return None
    left = left_in(place)
    return Candidate(left.place, left.open, left.problem) if left.open or left.problem else None


def _running(place: EngineDir) -> Candidate:
    try:
        return Candidate(place, held_by(place))
    except LinkError:
        return Candidate(place, problem="does not answer, what it holds is not known")
