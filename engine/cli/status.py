"""The command `status`: how a running engine is, or what the journal of one that is gone holds."""

from argparse import Namespace
from typing import TYPE_CHECKING

from engine.cli.options import Parser, engine_options, json_option
from engine.model.errors import EXIT_BUSY, EXIT_DIFFERENT, EXIT_WELL
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.serving.status import Status


def arguments(parser: Parser) -> None:
    """Declare the arguments of `status`."""
    json_option(parser)
    engine_options(parser)


def run(args: Namespace) -> int:
    """Say it: 0 when an engine runs and goes on, 1 when none runs, 3 when it stands still or does not answer."""
    from engine.cli.output import answer, warn
    from engine.link import LinkError
    from engine.serving import find_place
    from engine.serving.status import Status, held_in_journal, status_of

    place = find_place(args.state_dir)
    where, mode = place.where, clean(place.mode, 20)
    if not place.pid:
        held = held_in_journal(place, warn)
        lines = [f"no engine is running for {where}", *(f"  its journal holds {each}" for each in held)]
        answer(args, Status(False, 0, mode, where, positions=held), lines)
        return EXIT_DIFFERENT
    try:
        status = status_of(place)
    except LinkError as error:
        status = Status(True, place.pid, mode, where, problem=f"does not answer: {error}")
        answer(args, status, [f"engine {place.pid} ({mode}) holds {where} and {status.problem}"])
        return EXIT_BUSY
    answer(args, status, _lines(status))
    return EXIT_WELL if status.goes_on else EXIT_BUSY


def _lines(status: "Status") -> list[str]:
    age = "no tick yet" if status.newest_tick_age_s is None else f"newest tick {status.newest_tick_age_s:.1f} s ago"
    gate = status.locked and f"locked ({status.locked})"
    gate = gate or (status.halted and f"halted ({status.halted})") or ("paused" if status.paused else "allowed")
    if gate == "allowed" and status.link and not status.link.startswith(("UP", "CLOSED")):
        gate = "wait for the link"
    control = f", {status.control} has control" if status.control else ""
    return [
        f"{status.mode.upper()} engine {status.pid}: {status.source}, delivery {status.delivery}",
        f"  ticks      {status.ticks:,}, {age}" + (f", link {status.link}" if status.link else ""),
        *(f"  market     {each}" for each in (status.market,) if each),
        f"  entries    {gate}",
        f"  flat job   {status.flat}",
        *(f"  position   {each}" for each in status.positions or ("none",)),
        *(f"  watch only {', '.join(names)}" for names in (status.watch_only,) if names),
        f"  day P&L    {status.day_pnl}",
        f"  screens    {status.screens}{control}",
        f"  memory     {status.rss_mb} MB",
        f"  state in   {status.state_dir}",
        *(f"  problem    {line}" for line in (status.problem,) if line),
        *(f"  last run   {line}" for line in status.found),
    ]
