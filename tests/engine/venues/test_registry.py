"""The registry: what it promises to the schema, the command line, the documents, and what it must not carry in."""

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.assembly.open_source import kind_of
from engine.cli.commands import make_parser
from engine.config import bundled
from engine.model.errors import ConfigError, UserError
from engine.venues.registry import SOURCES, VENUES, sections, venue_of
from tests.support.builders import config
from tests.support.paths import ROOT

SPOKEN_ONLY = {"kite"}  # only how orders are spoken of there, so far: nobody opens it
CONFIG = bundled("config.toml").read_text(encoding="utf-8")


def test_every_folder_is_a_venue_and_every_name_stands_once() -> None:
    folders = {path.parent.name for path in (ROOT / "engine" / "venues").glob("*/__init__.py")}
    opened = {venue.opener().__module__.split(".")[2] for venue in VENUES}
    assert folders == opened | SPOKEN_ONLY
    assert not opened & SPOKEN_ONLY
    assert len(opened) == len(VENUES)
    assert len(set(SOURCES)) == len(SOURCES)


def test_what_is_only_spoken_is_named_by_nothing_that_runs() -> None:
    names = re.compile(rf"engine\.venues\.({'|'.join(SPOKEN_ONLY)})\b")
    files = [path for folder in ("engine", "tui") for path in (ROOT / folder).rglob("*.py")]
    own = [ROOT / "engine" / "venues" / name for name in SPOKEN_ONLY]
    others = [path for path in files if not any(folder in path.parents for folder in own)]
    assert len(files) > len(others) > 500
    assert [str(path) for path in others if names.search(path.read_text(encoding="utf-8"))] == []


def test_config_toml_has_the_section_of_each_in_the_order_of_the_registry() -> None:
    headers = [name for name in re.findall(r"(?m)^\[(\w+)\]$", CONFIG) if name in SOURCES]
    assert headers == list(SOURCES)
    assert list(config().venues) == [venue.name for venue in VENUES]
    assert {name: type(section) for name, section in config().venues.items()} == sections()


def test_the_readme_names_no_source_that_is_none_and_says_where_they_are_listed() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {name for names in re.findall(r"--source ([a-z][a-z|\\]*)", readme) for name in re.split(r"\W+", names)}
    assert {"mock", "binance", "smartapi"} <= named <= set(SOURCES)
    assert "`run --help` lists every source" in readme


@pytest.mark.parametrize("source", SOURCES)
def test_config_toml_names_every_source(source: str) -> None:
    comment = re.search(r"(?m)^# Where ticks come from: (.*)\.$", CONFIG)
    assert comment
    assert source in re.split(r", | or ", comment[1])


@pytest.mark.parametrize("command", ["run", "engine", "systemd-unit"])
def test_each_can_be_chosen_on_the_command_line(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = [make_parser().parse_args([command, "--source", source]).source for source in SOURCES]
    assert chosen == list(SOURCES)
    with pytest.raises(SystemExit):
        make_parser().parse_args([command, "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert all(f"{venue.name}, {venue.about}" in told for venue in VENUES)


@pytest.mark.parametrize("source", SOURCES)
def test_each_can_be_configured(source: str) -> None:
    assert config(f"feed.source={source}").feed.source == source
    venue = venue_of(source)
    assert (venue is None) == (source == "replay")
    assert venue is None or config().venue(venue.settings())


def test_another_cannot() -> None:
    with pytest.raises(ConfigError, match=rf"must be one of {', '.join(SOURCES)}$"):
        config("feed.source=nowhere")
    assert venue_of("nowhere") is None


def test_a_section_that_no_venue_has_is_not_found() -> None:
    with pytest.raises(LookupError, match="FeedConfig"):
        config().venue(type(config().feed))


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (gzip.compress(b'1723075200.123456 {"stream":', mtime=0), "binance-raw"),
        (gzip.compress(b"time,price\n", mtime=0), "csv"),
        (b'1723075200.123456 {"stream":', "binance-raw"),
        (b"wss://stream.binance.com/ws", "binance-raw"),
        (b"MQR1", "csv"),
        (b"time,price\n", "csv"),
        (b"", "csv"),
    ],
)
def test_raw_lines_are_known_by_their_first_bytes(tmp_path: Path, begin: bytes, kind: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(begin)
    try:
        assert kind_of(path) == kind
    except UserError:  # an empty file
        assert not begin


def modules_after(code: str, folder: Path) -> set[str]:
    """What a fresh process has imported after `code`."""
    whole = f"{code}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", whole], cwd=folder, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_command_line_carries_no_venue_and_no_configuration(tmp_path: Path) -> None:
    found = modules_after("from engine.cli.commands import make_parser; make_parser().parse_args(['run'])", tmp_path)
    assert "engine.venues.registry" in found
    assert not {name for name in found if re.match(r"engine\.(config|stream|model\.ports|venues\.\w+\.)", name)}


def test_a_replay_carries_no_network(tmp_path: Path) -> None:
    run = "['replay', sys.argv[1], '--headless', '--quiet', '--state-dir', 'state']"
    recording = bundled("nifty-synthetic.mqr")
    code = f"import sys; sys.argv[1:] = [{str(recording)!r}]; from engine.cli import main; assert main({run}) == 0"
    found = modules_after(code, tmp_path)
    assert "engine.venues.simulated.broker" in found
    assert not found & {
        "socket",
        "ssl",
        "http.client",
        "websocket",
        "pyotp",
        "engine.outside.https",
        "engine.stream.socket",
    }
    assert not found & {"engine.recording.recorder", "engine.recording.retention", "engine.journal.days"}
    assert not {name for name in found if re.match(r"engine\.venues\.((angelone|binance)\.(?!settings)|kite)", name)}
