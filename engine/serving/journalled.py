"""What engines left behind that are gone, or do not answer: the account as their journal tells it, or why that is not known.

What is not known is never nothing: whoever counts, shows or closes what is held asks here.
"""

import os
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.journal import (
    JOURNAL_FILE,
    JournalledAccount,
    begins_blind,
    mode_of_newest_run,
    unknown_after,
    untraded,
)
from engine.journal.fold import fold
from engine.model.errors import InputError, reason
from engine.model.types import Order
from engine.serving.state_dirs import EngineDir
from engine.shortcut.engines import holds_nothing
from engine.text.sanitize import clean
from engine.trading.kept_orders import KeptOrder


class Left(Struct, frozen=True):
    """The `account` of an engine that is gone, and the `problem` where it does not tell for certain what is held, or there is none.

    Neither: nothing was ever held. The mode of `place` is known by the journal where the directory's stamp is gone.
    """

    place: EngineDir
    account: JournalledAccount | None = None
    problem: str = ""

    @property
    def open(self) -> tuple[str, ...]:
        """Say each thing that the account leaves open; empty exactly where that is idle, or there is none."""
        account = self.account
        return (*held_in_account(account), *unsettled_in_account(account)) if account is not None else ()


def left_in(place: EngineDir) -> Left:
    """Return what was left in `place`."""
    if place.mode == "replay":  # what it held was nobody's
        return Left(place)
    path = place.folder / JOURNAL_FILE
    if not place.mode:
        place = replace(place, mode=clean(mode_of_newest_run(path), 20))
    try:
        journal = path.exists()
        unknown = unknown_after(path) if journal else ""  # first: who reads may bring an index in order, which tells it
        if journal and (account := fold(path)) is not None:
            doubts = (_lacking(place.folder) if begins_blind(path) else "", unknown)
            return Left(place, account, "; ".join(filter(None, doubts)))
        if holds_nothing(str(place.folder)) or (journal and not unknown and untraded(path)):
            return Left(place)
        return Left(place, problem=_lacking(place.folder))
    except OSError as error:
        return Left(place, problem=f"{place.where} cannot be looked into: {reason(error)}: what is held is not known")
    except InputError as problem:
        return Left(place, problem=problem.lines[0])


def _lacking(folder: Path) -> str:
    """What is not as it must be in a directory that was used and does not tell all; raises OSError."""
    names = os.listdir(folder)
    aside = max((name for name in names if name.startswith(f"{JOURNAL_FILE}.damaged-")), default="")
    more = f"; a damaged one was put aside as {clean(aside, 80)}" if aside else ""
    if JOURNAL_FILE not in names:
        return f"{JOURNAL_FILE} is missing in {clean(str(folder))}: what is held is not known{more}"
    return f"the journal in {clean(str(folder))} does not tell what was before it: what is held is not known{more}"


def held_in_account(account: JournalledAccount) -> tuple[str, ...]:
    """Say each quantity that a journalled account holds."""
    held = account.net().items()
    return tuple(f"{account.instrument(number).quantity_text(net)} {account.symbols[number]}" for number, net in held)


def _waiting(account: JournalledAccount, order: Order | KeptOrder, left: int) -> str:
    instrument, symbol = account.instrument(order.instrument), account.symbols[order.instrument]
    if not left:  # the broker's trades were to be read
        return f"order {order.tag} filled and not settled, {order.side} {instrument.quantity_text(order.quantity)} {symbol}"
    return f"order {order.tag} without an outcome, {order.side} {instrument.quantity_text(left)} {symbol}"


def unsettled_in_account(account: JournalledAccount) -> tuple[str, ...]:
    """Say each order without an outcome, which may have become a position, and whatever else is open without being held."""
    orders = tuple(_waiting(account, each, left) for each, left in account.unanswered())
    found = (*orders, *(("a flat that is not verified",) if account.flat.running else ()))
    return found or (() if account.idle or account.net() else ("what was sold without being held",))
