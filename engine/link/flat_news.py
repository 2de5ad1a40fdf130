"""What has become of a flat that a short command follows, in lines that it only has to print. Pure: a snapshot in, a message out."""

import zlib

from msgspec.structs import replace

from engine.link.protocol import ENCODER, FlatNews
from engine.model.snapshot import Snapshot
from engine.model.trading_views import NOT_YET_DURABLE, FlatLeg
from engine.presentation import feeds

_GOES_ON = "it goes on by itself, `flat --anyway` sends now"


def flat_news(seen: Snapshot, ticket: int) -> FlatNews:
    """How the flat stands in `seen`, and what became of the request with this ticket."""
    view = next((each for each in seen.commands if each.ticket == ticket), None)
    outcome = view.state if view is not None else "WAITING"
    if outcome == "DONE" and not seen.flat.receipt:
        outcome = "ACCEPTED"  # another has begun since, asked for in another way: this request is done with that
    held = f"{text_held}; {_GOES_ON}" if (text_held := held_text(seen)) else ""
    news = FlatNews(
        number=0,
        state=seen.flat.state,
        outcome=outcome,
        reason=held or (view.reason if view is not None else ""),
        begun_ns=seen.flat.begun_ns,
        legs=(*(_leg(seen, leg) for leg in seen.flat.legs), *_waits(seen), *_not_durable(seen))
        if outcome != "WAITING"
        else (),
        receipt=(*seen.flat.receipt, *_not_durable(seen)) if outcome == "DONE" else (),
    )
    return replace(news, number=zlib.crc32(ENCODER.encode(news)) or 1)


def held_text(seen: Snapshot) -> str:
    """Until when a flat is held; empty where none is."""
    if seen.flat.state != "HELD":
        return ""
    return f"HELD until {feeds.goes_on(seen)}: the market is closed, nothing was sent"


def _waits(seen: Snapshot) -> tuple[str, ...]:
    """What is still to be closed and not on its way, and why: a person may have to act."""
    waits = seen.live.waits if seen.live is not None else ()
    return tuple(f"  {seen.instruments[each.instrument].symbol} waits: {each.why}" for each in waits if each.why)


def _not_durable(seen: Snapshot) -> tuple[str, ...]:
    """What a person must know of a flat whose rows the disk has not taken so far."""
    if not seen.unkept_from_ms:
        return ()
    return (
        f"  {NOT_YET_DURABLE}: the disk has not taken it so far; what is sold now is held again if the engine is killed",
    )


def _leg(seen: Snapshot, leg: FlatLeg) -> str:
    instrument = seen.instruments[leg.instrument]
    amount = f"{instrument.quantity_text(leg.filled)}/{instrument.quantity_text(leg.quantity)}"
    return f"  {instrument.symbol} {amount} {leg.word}"
