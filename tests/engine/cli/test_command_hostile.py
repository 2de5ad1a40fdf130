"""Input made to hurt: each is refused in one line that says where, or read as far as it is good; memory stays bounded."""

import csv
import gzip
import json
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import pack_into, unpack_from
from typing import Any

import pytest
from msgspec.structs import replace

from engine.cli import main
from engine.config import bundled
from engine.recording import MqrSource
from engine.recording.writer import RecordingWriter
from tests.soak.crash_replay import long_recording
from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer

pytestmark = pytest.mark.slow

RECORDING = bundled("nifty-synthetic.mqr")
QUIET = ("--headless", "--quiet")
GOOD = "timestamp,price,volume\n2025-10-01 09:15:18+05:30,235.85,75\n"
GIB = 1 << 30
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
ESCAPE = "\x1b]0;owned\x07\x1b[31m\u202e"

PRICES = ["1e400", "٢٣٥", "１２", "abc", "0x10", "5_0", "9" * 30, "1.5.5", ESCAPE]
VOLUMES = ["-3", "1.5", "9" * 30]
STAMPS = ["", "now", "2025-02-30 09:15:19", "2025-10-01 25:15:19", "2025-10-01 09:15:60", "1e9", "1759290318"]
STAMPS += ["2025-10-01 09:15:19+99:00", "9999-12-31 23:59:59Z", "0001-01-01 00:00:00Z", "٢٠٢٥-10-01 09:15:19"]


def row(stamp: str = "2025-10-01 09:15:19+05:30", price: str = "9", volume: str = "75") -> str:
    """A file whose third line, the second of data, is as told."""
    return f"{GOOD}{stamp},{price},{volume}\n"


