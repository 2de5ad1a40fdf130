"""Commands to a running engine from another shell: status, stop, flat. Each is a short talk through its socket."""

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from engine.link import LinkError, Oneshot
from engine.model.commands import Flat, Stop
from engine.model.errors import EXIT_BUSY, EXIT_DIFFERENT, EXIT_POSITION_OPEN, EXIT_WELL, InputError
from engine.model.snapshot import FlatLeg, OpenPosition, Snapshot
from engine.model.types import Instrument
from engine.serving import EngineDir, find_place, lay_flat, place_of
from engine.serving.state_dirs import FLAT_FILE
from engine.text.sanitize import clean

_LOOK_S = 0.05
_FLAT_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0
_STANDS_STILL_S = 2.0
_REAL_STAKES = frozenset({"paper", "live"})  # modes in which a position that is left open is worth a status of its own


class Status(Struct, frozen=True):
    """What `status --json` prints; money as text, ages in seconds. `positions` of a dead engine are its journal's."""

    running: bool
    pid: int
    mode: str
    state_dir: str
    source: str = ""
    delivery: str = ""
    ticks: int = 0
    link: str = ""
    newest_tick_age_s: float | None = None
    beat_age_s: float | None = None
    locked: str = ""
    halted: str = ""
    paused: bool = False
    flat: str = ""
    positions: tuple[str, ...] = ()
    day_pnl: str = ""
    screens: int = 0
    control: str = field(default="", name="conn")  # scripts know it by this name
    rss_mb: float = 0.0
    problem: str = ""
    found: tuple[str, ...] = ()


def status_command(args: Namespace) -> int:
    """Carry out `status`: 0 when an engine runs and goes on, 1 when none runs, 3 when it stands still or does not answer."""
    place = find_place(args.state_dir)
    where = clean(str(place.folder))
    if not place.pid:
        held = _journalled(place)
        lines = [f"no engine is running for {where}", *(f"  its journal holds {each}" for each in held)]
        _print(args, Status(False, 0, clean(place.mode, 20), where, positions=held), lines)
        return EXIT_DIFFERENT
    try:
        with Oneshot(place.socket, "status") as call:
            status = _status(place, call)
    except LinkError as error:
        status = Status(True, place.pid, clean(place.mode, 20), where, problem=f"does not answer: {error}")
        _print(args, status, [f"engine {place.pid} ({status.mode}) holds {where} and {status.problem}"])
        return EXIT_BUSY
    _print(args, status, _status_lines(status))
    return EXIT_WELL if status.beat_age_s is not None and status.beat_age_s < _STANDS_STILL_S else EXIT_BUSY


def _status(place: EngineDir, call: Oneshot) -> Status:
    seen, picture = call.snapshot(), call.picture()
    beat_age_s = _age_s(seen.pulse.beat_ns or seen.taken_ns)  # at the very start it has made no round so far
    still = beat_age_s is not None and beat_age_s >= _STANDS_STILL_S
    told = (seen.fault, *(f"{edge.name}: {edge.problem}" for edge in seen.edges if edge.problem))
    problem = f"its loop has stood still for {beat_age_s:.1f} s" if still else clean("; ".join(filter(None, told)))
    return Status(
        running=True,
        pid=call.pid,
        mode=seen.trade_mode,
        state_dir=clean(str(place.folder)),
        source=clean(seen.source),
        delivery=seen.delivery,
        ticks=seen.ticks,
        link=f"{seen.feed.state} {clean(seen.feed.because)}".strip() if seen.feed else "",
        newest_tick_age_s=_age_s(seen.pulse.came_ns),
        beat_age_s=beat_age_s,
        locked=clean(seen.entries.locked),
        halted=clean(seen.entries.halted),
        paused=seen.entries.paused,
        flat=seen.flat.state,
        positions=tuple(_position(seen, held) for held in seen.positions),
        day_pnl=f"{seen.account.day_pnl:.2f}",
        screens=picture.watched_by,
        control=clean(picture.control.holder),
        rss_mb=round(seen.process.rss_mb, 1),
        problem=problem,
        found=tuple(clean(line) for line in seen.found),
    )


