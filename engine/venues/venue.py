"""What a venue is to the rest of the program: one row of the registry. Imports nothing that a venue is made of."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from engine.model.types import TradeMode

if TYPE_CHECKING:
    from engine.config import Config
    from engine.model.preflight import (
        AddressFound,
        ClockFound,
        FundsFound,
        ListedFound,
        RoundsFound,
        SessionFound,
        SocketFound,
        TradingAccount,
    )
    from engine.model.sources import FileSource
    from engine.venues.supply import NoCredentials, OpenedVenue

TRUST_VARIABLE: Final = "MYQUANT_TRUST_HOST"  # in the environment: hosts that may be told credentials, with commas
Environ = Mapping[str, str]
Open = Callable[["Config", Environ], "OpenedVenue | NoCredentials"]  # raises UserError
OpenProbe = Callable[["Config", Environ], "LiveProbe"]  # raises UserError
MarketOf = Callable[["Config", str], str]  # the market whose hours a symbol keeps; "" where it is not known here
Row = Mapping[str, str | int]  # one listed instrument as a person reads it and a script is given it


class Login(Protocol):
    """How one logs in to a venue."""

    def found(self, config: "Config", environ: Environ) -> bool:
        """Whether there is anything to log in with; raises ConfigError when that is malformed."""

    def how_to(self, config: "Config", environ: Environ) -> Sequence[str]:
        """How to set the credentials up, in lines."""

    def check(
        self, config: "Config", environ: Environ, say: Callable[[str], object], *, offline: bool
    ) -> Sequence[str]:
        """Try them, unless `offline`; `say` what is well as it is found, return what is not."""


class LiveAccess(Protocol):
    """Whose orders would go to a venue, and whether to the simulated exchange in its place."""

    def account(self, config: "Config", environ: Environ) -> "TradingAccount | None":
        """Whose they would be; None where there is nothing to log in with. Raises ConfigError."""

    def is_simulated(self, config: "Config", environ: Environ) -> bool:
        """Whether they would go to our simulated exchange, which has proven to be it. Raises ConfigError."""


class LiveProbe(Protocol):
    """What a venue says before orders may go there, on one login; each call waits for its answer, and none raises."""

    def instruments(self, symbols: Sequence[str]) -> "tuple[ListedFound, ...]":
        """What the exchange's list says of `symbols`, which the other calls are about from then on."""

    def session(self) -> "SessionFound":
        """Log in, and ask whose session it is."""

    def clock(self) -> "ClockFound":
        """Compare the clocks."""

    def funds(self) -> "FundsFound":
        """Ask what may be spent, and what one lot takes."""

    def order_socket(self) -> "SocketFound":
        """Connect to the socket for order updates."""

    def rounds(self) -> "RoundsFound":
        """Read the broker's books twice."""

    def address(self) -> "AddressFound":
        """Have an order cancelled that cannot exist: the one request to an order address that is made here."""

    def close(self) -> None:
        """End what is under way; no session of anybody's."""


class Listing(Protocol):
    """What an exchange lists; each call raises UserError where there is no list."""

    def update(self, config: "Config", *, differing: bool) -> tuple[str, str]:
        """Fetch today's list; what that did, in a line, and a warning or "".

        One that differs too much from the copy before is refused, unless `differing`.
        """

    def find(self, config: "Config", words: Sequence[str], limit: int) -> tuple[Sequence[Row], str]:
        """At most `limit` instruments that `words` mean, and a warning or ""; every row has the same columns."""

    def find_held(self, config: "Config", words: Sequence[str], limit: int) -> Sequence[Row]:
        """The same in the copy that is here, however old: nothing is fetched."""


class RawLines(Protocol):
    """A venue's messages as they were captured into a file."""

    def recognised(self, begin: bytes) -> bool:
        """Whether a file that begins so holds them."""

    def opened(self, path: Path, skip_bad: bool = False) -> "FileSource":
        """The file as a source, lines that are none passed over where asked; raises InputError."""


class Venue(Struct, frozen=True):
    """A venue by its `name`: in `--source`, in `feed.source`, and of its section in config.toml.

    Each part is imported by whoever calls for it: a replay carries no login, and `--help` no venue. What `opener` opens
    gives a run its ticks, and the broker that takes orders there, where there is one.
    """

    name: str
    about: str  # what one gets there, in a few words
    mode: TradeMode  # what an order means there
    settings: Callable[[], type[Struct]]  # the record of its section
    opener: Callable[[], Open]
    login: Callable[[], Login] | None = None
    listing: Callable[[], Listing] | None = None
    raw_lines: Callable[[], RawLines] | None = None
    market_of: Callable[[], MarketOf] | None = None  # asks nobody
    live_access: Callable[[], LiveAccess] | None = None  # of one that orders can be sent to
    live_probe: Callable[[], OpenProbe] | None = None  # likewise

    @property
    def raw_format(self) -> str:
        """What its raw lines are called, where a file's format is said."""
        return f"{self.name}-raw"
