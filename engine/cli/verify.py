"""The command `verify`: replays recordings under their own rules and says whether all came out as it was recorded."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from engine.assembly import load
from engine.assembly.recording_config import fit_to_recording
from engine.cli.convert import progress_bar
from engine.cli.report import money
from engine.cli.rerun import Rerun, rerun
from engine.config import Config, bundled, describe
from engine.config.schema import OVERRIDABLE
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL, UserError
from engine.model.types import Instrument, Trade
from engine.recording import Header, MqrSource
from engine.runtime.replay.comparable import deciding
from engine.text.sanitize import clean
from engine.version import VERSION

Outcome = Literal["same", "different", "not comparable", "damaged", "unreadable"]

_STATUS: dict[Outcome, int] = {
    "same": EXIT_WELL,
    "different": EXIT_DIFFERENT,
    "not comparable": EXIT_DIFFERENT,
    "damaged": EXIT_BAD_INPUT,
    "unreadable": EXIT_BAD_INPUT,
}
_INSTRUMENT = "instrument."
_INSTRUMENTS = "instruments."


class Entry(Struct, frozen=True):
    """One entry; `price` in the currency, `time` ISO-8601 in the session's zone."""

    time: str
    symbol: str
    price: str
    quantity: str


class ExitRow(Struct, frozen=True):
    """One exit of (a part of) a position; `net_pnl` to two decimals."""

    time: str
    symbol: str
    entry_time: str
    entry_price: str
    price: str
    quantity: str
    reason: str
    net_pnl: str


class Report(Struct, frozen=True):
    """What `--json` prints of one file; the last two lists are sentences for a person."""

    file: str
    outcome: Outcome
    reason: str
    ticks: int = 0
    same: int = 0
    checkpoints: int = 0
    exits_same: int = 0
    exits_recorded: int = 0
    entries: tuple[Entry, ...] = ()
    exits: tuple[ExitRow, ...] = ()
    gross_pnl: str = "0.00"
    costs: str = "0.00"
    net_pnl: str = "0.00"
    cash: str = "0.00"
    open_positions: int = 0
    damage: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def verify_command(args: Namespace) -> int:
    """Verify every file named; the worst of their exit statuses."""
    overrides = [*args.overrides, *getattr(args, "more_overrides", ())]
    worst = EXIT_WELL
    for path in args.files:
        report, lines = _verify(path, args.config, overrides)
        worst = max(worst, _STATUS[report.outcome])
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n" if args.json else "\n".join(lines) + "\n")
        sys.stdout.flush()
    return worst


def _verify(path: Path, config_file: Path | None, overrides: Sequence[str]) -> tuple[Report, list[str]]:
    """The report on one file, as a record and as lines."""
    try:
        source = MqrSource(path)
        config, instruments, notes = _rules(source, config_file, overrides)
        with progress_bar("verify") as progress:
            found = rerun(source, config, instruments, progress)
    except UserError as problem:
        reason = "; ".join(problem.lines)
        file = clean(str(path))
        return Report(file, "unreadable", reason), [f"{file}: UNREADABLE: {reason}"]
    report = _report(path, source, found, notes)
    return report, list(_lines(report))


def _rules(
    source: MqrSource, config_file: Path | None, overrides: Sequence[str]
) -> tuple[Config, tuple[Instrument, ...], tuple[str, ...]]:
    """Configuration, instruments and notes: the recording's own unless a file is given; `overrides` go on top. Raises UserError."""
    if config_file is not None:
        return *fit_to_recording(load(config_file, overrides), source), ()
    recorded, notes = _recorded(source.header)
    config, fitted = fit_to_recording(load(bundled("config.toml"), [*recorded, *overrides]), source)
    # What was traded stands in the header as it was counted then; it is not worked out again unless that is asked for.
    asked = any(override.strip().startswith((_INSTRUMENT, _INSTRUMENTS)) for override in overrides)
    return config, fitted if asked else source.instruments, notes


def _recorded(header: Header) -> tuple[list[str], tuple[str, ...]]:
    """The recorded configuration as overrides of the defaults, and what of it could not be taken over."""
    known = describe(load(bundled("config.toml")))
    wanted = deciding(header.config) | {
        key: text for key, text in header.config.items() if key.startswith((_INSTRUMENT, _INSTRUMENTS))
    }
    usable = {key: text for key, text in wanted.items() if key in known or _is_of_an_instrument(key)}
    notes = [f"{key}: not in this program any more" for key in wanted if key not in usable]
    if header.config:
        missing = [key for key in deciding(known) if key not in header.config]
        notes += [f"{key}: not in the recording, taken as {known[key]}" for key in missing]
    return [f"{key}={text}" for key, text in usable.items()], tuple(notes)


