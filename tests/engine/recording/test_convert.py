"""A CSV file, its import and the export of that hold the same ticks; nothing half done is ever left behind."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assembly.open_source import open_source
from engine.model.errors import DiskError, InputError
from engine.model.types import PRICE_MISSING, PRICE_NAN, Instrument, Tick
from engine.recording import CsvLayout, MqrSource
from engine.recording.convert import export_csv, import_file
from engine.recording.csv_source import CsvSource
from engine.recording.info import info_lines, inspect_file
from engine.recording.writer import RecordingWriter
from engine.text.sanitize import clean
from engine.venues.binance.raw_lines import BinanceRawSource
from tests.support.recordings.recording_samples import header, read, tick, write
from tests.support.shared_data import shared
from tests.support.thorough import examples

CSV = b"timestamp,price,volume,symbol\n" + b"".join(
    b"2025-10-01T09:15:%02d%s+05:30,%s,%d,%s\n" % row
    for row in [
        (18, b"", b"235.85", 75, b"A"),
        (18, b".250", b"235.9", 150, b"B"),
        (17, b".000570", b"392.0", 75, b"A"),
        (19, b".000000001", b"0.0", 0, b"B"),
        (20, b"", b"-5.05", 75, b"A"),
        (20, b"", b"-5.05", 75, b"A"),
    ]
)


def source(path: Path, data: bytes) -> CsvSource:
    path.write_bytes(data)
    return CsvSource(path, CsvLayout(), Instrument)


def imported(found: CsvSource | BinanceRawSource, target: Path) -> MqrSource:
    import_file(found, target, header(), max_backwards_ms=0)
    return MqrSource(target)


def test_there_and_back_again(tmp_path: Path) -> None:
    csv = source(tmp_path / "a.csv", CSV)
    recording = imported(csv, tmp_path / "a.mqr")
    assert list(recording.ticks()) == list(csv.ticks())
    assert recording.instruments == csv.instruments
    assert recording.losses() == ()
    assert recording.header.source == "a.csv"
    assert recording.header.started_wall_ns == next(csv.ticks()).recv_wall_ns
    report = export_csv(recording, tmp_path / "b.csv")
    assert (report.rows, report.left_out, report.losses) == (6, 0, ())
    assert (tmp_path / "b.csv").read_bytes() == CSV


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2**62), st.integers(-(10**18), 10**18), st.integers(0, 10**18), st.integers(0, 1)),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([(100, 1), (10_000, 1), (10**8, 10**8), (1, 100)]),
)
def test_any_tick_is_the_same_in_csv(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int, int]], scales: tuple[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("csv")

    def instrument_for(symbol: str) -> Instrument:
        return Instrument(symbol, price_scale=scales[0], quantity_scale=scales[1])

    put = [
        Tick(seq, instrument, 2, stamp_ns, 0, stamp_ns // 10**6, 0, price, quantity, 0)
        for seq, (stamp_ns, price, quantity, instrument) in enumerate(rows, 1)
    ]
    put[0].instrument = 0  # the first symbol met is the first instrument
    write(folder / "a.mqr", put, header(instrument_for("A"), instrument_for("B")))
    assert export_csv(MqrSource(folder / "a.mqr"), folder / "a.csv").rows == len(put)
    assert list(CsvSource(folder / "a.csv", CsvLayout(), instrument_for).ticks()) == put


@pytest.mark.parametrize("name", ["nifty_option_20251001.csv", "nifty50_index_fyers_20250211.csv"])
def test_real_sessions_there_and_back_again(tmp_path: Path, name: str) -> None:
    csv = CsvSource(shared(name), CsvLayout(symbol="NIFTY"), Instrument)
    recording = imported(csv, tmp_path / "a.mqr")
    ticks = list(csv.ticks())
    assert list(recording.ticks()) == ticks
    export_csv(recording, tmp_path / "b.csv")
    again = CsvSource(tmp_path / "b.csv", CsvLayout(symbol="NIFTY"), Instrument)
    assert list(again.ticks()) == ticks
    infos = [inspect_file(found) for found in (csv, recording, again)]
    assert len({info.fingerprint for info in infos}) == 1
    assert [line for line in info_lines(infos[0]) if "file" not in line and "instrument" not in line] == [
        line for line in info_lines(infos[1]) if "file" not in line and "instrument" not in line
    ]
    if name.startswith("nifty50"):
        assert (infos[0].days, infos[0].gaps, infos[0].worst_100_ms, infos[0].bursts) == (2, 5, 12, 1)
    else:
        assert (infos[0].ticks, infos[0].worst_second, infos[0].duplicates, infos[0].gaps) == (32_591, 5, 5_488, 1)
        assert infos[0].prices == ((20_955, 40_100),)


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.mqr", "two.mqr"):
        imported(source(tmp_path / "a.csv", CSV), tmp_path / name)
    assert (tmp_path / "one.mqr").read_bytes() == (tmp_path / "two.mqr").read_bytes()


def test_an_import_tells_what_the_engine_will_refuse(tmp_path: Path) -> None:
    csv = source(tmp_path / "a.csv", CSV)
    report = import_file(csv, tmp_path / "a.mqr", header(), max_backwards_ms=0)
    assert report.ticks == 6
    assert report.refused == {"backwards": 1, "non_positive": 3}
    assert report.first_refused == {"backwards": "row 4", "non_positive": "row 5"}
    report = import_file(csv, tmp_path / "b.mqr", header(), max_backwards_ms=1000)
    assert report.refused == {"non_positive": 3}


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    csv = source(tmp_path / "a.csv", b"".join(b"2025-10-01 09:15:18,%d\n" % number for number in range(1, 30_001)))
    heard: list[float] = []
    import_file(csv, tmp_path / "a.mqr", header(), max_backwards_ms=0, progress=heard.append)
    assert heard == sorted(heard)
    assert (len(heard), heard[-1]) == (7, 1.0)
    assert 0 < heard[2] < 0.6
    export_csv(MqrSource(tmp_path / "a.mqr"), tmp_path / "b.csv", progress=heard.append)
    inspect_file(csv, heard.append)
    assert all(0 <= fraction <= 1 for fraction in heard)


# ── Nothing half done. ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bad_row_leaves_nothing_behind(tmp_path: Path) -> None:
    rows = b"2025-10-01 09:15:18,1\n" * 20_000 + b"2025-10-01 09:15:18,x\n"
    with pytest.raises(InputError, match="row 20001"):
        imported(source(tmp_path / "a.csv", rows), tmp_path / "new" / "a.mqr")
    assert list((tmp_path / "new").iterdir()) == []


def test_an_interrupted_import_leaves_nothing_behind(tmp_path: Path) -> None:
    class Interrupted(CsvSource):
        def ticks(self, first: int = 1) -> Iterator[Tick]:
            yield from super().ticks(first)
            raise KeyboardInterrupt

    (tmp_path / "a.csv").write_bytes(CSV)
    with pytest.raises(KeyboardInterrupt):
        imported(Interrupted(tmp_path / "a.csv", CsvLayout(), Instrument), tmp_path / "a.mqr")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_what_exists_is_kept_unless_forced(tmp_path: Path) -> None:
    csv = source(tmp_path / "a.csv", CSV)
    target = tmp_path / "a.mqr"
    target.write_bytes(b"precious")
    with pytest.raises(InputError, match=r"a\.mqr: exists already; allowed: a new name, or --force"):
        import_file(csv, target, header(), max_backwards_ms=0)
    assert target.read_bytes() == b"precious"
    import_file(csv, target, header(), max_backwards_ms=0, force=True)
    assert len(read(target)[0]) == 6
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="exists already"):
        export_csv(csv, tmp_path / "a.csv")


def test_links_folders_and_devices_are_not_replaced(tmp_path: Path) -> None:
    csv = source(tmp_path / "a.csv", CSV)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")  # stands for every device: /dev/null, a disk
    for target in (tmp_path / "link", tmp_path, tmp_path / "pipe"):
        with pytest.raises(InputError, match="is not an ordinary file"):
            import_file(csv, target, header(), max_backwards_ms=0, force=True)
        with pytest.raises(InputError, match="is not an ordinary file"):
            export_csv(csv, target, force=True)
    assert not (tmp_path / "elsewhere").exists()
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    csv = source(tmp_path / "a.csv", CSV)
    for target in (tmp_path / "a.csv" / "b", Path("/proc/nowhere/b")):
        with pytest.raises(DiskError, match="cannot be written: "):
            export_csv(csv, target)


def test_a_recording_is_not_imported_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mqr", [tick(1)])
    with pytest.raises(InputError, match=r"a\.mqr: is a recording already; allowed: a CSV file or raw lines"):
        import_file(MqrSource(path), tmp_path / "b.mqr", header(), max_backwards_ms=0)


def test_ticks_that_no_row_can_say_are_left_out_and_counted(tmp_path: Path) -> None:
    put = [tick(1), tick(2, price=PRICE_MISSING), tick(3, price=PRICE_NAN), tick(4, exch_ms=-1), tick(5, quantity=-1)]
    recording = MqrSource(write(tmp_path / "a.mqr", [*put, tick(6, exch_ms=2**60), tick(7)]))
    report = export_csv(recording, tmp_path / "a.csv")
    assert (report.rows, report.left_out) == (2, 5)
    assert [each.exch_ms for each in CsvSource(tmp_path / "a.csv", CsvLayout(), Instrument).ticks()] == [
        tick(1).exch_ms,
        tick(7).exch_ms,
    ]


def test_a_symbol_that_would_break_the_row_is_refused(tmp_path: Path) -> None:
    recording = MqrSource(write(tmp_path / "a.mqr", [tick(1)], header(Instrument("A,B"))))
    with pytest.raises(InputError, match="'A,B' cannot stand in a CSV file"):
        export_csv(recording, tmp_path / "a.csv")


def test_an_export_of_a_damaged_recording_says_so(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "a.mqr", header())
    writer.append_tick(tick(1))
    writer.close(finished=False)
    report = export_csv(MqrSource(tmp_path / "a.mqr"), tmp_path / "a.csv")
    assert (report.rows, len(report.losses)) == (1, 1)


# ── What a file is. ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.csv", CSV, CsvSource),
        ("a.txt", CSV, CsvSource),
        ("b", b"2025-10-01 09:15:18,1\n", CsvSource),
        ("c", b"1759290318,1,2\n", CsvSource),
    ],
)
def test_files_are_opened_as_what_they_are(tmp_path: Path, name: str, data: bytes, kind: type) -> None:
    (tmp_path / name).write_bytes(data)
    layout = CsvLayout(time_format="epoch-s") if name == "c" else CsvLayout()
    assert isinstance(open_source(tmp_path / name, layout, Instrument), kind)


def test_recordings_and_raw_lines_are_known_by_their_content(tmp_path: Path) -> None:
    raw = b'1723161254087896568 {"e":"trade","s":"A","t":1,"p":"1","q":"1","T":1}\n'
    (tmp_path / "raw.csv").write_bytes(raw)
    assert isinstance(open_source(tmp_path / "raw.csv", CsvLayout(), Instrument), BinanceRawSource)
    path = write(tmp_path / "recording.csv", [tick(1)])
    assert isinstance(open_source(path, CsvLayout(), Instrument), MqrSource)
    (tmp_path / "empty.mqr").write_bytes(b"")
    with pytest.raises(InputError, match=r"empty\.mqr: the file is empty"):
        open_source(tmp_path / "empty.mqr", CsvLayout(), Instrument)
    with pytest.raises(InputError, match=r"raw\.csv: row 1: has a quote"):
        open_source(tmp_path / "raw.csv", CsvLayout(), Instrument, kind="csv")
    with pytest.raises(InputError, match=r"missing: cannot be read"):
        open_source(tmp_path / "missing", CsvLayout(), Instrument)


def test_a_symbol_that_looks_like_a_formula_comes_back_as_it_was(tmp_path: Path) -> None:
    names = ("-A1 cmd", "B")
    ticks = [tick(number, instrument=number % 2) for number in range(1, 9)]
    write(tmp_path / "a.mqr", ticks, header(*(Instrument(clean(name)) for name in names)))
    export_csv(MqrSource(tmp_path / "a.mqr"), tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_text()
    assert ",'-A1 cmd\n" in text
    assert ",-A1" not in text
    again = CsvSource(tmp_path / "a.csv", CsvLayout(), Instrument)
    assert sorted(instrument.symbol for instrument in again.instruments) == sorted(names)