# What a file holds, and what the one line says of it.
FILES: dict[str, tuple[bytes | str, str]] = {
    "empty.csv": (b"", "empty"),
    "binary.csv": (bytes(range(256)) * 9, "row 1"),
    "zeros.csv": (GOOD.encode() + b"2025-10-01 09:15:19+05:30,2\x0035,75\n", "row 3"),
    "header.csv": (GOOD.partition("\n")[0] + "\n", "no rows"),
    "strange.csv": ("a,b,c\n1,2,3\n", "row 1"),
    "narrow.csv": (GOOD + "2025-10-01 09:15:19+05:30,235.85\n", "row 3: has 2 columns"),
    "wide.csv": (GOOD + "2025-10-01 09:15:19+05:30,235.85,75,9\n", "row 3: has 4 columns"),
    "quote.csv": (GOOD + '2025-10-01 09:15:19+05:30,"235.85,75\n', "row 3: has a quote that is not closed"),
    "bomb.csv": (gzip.compress(GOOD.encode() + bytes(32 << 20), 1), "row 3: is longer than"),
    "dates.csv": ("date,price\n01/02/2025 09:15:00,9\n02/03/2025 09:15:00,9\n", "say --dates"),
    "marks.csv": ("date;price\n2025-02-01 09:15:00;1,234\n", "say --decimal"),
    "symbol.csv": (f"timestamp,price,symbol\n2025-10-01 09:15:18,235,{ESCAPE}\n", "row 2, column 'symbol'"),
    "markup.csv": ("timestamp,price,symbol\n2025-10-01 09:15:18,235,[@click=x]\n", "row 2, column 'symbol'"),
    f"name{ESCAPE}.csv": (b"", "empty"),
    "no-recording.mqr": (GOOD, "no-recording.mqr: is not a recording"),
    "bomb.gz": (gzip.compress(b"1723075200000000000 {" + bytes(32 << 20), 1), "row 1"),
    "deep.txt": ('1723075200000000000 {"a":' + "[" * 100_000 + "\n", "row 1"),
}
FILES |= {f"price{n}.csv": (row(price=text), "row 3, column 'price'") for n, text in enumerate(PRICES)}
FILES |= {f"volume{n}.csv": (row(volume=text), "row 3, column 'volume'") for n, text in enumerate(VOLUMES)}
FILES |= {f"stamp{n}.csv": (row(stamp=text), "row 3, column 'timestamp'") for n, text in enumerate(STAMPS)}
OTHERS = {"missing.csv": "missing.csv: ", "folder.csv": "a directory", "pipe.csv": "not an ordinary file"}
OTHERS |= {"/dev/zero": "/dev/zero: "}
CONFIGS = {"none.toml": "none.toml: ", "folder.csv": "directory", "pipe.csv": "not a regular file"}
CONFIGS |= {"huge.csv": "larger than", "binary.csv": "byte", "zeros.csv": "NUL", "escape.toml": "session.zone"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("hostile"))
    for name, (content, _) in FILES.items():
        (home.cwd / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (home.cwd / "folder.csv").mkdir()
    os.mkfifo(home.cwd / "pipe.csv")
    (home.cwd / "huge.csv").write_text(GOOD)
    os.truncate(home.cwd / "huge.csv", GIB)
    (home.cwd / "escape.toml").write_text(f"[session]\nzone = {json.dumps(ESCAPE)}\n{json.dumps(ESCAPE)} = 1\n")
    return home


@pytest.fixture(scope="module")
def refusals(home: Home) -> dict[str, Answer]:
    """What a replay of every file said, and a check of every configuration."""
    commands: dict[str, tuple[str, ...]] = {name: ("replay", name, *QUIET) for name in (*FILES, *OTHERS)}
    commands |= {f"config {name}": ("check-config", "--config", name) for name in CONFIGS}
    return dict(zip(commands, home.run_all(list(commands.values())), strict=True))


def refused(answer: Answer, *facts: str) -> None:
    """Nothing was done, and one line says why."""
    assert (answer.status, answer.out, len(answer.lines)) == (2, "", 1)
    assert not CONTROL.search(answer.err)
    for fact in facts:
        assert fact in answer.err


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_with_its_place(refusals: dict[str, Answer], name: str) -> None:
    refused(refusals[name], name if name.isprintable() else "name�", FILES[name][1])


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_file_is_refused(refusals: dict[str, Answer], name: str) -> None:
    refused(refusals[name], OTHERS[name])


@pytest.mark.parametrize("name", CONFIGS)
def test_a_configuration_that_cannot_be_read_is_refused(refusals: dict[str, Answer], name: str) -> None:
    answer = refusals[f"config {name}"]
    assert (answer.status, answer.out) == (2, "")
    assert not CONTROL.search(answer.err)
    assert CONFIGS[name] in answer.err
    assert len(answer.lines) == 1 or name == "escape.toml"


# ── Recordings. ──────────────────────────────────────────────────────────────────────────────────────────────────────


SOUND = RECORDING.read_bytes()
HEADER_BYTES = 24 + int(unpack_from("<Q", SOUND, 12)[0])


@pytest.fixture
def in_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """What `info` says of some bytes as a recording, asked within this process."""

    def ask(content: bytes) -> Answer:
        path = tmp_path / "cut.mqr"
        path.write_bytes(content)
        status = main(["info", str(path), "--config", str(bundled("config.toml"))])
        return Answer(status, *capsys.readouterr())

    before = os.umask(0o077)
    yield ask
    os.umask(before)


def test_a_header_that_is_cut_is_refused(in_process: Any) -> None:
    for size in range(0, HEADER_BYTES, 29):
        refused(in_process(SOUND[:size]), "cut.mqr: ")


def test_a_header_with_a_flipped_bit_is_refused(in_process: Any) -> None:
    for place in range(0, HEADER_BYTES, 23):
        flipped = bytearray(SOUND[:9000])
        flipped[place] ^= 1 << place % 8
        refused(in_process(bytes(flipped)), "cut.mqr: ")


@pytest.mark.parametrize("claim", [2**60, 2**64 - 1, 2**20 + 1, 0])
def test_a_header_that_lies_about_its_length_is_refused(in_process: Any, claim: int) -> None:
    data = bytearray(SOUND[:9000])
    pack_into("<Q", data, 12, claim)
    pack_into("<I", data, 20, zlib.crc32(data[24:], zlib.crc32(data[:20])))
    refused(in_process(bytes(data)), "cut.mqr: ")


def replayed(home: Home, path: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Summary and trade list of a recording, whose replay ends well."""
    answer = home.run("replay", path, *QUIET, "--json", "--trades", "t.csv", "--force")
    assert (answer.status, answer.err) == (0, "")
    with (home.cwd / "t.csv").open(encoding="utf-8", newline="") as file:
        return json.loads(answer.out), list(csv.DictReader(file))


@pytest.mark.parametrize("damage", ["torn", "flipped"])
def test_a_damaged_recording_is_replayed_to_its_last_good_block(home: Home, tmp_path: Path, damage: str) -> None:
    data = bytearray(SOUND)
    middle = len(data) // 2
    if damage == "torn":
        del data[middle:]
    else:
        data[middle] ^= 1
    path = tmp_path / "damaged.mqr"
    path.write_bytes(data)
    whole, all_trades = replayed(home, RECORDING)
    found, trades = replayed(home, path)
    assert 0.4 < found["ticks"] / whole["ticks"] < 0.51
    assert trades == all_trades[: len(trades)]
    assert len(trades) > 9
    assert len(found["losses"]) == 1
    assert "offset" in found["losses"][0]
    assert "lost: " in home.run("replay", path, *QUIET).out
    if damage == "flipped":
        assert (
            json.loads(home.run("replay", path, *QUIET, "--json", "--skip-damage").out)["ticks"] > 0.9 * whole["ticks"]
        )


def test_names_from_a_recording_reach_neither_terminal_nor_path(home: Home, tmp_path: Path) -> None:
    source = MqrSource(RECORDING)
    instrument = replace(source.header.instruments[0], symbol=f"../../{ESCAPE}")
    path = tmp_path / f"{ESCAPE}.mqr"
    with RecordingWriter(path, replace(source.header, instruments=(instrument,), source=ESCAPE)) as writer:
        for tick, _ in zip(source.ticks(), range(2000), strict=False):
            writer.append_tick(tick)
    folder = tmp_path / "recordings"
    recorded = ("--set", "recording.enabled=on", "--set", f"recording.directory={folder}")
    answer = home.run("replay", path, "--headless", *recorded, "--state-dir", tmp_path / "state", "--trades", "e.csv")
    assert answer.status == 0
    log = (tmp_path / "state" / "engine.log").read_text(encoding="utf-8")
    said = [answer.out, answer.err, log, (home.cwd / "e.csv").read_text(encoding="utf-8")]
    said += [home.run("info", path).out, home.run("export", path, "x.csv").err]
    assert [CONTROL.findall(text) for text in said] == [[]] * len(said)
    assert [kept.parent for kept in tmp_path.rglob("replay-*.mqr")] == [folder]


# ── Rows that are read and refused by the engine; numbers that are absurd. ───────────────────────────────────────────


def test_impossible_ticks_are_counted_with_the_row_of_the_first(home: Home, tmp_path: Path) -> None:
    rows = [
        "09:15:18+05:30,0,75",
        "09:15:19+05:30,-5,75",
        "09:15:20+05:30,5,75",
        "09:15:10+05:30,5,75",
        "09:15:21+05:30,5,75",
    ]
    path = tmp_path / "impossible.csv"
    path.write_text("timestamp,price,volume\n" + "".join(f"2025-10-01 {row}\n" for row in rows))
    found, _ = replayed(home, path)
    assert {reason: count for reason, count in found["refused"].items() if count} == {"non_positive": 2, "backwards": 1}
    assert found["refused_first"] == {"non_positive": "row 2", "backwards": "row 5"}
    assert "first at row 2" in home.run("replay", path, *QUIET).out


def test_absurd_prices_do_not_break_the_engine(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "absurd.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("timestamp,price,volume\n")
        for day in range(1, 7):
            for second in range(58):
                price = 999_999_999 if second > 53 else max(100, 51 + second)
                file.write(f"2025-10-{day:02d} 10:00:{second:02d}+05:30,{price},75\n")
    found, _ = replayed(home, path)
    assert found["faults"] == 0


def test_absurd_stamps_do_not_break_the_engine(home: Home, tmp_path: Path) -> None:
    source = MqrSource(RECORDING)
    with RecordingWriter(tmp_path / "absurd.mqr", source.header) as writer:
        for tick, _ in zip(source.ticks(), range(60), strict=False):
            tick.exch_ms = -(2**63) if tick.seq == 9 else 2**63 - 1 if tick.seq == 40 else tick.exch_ms
            writer.append_tick(tick)
    found, _ = replayed(home, tmp_path / "absurd.mqr")
    assert (found["ticks"], found["faults"]) == (60, 0)


# ── Memory. ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_MEASURED = """import sys
from engine.cli import main
status = main(sys.argv[1:])
with open("/proc/self/status") as file:
    print([line.split()[1] for line in file if line.startswith("VmHWM")][0], file=sys.stderr)
sys.exit(status)"""


def peak_mb(home: Home, *words: str | Path) -> tuple[float, str]:
    """The most memory that the command ever had resident, in MB, and its standard output."""
    whole = [sys.executable, "-c", _MEASURED, *map(str, words)]
    done = subprocess.run(
        whole, cwd=home.cwd, env=home.environment, capture_output=True, text=True, timeout=60, check=False
    )
    return int(done.stderr.split()[-1]) / 1024, done.stdout


def test_a_huge_line_costs_no_memory(home: Home) -> None:
    mb, out = peak_mb(home, "replay", "huge.csv", *QUIET)
    assert out == ""
    assert mb < 60


def test_memory_is_small_and_does_not_grow_with_the_recording(home: Home, tmp_path: Path) -> None:
    long = long_recording(tmp_path / "ten.mqr", days=10)
    one, _ = peak_mb(home, "replay", RECORDING, *QUIET)
    ten, _ = peak_mb(home, "replay", long, *QUIET)
    assert one < 30
    assert ten < one * 1.15


def test_the_peak_that_is_told_is_the_program_s_own(home: Home) -> None:
    ballast = bytearray(b"1") * (64 << 20)  # what starts it is larger than it
    mb, out = peak_mb(home, "replay", RECORDING, *QUIET, "--json")
    assert abs(json.loads(out)["rss_mb"] - mb) < 2 < len(ballast)
