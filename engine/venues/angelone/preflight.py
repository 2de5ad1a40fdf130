"""What Angel One says before orders may go there: a `LiveProbe`. One login, each question once; judges nothing and prints nothing."""

import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from threading import Event
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from engine.config import Config, wanted_symbols
from engine.execution.order_dialect import NoAnswer, Reply, WireRequest
from engine.execution.told_fields import MisfitError
from engine.execution.told_rows import told_in
from engine.model.clock import Clock, SystemClock
from engine.model.errors import ConfigError, UserError
from engine.model.order_reports import Quoted, Refused, RoundFailed, RoundRead
from engine.model.order_requests import ReadQuote, WithdrawOrder
from engine.model.preflight import (
    AddressFound,
    ClockFound,
    FundsFound,
    ListedFound,
    RoundsFound,
    SessionFound,
    SocketFound,
)
from engine.model.types import Instrument
from engine.outside.https import Caller, CallError, Request
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.credentials import find_credentials
from engine.venues.angelone.greeting import greeting_of
from engine.venues.angelone.instruments.lookup import Instruments
from engine.venues.angelone.instruments.master import is_of_today, ready
from engine.venues.angelone.login import LoginError, LoginSession
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.angelone.orders.meanings import hear
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.angelone.tokens import headers
from engine.venues.supply import NoCredentials

# What the profile calls a segment, and the list and orders an exchange.
_EXCHANGES: Final = {
    "nse_cm": "NSE",
    "nse_fo": "NFO",
    "bse_cm": "BSE",
    "bse_fo": "BFO",
    "mcx_fo": "MCX",
    "cde_fo": "CDS",
}
_FUNDS: Final = WireRequest("GET", "/rest/secure/angelbroking/user/v1/getRMS")
_MARGIN_PATH: Final = "/rest/secure/angelbroking/margin/v1/batch"
_APART_S: Final = 1.1  # between two rounds: each list may be asked for once a second
_LONGER_S: Final = 0.8  # with each that has failed
_TRIES: Final = 6  # of which two have to be read
_NO_ORDER: Final = "100101000000000"  # of 2010: there can be none
_SYSTEM_CLOCK: Final = SystemClock()


def open_probe(config: Config, environ: Mapping[str, str], clock: Clock = _SYSTEM_CLOCK) -> "SmartApiProbe":
    """Who asks; raises ConfigError where there is nothing to log in with."""
    credentials = find_credentials(config, environ)
    if isinstance(credentials, NoCredentials):
        raise ConfigError(*credentials.lines)
    login = LoginSession(credentials, config.venue(SmartApiConfig).rest_url, clock)
    return SmartApiProbe(config, environ, login, clock)


