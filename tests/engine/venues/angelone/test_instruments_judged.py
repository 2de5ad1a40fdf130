"""A list that changed its form, or lost something, does not take the place of the copy before, and says why."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.model.clock import VirtualClock
from engine.model.errors import InputError
from engine.venues.angelone.instruments.master import cache_folder, ready, update
from tests.support.builders import config
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.venues.instrument_list import row, rows

TODAY = date(2025, 11, 20)
NOON_NS = int(datetime(2025, 11, 20, 6, 30, tzinfo=UTC).timestamp()) * 10**9
COUNT = 1500
Row = dict[str, object]
GOOD: list[Row] = list(rows(COUNT))


def _each(change: Callable[[Row], Row], sort: str = "") -> list[Row]:
    """Every row, those whose sort of instrument begins so changed."""
    return [change(dict(row)) if str(row["instrumenttype"]).startswith(sort) else row for row in GOOD]


def _with(key: str, to: Callable[[str], object], sort: str = "") -> list[Row]:
    return _each(lambda row: row | {key: to(str(row[key]))}, sort)


def _renamed(key: str) -> list[Row]:
    return _each(lambda row: {("new_" + name if name == key else name): value for name, value in row.items()})


def _padded(kept: list[Row]) -> list[Row]:
    """As long as before: what went is made up by shares."""
    share = GOOD[3]
    more = [
        share | {"token": str(10**6 + n), "symbol": f"MORE{n}-EQ", "name": f"MORE{n}"} for n in range(COUNT - len(kept))
    ]
    return [*kept, *more]


def _scaled(factor: float) -> Callable[[str], object]:
    return lambda text: f"{float(text) * factor:f}" if float(text) > 0 else text


def _rotated() -> list[Row]:
    tokens = [row["token"] for row in GOOD]
    return [row | {"token": token} for row, token in zip(GOOD, tokens[7:] + tokens[:7], strict=True)]


ONE_NAME: dict[str, Callable[[Row], Row]] = {
    "with lots of 0": lambda row: row | {"lotsize": "0"},
    "with half a lot": lambda row: row | {"lotsize": "75.5"},
    "without expiry": lambda row: row | {"expiry": ""},
    "called otherwise": lambda row: row | {"name": "LT 2"},
    "with calls of no kind": lambda row: row | {"symbol": str(row["symbol"]).replace("CE", "Ce")},
    "in another spelling": lambda row: row | {"symbol": str(row["symbol"]).replace("LT", "LT ")},
}


def _is_lt_option(one: Row) -> bool:
    return one["name"] == "LT"


def _swapped(count: int) -> list[Row]:
    """The first contracts that are still alive, each with its neighbour's token."""
    tokens = {row["symbol"]: str(row["token"]) for row in GOOD if "02DEC" in str(row["symbol"])}
    names = list(tokens)[:count]
    others = {
        one: tokens[other] for pair in zip(names[::2], names[1::2], strict=True) for one, other in (pair, pair[::-1])
    }
    return [row | {"token": others.get(row["symbol"], row["token"])} for row in GOOD]


