"""The command `status`: how running engines are, or what the journals of those that are gone hold."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from engine.cli.options import Parser, engine_options, json_option
from engine.model.errors import EXIT_BUSY, EXIT_DIFFERENT, EXIT_WELL
from engine.model.trading_views import NOT_YET_DURABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.serving.status_record import HeldStatus, Status

_NAMED: Final = 6  # symbols in a line

_SCHEMA = """exit status: 0 it runs and goes on, 1 none runs, 3 it stands still or does not answer

--json prints one object, "schema": 1. Later versions add keys and words, and change none. Prices, quantities and money
are numbers in the currency and in units, ages are seconds, null is not known; *_at is ISO 8601 in UTC, *_ns the same in
nanoseconds of the epoch. Words are from these sets; *_reason, *_words, locked, halted, problem, found are for a person.
  state           running, stands_still, no_answer, dead (its journal tells), never_ran, several (see engines)
  running, pid, mode (live, live-sim, paper, mock, replay), state_dir, asked_at, asked_ns, source, delivery, ticks
  link            "" (none), or CONNECTING, LOGIN, UP, WAITING, CLOSED, REFUSED, STOPPED; link_reason
  newest_tick_at, newest_tick_ns (the exchange's stamp), newest_tick_age_s (since it came), beat_age_s (of its loop)
  market          open, closed, unknown; market_reason
  entries         allowed, no_link, paused, halted, locked, stopped, unknown; entries_reason, entries_words;
                  locked, halted, paused
  flat            NORMAL, ARMED, LOCKED, CANCELLING, CLOSING, VERIFYING, FLAT, ESCALATED, HELD, UNRESOLVED; flat_reason,
                  flat_until (of HELD: when the market opens, in words)
  alarms          [what a person must see to, in words]
  positions       [{symbol, exchange, quantity, entry_price, last_price, open_pnl, exit_costs, stop, trail_stop,
                    next_target, age_s (of last_price), entry_at, entry_ns, durable (on the disk)}]
  positions_from  engine, journal, unknown (then an empty list says nothing)
  watched         [symbols that are followed]
  watch_only      [symbols that are followed and never traded]
  day_pnl, cash, screens, conn (who has control), rss_mb, problem, not_durable_s (the disk is behind by), found (how the last run ended)
  log_levels      {component: debug, info, warning, error}; log_changed (those that are not as configured, in words)
  uptime          {minutes (of today's session that have passed), watched (of them, with the link up and prices fresh), share,
                    days, days_minutes, days_watched, days_share, days_unwatched (the same over all days that are known)};
                  null of a replay; of an engine that does not answer or is gone as its file has them: the newest day as
                  a whole; uptime_words
  live            {account (masked), working (orders that are not over), unknown (of them), left_out (of today, not listed),
                    orders [{tag, broker_id, symbol, side, quantity, filled, decided_price, limit_price, average_price,
                      state (INTENT, SENDING, UNKNOWN, WORKING, AMENDING, CANCELLING, SETTLING, FILLED, CANCELLED, REJECTED,
                      REFUSED, NOT_PLACED), rounds (that looked for it while UNKNOWN), purpose (ENTRY, EXIT, FLAT, NET),
                      reason, said (the broker's words), at, at_ns}],
                    locks [why entries are locked or in doubt], entries_wait (for what), waits [what is wanted and not on its way], loss_left (today), logged_in,
                    budget {second, second_most, minute, minute_most, hour, hour_most, day, day_most, reserve},
                    round_age_s (of the broker's books), round_trip_ms, updates (STOPPED, LOGIN, CONNECTING, UP, WAITING),
                    checks [{name, ok, text}: what must be well before orders go out, as the engine sees it; READY where all are]};
                  null where no order goes out, and of an engine that does not answer or is gone
  engines         of several, each as above: those that run, and dead ones that hold something or may do so"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `status`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _SCHEMA
    json_option(parser)
    engine_options(parser)


def run(args: Namespace) -> int:
    """Say it: 0 when an engine runs and goes on, 1 when none runs, 3 when it stands still or does not answer."""
    from engine.cli.output import warn
    from engine.serving import find_place
    from engine.serving.candidates import candidates
    from engine.serving.status import of_several, status_of

    found = candidates() if args.state_dir is None else []
    if len(found) > 1:
        statuses = [status_of(each.place, warn) for each in found]
        status = of_several(statuses)
    else:
        status = status_of(found[0].place if found else find_place(args.state_dir), warn)
        statuses = [status]
    if args.json:
        sys.stdout.write(msgspec.json.Encoder(decimal_format="number").encode(status).decode() + "\n")
    else:
        for each in statuses:
            sys.stdout.write("\n".join(_lines(each)) + "\n")
    sys.stdout.flush()
    return max(map(_exit_status, statuses), key=(EXIT_DIFFERENT, EXIT_WELL, EXIT_BUSY).index)


def _exit_status(status: "Status") -> int:
    """What it comes to; among several one that runs counts more than one that is gone, and one in trouble most."""
    if not status.running:
        return EXIT_DIFFERENT
    return EXIT_WELL if status.state == "running" else EXIT_BUSY


def _lines(status: "Status") -> Iterator[str]:
    held = [_position(each) for each in status.positions]
    if not status.running:
        yield f"no engine is running for {status.state_dir}"
        yield from (f"  its journal holds {each}" for each in (*held, *status.alarms))
        yield from _uptime(status)
        if status.problem:
            yield f"  problem    {status.problem}"
    elif status.state == "no_answer":
        yield f"engine {status.pid} ({status.mode}) holds {status.state_dir} and {status.problem}"
        yield from (f"  its journal holds {each}" for each in (*held, *status.alarms))
        yield from _uptime(status)
    else:
        yield from _of_running(status, held)


def _of_running(status: "Status", held: list[str]) -> Iterator[str]:
    from engine.serving.live_status import lines_of

    age = "no tick yet" if status.newest_tick_age_s is None else f"newest tick {status.newest_tick_age_s:.1f} s ago"
    entries = status.entries_words.removeprefix("entries ") or status.entries
    barred = entries.startswith(("LOCKED", "HALTED"))
    control = f", {status.control} has control" if status.control else ""
    link = f", link {status.link} {status.link_reason}".rstrip() if status.link else ""
    account = f" {status.live.account}" if status.live is not None and status.live.account else ""
    yield f"{status.mode.upper()}{account} engine {status.pid}: {status.source}, delivery {status.delivery}"
    yield f"  ticks      {status.ticks:,}, {age}{link}"
    if status.market_reason:
        yield f"  session    {status.market_reason}"
    yield f"  entries    {entries}" + (": UNLOCK, typed on the screen (k), lifts it" if barred else "")
    yield f"  flat job   {status.flat}" + (f" until {status.flat_until}" if status.flat_until else "")
    yield from (f"  ALARM      {each}" for each in status.alarms)
    yield from (f"  position   {each}" for each in held or ("none",))
    if status.live is not None:
        yield from (f"  {line}" for line in lines_of(status.live))
    if status.watched:
        yield f"  watched    {_some(status.watched)}"
    if status.watch_only:
        yield f"  watch only {', '.join(status.watch_only)}"
    yield f"  day P&L    {status.day_pnl}"
    yield from _uptime(status)
    yield f"  screens    {status.screens}{control}"
    yield f"  memory     {status.rss_mb} MB"
    yield from (f"  log        {each}" for each in status.log_changed)
    yield f"  state in   {status.state_dir}"
    if status.not_durable_s:
        yield f"  journal    {status.not_durable_s:.1f} s behind: {NOT_YET_DURABLE}"
    if status.problem:
        yield f"  problem    {status.problem}"
    yield from (f"  last run   {line}" for line in status.found)


def _uptime(status: "Status") -> Iterator[str]:
    if status.uptime_words:
        yield f"  uptime     {status.uptime_words}"


def _some(symbols: "Sequence[str]") -> str:
    """As many of them as a line has room for."""
    more = len(symbols) - _NAMED
    return ", ".join(symbols[:_NAMED]) + (f" and {more:,} more: myquant-tui watch list" if more > 0 else "")


def _position(held: "HeldStatus") -> str:
    text = f"{held.quantity} {held.symbol}"
    if held.open_pnl is None:
        return text
    age = f", {held.age_s:.1f} s old" if held.age_s is not None else ""
    return f"{text} {held.entry_price} → {held.last_price} (open P&L {held.open_pnl:+}){age}{'' if held.durable else f' {NOT_YET_DURABLE}'}"
