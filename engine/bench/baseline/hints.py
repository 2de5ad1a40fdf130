"""Where the time of a part goes, by a profile: a hint, for a profiler makes small functions look dearer than they are."""

from cProfile import Profile
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.bench.baseline.parts import Part
from engine.bench.driving import batches, hand_over, prepared
from engine.config import Config

_ENGINE: Final = Path(__file__).parents[2]


class ProfiledFunction(Struct, frozen=True):
    """A function of `engine/`: file and line in it, name, and seconds in it without what it called."""

    place: str
    line: int
    name: str
    own_s: float


def profile(config: Config, path: Path) -> list[ProfiledFunction]:
    """The functions of the thread that ticks come in, by one pass over `path`; raises UserError."""
    profiler = Profile()
    with prepared(config, path) as (run, source):
        profiler.enable()
        try:
            for batch in batches(source):
                _ = run.engine.snapshot
                hand_over(run, batch)
        finally:
            profiler.disable()
    found = []
    for entry in profiler.getstats():
        code = entry.code
        if not isinstance(code, str) and _ENGINE in (file := Path(code.co_filename)).parents:
            place = str(file.relative_to(_ENGINE))
            found.append(ProfiledFunction(place, code.co_firstlineno, code.co_name, entry.inlinetime))
    return found


def hint_of(functions: list[ProfiledFunction], part: Part) -> str:
    """File and line of the function in which `part` spends most, and of its own time the share; "" where none was seen."""
    own = [each for each in functions if each.place.startswith(part.places)]
    if not own:
        return ""
    most = max(own, key=lambda each: each.own_s)
    share = most.own_s / max(sum(each.own_s for each in own), 1e-9)
    return f"engine/{most.place}:{most.line} {most.name} ({share:.0%} of its own)"
