"""The arming of a day: it holds for its day, version, account and configuration, and whatever else stands in its place arms nothing."""

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.model.errors import DiskError
from engine.model.preflight import Check
from engine.serving.arming import (
    ARMED_FILE,
    Armed,
    armed_now,
    arming_lines,
    digests,
    read_arming,
    take_away_arming,
    write_arming,
)
from engine.text.sanitize import CleanText
from tests.support.builders import IST
from tests.support.live_config import ACCOUNT, live_config

HOUR_NS = 3600 * 10**9


def at(hour: int, day: int = 1) -> int:
    return int(datetime(2026, 12, day, hour, tzinfo=IST).timestamp()) * 10**9


CONFIG = live_config()
ARMED = armed_now(CONFIG, ACCOUNT, date(2026, 12, 1), at(9), at(15))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path


def test_what_was_armed_holds_till_the_sessions_end_and_is_private(folder: Path) -> None:
    write_arming(folder, ARMED)
    path = folder / ARMED_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert ACCOUNT.code.encode() not in path.read_bytes()
    for now in (at(9), at(12), at(15) - 1):
        assert read_arming(folder, CONFIG, ACCOUNT, now) == ARMED
    assert os.listdir(folder) == [ARMED_FILE]


@pytest.mark.parametrize(
    ("armed", "now", "why"),
    [
        (ARMED, at(15), "the session that was armed is over"),
        (ARMED, at(9, day=2), "armed for 2026-12-01, today is 2026-12-02; arm again"),
        (
            ARMED,
            at(9) - 1,
            "armed at a time that is still to come: this machine's clock was set back; arm again",
        ),
        (replace(ARMED, date=date(2026, 12, 2)), at(10), "armed for 2026-12-02, today is 2026-12-01; arm again"),
        (replace(ARMED, version="0.0.1"), at(10), "armed with version 0.0.1"),
        (
            replace(ARMED, account="B9***1", account_mark="another"),
            at(10),
            "armed for account B9***1, the credentials are of A1***6 or have changed; arm again",
        ),
    ],
)
def test_another_day_version_account_or_clock_voids_it(folder: Path, armed: Armed, now: int, why: str) -> None:
    write_arming(folder, armed)
    found = read_arming(folder, CONFIG, ACCOUNT, now)
    assert isinstance(found, str)
    assert found.startswith(why)


@pytest.mark.parametrize(
    ("changed", "sections"),
    [
        ({"risk__base_sl_points": "14"}, "[risk]"),
        ({"live__max_lots": "2"}, "[live]"),
        ({"feed__symbols": "[NIFTY29DEC2625000PE]"}, "[feed]"),
        ({"operator__on_loss": "no_entries"}, "[operator]"),
        ({"smartapi__rest_url": "https://example.com"}, "[smartapi]"),
        ({"strategy__fast_ema": "9", "capital__initial_capital": "5"}, "[capital], [strategy]"),
        ({"instruments.X__lot_size": "9"}, "[instruments]"),
    ],
)
def test_another_configuration_voids_it_and_is_named(folder: Path, changed: dict[str, str], sections: str) -> None:
    write_arming(folder, ARMED)
    found = read_arming(folder, live_config(**changed), ACCOUNT, at(10))
    assert found == f"armed under another configuration: {sections} not as then; arm again"


@pytest.mark.parametrize("key", ["logging__level", "alerts__bell", "serve__port", "engine__delivery", "binance__book"])
def test_what_decides_nothing_at_the_broker_voids_nothing(folder: Path, key: str) -> None:
    values = {"logging__level": "debug", "alerts__bell": "false", "serve__port": "9", "engine__delivery": "queued"}
    write_arming(folder, ARMED)
    assert read_arming(folder, live_config(**{key: values.get(key, "false")}), ACCOUNT, at(10)) == ARMED


def link(path: Path) -> None:
    target = path.with_name("elsewhere")
    target.write_bytes(msgspec.json.encode(ARMED))
    target.chmod(0o600)
    path.symlink_to(target)


def wide(path: Path) -> None:
    path.write_bytes(msgspec.json.encode(ARMED))
    path.chmod(0o644)


def content(data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(data)
        path.chmod(0o600)

    return write


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (content(b""), "is no arming of this program"),
        (content(b"yes"), "is no arming of this program"),
        (content(b"\xff\xfe"), "is no arming of this program"),
        (content(b"[" * 5000), "is no arming of this program"),
        (content(b"{}"), "is no arming of this program"),
        (content(msgspec.json.encode({**msgspec.to_builtins(ARMED), "more": 1})), "is no arming of this program"),
        (content(msgspec.json.encode({**msgspec.to_builtins(ARMED), "until_ns": 10**30})), "is no arming"),
        (content(msgspec.json.encode({**msgspec.to_builtins(ARMED), "armed_ns": -1})), "is no arming"),
        (content(b" " * 100_000), "is larger than 16384 bytes"),
        (link, "is a symbolic link"),
        (wide, "mode 0644 is too wide"),
        (lambda path: path.mkdir(), "is not a regular file"),
        (os.mkfifo, "is not a regular file"),
    ],
)
def test_an_odd_file_arms_nothing_in_one_line(folder: Path, make: Callable[[Path], None], why: str) -> None:
    make(folder / ARMED_FILE)
    found = read_arming(folder, CONFIG, ACCOUNT, at(10))
    assert isinstance(found, str)
    assert why in found
    assert "\n" not in found
    assert take_away_arming(folder)
    assert read_arming(folder, CONFIG, ACCOUNT, at(10)) == "not armed today"
    assert not take_away_arming(folder)
    write_arming(folder, ARMED)
    assert read_arming(folder, CONFIG, ACCOUNT, at(10)) == ARMED


def test_an_arming_is_written_over_whatever_stands_there(folder: Path) -> None:
    (folder / ARMED_FILE).mkdir()
    (folder / f"{ARMED_FILE}.part").write_bytes(b"half")
    write_arming(folder, ARMED)
    assert read_arming(folder, CONFIG, ACCOUNT, at(10)) == ARMED


def test_without_a_folder_nothing_is_armed_and_nothing_can_be(folder: Path) -> None:
    gone = folder / "none"
    assert read_arming(gone, CONFIG, ACCOUNT, at(10)) == "not armed today"
    assert not take_away_arming(gone)
    with pytest.raises(DiskError, match="cannot be written"):
        write_arming(gone, ARMED)


@given(st.binary(max_size=300))
def test_no_bytes_arm_or_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("armed")
    content(data)(folder / ARMED_FILE)
    assert isinstance(read_arming(folder, CONFIG, ACCOUNT, at(10)), str)


def test_what_was_found_well_is_kept_and_told(folder: Path) -> None:
    checks = (Check("clock", True, CleanText("0.2 s ahead of the broker's")), Check("IP", True, CleanText("taken")))
    write_arming(folder, armed_now(CONFIG, ACCOUNT, date(2026, 12, 1), at(9), at(15), checks))
    armed = read_arming(folder, CONFIG, ACCOUNT, at(10))
    assert isinstance(armed, Armed)
    assert arming_lines(armed, "Asia/Kolkata") == [
        "armed at 09:00 until 15:00 for A1***6",
        "armed with clock: 0.2 s ahead of the broker's",
        "armed with IP: taken",
    ]


def test_every_section_that_is_not_of_looking_on_is_in_the_digest() -> None:
    assert digests(CONFIG).keys() == {
        *("session", "capital", "strategy", "risk", "charges", "paper", "live", "instrument", "feed"),
        *("smartapi", "journal", "operator"),
    }
