"""Commands to a running engine from another shell: status, stop, flat. Each is a short talk through its socket."""

import sys
import time
from argparse import Namespace
from decimal import Decimal

import msgspec
from msgspec import Struct

from engine.errors import EXIT_BUSY, EXIT_DIFFERENT, EXIT_POSITION_OPEN, EXIT_WELL, InputError
from engine.link import Call, LinkError
from engine.messages import Flat, Stop
from engine.serving import Place, find_place
from engine.snapshot import FlatLeg, Snapshot
from engine.text import clean
from engine.types import Instrument

_LOOK_S = 0.05
_FLAT_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0


class Status(Struct, frozen=True):
    """What `status --json` prints; money as text, `ages` in seconds."""

    running: bool
    pid: int
    mode: str
    state_dir: str
    source: str = ""
    delivery: str = ""
    ticks: int = 0
    link: str = ""
    newest_tick_age_s: float | None = None
    locked: str = ""
    halted: str = ""
    paused: bool = False
    flat: str = ""
    positions: tuple[str, ...] = ()
    day_pnl: str = ""
    screens: int = 0
    conn: str = ""
    rss_mb: float = 0.0
    problem: str = ""
    found: tuple[str, ...] = ()


def status_command(args: Namespace) -> int:
    """Carry out `status`: 0 when an engine runs and answers, 1 when none runs, 3 when it does not answer."""
    place = find_place(args.state_dir)
    if not place.pid:
        _print(args, Status(False, 0, place.mode, str(place.folder)), [f"no engine is running for {place.folder}"])
        return EXIT_DIFFERENT
    try:
        with Call(place.socket, "status") as call:
            status = _status(place, call)
    except LinkError as error:
        lines = [f"engine {place.pid} ({place.mode}) holds {place.folder} and does not answer: {error}"]
        _print(args, Status(True, place.pid, place.mode, str(place.folder), problem=str(error)), lines)
        return EXIT_BUSY
    _print(args, status, _status_lines(status))
    return EXIT_WELL


def _status(place: Place, call: Call) -> Status:
    seen, picture = call.snapshot(), call.picture()
    age_s = (time.perf_counter_ns() - seen.pulse.came_ns) / 1e9 if seen.pulse.came_ns else None
    return Status(
        running=True,
        pid=call.pid,
        mode=seen.trade_mode,
        state_dir=str(place.folder),
        source=clean(seen.source),
        delivery=seen.delivery,
        ticks=seen.ticks,
        link=f"{seen.feed.state} {clean(seen.feed.because)}".strip() if seen.feed else "",
        newest_tick_age_s=None if age_s is None else round(age_s, 1),
        locked=clean(seen.entries.locked),
        halted=clean(seen.entries.halted),
        paused=seen.entries.paused,
        flat=seen.flat.state,
        positions=tuple(_position(seen, index) for index in range(len(seen.positions))),
        day_pnl=f"{seen.account.day_pnl:.2f}",
        screens=picture.watched_by,
        conn=clean(picture.conn.holder),
        rss_mb=round(seen.process.rss_mb, 1),
        problem=clean(seen.fault),
        found=tuple(clean(line) for line in seen.found),
    )


def _status_lines(status: Status) -> list[str]:
    age = "no tick yet" if status.newest_tick_age_s is None else f"newest tick {status.newest_tick_age_s:.1f} s ago"
    gate = status.locked and f"locked ({status.locked})"
    gate = gate or (status.halted and f"halted ({status.halted})") or ("paused" if status.paused else "allowed")
    conn = f", {status.conn} has the conn" if status.conn else ""
    return [
        f"{status.mode.upper()} engine {status.pid}: {status.source}, delivery {status.delivery}",
        f"  ticks      {status.ticks:,}, {age}" + (f", link {status.link}" if status.link else ""),
        f"  entries    {gate}",
        f"  flat job   {status.flat}",
        f"  positions  {', '.join(status.positions) or 'none'}",
        f"  day P&L    {status.day_pnl}",
        f"  screens    {status.screens}{conn}",
        f"  memory     {status.rss_mb} MB",
        f"  state in   {status.state_dir}",
        *(f"  problem    {line}" for line in (status.problem,) if line),
        *(f"  last run   {line}" for line in status.found),
    ]


def _print(args: Namespace, status: Status, lines: list[str]) -> None:
    sys.stdout.write((msgspec.json.encode(status).decode() if args.json else "\n".join(lines)) + "\n")


def _position(seen: Snapshot, index: int) -> str:
    held = seen.positions[index]
    instrument = _instrument(seen, held.state.instrument)
    prices = f"{instrument.price_text(held.state.entry_price)} → {instrument.price_text(held.last)}"
    return f"{held.state.quantity} {clean(instrument.symbol, 80)} {prices} ({held.open_pnl - held.exit_costs:+.2f})"