def _age_s(stamp_ns: int) -> float | None:
    """How long ago `stamp_ns` (monotonic, of any process of this machine) was; None for never."""
    return round((time.perf_counter_ns() - stamp_ns) / 1e9, 1) if stamp_ns else None


def _status_lines(status: Status) -> list[str]:
    age = "no tick yet" if status.newest_tick_age_s is None else f"newest tick {status.newest_tick_age_s:.1f} s ago"
    gate = status.locked and f"locked ({status.locked})"
    gate = gate or (status.halted and f"halted ({status.halted})") or ("paused" if status.paused else "allowed")
    if gate == "allowed" and status.link and not status.link.startswith("UP"):
        gate = "wait for the link"
    control = f", {status.control} has control" if status.control else ""
    return [
        f"{status.mode.upper()} engine {status.pid}: {status.source}, delivery {status.delivery}",
        f"  ticks      {status.ticks:,}, {age}" + (f", link {status.link}" if status.link else ""),
        f"  entries    {gate}",
        f"  flat job   {status.flat}",
        *(f"  position   {each}" for each in status.positions or ("none",)),
        f"  day P&L    {status.day_pnl}",
        f"  screens    {status.screens}{control}",
        f"  memory     {status.rss_mb} MB",
        f"  state in   {status.state_dir}",
        *(f"  problem    {line}" for line in (status.problem,) if line),
        *(f"  last run   {line}" for line in status.found),
    ]


def _print(args: Namespace, status: Status, lines: list[str]) -> None:
    sys.stdout.write((msgspec.json.encode(status).decode() if args.json else "\n".join(lines)) + "\n")


def _position(seen: Snapshot, held: OpenPosition) -> str:
    instrument = seen.instruments[held.state.instrument]
    prices = f"{instrument.price_text(held.state.entry_price)} → {instrument.price_text(held.last)}"
    quantity = instrument.quantity_text(held.state.quantity)
    return f"{quantity} {_name(instrument)} {prices} ({held.open_pnl:+.2f})"


def _name(instrument: Instrument) -> str:
    return clean(instrument.symbol, 80)


def _journalled(place: EngineDir) -> tuple[str, ...]:
    """What the journal of an engine that is gone says is held; what cannot be read is told and counts as nothing."""
    from engine.cli.dead_flat import account_of, held_in

    try:
        return tuple(f"{net} {symbol}" for symbol, net in held_in(account_of(place)))
    except InputError as problem:
        print(f"myquant-tui: {problem.lines[0]}", file=sys.stderr)
        return ()


def stop_command(args: Namespace) -> int:
    """Carry out `stop [--flat]`: 0 when the engine has ended, 75 when a paper or live one ended holding something."""
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {clean(str(place.folder))}")
    if args.flat and (status := _flatten(place, "stop --flat")) != EXIT_WELL:
        return status
    with Oneshot(place.socket, "stop") as call:
        taken = call.send(Stop())
    if taken.state == "REFUSED":
        raise InputError(f"stop refused: {taken.reason}")
    until_s = time.monotonic() + _STOP_WITHIN_S
    while place_of(place.folder).pid == place.pid:
        if time.monotonic() > until_s:
            raise InputError(
                f"engine {place.pid} has not ended within {_STOP_WITHIN_S:.0f} s; its log says what it is doing"
            )
        time.sleep(_LOOK_S)
    held = _journalled(place)
    print(f"engine {place.pid} has ended" + (f", holding {', '.join(held)}" if held else ""))
    return EXIT_POSITION_OPEN if held and place.mode in _REAL_STAKES else EXIT_WELL


def flat_command(args: Namespace) -> int:
    """Carry out `flat [--yes]`: 0 only when the engine has verified that it is flat."""
    place = find_place(args.state_dir)
    if not place.pid:
        from engine.cli.dead_flat import flatten_journal

        return flatten_journal(place, args)
    silent = False
    try:
        with Oneshot(place.socket, "flat") as call:
            lines = list(_plan(call.snapshot()))
    except LinkError as error:
        silent = True
        lines = [f"engine {place.pid} does not answer, what it holds is not known: {error}"]
    print("\n".join(lines), flush=True)
    if not args.yes and not confirmed():
        print("nothing was sent")
        return EXIT_DIFFERENT
    return _flatten(place, "flat command", silent=silent)


