"""The page of a report: one file without a request, safe whatever it is told, the same with and without a script and on paper."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.backtest.report_inputs import Options, collect, find_inputs
from engine.model.errors import InputError
from engine.model.session_result import PricePath, ReportedDay
from engine.reports.html_page import HtmlLists, in_script, write_page
from engine.reports.own_files import MARK, own_file
from engine.reports.picture_files import write_pictures
from engine.reports.report import Report
from engine.text.sanitize import CleanText
from tests.support.browser import Browser, needs_browser
from tests.support.paths import ROOT
from tests.support.recorded_runs import record

EVIL = "</script><script>document.title='broken'</script><img src=http://127.0.0.1:9/x>\"'&<!--"
SCRIPT = ROOT / "engine" / "reports" / "files" / "report.js"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> ReportedDay:
    """A recorded day."""
    days: list[ReportedDay] = []
    collect(find_inputs([record(tmp_path_factory.mktemp("run"))]), Options(), days.append)
    return days[0]


def renamed(day: ReportedDay, symbol: str) -> ReportedDay:
    """The same of an instrument of another name, whose exits have odd reasons."""
    other = replace(day.positions[0].instrument, symbol=CleanText(symbol))
    positions = tuple(
        replace(each, instrument=other, exits=tuple(replace(sold, reason=symbol) for sold in each.exits))
        for each in day.positions
    )
    return replace(
        day, positions=positions, paths=tuple(PricePath(other, each.at_ms, each.prices) for each in day.paths)
    )


def many(day: ReportedDay, count: int) -> list[ReportedDay]:
    """So many days like that one, each with its own capital."""
    first = date.fromisoformat(day.date)
    return [replace(day, date=(first + timedelta(days=n)).isoformat(), fingerprint=f"{n}") for n in range(count)]


def page_of(path: Path, *days: ReportedDay) -> Report:
    with HtmlLists() as lists, own_file(path) as file:
        report = Report([lists])
        for each in days:
            report.take(each)
        report.heads = [EVIL]
        write_page(file, report, lists)
    return report


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory):
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@needs_browser
@pytest.mark.slow
def test_it_asks_for_nothing_and_has_nothing_to_say(day: ReportedDay, tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "page.html"
    page_of(path, renamed(day, EVIL))
    for width, script, media in ((380, True, ""), (1600, True, ""), (1000, False, ""), (800, True, "print")):
        browser.open(path, width, script=script, media=media, dark=width == 1600)
        assert browser.said == []
        assert browser.asked == [path.as_uri()]
        shows = (
            "[...document.querySelectorAll('canvas,.static svg')].filter(each => each.getClientRects().length).length"
        )
        assert browser.value(shows) == 1
        assert browser.value("document.querySelector('canvas').getClientRects().length") == (script and not media)
        assert browser.value("document.querySelectorAll('img').length") == 0
        assert EVIL in browser.value("document.body.innerText")
        if not media:
            assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.title") == f"mock, {day.date}"


@needs_browser
@pytest.mark.slow
def test_keys_zoom_and_the_pointer_tells_prices(day: ReportedDay, tmp_path: Path, browser: Browser) -> None:
    page_of(tmp_path / "page.html", *many(day, 7))
    browser.open(tmp_path / "page.html")
    browser.value("document.querySelector('canvas').focus(); document.querySelector('canvas').scrollIntoView()")
    before = browser.value("document.querySelector('canvas').toDataURL()")
    for key in ("+", "ArrowRight"):
        browser.key(key)
    assert browser.value("document.querySelector('canvas').toDataURL()") != before
    browser.key("0")
    assert browser.value("document.querySelector('canvas').toDataURL()") == before
    x, y = browser.value(
        "(() => { const b = document.querySelector('canvas').getBoundingClientRect(); return [b.x + b.width / 2, b.y + 50]; })()"
    )
    browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    assert re.match(
        rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d · {day.paths[0].instrument.symbol} [\d.]+ · account ",
        browser.value("document.querySelector('output').textContent"),
    )
    assert browser.said == []


def test_what_comes_from_outside_is_escaped_for_its_place(day: ReportedDay, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    report = page_of(path, renamed(day, EVIL))
    text = path.read_text(encoding="utf-8")
    assert EVIL not in text
    assert text.count("<script") == 2  # the chart's numbers, and what draws them
    assert text.count("</script>") == 2
    assert " style=" not in text
    assert not re.search(r"<[a-z][^<>]*\son[a-z]+=", text.split("<main>")[1].split("<script")[0])
    with HtmlLists() as lists:
        again = Report([lists])
        again.take(renamed(day, EVIL))
        for each in write_pictures(tmp_path / "page", again, lists.prices):
            assert EVIL not in each.read_text(encoding="utf-8")
            assert MARK in each.read_text(encoding="utf-8")[:100]
    assert report.modes
    assert in_script('{"a":"</script>\u2028"}') == '{"a":"\\u003c/script\\u003e\\u2028"}'


def test_a_browser_carries_out_our_script_and_nothing_else(day: ReportedDay, tmp_path: Path) -> None:
    page_of(tmp_path / "page.html", day)
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert not re.findall(r"<[^>]* (?:src|href|action|style)=", text)


def test_the_script_is_short_and_asks_for_nothing() -> None:
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250
    assert max(map(len, lines)) <= 180
    assert not re.search(r"fetch|XMLHttp|import|eval|innerHTML|WebSocket|http", "\n".join(lines))


def test_beyond_five_days_it_stays_small(day: ReportedDay, tmp_path: Path) -> None:
    sizes = []
    for count in (5, 6, 60):
        path = tmp_path / f"{count}.html"
        report = page_of(path, *many(day, count))
        sizes.append(path.stat().st_size)
        assert len(report.modes["mock"].days) == count
    assert sizes[2] < 3_000_000


def test_only_a_report_of_ours_is_written_over(day: ReportedDay, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    page_of(path, day)
    assert path.stat().st_mode & 0o777 == 0o600
    page_of(path, day)
    path.write_text("<html>of somebody else")
    with pytest.raises(InputError, match="no report of this program"):
        page_of(path, day)
    assert path.read_text() == "<html>of somebody else"
    (tmp_path / "link.html").symlink_to(path)
    with pytest.raises(InputError, match="link"):
        page_of(tmp_path / "link.html", day)
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []
