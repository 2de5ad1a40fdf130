"""What `run`, `replay` and `engine` share: an engine in this process, on a screen or without one, and a summary at its end."""

import sys
import time
from argparse import Namespace
from decimal import Decimal
from pathlib import Path

from engine.assembly import Run, build
from engine.assembly.choose import RunChoice, choose
from engine.backtest.headless import run_to_end, wait_for_end
from engine.cli.layout import layout_of
from engine.cli.output import answer, warn
from engine.cli.screen import Screen, pictures_folder
from engine.config import Config, find_config
from engine.journal.state_dir import lasting
from engine.model.commands import Flat
from engine.model.errors import EXIT_BAD_INPUT, EXIT_FAULT, EXIT_POSITION_OPEN, EXIT_WELL, InputError
from engine.model.sources import Selective
from engine.model.statistics import DayStatistics
from engine.model.types import MARKET_MODES, TradeMode
from engine.presentation import closing
from engine.presentation.charges import fills_text
from engine.presentation.money import grouped
from engine.reports.summary import Summary, summarise
from engine.reports.trade_file import TradeFile
from engine.runtime import LOGGERS
from engine.serving.signals import Signals
from engine.text.sanitize import clean


def choice_of(args: Namespace, config: Config, *, on_screen: bool = False) -> RunChoice:
    """Return what is to be run of the file that `args` name, or of the feed where they name none; raises UserError."""
    return choose(
        config,
        args.file,
        args.speed,
        layout=layout_of(args, config),
        kind=args.format,
        skip_damage=args.skip_damage,
        skip_bad=args.skip_bad_rows,
        on_screen=on_screen,
        require_credentials=args.require_credentials,
    )


def run_here(
    args: Namespace, choice: RunChoice, screen: Screen | None, *, file: Path | None = None, paused: bool = False
) -> int:
    """Run what was chosen (a replay of `file`, where there is one) to its end in this process; the exit status."""
    signals = Signals(on_screen=screen is not None, hangup_ends=choice.mode == "replay")
    signals.start()  # before there is a state directory, or a thread
    with TradeFile(args.trades, *([file] if file else ()), force=args.force) as trade_file:
        begun_ns = time.perf_counter_ns()
        with build(
            choice.config,
            choice.source,
            choice.mode,
            speed=choice.speed,
            title=choice.title,
            paused=paused,
            state_root=args.state_dir,
            console_fd=None if args.quiet or screen is not None else sys.stderr.fileno(),
            unlock=args.unlock,
            real=choice.real,
            on_screen=screen is not None,
        ) as running:
            say_how_it_was_chosen(args, running, choice)
            trade_file.follow(running)
            if screen is not None:
                screen.load()
            _run(running, choice.mode, screen, signals, pictures_folder(args, lasting(running.folder)))
            for inst in running.trader.state.instrument_states:
                if held := running.trader.state.portfolio.net(inst.index):
                    running.say(f"stopped with {inst.instrument.quantity_text(held)} {inst.instrument.symbol} open")
            for line in running.trader.findings.remarks(running.engine.snapshot.ticks):
                running.say(line)
            elapsed_s = (time.perf_counter_ns() - begun_ns) / 1e9
            status = status_of(running, choice.mode)
            trade_file.finish()
            summary = summarise(running, elapsed_s)
            running.logs.flush(2.0)
    answer(
        args, summary, lines_of(summary, running.engine.exits.statistics.total, running.engine.snapshot.session.zone)
    )
    return status


def _run(running: Run, mode: TradeMode, screen: Screen | None, signals: Signals, pictures: Path) -> None:
    """Carry the run out to its end, on the screen or without one; all but a replay is served."""
    if mode == "replay":
        _run_replay(running, screen, signals, pictures)
        return
    from engine.serving.process import serve, served_beside_screen  # a replay carries no socket

    if screen is None:
        serve(running, signals, until_source_ends=True)
        return
    with served_beside_screen(running, signals) as service:
        if not screen.show(running, pictures):
            service.without_screen()
            service.until_end(with_source=True)


def _run_replay(running: Run, screen: Screen | None, signals: Signals, pictures: Path) -> None:
    """A replay is nobody's money: it needs no ways in but SIGUSR1."""
    signals.serve(lambda name: running.engine.send(Flat(clean(name))), running.engine.status.changed)
    if screen is None:
        run_to_end(running, signals.ending)
        return
    running.engine.start()
    if not screen.show(running, pictures):
        signals.take_terminal()
        wait_for_end(running, signals.ending)
    running.engine.stop()