OPTIONS = [row for row in GOOD if str(row["instrumenttype"]).startswith("OPT")]
CHANGED: dict[str, tuple[list[Row], str]] = {
    **{
        f"{key} renamed": (_renamed(key), "of use")
        for key in ("token", "symbol", "name", "expiry", "strike", "lotsize", "instrumenttype", "exch_seg", "tick_size")
    },
    "freeze_qty renamed": (_renamed("freeze_qty"), "freeze of"),
    "strikes × 100": (_with("strike", _scaled(100)), "NFO options: strike of"),
    "strikes ÷ 100": (_with("strike", _scaled(0.01)), "NFO options: strike of"),
    "strikes moved": (_with("strike", lambda text: f"{float(text) + 5000:f}", "OPT"), "strike of"),
    "lots of 0": (_with("lotsize", lambda _: "0"), "of use"),
    "lots as words": (_with("lotsize", lambda text: f"{text} units"), "of use"),
    "lots counted in lots": (_with("lotsize", lambda _: "1"), "lot of"),
    "lots × 1,000,000": (_with("lotsize", lambda text: text + "000000", "OPT"), "lot of"),
    "ticks in rupees": (_with("tick_size", _scaled(0.01)), "cannot be read"),
    "ticks × 100": (_with("tick_size", _scaled(100)), "tick of"),
    "ticks of 0": (_with("tick_size", lambda _: "0"), "tick of"),
    "expiry with dashes": (_with("expiry", lambda text: f"{text[:2]}-{text[2:5]}-{text[5:]}"), "of use"),
    "expiry as epoch": (_with("expiry", lambda text: "1764028800" if text else ""), "of use"),
    "expiry a year on": (_with("expiry", lambda text: text.replace("2025", "2026")), "expiry of"),
    "all expired": (_with("expiry", lambda text: text and "18NOV2025"), "expiry of"),
    "another month's list": (
        _each(lambda row: row | {key: str(row[key]).replace("NOV", "OCT").replace("DEC", "OCT").replace("JAN", "OCT") for key in ("symbol", "expiry")}),
        "gone",
    ),
    "empty": ([], "0 rows"),
    "half": (GOOD[: COUNT // 2], "750 rows"),
    "half, and shares instead": (_padded(GOOD[: COUNT // 2]), "gone"),
    "no options": (_padded([row for row in GOOD if row not in OPTIONS]), "options: 0 of use"),
    "no indices": (_padded([row for row in GOOD if row["instrumenttype"] != "AMXIDX"]), "indices: 0 of use"),
    "no futures": (_padded([row for row in GOOD if "FUT" not in str(row["instrumenttype"])]), "futures: 1 of 1 known ones are gone"),
    "one token for all": (_with("token", lambda _: "1"), "go by another one's number"),
    "twice under other tokens": ([*GOOD, *_with("token", lambda text: f"9{text}")], "symbol of"),
    "tokens in pairs": (_with("token", lambda text: str(int(text) // 2)), "token of"),
    "tokens of others": (_rotated(), "token of"),
    "tokens new": (_with("token", lambda text: f"9{text}"), "token of"),
    **{
        f"one name {how}": ([change(one) if _is_lt_option(one) else one for one in GOOD], "NFO options: most or all of LT CE")
        for how, change in ONE_NAME.items()
    },
    "no options of one name": (_padded([one for one in GOOD if not _is_lt_option(one)]), "most or all of LT CE, LT PE is gone"),
    "most of one name's": (_padded([one for n, one in enumerate(GOOD) if not (_is_lt_option(one) and n // 20 % 3)]), "most or all of LT CE, LT PE is gone"),
    "one index gone": (_padded([one for one in GOOD if one["token"] != "99926009"]), "NSE indices: most or all of BANKNIFTY is gone"),
    "a share gone that contracts run on": (_padded([one for one in GOOD if one["token"] != "2885"]), "NSE shares: most or all of RELIANCE is gone"),
    "some tokens swapped": (_swapped(4), "NFO options: token of 4 of"),
    "nothing but numbers": ([dict.fromkeys(GOOD[0], "1")] * COUNT, "0 of them of use"),
}  # fmt: skip


class Server:
    """Hands out a list, each under a tag of its own."""

    def __init__(self, body: str) -> None:
        self.body = body

    def __call__(self, asked: HttpRequest) -> bytes:
        return answer(200, self.body, ETag=f'"{hash(self.body)}"')


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_folder(os.environ)


@pytest.mark.parametrize("name", list(CHANGED))
def test_it_is_refused_and_the_copy_before_stays(cache: Path, name: str) -> None:
    changed, words = CHANGED[name]
    clock, server = VirtualClock(NOON_NS), Server(json.dumps(GOOD))
    with HttpServer(server) as stub:
        url = f"{stub.url}/list.json"
        assert update(cache, url, clock, least_rows=COUNT).notes == ()
        before = (cache / "instruments.sqlite").read_bytes()
        clock.advance(24 * 3600 * 10**9)
        server.body = json.dumps(changed)
        with pytest.raises(InputError, match=words):
            update(cache, url, clock, least_rows=COUNT)
        # An engine that starts goes on with the good one, and says so.
        instruments, warning = ready(config(f"smartapi.master_url={url}"), clock, least_rows=COUNT)
        with instruments:
            assert instruments.instrument("NIFTY02DEC2525000CE", TODAY).token
    assert warning.startswith("instrument list of 2025-11-20 12:00 IST is used: instrument list: ")
    assert words in warning
    assert (cache / "instruments.sqlite").read_bytes() == before
    assert sorted(path.name for path in cache.iterdir()) == ["instruments.lock", "instruments.sqlite"]


@pytest.mark.parametrize(
    "name", ["strikes × 100", "ticks × 100", "lots of 0", "empty", "one token for all", "ticks of 0"]
)
def test_the_first_copy_ever_is_judged_as_well(cache: Path, name: str) -> None:
    with HttpServer(Server(json.dumps(CHANGED[name][0]))) as stub, pytest.raises(InputError, match="instrument list: "):
        update(
            cache, f"{stub.url}/list.json", VirtualClock(NOON_NS), least_rows=min(COUNT, len(CHANGED[name][0]) or COUNT)
        )
    assert not (cache / "instruments.sqlite").exists()


def test_an_ordinary_next_day_is_taken_and_what_changed_is_told(cache: Path) -> None:
    """Contracts expired, others begin, one lot size is revised, some strikes go."""
    gone = {row["symbol"] for row in GOOD if "18NOV" in str(row["symbol"])} | {"NIFTY02DEC2524000CE"}
    tomorrow = [row for row in GOOD if row["symbol"] not in gone]
    tomorrow += [
        row
        | {
            "token": f"8{row['token']}",
            "symbol": str(row["symbol"]).replace("02DEC25", "09DEC25"),
            "expiry": "09DEC2025",
        }
        for row in tomorrow
        if "02DEC25" in str(row["symbol"])
    ]
    tomorrow = [row | {"lotsize": "65"} if str(row["symbol"]).startswith("NIFTY27JAN") else row for row in tomorrow]
    clock, server = VirtualClock(NOON_NS), Server(json.dumps(GOOD))
    with HttpServer(server) as stub:
        url = f"{stub.url}/list.json"
        update(cache, url, clock, least_rows=500)
        clock.advance(24 * 3600 * 10**9)
        server.body = json.dumps(tomorrow)
        done = update(cache, url, clock, least_rows=500)
        assert done.notes == (
            "NFO options: 1 known ones are gone, such as NIFTY02DEC2524000CE",
            "NFO options: lot of 82 known ones changed",
        )
        again = update(cache, url, clock, least_rows=500)
    assert again.notes == ()


def test_a_share_that_has_left_is_named_and_never_turns_into_another_exchange_s(cache: Path) -> None:
    """M&M, which no contracts run on here, leaves the NSE, and is listed by the BSE too."""
    share = row("532555", "M&M", "M&M", "", "-1.000000", "1", "", "BSE", "5.000000")
    before = [one for one in (*GOOD, share) if one["name"] != "M&M" or not one["expiry"]]
    clock, server = VirtualClock(NOON_NS), Server(json.dumps(before))
    with HttpServer(server) as stub:
        url = f"{stub.url}/list.json"
        update(cache, url, clock, least_rows=500)
        server.body = json.dumps([one for one in before if one["token"] != "2031"])
        assert update(cache, url, clock, least_rows=500).notes == ("NSE shares: 1 known ones are gone, such as M&M-EQ",)
        instruments, _ = ready(config(f"smartapi.master_url={url}"), clock, least_rows=500)
    with instruments:
        with pytest.raises(InputError, match=r"M&M: the NSE lists none, the BSE does; if that is meant say M&M\.BSE"):
            instruments.instrument("M&M", TODAY)
        assert instruments.instrument("M&M.BSE", TODAY).token == "532555"
        assert instruments.instrument("SENSEX", TODAY).exchange == "BSE"


def test_an_operator_takes_a_list_that_really_changed_but_never_an_unusable_one(cache: Path) -> None:
    clock, server = VirtualClock(NOON_NS), Server(json.dumps(GOOD))
    with HttpServer(server) as stub:
        url = f"{stub.url}/list.json"
        update(cache, url, clock, least_rows=COUNT)
        server.body = json.dumps(CHANGED["tokens new"][0])
        with pytest.raises(InputError, match="if it really changed so: myquant-tui instruments update --force"):
            update(cache, url, clock, least_rows=COUNT)
        done = update(cache, url, clock, least_rows=COUNT, differing=True)
        assert "NFO options: token of" in done.notes[0]
        server.body = json.dumps(CHANGED["lots of 0"][0])
        with pytest.raises(InputError, match="0 of them of use"):
            update(cache, url, clock, least_rows=COUNT, differing=True)


def test_an_instrument_whose_token_is_another_one_s_too_is_not_traded(cache: Path) -> None:
    twins = [
        row | {"token": "4711"} if row["symbol"] in {"NIFTY02DEC2525000CE", "NIFTY02DEC2525000PE"} else row
        for row in GOOD
    ]
    with HttpServer(Server(json.dumps(twins))) as stub:
        instruments, _ = ready(config(f"smartapi.master_url={stub.url}/l"), VirtualClock(NOON_NS), least_rows=COUNT)
    with instruments, pytest.raises(InputError, match="gives its token 4711 to NIFTY02DEC2525000PE as well"):
        instruments.instrument("NIFTY02DEC2525000CE", TODAY)
