import asyncio
import json
from io import BytesIO
from pathlib import Path

import pytest

from engine.gateway.instruments import InstrumentFinder, InstrumentsAnswer
from engine.gateway.watched_engine import WatchedEngine
from engine.venues.angelone.instruments.parse import ParseCounts, read_list
from engine.venues.angelone.instruments.store import write_store
from engine.venues.angelone.settings import SmartApiConfig
from tests.support.builders import config
from tests.support.link_harness import FakeEngine, engine_snapshot, serving
from tests.support.venues.instrument_list import SPECIAL
from tests.support.waiting import until


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the list, in which there is none."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "myquant-tui"
    folder.mkdir(parents=True, mode=0o700)
    return folder


@pytest.fixture
def listed(cache: Path) -> Path:
    """The folder of a list of some instruments."""
    rows = read_list(BytesIO(json.dumps(SPECIAL).encode()), ParseCounts())
    url = config().venue(SmartApiConfig).master_url
    write_store(cache / "instruments.sqlite", rows, {"url": url})
    return cache


def found(words: str, engine: WatchedEngine | None = None, limit: int = 20) -> InstrumentsAnswer:
    finder = InstrumentFinder(config(), engine or WatchedEngine(lambda: Path("/nonexistent/engine.sock")))
    return asyncio.run(finder.find(words, limit))


@pytest.mark.usefixtures("listed")
def test_what_is_listed_is_found_by_what_a_person_calls_it() -> None:
    answer = found("nifty 50")
    assert [(each.symbol, each.exchange, each.type, each.watched) for each in answer.instruments] == [
        ("Nifty 50", "NSE", "IDX", False)
    ]
    (share, *_) = found("RELIANCE").instruments
    assert (share.symbol, share.lot, share.freeze, share.expiry) == ("RELIANCE-EQ", 1, None, "")
    assert answer.note == ""


@pytest.mark.usefixtures("listed")
def test_words_that_mean_nothing_are_told() -> None:
    answer = found("NIFTY 25000 XX")
    assert (answer.instruments, bool(answer.note)) == ((), True)


@pytest.mark.usefixtures("cache")
def test_without_a_list_it_says_how_to_get_one() -> None:
    answer = found("RELIANCE")
    assert answer.instruments == ()
    assert "instruments update" in answer.note
    assert found("") == InstrumentsAnswer((), "")


@pytest.mark.usefixtures("cache")
def test_what_the_engine_follows_is_found_first(tmp_path: Path) -> None:
    folder = tmp_path / "engine"
    folder.mkdir(mode=0o700)
    with serving(folder, fake=FakeEngine(engine_snapshot(instruments=3))) as there:
        engine = WatchedEngine(lambda: there.path)
        engine.start()
        until(lambda: engine.snapshot is not None)
        assert [each.symbol for each in found("", engine, 2).instruments] == ["NIFTY25NOV26000CE", "NIFTY25NOV26050CE"]
        (one,) = found("26050 ce", engine).instruments
        assert (one.watched, one.lot, one.tick) == (True, 75, "0.05")
        engine.leave()
