"""Seventeen mistakes that programs like this one make, planted one by one: each must be found. `python -m tests.simulation.planted [SEEDS]`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from engine.execution.order_dialect import Reply, ReplyMeaning
from engine.execution.spoken_orders import SpokenOrders
from engine.execution.write_lane import WriteLane
from engine.journal.account import JournalledAccount
from engine.journal.day_rows import DayRows
from engine.model.order_reports import FillReport, Refused, RoundRead
from engine.model.order_requests import PlaceOrder, WriteRequest
from engine.model.order_rows import Booked
from engine.model.types import Side
from engine.outside.http_reader import HttpAnswer
from engine.text.sanitize import CleanText
from engine.trading.orders import desk, rounds, states
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_flat import LiveFlat
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.live_orders import LiveOrders
from engine.trading.orders.others import Others
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.tags import Tags
from engine.trading.orders.wishes import Wish
from tests.simulation.lines import Line
from tests.simulation.seeds import history
from tests.simulation.wire import Wire

MOST_SEEDS = 500
Plant = Callable[[], Iterator[None]]


@contextmanager
def changed(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Have another attribute for a while."""
    before = owner.__dict__[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def otherwise(*rows: tuple[str, str, str]) -> Iterator[None]:
    """Have other rows in the table of states for a while."""
    before = dict(states.TRANSITIONS)
    states.TRANSITIONS.update({(state, word): then for state, word, then in rows})  # type: ignore[misc]
    try:
        yield
    finally:
        states.TRANSITIONS.clear()
        states.TRANSITIONS.update(before)


def retry_on_timeout() -> Any:
    """An order that is not answered is sent again."""
    whole = Wire._send

    def send(self: Any, line: Line, action: Any, now_ms: int) -> None:
        whole(self, line, action, now_ms)
        reply = line.newest
        if action.wire.path.endswith("placeOrder") and not isinstance(reply, HttpAnswer) and reply.sent:
            line.take_back()
            whole(self, line, action, now_ms)

    return changed(Wire, "_send", send)


def timeout_is_reject() -> Any:
    """An order that is not answered is taken for one that was refused."""
    return otherwise(("SENDING", "unclear", "REFUSED"), ("SENDING", "overdue", "REFUSED"))


def forbidden_is_refused() -> Any:
    """403 is taken for a refusal."""
    whole = SpokenOrders.written

    def written(self: SpokenOrders[Any], request: WriteRequest, reply: Reply) -> ReplyMeaning:
        if isinstance(reply, HttpAnswer) and reply.status == 403 and isinstance(request, PlaceOrder):
            return ReplyMeaning(Refused(request.order, "place", "other", CleanText("403")))
        return whole(self, request, reply)

    return changed(SpokenOrders, "written", written)


def empty_is_trusted() -> Any:
    """A book without a row is believed."""
    whole = rounds.doubt

    def doubt(read: RoundRead, *more: Any) -> str:
        return "" if not read.orders or not read.fills or not read.net else whole(read, *more)

    return changed(rounds, "doubt", doubt)


def verified_once() -> Any:
    """One round without anything is proof enough, believed or not."""
    whole = Blotter._round

    def take(self: Blotter, read: RoundRead, now_ms: int) -> None:
        whole(self, read, now_ms)
        self.newest = read

    def judge(self: Any) -> None:
        read = self._blotter.newest
        if read is not None and read.begun_ms > self.begun_ms and not any(each.net for each in read.net):
            self.word = "FLAT"

    @contextmanager
    def both() -> Iterator[None]:
        with changed(Blotter, "_round", take), changed(LiveFlat, "_judge", judge):
            yield

    return both()


def no_reconciliation() -> Any:
    """What others did is not looked for."""

    @contextmanager
    def both() -> Iterator[None]:
        with changed(Others, "trade", lambda *_: None), changed(Others, "compare", lambda *_: []):
            yield

    return both()


def own_book_in_flat() -> Any:
    """A flat closes what our own book says, and believes it."""

    @contextmanager
    def both() -> Iterator[None]:
        held = lambda self: {at: net for at, net in enumerate(self._blotter.net) if net}  # noqa: E731
        left = lambda self, _: tuple(str(net) for net in self._blotter.net if net)  # noqa: E731
        with changed(LiveFlat, "_held", held), changed(LiveFlat, "_left", left):
            yield

    return both()


def fill_booked_twice() -> Any:
    """A fill of the socket and the same of the trade book are two."""
    whole = LiveOrder.fill

    def fill(self: LiveOrder, report: FillReport, now_ms: int) -> list[Any]:
        known = report.fill_id in self.fills
        told = whole(self, report, now_ms)
        return told if known else [Booked(self.number, report.quantity, report.price), *told]

    return changed(LiveOrder, "fill", fill)


def no_short_guard() -> Any:
    """What is on its way to be sold is not counted."""

    @contextmanager
    def both() -> Iterator[None]:
        closable = lambda self, wish: max(0, wish.quantity - wish.filled)  # noqa: E731
        with changed(Pursuit, "_closable", closable), changed(Blotter, "may_sell", lambda self, at: self.net[at]):
            yield

    return both()


def tag_reused() -> Any:
    """A run after a restart begins to count anew, under the same run number."""
    whole = Tags.__init__
    recover, load = desk.recover, LiveOrders.load

    def begin(self: Tags, day: Any, salt: str, _: int) -> None:
        whole(self, day, salt, 1)

    def forgetful(blotter: Blotter, *more: Any) -> None:
        recover(blotter, *more)
        blotter.last_number = 0

    def numbered_anew(self: LiveOrders, *kept: Any) -> None:
        load(self, *kept)
        self.desk.blotter.last_number = 0

    @contextmanager
    def both() -> Iterator[None]:
        with (
            changed(Tags, "__init__", begin),
            changed(desk, "recover", forgetful),
            changed(LiveOrders, "load", numbered_anew),
        ):
            yield

    return both()


def bytes_before_the_row() -> Any:
    """An order goes out before its rows are on the disk."""
    return changed(WriteLane, "_is_durable", lambda *_: True)


def cancel_is_gone() -> Any:
    """A cancel that was taken is taken for one that is carried out."""
    return otherwise(("CANCELLING", "cancel_taken", "CANCELLED"))


def modify_of_a_part() -> Any:
    """A partly filled order is amended, with a quantity that the broker takes for the rest."""
    return changed(Pursuit, "_is_amended", lambda *_: True)


def lock_lost() -> Any:
    """Entries are not locked after a restart."""
    recover = desk.recover

    def forgetful(blotter: Blotter, *more: Any) -> None:
        recover(blotter, *more)
        blotter.locked = ""

    @contextmanager
    def both() -> Iterator[None]:
        with changed(desk, "recover", forgetful), changed(JournalledAccount, "end_run", lambda _: None):
            yield

    return both()


def day_forgotten() -> Any:
    """A journal that is begun anew has the account, and nothing of the day's orders."""
    return changed(DayRows, "anew", lambda *_: [])


def net_not_counted() -> Any:
    """A stop at the broker is none of what is on its way to be sold."""
    pending = Blotter.pending

    def without(self: Blotter, instrument: int, side: Side) -> int:
        nets = [each.left for each in self.working(instrument, side) if each.purpose == "NET"]
        return pending(self, instrument, side) - sum(nets)

    @contextmanager
    def both() -> Iterator[None]:
        with changed(Blotter, "pending", without), changed(Pursuit, "_is_alone", lambda *_: True):
            yield

    return both()


def net_not_awaited() -> Any:
    """An exit goes out as soon as the stop at the broker is to be cancelled."""
    left, alone = LiveOrder.left, Pursuit._is_alone

    def unless_taken_back(self: LiveOrder) -> int:
        return 0 if self.purpose == "NET" and self.unwanted else left.fget(self)  # type: ignore[attr-defined, no-any-return]

    def asked(self: Pursuit, wish: Wish) -> bool:
        alone(self, wish)
        return True

    @contextmanager
    def both() -> Iterator[None]:
        with changed(LiveOrder, "left", property(unless_taken_back)), changed(Pursuit, "_is_alone", asked):
            yield

    return both()


# Those of a stop that rests at the broker, each with a seed that finds it.
NET_PLANTED = {net_not_counted: 3, net_not_awaited: 3}
PLANTED = (
    retry_on_timeout, timeout_is_reject, forbidden_is_refused, empty_is_trusted, verified_once, no_reconciliation,
    own_book_in_flat, fill_booked_twice, no_short_guard, tag_reused, bytes_before_the_row, cancel_is_gone,
    modify_of_a_part, lock_lost, day_forgotten,
)  # fmt: skip


def found_by(plant: Callable[[], Any], seeds: range) -> tuple[int, str]:
    """The first of `seeds` that finds the mistake, and the rule it broke; (-1, "") where none does."""
    with plant():
        for seed in seeds:
            try:
                history(seed)
            except (AssertionError, KeyError, ValueError) as error:
                return seed, f"{type(error).__name__} {str(error).splitlines()[0]:.100}"
    return -1, ""


def main(most: int) -> int:
    """Plant each; how many were not found."""
    missed = 0
    for plant in (*PLANTED, *NET_PLANTED):
        seed, rule = found_by(plant, range(1, most + 1))
        missed += seed < 0
        print(f"{plant.__name__:22} {'NOT FOUND' if seed < 0 else f'seed {seed:4}'}  {rule}", flush=True)
    print(f"{len(PLANTED) + len(NET_PLANTED) - missed} of {len(PLANTED) + len(NET_PLANTED)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else MOST_SEEDS))