def confirmed() -> bool:
    """Ask; anything but the word is a no, and so is the end of the input."""
    sys.stdout.write("type FLAT to close all of it at once: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == "FLAT"


def _plan(seen: Snapshot) -> Iterator[str]:
    """What a flat would do now."""
    yield f"{seen.trade_mode.upper()} {clean(seen.source)}: flat job {seen.flat.state}"
    total = Decimal(0)
    for held in seen.positions:
        instrument = seen.instruments[held.state.instrument]
        result = held.open_pnl - held.exit_costs
        total += result
        quantity = instrument.quantity_text(held.state.quantity)
        yield f"  sell {quantity} {_name(instrument)} near {instrument.price_text(held.last)}: {result:+.2f}"
    count = len(seen.positions)
    yield f"  {count} position{'' if count == 1 else 's'}, about {total:+.2f}" if count else "  nothing is held"
    age_s = _age_s(seen.pulse.came_ns)
    yield "  no price yet" if age_s is None else f"  newest price {age_s:.1f} s old"


def _flatten(place: EngineDir, reason: str, *, silent: bool = False) -> int:
    """Have the engine go flat and tell how it goes until that is verified; 1 when it is not within a minute.

    One that does not answer (`silent`: it did not just now) is asked again, and finds the wish in its state directory
    as soon as it goes on.
    """
    told = _Told()
    if silent:
        _lay_wish(place, told)
    until_s = time.monotonic() + _FLAT_WITHIN_S
    while time.monotonic() < until_s:
        try:
            with Oneshot(place.socket, "flat") as call:
                return _follow(call, reason, until_s, told)
        except LinkError as error:
            if not place_of(place.folder).pid:
                raise InputError(
                    f"engine {place.pid} is gone: `myquant-tui flat` again closes what is journalled"
                ) from error
            told.once(f"{error}; asking again")
            _lay_wish(place, told)
            time.sleep(_LOOK_S)
    return _not_verified()


def _lay_wish(place: EngineDir, told: "_Told") -> None:
    """Leave the wish where the engine finds it as soon as it goes on, or is started again."""
    if lay_flat(place.folder / FLAT_FILE):
        told.once(f"the wish lies in its state directory as {FLAT_FILE}")


class _Told:
    """Prints each line once."""

    def __init__(self) -> None:
        self._lines: set[str] = set()

    def once(self, line: str) -> None:
        """Print `line`, unless that was done."""
        if line not in self._lines:
            self._lines.add(line)
            print(line, flush=True)


def _follow(call: Oneshot, reason: str, until_s: float, told: _Told) -> int:
    """Send the flat, or join the running one, and tell its way; raises LinkError when the engine is lost."""
    taken = call.send(Flat(reason))
    if taken.state == "REFUSED":
        raise InputError(f"flat refused: {taken.reason}")
    while time.monotonic() < until_s:
        seen = call.snapshot()
        outcome = next((view for view in seen.commands if view.ticket == taken.ticket), None)
        for line in (f"flat {seen.flat.state}", *(_leg(seen, leg) for leg in seen.flat.legs)):
            told.once(line)
        if outcome is not None and outcome.state == "DONE":
            print("\n".join(seen.flat.receipt))
            return EXIT_WELL
        if outcome is not None and outcome.state in {"REFUSED", "FAILED"}:
            raise InputError(f"flat {outcome.state}: {outcome.reason}")
        time.sleep(_LOOK_S)
    return _not_verified()


def _not_verified() -> int:
    print(f"myquant-tui: NOT verified flat within {_FLAT_WITHIN_S:.0f} s; the engine keeps trying", file=sys.stderr)
    return EXIT_DIFFERENT


def _leg(seen: Snapshot, leg: FlatLeg) -> str:
    instrument = seen.instruments[leg.instrument]
    amount = f"{instrument.quantity_text(leg.filled)}/{instrument.quantity_text(leg.quantity)}"
    return f"  {_name(instrument)} {amount} {clean(leg.word, 80)}"