def say_how_it_was_chosen(args: Namespace, running: Run, choice: RunChoice) -> None:
    """Log the configuration, and what was found while choosing."""
    LOGGERS["engine"].info("configuration %s", clean(str(find_config(args.config))))
    if isinstance(choice.source, Selective):
        LOGGERS["engine"].info("%s is read as %s", choice.source.name, choice.source.understood())
    for line in choice.told:
        running.say(line)


def status_of(running: Run, mode: TradeMode) -> int:
    """Return the exit status of a run that is over; raises UserError when its source could not be read at all."""
    engine = running.engine
    if engine.problem and engine.status.exit_status == EXIT_WELL:
        if not engine.snapshot.ticks:
            raise InputError(engine.problem)
        warn(engine.problem)  # what was done until then is told as of any run
        return EXIT_BAD_INPUT
    if engine.problem:
        warn(engine.problem)
        return engine.status.exit_status or EXIT_FAULT
    holds = any(position is not None for position in running.trader.state.portfolio.positions)
    return EXIT_POSITION_OPEN if holds and mode in MARKET_MODES else EXIT_WELL


_WORDS = {
    "outside_session": "outside the session",
    "late": "late, so they enter nothing",
    "merged": "merged, the engine was behind",
}


def _places(summary: Summary, reason: str) -> str:
    """`first at row 3 (2025-10-01T09:15:03+05:30), last at row 5 (…)`."""
    found = summary.left_out.get(reason)
    if found is None:
        return f"first at {summary.refused_first.get(reason, 'a tick')}"
    first = f"first at {found.first} ({found.first_time})"
    return first if found.count == 1 else f"{first}, last at {found.last} ({found.last_time})"


def _filters(summary: Summary) -> str:
    """`1,204 signals in 32,141 ticks of the session, 46 followed; refused: green ticks 20,140, EMA fast not above slow 800`.

    Of a run that began within a day: `since 13:05: …`; what the account did before is not among them.
    """
    refused = ", ".join(f"{reason} {count:,}" for reason, count in summary.filters.items() if count)
    told = f"{summary.signals:,} signals in {summary.in_session:,} ticks of the session, {summary.followed:,} followed"
    told = f"since {summary.since[11:16]}: {told}" if summary.since else told
    return f"{told}; refused: {refused}" if refused else told


def _charged(summary: Summary, zone: str) -> str:
    """Say by what costs were charged, how the contract note rounds them, and where orders were filled."""
    told = f"charged by {summary.charged_by}"
    noted = {kind: Decimal(amount) for kind, amount in summary.costs_as_noted.items()}
    if noted:
        stt, whole = grouped(noted.get("STT", Decimal(0)), zone), grouped(sum(noted.values(), Decimal(0)), zone)
        told += f", whose note of the day rounds STT to {stt}: {whole} in all"
    return f"{told}; filled at {fills_text(summary.fill, summary.fills_at_touch, summary.fills_at_last)}"


def lines_of(summary: Summary, made: DayStatistics, zone: str) -> list[str]:
    """Say `summary` to a person, and what came of the trades; money as it is grouped in `zone`."""
    refused = {reason: count for reason, count in summary.refused.items() if count}
    latency = summary.latency_us
    gross, costs, net, cash = (
        grouped(Decimal(money), zone) for money in (summary.gross_pnl, summary.costs, summary.net_pnl, summary.cash)
    )
    pace = f"{summary.elapsed_s:.2f} s ({summary.ticks_per_s:,} a second)"
    lines = [
        f"{summary.mode} of {summary.source}: {summary.ticks:,} ticks, {pace}, delivery {summary.delivery}",
        f"{summary.entries} entries, {summary.exits} exits, {summary.open_positions} positions open",
        f"gross {gross}, costs {costs}, net {net}; cash {cash}",
        *closing.summary_lines(made, zone),
        *([_charged(summary, zone)] if summary.entries else []),
        f"receive→decision µs: p50 {latency.p50} p95 {latency.p95} p99 {latency.p99} max {latency.max}",
        f"peak memory {summary.rss_mb} MB",
        f"state {summary.state_hash}",
    ]
    if summary.candles:
        lines.append("its ticks were made of candles, four of each: what came first within one is a guess")
    for reason, count in refused.items():
        lines.append(f"refused {count} ticks: {reason}, {_places(summary, reason)}")
    for reason, left_out in summary.left_out.items():
        if reason not in refused and left_out.first_time:
            lines.append(f"left out {left_out.count} ticks: {_WORDS.get(reason, reason)}, {_places(summary, reason)}")
    if summary.signals or summary.undecided:
        lines.append(_filters(summary))
    lines += summary.remarks
    lines += [f"lost: {loss}" for loss in summary.losses]
    if not summary.complete:
        lines.append("stopped before its end")
    if summary.recording:
        lines.append(f"recording stopped: {summary.recording}")
    return lines
