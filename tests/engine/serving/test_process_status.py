"""The shape of `status --json`, version 1: keys, kinds and words may be added to, and never changed."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest

from engine.assembly.uptime_file import UPTIME_FILE
from engine.cli.status import _SCHEMA
from engine.model.commands import Lock, PauseEntries
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL
from engine.model.events import LinkState
from engine.model.log_counts import COMPONENTS
from engine.serving.status_record import Entries, Market, Source, State
from tests.support.processes.process_harness import HOLDING, OperatorShell
from tests.support.waiting import until as until_

pytestmark = pytest.mark.slow

NUMBER = "int float"
POSITION = {
    "symbol": "str",
    "exchange": "str",
    "quantity": NUMBER,
    "entry_price": NUMBER,
    "last_price": NUMBER,
    "open_pnl": NUMBER,
    "exit_costs": NUMBER,
    "stop": NUMBER,
    "trail_stop": "NoneType",
    "next_target": NUMBER,
    "age_s": NUMBER,
    "entry_at": "str",
    "entry_ns": "int",
    "durable": "bool",
}
LEVELS = dict.fromkeys(COMPONENTS, "str")
RUNNING: dict[str, Any] = {
    "schema": "int",
    "state": "str",
    "running": "bool",
    "pid": "int",
    "mode": "str",
    "state_dir": "str",
    "asked_at": "str",
    "asked_ns": "int",
    "source": "str",
    "delivery": "str",
    "ticks": "int",
    "link": "str",
    "link_reason": "str",
    "newest_tick_at": "str",
    "newest_tick_ns": "int",
    "newest_tick_age_s": NUMBER,
    "beat_age_s": NUMBER,
    "market": "str",
    "market_reason": "str",
    "entries": "str",
    "entries_reason": "str",
    "entries_words": "str",
    "locked": "str",
    "halted": "str",
    "paused": "bool",
    "flat": "str",
    "flat_reason": "str",
    "flat_until": "str",
    "alarms": [],
    "positions": [POSITION],
    "positions_from": "str",
    "watch_only": [],
    "watched": ["str"],
    "day_pnl": NUMBER,
    "cash": NUMBER,
    "screens": "int",
    "conn": "str",
    "rss_mb": NUMBER,
    "log_levels": LEVELS,
    "log_changed": ["str"],
    "problem": "str",
    "not_durable_s": NUMBER,
    "uptime": {
        "minutes": "int",
        "watched": "int",
        "share": f"{NUMBER} NoneType",
        "days": "int",
        "days_minutes": "int",
        "days_watched": "int",
        "days_share": f"{NUMBER} NoneType",
        "days_unwatched": "int",
    },
    "uptime_words": "str",
    "live": "NoneType",
    "found": [],
    "engines": [],
}
UNKNOWN = "NoneType"
WATCHED = (
    '[{"date":"2025-10-01","from_minute":29320950,"minutes":375,"mask":"0"},'
    '{"date":"2025-10-03","from_minute":29323830,"minutes":375,"mask":"7"}]'
)
DEAD = RUNNING | {
    "log_levels": {},
    "newest_tick_at": UNKNOWN,
    "newest_tick_ns": UNKNOWN,
    "newest_tick_age_s": UNKNOWN,
    "beat_age_s": UNKNOWN,
    "day_pnl": UNKNOWN,
    "positions": [
        POSITION | dict.fromkeys(("open_pnl", "exit_costs", "next_target", "age_s"), UNKNOWN),
    ],
}


def fits(found: Any, shape: Any) -> bool:
    """Whether `found` has exactly these keys, and values of these kinds."""
    if isinstance(shape, dict):
        return (
            isinstance(found, dict)
            and list(found) == list(shape)
            and all(fits(found[key], shape[key]) for key in shape)
        )
    if isinstance(shape, list):
        return isinstance(found, list) and all(fits(each, shape[0]) for each in found if shape)
    return type(found).__name__ in shape.split()


def differing(found: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    return {
        key: found.get(key) for key in {*found, *shape} if key not in found or not fits(found[key], shape.get(key, ""))
    }


def test_a_running_a_locked_a_silent_and_a_dead_engine_have_one_shape(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING, "mock.speed=60") as shell:
        never = shell.status()
        assert (never["state"], never["exit"], never["positions_from"]) == ("never_ran", EXIT_DIFFERENT, "unknown")
        shell.start("--quiet")
        held = shell.holds().positions[0]
        found = shell.status()
        assert found.pop("exit") == EXIT_WELL
        assert differing(found, RUNNING) == {}
        assert (found["schema"], found["state"], found["entries"], found["flat"]) == (1, "running", "allowed", "NORMAL")
        assert (found["positions_from"], len(found["positions"])) == ("engine", 1)
        position = found["positions"][0]
        assert (position["symbol"], position["quantity"]) == ("NIFTY", held.state.quantity)
        assert position["entry_price"] == held.state.entry_price / 100
        assert position["entry_ns"] == held.state.entry_ms * 1_000_000
        assert abs(datetime.fromisoformat(found["asked_at"]).timestamp() - found["asked_ns"] / 1e9) < 0.01
        assert datetime.fromisoformat(position["entry_at"]).timestamp() * 1000 == held.state.entry_ms
        shell.command(PauseEntries())
        assert shell.status()["entries"] == "paused"
        logs_at_other_levels(shell)
        shell.command(Lock("lunch"))
        locked = shell.status()
        assert (locked["entries"], locked["entries_reason"], locked["locked"]) == ("locked", "lunch", "lunch")
        assert differing({key: value for key, value in locked.items() if key != "exit"}, RUNNING) == {}
        shell.kill()
        (shell.state / UPTIME_FILE).write_text(WATCHED)
        dead = shell.status()
        assert dead.pop("exit") == EXIT_DIFFERENT
        assert differing(dead, DEAD) == {}
        assert (dead["state"], dead["running"], dead["pid"], dead["positions_from"]) == ("dead", False, 0, "journal")
        assert dead["positions"][0]["quantity"] == held.state.quantity
        assert dead["positions"][0]["entry_price"] == position["entry_price"]
        assert (dead["entries"], dead["locked"]) == ("locked", "lunch")
        assert dead["uptime"] == {
            "minutes": 375, "watched": 3, "share": 0.008,
            "days": 2, "days_minutes": 750, "days_watched": 3, "days_share": 0.004, "days_unwatched": 1,
        }  # fmt: skip
        words = "2025-10-03: 3 of 375 minutes (0.80 %); 0.40 % of 2 days, 1 of them not at all"
        assert f"  uptime     {words}" in shell.ask("status").out
        (shell.state / UPTIME_FILE).write_text("[")
        broken = shell.ask("status", "--json")
        assert json.loads(broken.out)["uptime"] is None
        assert "uptime.json cannot be read" in broken.err


def logs_at_other_levels(shell: OperatorShell) -> None:
    """Its log's levels are shown, changed while it runs, and one of them goes back by itself."""
    shown = shell.ask("log-level")
    assert shown.out.splitlines() == [f"{component} info" for component in COMPONENTS]
    done = shell.ask("log-level", "trader=debug", "broker=WARNING", "--for", "10m")
    assert (done.status, done.out.splitlines()) == (
        EXIT_WELL,
        [
            f"engine {shell.pid} logs trader at debug for 10 min",
            f"engine {shell.pid} logs broker at warning for 10 min",
        ],
    )
    status = shell.status()
    assert (status["log_levels"]["trader"], status["log_levels"]["feed"]) == ("debug", "info")
    until = r"until \d\d:\d\d:\d\d, then info \(the operator's\)"
    assert re.fullmatch(f"trader debug {until};broker warning {until}", ";".join(status["log_changed"]))
    assert re.search(rf"^  log        trader debug {until}$", shell.ask("status").out, re.MULTILINE)
    assert shell.ask("log-level", "trader=default").out == f"engine {shell.pid} logs trader as configured\n"
    assert shell.ask("log-level", "broker=debug", "--for", "1s").status == EXIT_WELL
    until_(lambda: shell.status()["log_changed"] == [])
    until_(lambda: "log broker → info: the time that was said is over" in shell.log)