def _instrument(seen: Snapshot, index: int) -> Instrument:
    return seen.instruments[index]


def stop_command(args: Namespace) -> int:
    """Carry out `stop [--flat]`: 0 when the engine has ended and nothing is held, 75 when it ended holding something."""
    place = _running(args)
    if args.flat and (status := _flatten(place, "stop --flat")) != EXIT_WELL:
        return status
    with Call(place.socket, "stop") as call:
        held = [_position(seen, index) for seen in (call.snapshot(),) for index in range(len(seen.positions))]
        taken = call.send(Stop())
    if taken.state == "REFUSED":
        raise InputError(f"stop refused: {taken.reason}; leave it on that screen (q), or flatten with --flat first")
    until_s = time.monotonic() + _STOP_WITHIN_S
    while time.monotonic() < until_s:
        if find_place(place.folder).pid != place.pid:
            print(f"engine {place.pid} has ended" + (f", holding {', '.join(held)}" if held else ""))
            return EXIT_POSITION_OPEN if held else EXIT_WELL
        time.sleep(_LOOK_S)
    raise InputError(f"engine {place.pid} has not ended within {_STOP_WITHIN_S:.0f} s; its log says what it is doing")


def flat_command(args: Namespace) -> int:
    """Carry out `flat [--yes]`: 0 only when the engine has verified that it is flat."""
    place = find_place(args.state_dir)
    if not place.pid:
        from engine.cli.dead_flat import flatten_journal

        return flatten_journal(place, args)
    with Call(place.socket, "flat") as call:
        for line in _plan(call.snapshot()):
            print(line)
    if not args.yes and not confirmed():
        print("nothing was sent")
        return EXIT_DIFFERENT
    return _flatten(place, "flat command")


def confirmed() -> bool:
    """Ask; anything but the word is a no, and so is the end of the input."""
    sys.stdout.write("type FLAT to close all of it at once: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == "FLAT"


def _plan(seen: Snapshot) -> list[str]:
    """What a flat would do now."""
    lines = [f"{seen.trade_mode.upper()} {clean(seen.source)}: flat job {seen.flat.state}"]
    total = Decimal(0)
    for held in seen.positions:
        instrument = _instrument(seen, held.state.instrument)
        result = held.open_pnl - held.exit_costs
        total += result
        price = instrument.price_text(held.last)
        lines.append(f"  sell {held.state.quantity} {clean(instrument.symbol, 80)} near {price}: {result:+.2f}")
    age_s = (time.perf_counter_ns() - seen.pulse.came_ns) / 1e9 if seen.pulse.came_ns else None
    lines.append(f"  {len(seen.positions)} positions, about {total:+.2f}" if seen.positions else "  nothing is held")
    lines.append("  no price yet" if age_s is None else f"  newest price {age_s:.1f} s old")
    return lines


def _flatten(place: Place, reason: str) -> int:
    """Send the flat and tell how it goes until it is verified; 1 when it is not within a minute."""
    told: set[str] = set()
    with Call(place.socket, "flat") as call:
        taken = call.send(Flat(reason))
        if taken.state == "REFUSED":
            raise InputError(f"flat refused: {taken.reason}")
        until_s = time.monotonic() + _FLAT_WITHIN_S
        while time.monotonic() < until_s:
            seen = call.snapshot()
            outcome = next((view for view in seen.commands if view.ticket == taken.ticket), None)
            for line in (f"flat {seen.flat.state}", *(_leg(seen, leg) for leg in seen.flat.legs)):
                if line not in told:
                    told.add(line)
                    print(line, flush=True)
            if outcome is not None and outcome.state == "DONE":
                print("\n".join(seen.flat.receipt))
                return EXIT_WELL
            if outcome is not None and outcome.state in {"REFUSED", "FAILED"}:
                raise InputError(f"flat {outcome.state}: {outcome.reason}")
            time.sleep(_LOOK_S)
    print(f"myquant-tui: NOT verified flat within {_FLAT_WITHIN_S:.0f} s; the engine keeps trying", file=sys.stderr)
    return EXIT_DIFFERENT


def _leg(seen: Snapshot, leg: FlatLeg) -> str:
    symbol = clean(_instrument(seen, leg.instrument).symbol, 80)
    return f"  {symbol} {leg.filled}/{leg.quantity} {clean(leg.word, 80)}"


def _running(args: Namespace) -> Place:
    """Return the place of a running engine; raises InputError when there is none."""
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.folder}")
    return place
