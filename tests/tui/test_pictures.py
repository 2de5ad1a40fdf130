"""Pictures of the screen that do not change by accident: the modes, a lost link, orders at a broker, a replay that equals its recording."""

import asyncio
import os
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine import CheckView, Snapshot
from tests.support.paths import ROOT
from tests.support.screens.engine_clients import FakeClient
from tests.support.screens.live_snapshots import busy, in_trouble
from tests.support.screens.snapshots import NOW_NS, SNAPSHOT, lost, paper, snapshot
from tui.shell.app import MyQuant

PICTURES = ROOT / "tests" / "tui" / "pictures"
SCENES = {
    "screen": SNAPSHOT,
    "paper": paper(),
    "link_lost": lost(),
    "live": busy(),
    "orders": busy(),
    "live_trouble": in_trouble(),
    "same": snapshot(replay=replace(SNAPSHOT.replay, check=CheckView(14, 14))),
}

KEYS = {"orders": ("o",)}


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 15)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("name", "seen"), SCENES.items(), ids=list(SCENES))
def test_the_picture_is_as_it_was(tmp_path: Path, name: str, seen: Snapshot, size: tuple[int, int]) -> None:
    """Compare with the stored SVG; after a wanted change run with `MYQUANT_PICTURES=write` in the environment."""
    svg = re.sub(r"terminal-\d+", "terminal", asyncio.run(drawn(tmp_path, seen, size, KEYS.get(name, ()))))
    stored = PICTURES / f"{name}_{size[0]}x{size[1]}.svg"
    if os.environ.get("MYQUANT_PICTURES") == "write":
        stored.parent.mkdir(exist_ok=True)
        stored.write_text(svg, encoding="utf-8")
    assert svg == stored.read_text(encoding="utf-8")


async def drawn(folder: Path, seen: Snapshot, size: tuple[int, int], keys: tuple[str, ...]) -> str:
    """Show `seen` at a time that stands still, behind these keys; the screen as SVG."""
    app = MyQuant(FakeClient(seen), folder, now_ns=lambda: NOW_NS)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        return app.export_screenshot(title="myquant-tui")
