"""Raw lines of Binance become ticks with the book that stood before them; what is no such line is told with its row."""

import codecs
import gzip
from itertools import islice
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import FLAG_HAS_BOOK, Tick
from engine.venues.binance.raw_lines import BinanceRawSource, recognised
from tests.support.shared_data import shared

pytestmark = pytest.mark.slow

BTC = b'{"stream":"btcusdt@trade","data":{"e":"trade","E":5,"s":"BTCUSDT","t":%d,"p":"%s","q":"0.02","T":%d,"m":true}}'
BOOK = b'{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"%s","B":"3.7","a":"%s","A":"1.5"}}'
AGGREGATE = b'{"e":"aggTrade","E":5,"s":"%s","a":%d,"p":"0.3528","q":"58","f":1,"l":1,"T":9,"m":false}'
NS = 1_723_161_254_087_896_568


def lines(*messages: bytes) -> bytes:
    return b"".join(b"%d %s\n" % (NS + place, message) for place, message in enumerate(messages))


def source(tmp_path: Path, data: bytes, name: str = "a.jsonl") -> BinanceRawSource:
    path = tmp_path / name
    path.write_bytes(data)
    return BinanceRawSource(path)


def test_trades_carry_the_book_before_them(tmp_path: Path) -> None:
    found = source(
        tmp_path,
        lines(
            BTC % (7, b"61837.63", 1000),
            BOOK % (b"61837.62", b"61837.64"),
            BTC % (8, b"61837.64000000", 1001),
            BTC % (9, b"61837.00000001", 1001),
        ),
    )
    assert list(found.ticks()) == [
        Tick(1, 0, 0, NS, 0, 1000, 7, 6_183_763_000_000, 2_000_000, 0),
        Tick(
            2,
            0,
            FLAG_HAS_BOOK,
            NS + 2,
            0,
            1001,
            8,
            6_183_764_000_000,
            2_000_000,
            0,
            6_183_762_000_000,
            6_183_764_000_000,
        ),
        Tick(
            3,
            0,
            FLAG_HAS_BOOK,
            NS + 3,
            0,
            1001,
            9,
            6_183_700_000_001,
            2_000_000,
            0,
            6_183_762_000_000,
            6_183_764_000_000,
        ),
    ]
    instrument = found.instruments[0]
    assert (instrument.symbol, instrument.price_scale, instrument.quantity_scale) == ("BTCUSDT", 10**8, 10**8)
    assert (found.count(), found.row_of(2), found.number_at(1000), found.number_at(999)) == (3, "row 3", 1, 0)
    assert [tick.seq for tick in found.ticks(2)] == [2, 3]
    assert found.fraction_read() == 1.0
    assert (found.name, found.zone, found.losses(), list(found.marks())) == ("a.jsonl", "UTC", (), [])


def test_aggregates_count_where_there_are_no_trades(tmp_path: Path) -> None:
    found = source(
        tmp_path,
        lines(
            AGGREGATE % (b"NKNUSDT", 15),
            AGGREGATE % (b"BTCUSDT", 70),
            BTC % (7, b"61837.63", 1000),
            b'{"e":"kline","s":"NKNUSDT","k":{}}',
            b'{"lastUpdateId":5,"bids":[],"asks":[]}',
            b'{"u":4,"s":"LRCBTC","b":"1","B":"1","a":"2","A":"1"}',
            b'{"u":4,"s":"NKNUSDT","b":"0.35","B":"1","a":"0.36","A":"1"}',
            AGGREGATE % (b"NKNUSDT", 16),
        ),
    )
    assert [instrument.symbol for instrument in found.instruments] == ["NKNUSDT", "BTCUSDT"]
    assert [(tick.instrument, tick.exch_seq, tick.bid) for tick in found.ticks()] == [
        (0, 15, 0),
        (1, 7, 0),
        (0, 16, 35_000_000),
    ]
    assert found.skipped == {"kline": 1, "other": 1, "aggTrade": 1, "bookTicker": 1}


@pytest.mark.parametrize(
    "begin", [b"wss://stream.binance.com:9443/stream?streams=a@trade <-> 1633998511.159679\n", b""]
)
def test_the_other_way_to_write_a_line(tmp_path: Path, begin: bytes) -> None:
    found = source(tmp_path, begin + b"1633998523.9572150: " + BTC % (7, b"1", 1000) + b"\r\n\n\n")
    assert [tick.recv_wall_ns for tick in found.ticks()] == [1_633_998_523_957_215_000]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("between", [b" ", b": ", b"\t"])
