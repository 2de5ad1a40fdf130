"""Verification: a recording is replayed under its own rules, and compared with what was recorded. Prints nothing."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

from msgspec import Struct

from engine.assembly import load
from engine.assembly.recording_config import fit_to_recording
from engine.backtest.rerun import Rerun, rerun
from engine.config import BEFORE_THE_KEY, Config, Layer, bundled, describe
from engine.config.schema import OVERRIDABLE
from engine.model.errors import UserError
from engine.model.types import Fill, Instrument, Trade
from engine.presentation.money import plain_money
from engine.recording import Header, MqrSource
from engine.recording.progress import Progress
from engine.recording.reader import NothingRecordedError
from engine.runtime.replay.comparable import deciding, other_rules
from engine.text.sanitize import clean
from engine.version import VERSION

Outcome = Literal["same", "different", "not comparable", "damaged", "unreadable"]

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


class Verification(Struct, frozen=True):
    """How one file came out, as `verify --json` prints it; `damage` and `notes` are sentences for a person, `order` how entries and exits came.

    It is `blank` where it is whole, and yet holds nothing that a replay could be compared by: no tick, or neither a
    checkpoint nor an exit before one was due. So does a run that ended within its first minutes.
    """

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
    order: tuple[Literal["entry", "exit"], ...] = ()
    blank: bool = False


def verify(
    path: Path,
    config_file: Path | None,
    overrides: Sequence[str],
    progress: Progress | None = None,
    *,
    any_version: bool = False,
) -> Verification:
    """Replay the recording `path` and compare; what cannot be read, or not with this configuration, is an outcome as well.

    It is replayed under the configuration that it was made with, or under `config_file`, with `overrides` on top. One made
    by other rules is not comparable where it differs, unless `any_version` is compared, which is noted.
    """
    try:
        source = MqrSource(path)
        config, instruments, notes = rules_of(source, config_file, overrides)
        found = rerun(source, config, instruments, progress, any_version=any_version)
    except UserError as problem:
        blank = isinstance(problem, NothingRecordedError)
        return Verification(clean(str(path)), "unreadable", "; ".join(problem.lines), blank=blank)
    if any_version and (rules := other_rules(source.header)):
        notes = (*notes, f"compared across versions: {rules}")
    return verdict(path, source, found, notes)


def rules_of(
    source: MqrSource, config_file: Path | None, overrides: Sequence[str]
) -> tuple[Config, tuple[Instrument, ...], tuple[str, ...]]:
    """Configuration, instruments and notes: the recording's own unless a file is given; `overrides` go on top. Raises UserError."""
    if config_file is not None:
        return *fit_to_recording(load(config_file, overrides), source), ()
    recorded, notes = _recorded(source.header)
    config, fitted = fit_to_recording(
        load(bundled("config.toml"), overrides, [Layer("fact", "recorded", recorded)]), source
    )
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
        notes += [f"{key}: not in the recording, taken as {BEFORE_THE_KEY.get(key, known[key])}" for key in missing]
    return [f"{key}={text}" for key, text in usable.items()], tuple(notes)


def _is_of_an_instrument(key: str) -> bool:
    return key.startswith(_INSTRUMENTS) and key.rpartition(".")[2] in OVERRIDABLE


def verdict(path: Path, source: MqrSource, found: Rerun, notes: tuple[str, ...]) -> Verification:
    """How a file came out that was worked once through."""
    portfolio = found.trader.state.portfolio
    trades = [each for each in found.booked if isinstance(each, Trade)]
    outcome, reason = _judge(source, found)
    made_by = source.header.program_version
    if made_by != VERSION:  # by its rules revision alone it is compared
        notes = (*notes, f"made by {made_by or 'an unknown version'}")
    return Verification(
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
        gross_pnl=plain_money(sum((trade.gross_pnl for trade in trades), Decimal(0))),
        costs=plain_money(sum((trade.costs for trade in trades), Decimal(0))),
        net_pnl=plain_money(sum((trade.net_pnl for trade in trades), Decimal(0))),
        cash=plain_money(portfolio.cash),
        open_positions=sum(position is not None for position in portfolio.positions),
        damage=source.losses(),
        notes=notes,
        order=tuple("exit" if isinstance(each, Trade) else "entry" for each in found.booked),
        blank=outcome in {"same", "not comparable"} and _is_blank(source, found),
    )


def _is_blank(source: MqrSource, found: Rerun) -> bool:
    """Whether nothing is there to compare by, and need not be: what a run decides or lasts beyond, its recording has marks of."""
    if source.unread or found.fills or any(isinstance(each, Trade) for each in found.booked):
        return False
    due_after = source.header.config.get("recording.checkpoint_ticks", "")
    return not found.ticks or not (found.checkpoints or (due_after.isdecimal() and found.ticks >= int(due_after)))


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
    for fill in (each for each in found.booked if isinstance(each, Fill)):
        instrument = trader.state.instrument_states[fill.instrument].instrument
        price, quantity = instrument.price_text(fill.price), instrument.quantity_text(fill.quantity)
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
        quantity=instrument.quantity_text(trade.quantity),
        reason=trade.reason,
        net_pnl=plain_money(trade.net_pnl),
    )