def test_several_engines_are_one_answer(tmp_path: Path) -> None:
    usual = tmp_path / "state" / "myquant-tui"
    with OperatorShell(tmp_path / "a", *HOLDING) as other, OperatorShell(tmp_path, *HOLDING) as shell:
        shell.state = usual / "mock"
        shell.start("--quiet").holds()
        # A paper engine that is gone and has left something: its journal is that of another run, moved.
        other.start("--quiet").holds()
        other.kill()
        (usual / "paper").parent.mkdir(exist_ok=True)
        other.state.rename(usual / "paper")
        (usual / "paper" / "mode").write_text("paper\n")
        (usual / "paper" / UPTIME_FILE).write_text(WATCHED)
        answer = shell.run("status", "--json")
        found = json.loads(answer.out)
        assert answer.status == EXIT_WELL
        assert (found["schema"], found["state"], found["running"]) == (1, "several", True)
        assert [(each["mode"], each["state"]) for each in found["engines"]] == [("paper", "dead"), ("mock", "running")]
        assert [differing(each, shape) for each, shape in zip(found["engines"], (DEAD, RUNNING), strict=True)] == [
            {},
            {},
        ]
        text = shell.run("status")
        assert "no engine is running for" in text.out
        assert f"MOCK engine {shell.pid}" in text.out
        (usual / "paper").rename(tmp_path / "gone")


def test_the_help_names_every_key_and_word() -> None:
    for kind in (LinkState, State, Entries, Market, Source):
        for word in get_args(kind):
            assert re.search(rf"\b{word}\b", _SCHEMA), word
    for name in (*RUNNING, *POSITION):
        assert re.search(rf"\b{name}\b", _SCHEMA.replace("*_", "")) or name.endswith(("_at", "_ns")), name
