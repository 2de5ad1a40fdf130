"""What columns are called in the field, and what that makes them. Knows no file."""

import re
from typing import Final, Literal, get_args

from engine.recording.foreign.zones import zone_called

Role = Literal[
    "time",
    "date",
    "price",
    "volume",
    "day_volume",
    "symbol",
    "expiry",
    "strike",
    "right",
    "series",
    "name",
    "token",
    "isin",
    "exchange",
    "segment",
    "zone",
    "open",
    "high",
    "low",
    "close",
    "bid",
    "ask",
]
NUMBERS: Final[tuple[Role, ...]] = ("price", "open", "high", "low", "close", "bid", "ask", "volume", "day_volume")

# Names without case, blanks and marks; those of an earlier line are taken before those of a later one.
_NAMES: Final[tuple[tuple[Role, str], ...]] = (
    ("time", "exchangetimestamp exchangetime exchtime exchtimestamp exchangefeedtime eventtime transacttime"),
    ("time", "lasttradetime lasttradedtime lttime ltt tradetime tradedtime tradetimestamp lasttradetimestamp"),
    (
        "time",
        "unix unixtime unixtimestamp unixms unixtimems unixtimestampms epoch epochtime epochtimestamp epochms epochns",
    ),
    ("time", "epochseconds epochmillis timestampms timestampus timestampns"),
    (
        "time",
        "timestamp datetime dateandtime datetimestamp stamp ts time tickdatetime dttm timeutc datetimeutc utctime utc",
    ),
    ("time", "gmttime opentime localtime timeist datetimeist barstarttime starttime tsevent siptimestamp t"),
    ("time", "participanttimestamp localtimestamp receivetime recvtime tsrecv tsinit"),
    ("date", "date day tradedate tradingdate traddt bizdt dt dateist dateutc"),
    ("price", "price ltp last lastprice lasttradedprice lasttradeprice tradeprice tradedprice tradedpx px rate p"),
    ("price", "lastpric"),
    ("close", "close closeprice clspric closingprice c closerate lastclose"),
    (
        "volume",
        "ltq lastquantity lasttradedquantity lasttradequantity lastqty lasttradedqty lasttradeqty tradequantity",
    ),
    (
        "volume",
        "tradeqty tradesize tradevolume lastsize lastvolume lastvol tradedqty tradedquantity quantity qty size vol q",
    ),
    ("volume", "volume v s sz"),
    (
        "volume",
        "ttltradgvol tottrdqty totaltradedquantity ttltrdqnty tradedvolume contracts sharestraded nooftradedshares",
    ),
    (
        "day_volume",
        "volumetraded totalvolume dayvolume cumvolume cumulativevolume ttq vtt volumetradedtoday voltradedtoday",
    ),
    ("symbol", "tradingsymbol"),
    ("symbol", "symbol sym tckrsymb"),
    ("symbol", "ticker"),
    ("symbol", "instrumentidentifier contract contractname"),
    ("symbol", "stockcode stockname scrip scripname"),
    ("symbol", "instrument instrumentname security securityname"),
    ("symbol", "pair currencypair tradingpair productid stock stocksymbol symbolname scripid tsym coin"),
    ("symbol", "underlying underlyingsymbol underlyingname"),
    ("expiry", "expiry expirydate expirydt xprydt exp expdate expirationdate expiration maturity maturitydate"),
    ("strike", "strike strikeprice strikepr strkpric strikerate"),
    ("right", "right optiontype optntp optiontyp opttype"),
    ("right", "callput callorput callputflag cpflag cepe peorce ceorpe cetype putcall putorcall"),
    ("right", "type instrumenttype insttype cp"),
    ("series", "series sctysrs"),
    ("name", "name companyname fininstrmnm"),
    (
        "token",
        "instrumenttoken symboltoken exchangetoken token instrumentkey instrumentid securityid instid secid sid conid",
    ),
    ("token", "scripcode scripcd sccode fininstrmid figi cusip ric"),
    ("isin", "isin isinno isincode"),
    ("exchange", "exchange exch exchangename exchangecode exchcode exchangeid"),
    ("segment", "segment exchangesegment exchseg exchsegment marketsegment sgmt seg"),
    ("zone", "timezone tz tzname timezonename timezoneid utcoffset gmtoffset tzoffset timezoneoffset"),
    ("open", "open openprice opnpric openingprice o openrate"),
    ("high", "high highprice hghpric h highrate"),
    ("low", "low lowprice lwpric l lowrate"),
    ("bid", "bid bidprice bestbid bestbidprice buyprice bestbuyprice bp1 buyprice1 bidprice1 b"),
    ("ask", "ask askprice bestask bestaskprice offer offerprice sellprice bestsellprice sp1 sellprice1 askprice1 a"),
)
_RANKS: Final[dict[str, tuple[Role, int]]] = {
    name: (role, rank) for rank, (role, names) in enumerate(_NAMES) for name in names.split()
}
_UNIT = re.compile(r"(.{1,60}?)[ _]?[(\[]([^()\[\]]{1,40})[)\]]")
_ZONE_JOINED = re.compile(r"(utc|gmt|ist)(.{2,})|(.{2,}?)(utc|gmt|ist)")  # `dateutc`, `utctime`, `TradeTimeIST`
_PLAIN = re.compile(r"[^a-z0-9]+")

