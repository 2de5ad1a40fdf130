"""What the README says of the program is so: outputs, pictures, keys, commands, the strategy's figures, headings."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.cli.commands import whole_parser
from engine.config import Config
from tests.support.builders import config
from tests.support.paths import ROOT
from tests.support.processes.command_home import Home
from tests.support.terminals.film import frames, read_cast
from tests.support.terminals.take_film import MOST_FRAMES, SCENES, STEP_S, develop, play
from tests.support.terminals.take_pictures import lasting, lines_of, pictures
from tests.support.waiting import until
from tui.input.keys import TABLE

PICTURES = ROOT / "tests" / "pictures"
README = (ROOT / "README.md").read_text(encoding="utf-8")
# What differs from run to run and machine to machine.
MEASURED = re.compile(
    r"[\d.]+ s \([\d,]+ a second\)|(?<=µs: ).*|[\d.]+(?= MB)|\d{8}-\d{6}|\d+/\d+(?=, exits)", re.MULTILINE
)


@cache
def blocks() -> dict[str, str]:
    """Each command of the README that stands with its output, and that."""
    text = "\n".join(re.findall(r"(?ms)^```\n(\$.*?)^```$", README))
    return dict(re.findall(r"(?m)^\$ (.*)\n((?:(?!\$ ).*\n?)*)", text))


def said(command: str) -> str:
    """The output that the README has of the command that begins so."""
    (output,) = [output for each, output in blocks().items() if each.startswith(command)]
    return MEASURED.sub("…", output.strip("\n"))


def test_the_summary_is_what_the_program_prints(tmp_path: Path) -> None:
    printed = Home(tmp_path).run("--headless", "--quiet").out
    assert said("myquant-tui --headless") == MEASURED.sub("…", printed.strip())


def test_the_evening_is_what_the_program_prints(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.cwd / "recordings").mkdir()
    assert home.run("run", "--source", "mock", "--speed", "max", "--headless", "--quiet").status == 0
    (recording,) = (home.cwd / "recordings").iterdir()
    days, trades, verified = home.run_all([["days"], ["trades"], ["verify", recording.relative_to(home.cwd)]])
    assert said("myquant-tui days") == days.out.rstrip("\n")
    assert said("myquant-tui trades") == "\n".join(trades.out.splitlines()[-8:])
    assert said("myquant-tui verify") == MEASURED.sub("…", verified.out.splitlines()[0])


def shown_keys() -> set[str]:
    """The keys that the tables of the README name, in backticks or by name."""
    (table,) = re.findall(r"(?ms)^\| key \| does \|.*?\n\n", README)
    cells = [cell for row in table.splitlines()[2:] for cell in re.split(r"(?<!\\)\|", row)[1::2]]
    return {
        key for cell in cells for key in re.findall(r"`([^`]+)`|\b(space|tab|enter|esc)\b", cell) for key in key if key
    }


def test_the_keys_are_those_of_the_program() -> None:
    real = {key.shown or key.key for key in TABLE} | {key.key for key in TABLE}
    named = shown_keys()
    assert named - real - {"x", "…", "esc"} == set()  # of dialogs: fire, and away
    moves = {"up", "down", "pageup", "pagedown", "home", "end"}
    within = {str(number) for number in range(2, 5)}  # `1`…`5`
    assert {key.key for key in TABLE} - {" "} - moves - within <= named
    assert "space" in named


def test_every_command_is_there_and_no_other() -> None:
    (commands,) = [action.choices for action in whole_parser()._actions if action.dest == "command"]
    named = set(re.findall(r"myquant-tui ([a-z][a-z-]*)", README)) | set(re.findall(r"`([a-z][a-z-]+)`", README))
    assert set(commands) - named == set()
    assert set(re.findall(r"`myquant-tui ([a-z][a-z-]*)", README)) <= set(commands)


def test_the_strategy_is_the_one_of_the_defaults() -> None:
    (lines,) = re.findall(r"(?ms)^## The strategy\n(.*?)!\[", README)
    defaults: Config = config()
    strategy, risk, session = defaults.strategy, defaults.risk, defaults.session
    start = max(session.start_buffer_minutes, session.no_trade_start_minutes)
    shares = [f"{share * 100:.0f}" for share in risk.tp_percents]
    points = [f"{points:.0f}" for points in risk.tp_points]
    for wanted in (
        f"up to {risk.max_position_value_percent:.0f} % of the cash",
        f"from 09:{15 + start:02} on",
        f"rose {strategy.consecutive_green_ticks} ticks in a row ({strategy.green_ticks_after_stop_loss} after a stop loss)",
        f"from the session's {strategy.min_warmup_ticks}th tick on",
        f"while EMA {strategy.fast_ema} is above EMA {strategy.slow_ema};",
        f"sells {', '.join(shares[:-1])} and {shares[-1]} % of it at {', '.join(points[:-1])} and {points[-1]} points",
        f"once {risk.trail_activation_points:.0f} points were seen, {risk.trail_distance_points:.0f} points below the highest",
        f"{risk.base_sl_points:.0f} points below the entry",
        f"at 15:{30 - session.end_buffer_minutes}.",
    ):
        assert wanted in lines


def test_a_figure_of_speed_or_size_stands_with_the_command_that_gives_it() -> None:
    prose = re.sub(r"(?ms)^```.*?^```$", "", README)
    told = [part for part in re.split(r"\n\n|\n(?=[*|])", prose) if re.search(r"\d (?:µs|KB/s|MB)\b|% of a core", part)]
    assert len(told) >= 3
    assert [part for part in told if not re.search(r"`make bench|--headless|read at|as they say|lamp", part)] == []


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"(?m)^## (.*)$", README)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_every_stored_picture_is_on_the_page() -> None:
    stored = {path.name for path in PICTURES.iterdir() if path.suffix in {".svg", ".png"}}
    assert set(re.findall(r"\]\(tests/pictures/([^)]+)\)", README)) == stored


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
@pytest.mark.slow
def test_the_pictures_show_what_the_program_draws() -> None:
    """Compare word by word, but for what is measured; after a wanted change `make pictures`."""
    for name, look in pictures(calm=False):
        stored = lasting(lines_of((PICTURES / f"{name}.svg").read_text(encoding="utf-8")))
        shown: list[str] = []

        def same(look: Callable[[], str] = look, stored: list[str] = stored, shown: list[str] = shown) -> bool:
            shown[:] = lasting(lines_of(look()))
            return shown == stored

        with suppress(AssertionError):  # told below by what differs
            until(same)
        assert shown == stored, name


def test_a_changed_figure_would_be_seen() -> None:
    lines = lines_of((PICTURES / "strategy.svg").read_text(encoding="utf-8"))
    assert len([line for line in lasting(lines) if line.endswith("164.30 stop")]) == 1
    assert lasting(lines) != lasting([line.replace("164.30", "164.25") for line in lines])
    assert lasting(["wait  0.83 µs 5.38 µs"]) == lasting(["wait 12.1 µs 4 ms"])


def test_the_film_is_developed_from_its_recording() -> None:
    film = (PICTURES / "film.svg").read_text(encoding="utf-8")
    assert film == develop(PICTURES / "film.cast")
    assert len(film.encode()) <= 400_000
    names = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(film).iter()}
    assert names == {"svg", "style", "rect", "g", "path", "text"}
    assert re.findall(r"url\(|href|@import|@font-face", film) == []
    seconds = {float(each) for each in re.findall(r"animation:\w+ ([\d.]+)s", film)}
    assert len(seconds) == 1
    assert max(seconds) <= 20


def test_the_film_shows_every_scene_in_order() -> None:
    shown = frames(*read_cast(PICTURES / "film.cast"), STEP_S)
    assert len(shown) <= MOST_FRAMES
    texts = iter(frame.text() for frame in shown)
    for caption, _, seen, _ in SCENES:
        assert any(caption in text and seen in text for text in texts), caption


@pytest.mark.slow
def test_the_film_could_be_taken_today(tmp_path: Path) -> None:
    """The same keys before the same recording, hurried: each shows what it showed, and the opening is the same."""
    size, events = read_cast(PICTURES / "film.cast")
    opening = frames(size, events, STEP_S)[0].text().splitlines()[: size[1]]
    play(tmp_path, lasting(opening))