@pytest.mark.parametrize("digits", [10, 13, 16, 19])
def test_a_receive_time_says_its_unit_by_its_size(tmp_path: Path, digits: int, between: bytes, mark: bytes) -> None:
    begin = mark + b"%d" % (NS // 10 ** (19 - digits)) + between
    assert recognised((begin + BTC)[:64])
    found = source(tmp_path, begin + BTC % (7, b"1", 1000) + b"\n")
    assert [tick.recv_wall_ns for tick in found.ticks()] == [NS // 10 ** (19 - digits) * 10 ** (19 - digits)]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (lines(BTC % (7, b"1", 1000)).decode().encode("utf-16"), "row 1: is UTF-16; allowed: UTF-8"),
        (lines(BTC % (7, b"1", 1000)).decode().encode("utf-16-le"), "is not a raw line; allowed: "),
        (b"2025-11-18T09:15:00.123Z {}\n", "row 1: '2025-11-18T09:15:00.123Z {}' is not a raw line; allowed: "),
        (b"176348340000 {}\n", "row 1: '176348340000 {}' is not a raw line; allowed: "),
    ],
)
def test_what_is_wrong_with_raw_lines_is_told_as_that_of_raw_lines(tmp_path: Path, data: bytes, told: str) -> None:
    assert recognised(data[:64])
    with pytest.raises(InputError) as error:
        source(tmp_path, data)
    assert told in str(error.value)