ROLES: Final[tuple[Role, ...]] = get_args(Role)
PARTS_OF_A_SYMBOL: Final[tuple[Role, ...]] = (
    "expiry",
    "strike",
    "right",
    "series",
)  # a bare symbol names many contracts
# What else tells rows apart, in the order in which it is taken: beside a symbol, and where there is none.
BESIDE_A_SYMBOL: Final[tuple[Role, ...]] = ("exchange", "segment")
WITHOUT_A_SYMBOL: Final[tuple[Role, ...]] = ("name", *PARTS_OF_A_SYMBOL, "token", "isin", *BESIDE_A_SYMBOL)
LOOSE_RIGHTS: Final = frozenset(("type", "instrumenttype", "insttype", "cp"))  # by what they hold
RIGHTS: Final = frozenset((b"ce", b"pe", b"call", b"put", b"c", b"p", b"ca", b"pa", b"calls", b"puts"))
NO_RIGHTS: Final = frozenset(
    (b"fut", b"futidx", b"futstk", b"futures", b"future", b"eq", b"xx", b"ff", b"index", b"idx")
)
TIMES: Final = "one of timestamp, time, datetime, exchange_timestamp, … or a date and a time"
PRICES: Final = "one of price, ltp, last, close, last_traded_price, trade_price, …"


def plain_name(name: str) -> str:
    """A column's name without case, blanks and marks: `<DATE>` is `date`, `Last Traded Price` `lasttradedprice`."""
    return _PLAIN.sub("", name.lower())


def role_of(name: str) -> tuple[Role, int] | None:
    """What a column of this name is, and its rank among those that are the same (lower goes first)."""
    plain = plain_name(name)
    return _RANKS.get(plain) or _RANKS.get(plain_name(_without_unit(name))) or _time_and_zone(plain)[0]


def _without_unit(name: str) -> str:
    """`Price [INR]` without what stands in brackets; a zone that is not clear stays, so that such a time is asked for."""
    match = _UNIT.fullmatch(name)
    if match is None or (not zone_called(match[2]) and "time" in plain_name(match[1]) + match[2].lower()):
        return name
    return match[1]


def _time_and_zone(plain: str) -> tuple[tuple[Role, int] | None, str]:
    """What `tradetimeutc` is, a time or a date, and the zone that it has; none for anything else."""
    match = _ZONE_JOINED.fullmatch(plain)
    found = _RANKS.get(match[2] or match[3]) if match else None
    return (found, match[1] or match[4]) if match and found and found[0] in {"time", "date"} else (None, "")


def zone_in(name: str) -> str:
    """The zone that a column's name gives its stamps, or nothing."""
    if (unit := _UNIT.fullmatch(name)) and (zone := zone_called(unit[2])):
        return zone
    words = [word for word in re.split("[^a-z]+", name.lower()) if word in {"utc", "gmt", "ist"}]
    return zone_called(words[0] if words else _time_and_zone(plain_name(name))[1])
