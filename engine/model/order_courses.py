"""How orders at a real broker went, and how a day of them went beside the same ticks on paper. Plain data, prices in minor units."""

from decimal import Decimal

from msgspec import Struct

from engine.model.types import Instrument, Side


class OrderCourse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One order from its decision to its end, or (`purpose` EXTERNAL) a trade that somebody else has made.

    `decided` is the tick price it was decided at, `best` the best price that the book then had on the other side, else the
    last one (0: not known). `turnover` is exactly price × quantity of what is `filled`, `costs` what that cost by kind, exact.
    Moments are UTC ms of the engine's own time, 0: it never came to that. `rung` counts from 0, None: not known. `said` are
    the broker's words on why it was refused or ended.
    """

    number: int
    tag: str
    instrument: Instrument
    side: Side
    quantity: int
    purpose: str
    reason: str
    decided: int
    limit: int
    first_limit: int
    decided_ms: int
    state: str
    best: int = 0
    filled: int = 0
    turnover: int = 0
    rung: int | None = None
    sent_ms: int = 0
    accepted_ms: int = 0
    filled_ms: int = 0
    said: str = ""
    costs: dict[str, Decimal] = {}

    def lost(self, reference: int) -> int:
        """What was paid more, or received less, than at the price `reference`: price × quantity, below nought where it was better."""
        more = self.turnover - reference * self.filled
        return more if self.side == "BUY" else -more


class RoundTrip(Struct, frozen=True, kw_only=True):
    """A position from its entry on, with all exits of it; `left` is what is still held, `exit_turnover` of what was sold.

    `decided_ms` is when its entry was decided, `exit_ms` when it was last sold from (0: never). Money is of what was sold.
    """

    instrument: Instrument
    decided_ms: int
    entry_ms: int
    entry_price: int
    sold: int = 0
    exit_ms: int = 0
    exit_turnover: int = 0
    gross: Decimal = Decimal(0)
    costs: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    reason: str = "open"
    left: int = 0

    @property
    def quantity(self) -> int:
        """All that it was."""
        return self.sold + self.left


class Beside(Struct, frozen=True):
    """A position of the live run and the one of paper that is the same; None where only the other has it."""

    live: RoundTrip | None
    paper: RoundTrip | None


class LiveComparison(Struct, frozen=True, kw_only=True):
    """A recorded run at a real broker: every order of it, and its positions `beside` those of the same ticks on paper.

    `outcome` and `reason` are those of its verification; where it is not `same`, all figures are of the replay. `paper_costs`
    is what all paper orders cost; `remarks` are what must be known of the comparison.
    """

    file: str
    zone: str
    outcome: str
    reason: str
    courses: tuple[OrderCourse, ...]
    beside: tuple[Beside, ...]
    remarks: tuple[str, ...] = ()
