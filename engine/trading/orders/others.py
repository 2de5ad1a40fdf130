"""What others do in the same account: their trades, what they have put on, and where the broker holds something else than we. Knows no order of ours."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from msgspec import Struct

from engine.model.order_reports import FillReport, NetReport
from engine.model.order_rows import External
from engine.model.types import Instrument
from engine.trading.orders.refusals import is_square_off

MISMATCHES: Final = 3  # rounds in a row that disagree, so that it counts


class Mismatch(Struct, frozen=True):
    """Three trusted rounds say that the broker holds something else than we: `ours`, `theirs`."""

    instrument: int
    ours: int
    theirs: int


class Others:
    """`foreign` is what others have put on, by symbol; `stirred` when an order of theirs was seen, by instrument."""

    KEPT: ClassVar[Mapping[str, Any]] = {
        "foreign": dict[str, int],
        "stirred": dict[int, int],
        "fills": set[tuple[str, str]],
        "apart": dict[int, int],
    }

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._instruments = instruments
        self.foreign: dict[str, int] = {}
        self.stirred: dict[int, int] = {}
        self.fills: set[tuple[str, str]] = set()
        self.apart: dict[int, int] = {}  # rounds in a row that disagree with us, by instrument

    def calm(self, begun_ms: int) -> None:
        """A round was believed that began then: it shows what came of orders that were seen before."""
        self.stirred = {at: when for at, when in self.stirred.items() if when >= begun_ms}

    @property
    def traded(self) -> set[str]:
        """The broker's numbers of orders that are known to be others'."""
        return {broker_id for broker_id, _ in self.fills}

    def trade(self, fill: FillReport, net: list[int], words: str = "") -> External | None:
        """Take a trade of theirs, once: what it closed of the `net` that we hold is booked as sold; None for one that is known.

        `words` are the broker's on its order.
        """
        if (fill.broker_id, fill.fill_id) in self.fills:
            return None
        ours = net[fill.instrument] if fill.instrument >= 0 and fill.side == "SELL" else 0
        booked = max(0, min(ours, fill.quantity))
        row = External(
            fill.broker_id, fill.fill_id, fill.instrument, fill.symbol, fill.side, fill.quantity, fill.price, booked,
            "Broker square-off" if is_square_off(words) else "External",
        )  # fmt: skip
        self.know(row, net)
        return row

    def know(self, row: External, net: list[int]) -> None:
        """Keep `net`, and what others have put on, true to a trade of theirs."""
        self.fills.add((row.broker_id, row.fill_id))
        if row.booked:
            net[row.instrument] -= row.booked
        if rest := row.quantity - row.booked:
            self.foreign[row.symbol] = self.foreign.get(row.symbol, 0) + (rest if row.side == "BUY" else -rest)

    def closed_by(self, instrument: int, ours: int, bought: int) -> int:
        """How much of `bought` (below nought: sold) for a flat closes what is not ours, of which we hold `ours`: ours comes first."""
        closing_ours = min(abs(bought), max(0, -ours if bought > 0 else ours))
        rest = abs(bought) - closing_ours
        self.close(instrument, rest if bought > 0 else -rest)
        return rest

    def close(self, instrument: int, bought: int) -> None:
        """So much was bought (below nought: sold) for a flat of what others have put on."""
        if bought:
            symbol = self._instruments[instrument].symbol
            self.foreign[symbol] = self.foreign.get(symbol, 0) + bought

    def compare(self, net: Sequence[int], held: Sequence[int], told: Sequence[NetReport]) -> list[Mismatch]:
        """Where the third trusted round in a row disagrees: `net` is what the account holds, `held` the broker's, `told` what it says of itself."""
        found = []
        for at in range(len(self._instruments)):
            figures = self.figures(at, net[at], held[at], told)
            if figures.ours == figures.theirs:
                self.apart.pop(at, None)
                continue
            times = self.apart[at] = self.apart.get(at, 0) + 1
            if times == MISMATCHES:
                found.append(figures)
        return found

    def figures(self, at: int, net: int, held: int, told: Sequence[NetReport]) -> Mismatch:
        """What we hold of one instrument, others' part included, beside what the broker holds of it, as `compare` takes them."""
        ours = net + self.foreign.get(self._instruments[at].symbol, 0)
        return Mismatch(at, ours, held - sum(each.carried for each in told if each.instrument == at))