class SmartApiProbe:
    """Asks Angel One; used by one thread. What a question comes to is its answer, never an exception."""

    def __init__(self, config: Config, environ: Mapping[str, str], login: LoginSession, clock: Clock) -> None:
        self._config = config
        self._environ = environ
        self._login = login
        self._clock = clock
        self._caller = Caller(config.venue(SmartApiConfig).rest_url)
        self._closing = Event()
        self._traded: tuple[Instrument, ...] = ()

    def instruments(self, symbols: Sequence[str]) -> tuple[ListedFound, ...]:
        """What today's list says of them, and whether the feed follows them."""
        now_ns = self._clock.wall_ns()
        today = datetime.fromtimestamp(now_ns / 1e9, UTC).astimezone(ZoneInfo(self._config.session.zone)).date()
        try:
            listed, _ = ready(self._config, self._clock)
        except UserError as error:
            return tuple(ListedFound(clean(each, 80), problem=clean(error.lines[0], 200)) for each in symbols)
        fresh = is_of_today(self._environ, now_ns)
        found = []
        with listed:
            followed = _tokens_of(listed, wanted_symbols(self._config), today)
            for symbol in symbols:
                try:
                    instrument = listed.instrument(symbol, today)
                except UserError as error:
                    found.append(ListedFound(clean(symbol, 80), problem=clean(error.lines[0], 200)))
                    continue
                expiry = next((each.expiry for each in listed.of_token(instrument.exchange, instrument.token)), None)
                problem = _unfit(symbol, instrument, followed)
                found.append(ListedFound(clean(symbol, 80), instrument, expiry, fresh, problem))
        self._traded = tuple(each.instrument for each in found if each.instrument is not None)
        return tuple(found)

    def session(self) -> SessionFound:
        """Log in, and ask whose session it is."""
        try:
            jwt = self._login.tokens().jwt
            profile = self._login.profile()
        except LoginError as error:
            return SessionFound(problem=clean(error.text, 200))
        exchanges = tuple(clean(_EXCHANGES.get(each.lower(), each), 20) for each in profile.exchanges)
        return SessionFound(profile.client_code == self._login.client_code, exchanges, expiry_of(jwt))

    def clock(self) -> ClockFound:
        """Our clock against the `Date` of the newest answer."""
        if self._login.clock_off_s is not None:
            return ClockFound(self._login.clock_off_s)
        try:
            return ClockFound(self._login.probe_clock())
        except LoginError as error:
            return ClockFound(problem=clean(error.text, 200))

    def funds(self) -> FundsFound:
        """`net` of the funds, and the margin of one lot of the first instrument at what it costs now."""
        heard = hear(self._ask(_FUNDS))
        if not heard.yes:
            return FundsFound(problem=heard.text)
        net = _amount(heard.data, "net")
        if not self._traded:
            return FundsFound(net)
        one = self._traded[0]
        return FundsFound(net, one.symbol, self._margin_of(one))

    def order_socket(self) -> SocketFound:
        """Whether it greets within a few seconds."""
        try:
            tokens = self._login.tokens()
        except LoginError as error:
            return SocketFound(problem=clean(error.text, 200))
        url = self._config.venue(SmartApiConfig).orders_url
        return greeting_of(url, self._login, tokens.jwt, SmartApiOrders(self._traded))

    def rounds(self) -> RoundsFound:
        """Two rounds, one after the other; where a list was just asked for, as by an engine that runs, it is asked for again."""
        dialect, read, problem = SmartApiOrders(self._traded), list[RoundRead](), CleanText("")
        for number in range(1, 1 + _TRIES):
            # Whoever waits as long as the other each time is refused with it each time.
            self._closing.wait(_APART_S + _LONGER_S * (number - 1 - len(read)))
            found = self._round(dialect, number)
            if isinstance(found, RoundRead):
                read.append(found)
            else:
                problem = found.reason
            if len(read) == 2:
                return RoundsFound(tuple(read))
            if isinstance(found, RoundFailed) and not found.wait_s:
                break
        return RoundsFound(tuple(read), problem)

    def address(self) -> AddressFound:
        """The cancel of an order that cannot exist, sent once."""
        request, dialect = WithdrawOrder(0, _NO_ORDER, "ENTRY"), SmartApiOrders(self._traded)
        reply = self._ask(dialect.write(request))
        answer = dialect.written(request, reply).answer
        if isinstance(answer, Refused):
            return AddressFound(answer.family, answer.text)
        return AddressFound("", hear(reply).text or CleanText("it was taken, though there is no such order"))

    def close(self) -> None:
        """End what is under way. The login ends by itself: a logout would end that of a running engine, too."""
        self._closing.set()
        self._login.close()
        self._caller.close()

    # ── Asking ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, wire: WireRequest) -> Reply:
        try:
            told = {**headers(self._login.api_key, self._login.tokens().jwt), "Content-Type": wire.content_type}
            return self._caller.call(Request(wire.method, wire.path, told, wire.body, limit_bytes=1 << 22))
        except LoginError as error:
            return NoAnswer(clean(error.text, 200), sent=False)
        except CallError as error:
            return NoAnswer(clean(str(error), 200), sent=error.sent)

    def _round(self, dialect: SmartApiOrders, number: int) -> RoundRead | RoundFailed:
        read = dialect.begin_round(number, 1, self._now_ms())
        while True:
            meaning = read.take(self._ask(read.wire), self._now_ms())
            if meaning is not None:
                assert isinstance(meaning.answer, RoundRead | RoundFailed)
                return meaning.answer

    def _margin_of(self, instrument: Instrument) -> Decimal | None:
        dialect, request = SmartApiOrders(self._traded), ReadQuote(0)
        quoted = dialect.seen(request, self._ask(dialect.look(request)), 1, self._now_ms()).answer
        price = (quoted.ask or quoted.last) if isinstance(quoted, Quoted) else 0
        if not price:
            return None
        asked = {
            "exchange": instrument.exchange,
            "qty": instrument.lot_size // instrument.quantity_scale,
            "price": price / instrument.price_scale,
            "productType": "INTRADAY",
            "token": instrument.token,
            "tradeType": "BUY",
            "orderType": "LIMIT",
        }
        heard = hear(self._ask(WireRequest("POST", _MARGIN_PATH, msgspec.json.encode({"positions": [asked]}))))
        return _amount(heard.data, "totalMarginRequired") if heard.yes else None

    def _now_ms(self) -> int:
        return self._clock.wall_ns() // 1_000_000


def _unfit(symbol: str, instrument: Instrument, followed: set[CleanText]) -> CleanText:
    """Why what `symbol` means in the list would not be traded; "" where it would."""
    if instrument.symbol != symbol:
        return clean(f"is {instrument.symbol} of the list; live.symbols must spell it so")
    return CleanText("") if instrument.token in followed else CleanText("is not in feed.symbols, so nobody follows it")


def _tokens_of(listed: Instruments, symbols: Sequence[str], today: date) -> set[CleanText]:
    """The tokens of what of these is listed."""
    found = set()
    for symbol in symbols:
        with suppress(UserError):
            found.add(listed.instrument(symbol, today).token)
    return found


def expiry_of(jwt: str) -> int:
    """Until when a token says that it holds, UTC seconds; 0 where it does not say."""
    body = jwt.partition(".")[2].partition(".")[0]
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, msgspec.DecodeError, RecursionError):
        return 0
    expires = told.get("exp") if isinstance(told, dict) else None
    return int(expires) if isinstance(expires, int | float) and 10**9 < expires < 10**11 else 0


def _amount(data: msgspec.Raw, key: str) -> Decimal | None:
    """An amount in rupees that an answer has under `key`, text or number; None where there is none."""
    try:
        told = (told_in(data, dict[str, object]) or {}).get(key)
    except MisfitError:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        amount = Decimal(str(told)[:40])
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
