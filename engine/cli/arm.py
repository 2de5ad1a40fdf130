"""The command `arm`: a person looks at what is to be traded with real money today, and types that it is meant."""

import os
import sys
import time
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Final

from engine.cli.options import Parser, config_options, engine_options, feed_options, json_option, load_config
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL, InputError

if TYPE_CHECKING:
    from engine.config import Config
    from engine.model.preflight import Check, ForwardFound
    from engine.serving.arming_checks import ArmingPlan
    from engine.serving.preflight import Preflight
    from engine.venues.venue import LiveProbe

_EPILOG: Final = """Orders go to a real broker only with four things: live.enabled, --live at the start, an arming of that day, credentials. This
makes the third, in a terminal alone: it runs the checklist, shows account, symbols and limits, and has you type the last four
characters of the client code and the largest loss. Last it has the broker cancel an order that cannot exist, which shows
whether orders are taken from this machine's address. The arming holds until the session ends, for restarts too; another
configuration, version or account voids it, and `disarm` takes it away.

examples:
  myquant-tui arm --check                  the checklist alone, from anywhere; no request to an order address
  myquant-tui arm --live && myquant-tui run --live
  myquant-tui disarm

exit status: 0 armed, or all is well; 1 what was typed is not what was shown; 2 something is missing, or a check fails"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `arm`."""
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    parser.add_argument("--check", action="store_true", help="run the checklist, and arm nothing")
    json_option(parser, "what --check found, as JSON")
    feed_options(parser)
    engine_options(parser)
    config_options(parser)


def run(args: Namespace) -> int:
    """Arm, or only check."""
    if args.json and not args.check:
        raise InputError("--json: allowed with --check; an arming is a person's")
    if not args.check:
        _require_person(args)
    from engine.serving.arming_checks import all_of, checks, plan_of
    from engine.venues.registry import live_probe_of

    config = load_config(args, logs_in=True, runs=True)
    plan = plan_of(config, os.environ, args.state_dir, time.time_ns())
    opener = live_probe_of(config.feed.source)
    assert opener is not None  # else it could not be planned
    with closing(opener(config, os.environ)) as probe:
        say: Callable[[Check], None] = (lambda _: None) if args.json else _say
        found = all_of(checks(plan, config, probe, partial(_forward, config)), say, time.time_ns())
        if args.check:
            if args.json:
                from engine.cli.output import answer

                answer(
                    args,
                    {"mode": plan.mode, "account": plan.account.masked, "well": found.well, "checks": found.checks},
                    (),
                )
            return EXIT_WELL if found.well else EXIT_BAD_INPUT
        if not found.well:
            print(f"nothing is armed: {', '.join(each.name for each in found.failed)}")
            return EXIT_BAD_INPUT
        return _confirmed(plan, config, probe, found)


def _require_person(args: Namespace) -> None:
    """Raise InputError unless a person sits at a terminal and has said what is to be armed."""
    if not args.live:
        raise InputError("arm: say what is armed: myquant-tui arm --live; or look alone: arm --check")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("arm: asks a person, so standard input and output must be a terminal; arm --check needs none")


def _confirmed(plan: "ArmingPlan", config: "Config", probe: "LiveProbe", found: "Preflight") -> int:
    """Show what is meant, have it typed, ask for the address, write it down."""
    from engine.serving import place_of, preflight
    from engine.serving.arming import armed_now, write_arming

    print("\n".join(_shown(plan, config)))
    code = _typed("type the last four characters of the client code: ")
    amount = _typed("type the largest loss, in rupees: ")
    if not (plan.account.ends_with(code) and _amount(amount) == preflight.largest_loss(config)):
        print("that is not what is shown: nothing is armed")
        return EXIT_DIFFERENT
    address = preflight.address(probe.address())
    _say(address)
    if not address.ok:
        print(f"nothing is armed: {address.name}")
        return EXIT_BAD_INPUT
    plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    checks = found.with_check(address).checks
    write_arming(plan.folder, armed_now(config, plan.account, plan.day, time.time_ns(), plan.until_ns, checks))
    print(
        f"armed until {_clock_time(plan.until_ns, config.session.zone)}: run --live, or engine --live, under this very configuration"
    )
    if pid := place_of(plan.folder).pid:
        print(f"engine {pid} is running: it goes by this arming once it is stopped and started again")
    return EXIT_WELL


def _shown(plan: "ArmingPlan", config: "Config") -> list[str]:
    """What is to be traded, and what it may cost."""
    from engine.presentation.money import grouped
    from engine.serving.preflight import largest_loss

    live, zone = config.live, config.session.zone
    lots = "1 lot" if live.max_lots == 1 else f"{live.max_lots} lots"
    return [
        "",
        f"account       {plan.account.masked} at {config.feed.source}, {plan.mode.upper()}",
        f"symbols       {', '.join(live.symbols)}",
        f"an entry      at most {grouped(live.max_order_value, zone)} rupees, {lots}",
        f"a day         at most {live.max_orders_per_day} orders; at a loss of {grouped(config.risk.max_daily_loss, zone)} all is closed",
        f"at once       at most {live.max_open_positions} positions",
        f"nobody there  operator.on_loss = {config.operator.on_loss}; live.on_engine_death = {live.on_engine_death}",
        f"largest loss  {grouped(largest_loss(config), zone)} rupees: {live.max_open_positions} positions that become worthless",
        "",
    ]


def _typed(question: str) -> str:
    print(question, end="", flush=True)
    return sys.stdin.readline().strip()


def _amount(text: str) -> Decimal:
    """The amount that was typed, with or without commas between its digits; -1 where it is none."""
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return Decimal(-1)
    return value if value.is_finite() else Decimal(-1)


def _say(check: "Check") -> None:
    print(f"{check.name:<13} {'well' if check.ok else 'NOT WELL'}: {check.text}", flush=True)


def _clock_time(at_ns: int, zone: str) -> str:
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    return f"{datetime.fromtimestamp(at_ns // 10**9, UTC).astimezone(ZoneInfo(zone)):%H:%M}"


def _forward(config: "Config") -> "ForwardFound":
    """The forward test, its replay in a process of its own."""
    from engine.backtest.forward_test import forward_test
    from engine.backtest.verify_child import verified_in_child
    from engine.serving.launch import program
    from engine.serving.preflight import LEAST_FORWARD_HOURS

    return forward_test(config, time.time_ns(), LEAST_FORWARD_HOURS, partial(verified_in_child, program()))