def _is_of_an_instrument(key: str) -> bool:
    return key.startswith(_INSTRUMENTS) and key.rpartition(".")[2] in OVERRIDABLE


def _report(path: Path, source: MqrSource, found: Rerun, notes: tuple[str, ...]) -> Report:
    portfolio = found.trader.state.portfolio
    trades = found.exits
    outcome, reason = _judge(source, found)
    return Report(
        file=clean(str(path)),
        outcome=outcome,
        reason=reason,
        ticks=found.ticks,
        same=found.same,
        checkpoints=found.checkpoints,
        exits_same=found.fills_same,
        exits_recorded=found.fills,
        entries=tuple(_entries(found)),
        exits=tuple(_exit(found, trade) for trade in trades),
        gross_pnl=money(sum((trade.gross_pnl for trade in trades), Decimal(0))),
        costs=money(sum((trade.costs for trade in trades), Decimal(0))),
        net_pnl=money(sum((trade.net_pnl for trade in trades), Decimal(0))),
        cash=money(portfolio.cash),
        open_positions=sum(position is not None for position in portfolio.positions),
        damage=source.losses(),
        notes=(*notes, *_made_by(source.header)),
    )


def _made_by(header: Header) -> tuple[str, ...]:
    """Which program made the recording, where it was not this one; by its rules revision alone it is compared."""
    if header.program_version == VERSION:
        return ()
    return (f"made by {header.program_version or 'an unknown version'}",)


def _judge(source: MqrSource, found: Rerun) -> tuple[Outcome, str]:
    if found.incomparable:
        return "not comparable", found.incomparable
    differences = [each for each in (found.difference, found.fill_difference) if each]
    if differences:
        return "different", "; ".join(differences)
    if source.unread:
        return "damaged", f"all as recorded up to tick {found.ticks:,}, where reading ends"
    return "same", ""


def _entries(found: Rerun) -> Iterator[Entry]:
    trader = found.trader
    for fill in found.entries:
        instrument = trader.state.instrument_states[fill.instrument].instrument
        price, quantity = instrument.price_text(fill.price), _units(instrument, fill.quantity)
        yield Entry(trader.hours.stamp(fill.at_ms), instrument.symbol, price, quantity)


def _exit(found: Rerun, trade: Trade) -> ExitRow:
    trader = found.trader
    instrument = trader.state.instrument_states[trade.instrument].instrument
    return ExitRow(
        time=trader.hours.stamp(trade.exit_ms),
        symbol=instrument.symbol,
        entry_time=trader.hours.stamp(trade.entry_ms),
        entry_price=instrument.price_text(trade.entry_price),
        price=instrument.price_text(trade.exit_price),
        quantity=_units(instrument, trade.quantity),
        reason=trade.reason,
        net_pnl=money(trade.net_pnl),
    )


def _units(instrument: Instrument, quantity: int) -> str:
    return f"{Decimal(quantity) / instrument.quantity_scale:f}"


def _lines(report: Report) -> Iterator[str]:
    """Say it to a person: the verdict first."""
    counted = f"{report.same}/{report.checkpoints}, exits {report.exits_same}/{report.exits_recorded}"
    match report.outcome:
        case "same":
            yield f"{report.file}: SAME AS RECORDED {counted}"
        case "not comparable":
            yield f"{report.file}: NOT COMPARABLE ({report.reason})"
        case _:
            yield f"{report.file}: {report.outcome.upper()}: {report.reason} (the same: {counted})"
    counts = f"{len(report.entries)} entries, {len(report.exits)} exits, {report.open_positions} positions open"
    yield f"  {report.ticks:,} ticks, {counts}"
    yield f"  gross {report.gross_pnl}, costs {report.costs}, net {report.net_pnl}; cash {report.cash}"
    yield from _trade_lines(report)
    yield from (f"  damage: {line}" for line in report.damage)
    yield from (f"  note: {line}" for line in report.notes)


def _trade_lines(report: Report) -> Iterator[str]:
    """Each entry and exit in the order of their times; an exit behind the entry of the same moment."""
    told = [(each.time, 0, f"entry {each.quantity} {each.symbol} @ {each.price}") for each in report.entries]
    for each in report.exits:
        won = each.net_pnl if each.net_pnl.startswith("-") else f"+{each.net_pnl}"
        told.append((each.time, 1, f"exit  {each.quantity} {each.symbol} @ {each.price} {each.reason}, net {won}"))
    yield from (f"  {time}  {text}" for time, _, text in sorted(told, key=lambda line: line[:2]))
