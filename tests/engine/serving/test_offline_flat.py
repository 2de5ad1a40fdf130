"""What is done for a dead engine is not held up by its disk, and done in its own time."""

import os
from pathlib import Path
from threading import Event

import pytest

from engine.assembly import build, load
from engine.backtest.headless import run_to_end
from engine.cli.commands import read
from engine.cli.flattening import wish_of
from engine.config import Config, bundled
from engine.journal import JOURNAL_FILE, read_events
from engine.model.errors import DiskError, InputError
from engine.model.events import TradeClosed
from engine.serving.offline_flat import LastPrice, check_simulated, find_account, flatten, in_time
from engine.serving.state_dirs import EngineDir, place_of
from engine.text.sanitize import clean
from engine.venues.venue import TRUST_VARIABLE
from tests.support.builders import EAGER, ListSource, config, ms, ticks
from tests.support.waiting import PATIENCE_S


def test_work_that_a_disk_holds_up_is_left_and_told(tmp_path: Path) -> None:
    answers = Event()
    with pytest.raises(DiskError, match="does not answer: nothing is verified"):
        in_time(place_of(tmp_path), 0.01, lambda: answers.wait(PATIENCE_S))
    answers.set()


def test_what_came_of_it_is_passed_on(tmp_path: Path) -> None:
    def refuses() -> int:
        raise InputError("no")

    assert in_time(place_of(tmp_path), 60, lambda: 0) == 0
    with pytest.raises(InputError, match="no"):
        in_time(place_of(tmp_path), 60, refuses)


@pytest.mark.parametrize("prices", [{}, {"NIFTY": (10_150, ms("09:31:00"))}])
def test_what_a_dead_mock_held_is_sold_in_the_time_of_its_session(tmp_path: Path, prices: dict[str, LastPrice]) -> None:
    stream = ListSource(ticks([99, 100, 101, 101.5]))
    with build(config(*EAGER), stream, "mock", speed=0, state_root=tmp_path) as run:
        run_to_end(run, Event())
    left = find_account(place_of(tmp_path), named=True)
    assert left.open
    said: list[str] = []
    assert flatten(config(), left.place, left.account, prices, said.append)
    (trade,) = (
        entry.trade for row in read_events(tmp_path / JOURNAL_FILE) if isinstance(entry := row.entry(), TradeClosed)
    )
    begun_ms = max([ms("09:30:03"), *(at_ms for _, at_ms in prices.values())])
    assert trade.entry_ms == ms("09:30:01")
    assert begun_ms <= trade.exit_ms < begun_ms + 60_000


@pytest.mark.parametrize("mode", ["live", "", "of another time"])
def test_what_may_be_held_elsewhere_is_not_closed_as_if_it_were_simulated(tmp_path: Path, mode: str) -> None:
    with pytest.raises(InputError, match="none of this version"):
        check_simulated(EngineDir(tmp_path, clean(mode), 0))
    for simulated in ("paper", "mock"):
        check_simulated(EngineDir(tmp_path, clean(simulated), 0))


def configured(*words: str) -> Config:
    """Under which configuration `flat` stands in for a dead engine, told so."""
    _, args = read(["flat", *words], None)
    return wish_of(args).config()


@pytest.mark.parametrize("before", [True, False])
def test_it_is_done_under_the_configuration_that_is_named(
    tmp_path: Path, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.toml"
    path.write_text("[capital]\ninitial_capital = 70_000\n")
    words = ["--config", str(path), "--set", "logging.level=debug"]
    _, args = read([*words, "flat"] if before else ["flat", *words], None)
    found = wish_of(args).config()
    assert (found.capital.initial_capital, found.logging.level) == (70_000, "debug")
    monkeypatch.delenv(TRUST_VARIABLE, raising=False)
    configured("--trust-host", "tunnel.example")
    assert os.environ.pop(TRUST_VARIABLE) == "tunnel.example"


@pytest.mark.parametrize("words", [("--config", "none.toml"), ("--set", "smartapi.rest_url")])
def test_one_that_is_named_and_wrong_is_not_in_the_way(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert configured(*words) == load(bundled("config.toml"))
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(": the program's own configuration takes its place")