@pytest.mark.parametrize("begin", [b"2025-11-18 09:15:00,150.20,75\n", b'{"e":"trade"}', b"timestamp,price\n", b""])
def test_nothing_else_looks_like_them(begin: bytes) -> None:
    assert not recognised(begin)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (lines(b'{"e":"kline"}'), "holds no trade; allowed: raw lines of Binance streams with trades"),
        (
            b"hello\n",
            "row 1: 'hello' is not a raw line; allowed: '<epoch> <message>' or '<epoch>: <message>', in s, ms",
        ),
        (lines(b"{}") + b"wss://x\n", "row 2: 'wss://x' is not a raw line"),
        (b"1e18 {}\n", "row 1: '1e18 {}' is not a raw line"),
        (b"\x00\x1b[31m\xff\n", "row 1: '\ufffd\ufffd[31m\ufffd' is not a raw line"),
        (lines(b"{]}"), "row 1: the message cannot be read: JSON is malformed"),
        (
            lines(b'{"stream":"a@trade","data":{}}'),
            "row 1: the message cannot be read: Object missing required field `s`",
        ),
        (
            lines(b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
            "row 1: the message cannot be read: maximum recursion",
        ),
        (lines(b'{"stream":5}'), "row 1: the message cannot be read: Expected `str`, got `int`"),
        (lines(BTC % (7, b"nan", 1)), "row 1: 'nan' is not a number of at most 8 decimals such as 61837.63"),
        (lines(BTC % (7, b"1e3", 1)), "row 1: '1e3' is not a number"),
        (lines(BTC % (7, b"0.000000001", 1)), "row 1: '0.000000001' is not a number"),
        (lines(BTC % (7, b"1", 10**18)), "row 1: time 1000000000000000000 or id 7 is out of range"),
        (lines(BTC % (2**63, b"1", 1)), "row 1: time 1 or id 9223372036854775808 is out of range"),
        (lines(BTC.replace(b"BTCUSDT", b"a\\u001bb") % (7, b"1", 1)), "row 1: 'a\ufffdb' is not a symbol"),
        (
            lines(BTC % (7, b"1", 1)) + b"\n" + lines(BTC % (8, b"1", 1)),
            "row 2: is blank; allowed: blank lines at the end",
        ),
        (b"1" * ((1 << 20) + 1), "row 1: is longer than 1048576 bytes"),
        (gzip.compress(lines(b"{}"), mtime=0)[:20] + b"\xff" * 30, "row 1: cannot be read: "),
        (b"\x1f\x8b" + b"\xff" * 30, "row 1: cannot be read: "),
    ],
)
def test_what_is_no_raw_line_is_told_in_one_line(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(InputError) as error:
        list(source(tmp_path, data).ticks())
    assert str(error.value).startswith(f"{tmp_path / 'a.jsonl'}: {told}")
    assert "\n" not in str(error.value)


def test_a_capture_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    whole = lines(*(BTC % (number, b"1", number) for number in range(1, 4)))
    for cut in (1, 5, 40):
        found = source(tmp_path, whole[:-cut])
        assert [tick.exch_seq for tick in found.ticks()] == ([1, 2, 3] if cut == 1 else [1, 2])
        assert bool(found.losses()) is (cut > 1)
        assert found.count() == len(list(found.ticks()))
    (loss,) = source(tmp_path, whole[:-5]).losses()
    assert loss.startswith("1 row passed over, the last line is torn: first row 3: '")
    found = source(tmp_path, gzip.compress(whole, mtime=0)[:-9])
    assert [tick.exch_seq for tick in found.ticks()] == [1, 2, 3]
    assert "row 4" in found.losses()[0]


def test_lines_that_are_none_are_passed_over_where_asked(tmp_path: Path) -> None:
    trades = [BTC % (number, b"1", number) for number in range(1, 4)]
    data = lines(trades[0]) + b"connection lost\n" + lines(trades[1], b"{]}") + b"\0\0\0\n" + lines(trades[2])
    with pytest.raises(InputError, match=r"row 2: .*; --skip-bad-rows passes over such rows"):
        source(tmp_path, data)
    found = BinanceRawSource(tmp_path / "a.jsonl", skip_bad=True)
    assert [tick.exch_seq for tick in found.ticks()] == [1, 2, 3]
    assert found.row_of(3) == "row 6"
    (told,) = found.passed_over()
    assert (told.reason, told.count, told.first, told.last) == ("unreadable", 3, "row 2", "row 5")
    assert found.losses() == (told.text,)
    assert told.text.startswith("3 rows passed over, unreadable: first row 2: 'connection lost' is not a raw line")


def test_too_many_symbols_are_told(tmp_path: Path) -> None:
    data = lines(*(AGGREGATE % (b"S%d" % number, 1) for number in range(1001)))
    with pytest.raises(InputError, match="row 1001: is the 1001th symbol; allowed: up to 1000"):
        source(tmp_path, data)


def test_packed_lines_are_read_and_bombs_are_not(tmp_path: Path) -> None:
    plain = lines(BTC % (7, b"1", 1))
    assert source(tmp_path, gzip.compress(plain)).count() == 1
    bomb = gzip.compress((plain + b" " * 1000 + b"\n") * 20_000)
    assert len(bomb) < 100_000
    with pytest.raises(InputError, match=r"row \d+: .* is not a raw line"):
        source(tmp_path, bomb)
    many = gzip.compress(plain * 150_000)
    with pytest.raises(InputError, match=r"row \d+: the file unpacks to more than 200 times its size"):
        source(tmp_path, many)
    with pytest.raises(InputError, match="row 1: is longer than 1048576 bytes"):
        source(tmp_path, gzip.compress(b"1" * (64 << 20)))


def test_kinds_without_end_are_counted_as_other(tmp_path: Path) -> None:
    kinds = [b'{"e":"kind%d"}' % number for number in range(150)]
    found = source(tmp_path, lines(BTC % (7, b"1", 1), *kinds))
    assert (len(found.skipped), found.skipped["other"], sum(found.skipped.values())) == (101, 50, 150)


def test_a_real_capture_of_trades() -> None:
    path = shared("raw_ws/binance_spot_btcusdt_20240808.jsonl.gz")
    found = BinanceRawSource(path)
    assert found.skipped == {"depth": 3451, "other": 1}
    ticks = list(found.ticks())
    assert len(ticks) == found.count() == 9757
    assert [tick.exch_seq for tick in ticks] == list(range(ticks[0].exch_seq, ticks[0].exch_seq + 9757))
    assert {tick.flags for tick in ticks} == {FLAG_HAS_BOOK}
    assert list(islice(found.ticks(5000), 3)) == ticks[4999:5002]


def test_a_real_capture_of_many_streams() -> None:
    path = shared("raw_ws/binance_spot_cryptofeed_20211012.txt")
    found = BinanceRawSource(path)
    assert found.skipped == {"depth": 177, "kline_1m": 2, "bookTicker": 1}
    assert [(tick.instrument, tick.exch_ms, tick.exch_seq, tick.price) for tick in found.ticks()] == [
        (0, 1_633_998_523_963, 15_683_430, 35_280_000),
        (1, 1_633_998_534_486, 9_213_679, 638),
    ]
