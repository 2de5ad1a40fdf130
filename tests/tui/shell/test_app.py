"""The app in Textual's own headless terminal: keys reach the engine, frames are drawn, pictures do not change by accident."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine import Arm, CheckView, CommandView, Disarm, Flat, Hold, SwitchDelivery, Unlock
from tests.support.screens.engine_clients import FakeClient
from tests.support.screens.snapshots import CALL, NOW_NS, SNAPSHOT, apart, feed, log, paper, snapshot, trade, waiting
from tui.shell.app import MyQuant
from tui.text.rows import plain
from tui.view.view_file import ViewFile


def run(play: Callable[..., Awaitable[None]], tmp_path: Path, size=(120, 40), client=None, kept=None) -> FakeClient:
    """Let `play(app, pilot, client)` run in an app of that size, at a time that stands still."""
    client = client or FakeClient()

    async def whole() -> None:
        app = MyQuant(client, tmp_path, kept=kept, now_ns=lambda: NOW_NS)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await play(app, pilot, client)

    asyncio.run(whole())
    return client


def text(app: MyQuant) -> str:
    return plain(app.board.lines)


def test_keys_reach_the_engine(tmp_path):
    async def play(app, pilot, client):
        client.snapshot = snapshot(entries=replace(SNAPSHOT.entries, locked="me"))
        await pilot.press("space", "d")  # drawn with it
        await pilot.press("k", *"UNLOCK", "enter")
        assert client.sent == [Hold(), SwitchDelivery("queued"), Unlock()]
        await pilot.press("question_mark")
        assert "HELP" in text(app)
        await pilot.press("escape", "tab", "z")
        assert (app.ui.focus, app.ui.zoom) == ("positions", True)
        await pilot.press("ctrl+q", "ctrl+z")
        assert app.is_running

    run(play, tmp_path)


def test_the_plan_is_drawn_before_x_counts(tmp_path):
    times = iter(range(NOW_NS, NOW_NS + 10**12, 200_000_000))

    async def whole():
        client = FakeClient()
        app = MyQuant(client, tmp_path, now_ns=lambda: next(times))
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("exclamation_mark")
            assert client.sent == [Arm()]
            await pilot.pause()
            assert "EMERGENCY FLAT" in text(app)
            assert app.ui.plan_drawn_ns > 0
            await pilot.press("x")
            assert client.sent == [Arm(), Flat("operator")]

    asyncio.run(whole())


def test_a_plan_that_was_never_drawn_is_not_fired(tmp_path):
    async def play(app, pilot, client):
        app.call_after_refresh = lambda *_: False
        await pilot.press("exclamation_mark", "x")
        assert client.sent == [Arm()]
        assert "x not taken" in text(app)
        await pilot.press("w")
        assert client.sent == [Arm(), Disarm()]

    run(play, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (60, 15), (20, 5)])
def test_every_size_and_resizing_between_them(tmp_path, size):
    async def play(app, pilot, client):
        for width, height in (size, (80, 24), (200, 60), size):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            lines = app.board.lines
            assert len(lines) == height
            assert "REPLAY" in text(app)

    run(play, tmp_path, size)


def test_saving_leaves_a_text_and_a_picture(tmp_path):
    async def play(app, pilot, client):
        await pilot.press("s")
        await pilot.pause()
        assert app.ui.notice.startswith("saved myquant-")
        assert app.ui.notice.endswith(f".svg and .txt in {tmp_path}")

    run(play, tmp_path)
    (saved,) = tmp_path.glob("*.txt")
    assert "NIFTY25NOV25900CE" in saved.read_text(encoding="utf-8")
    drawn = saved.with_suffix(".svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg")
    assert "NIFTY25NOV25900CE" in drawn
    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_picture_has_the_ground_of_its_theme_to_the_edge(tmp_path):
    async def play(app, pilot, client):
        await pilot.press("t", "t", "s")
        await pilot.pause()
        assert app.ui.theme == "light"

    run(play, tmp_path)
    (saved,) = tmp_path.glob("*.svg")
    drawn = saved.read_text(encoding="utf-8")
    assert 'height="100%" rx="8" fill="#fafafa"' in drawn
    assert "#101216" not in drawn.replace('fill="#101216" font-weight', "")  # ink of a badge, never paper


def test_leaving_with_a_position_open_asks(tmp_path):
    async def play(app, pilot, client):
        await pilot.press("q")
        assert app.is_running
        assert app.ui.dialog == "quit"
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running

    run(play, tmp_path)


AWAY = "away 6 min 12 s: 2 entries, P&L meanwhile −420"


def test_coming_back_tells_the_absence_at_once_and_keeps_what_was_looked_at(tmp_path):
    async def first(app, pilot, client):
        assert "WHILE YOU WERE AWAY" in text(app)
        assert "2 entries, P&L meanwhile −420" in text(app)
        await pilot.press("5", "z", "l")
        assert "WHILE YOU WERE AWAY" not in text(app)
        await pilot.press("q", "q")
        await pilot.pause()
        assert (app.left, app.lost, app.return_code) == (True, "", 0)
        app._kept.keep_last(app.ui, client.snapshot)

    async def again(app, pilot, client):
        assert (app.ui.focus, app.ui.zoom, app.ui.log_level) == ("log", True, "WARNING")
        assert "5 LOG WARNING" in text(app)
        app.terminate()
        await pilot.pause()
        assert (app.left, app.lost) == (False, "")

    for play in (first, again):
        client = FakeClient(attachment=apart(told=(AWAY,)))
        run(play, tmp_path, client=client, kept=ViewFile(tmp_path))


EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e[/][@click=app.exit]x[/]"


def test_escape_sequences_and_markup_are_only_text(tmp_path):
    """In every place that outside text can reach: symbols, source, reasons, events, log, legs, receipt, outcomes, feed."""
    bad = snapshot(
        instruments=(replace(CALL, symbol=EVIL, exchange=EVIL), replace(CALL, symbol=EVIL)),
        source=EVIL,
        fault=EVIL,
        outcomes=(EVIL,),
        trades=tuple(replace(trade(n), reason=EVIL) for n in range(3)),
        events=tuple(replace(event, text=EVIL) for event in SNAPSHOT.events),
        quotes=tuple(replace(quote, objection=EVIL) for quote in SNAPSHOT.quotes),
        entries=replace(SNAPSHOT.entries, locked=EVIL, halted=EVIL),
        edges=tuple(replace(edge, problem=EVIL) for edge in SNAPSHOT.edges),
        feed=waiting(source=EVIL, because=EVIL, bad={EVIL: 3}),
        replay=replace(SNAPSHOT.replay, check=CheckView(1, 2, EVIL, EVIL)),
        commands=(CommandView(1, EVIL, "REFUSED", EVIL),),
        found=(EVIL, EVIL),
        flat=replace(SNAPSHOT.flat, state="FLAT", reason=EVIL, receipt=(EVIL,)),
        positions=(),
    )
    client = FakeClient(bad)
    client.lines = [replace(line, text=EVIL, component=EVIL) for line in log()]

    async def play(app, pilot, client):
        for keys in (
            (),
            ("enter",),
            ("escape", "g"),
            ("escape", "exclamation_mark"),
            ("escape", "5", "z"),
            ("2",),
            ("4",),
            ("a",),
        ):
            await pilot.press(*keys)
            await pilot.pause()
            shown = text(app)
            assert not any(ord(char) < 32 and char != "\n" for char in shown)
            assert not any(0x7F <= ord(char) < 0xA0 or char == "\u202e" for char in shown)
        assert app.is_running
        strips = [app.board.render_line(y) for y in range(app.size.height)]
        assert not any("\x1b" in segment.text for strip in strips for segment in strip)

    run(play, tmp_path, (200, 60), client)


def test_a_screen_at_rest_draws_when_a_second_is_over_and_at_once_when_something_happens(tmp_path):
    seen = paper(feed=feed(), positions=(), at_ms=12_000)
    now_ns = [NOW_NS + 100_000_000_000]
    client = FakeClient()

    def after(quarters, **changes):
        """Let an engine that goes on show `changes` after so many quarters of a second."""
        at_ns = NOW_NS + 100_000_000_000 + quarters * 250_000_000
        now_ns[0] = at_ns
        client.snapshot = replace(seen, number=100 + quarters, taken_ns=at_ns, at_ms=12_000 + quarters * 250, **changes)

    async def whole():
        after(0)
        app = MyQuant(client, tmp_path, now_ns=lambda: now_ns[0])
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            drawn = []
            for quarters in range(1, 13):
                after(quarters, ticks=seen.ticks + (quarters == 6))
                app._tick()
                drawn.append(app._drawn_ns == now_ns[0])
            # Second 1; a tick at 6, which is in all panes from then on; seconds 2 and 3.
            assert drawn == [quarters in {4, 6, 7, 8, 12} for quarters in range(1, 13)]

    asyncio.run(whole())
