"""Old recordings go only after a warning, a day before; names, links, foreign files and what is being written are safe."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.config import RecordingConfig
from engine.model.errors import InputError
from engine.recording import FileRecorder, recording_path_for
from engine.recording.naming import is_named_by_us
from engine.recording.retention import WARNED_FILE, WARNING_NS, KeptRecording, plan, tidy
from tests.support.builders import config
from tests.support.recordings.recording_samples import header

DAY_NS = 24 * 3600 * 10**9
NOW_NS = int(datetime(2026, 11, 20, 3, 44, 55, tzinfo=UTC).timestamp()) * 10**9
HOUR_NS = DAY_NS // 24


def named(day: int, suffix: str = "") -> str:
    return f"paper-NIFTY-202610{day:02}-091500{suffix}.mqr"


def aged(*days_old: float, size_mb: int = 10) -> list[KeptRecording]:
    """One file for each age in days, called by its place."""
    return [
        KeptRecording(named(place), NOW_NS - int(old * DAY_NS), size_mb * 10**6)
        for place, old in enumerate(days_old, 1)
    ]


def names(doomed: Sequence[object]) -> list[str]:
    return [each.file.name for each in doomed]  # type: ignore[attr-defined]


# ── Names. ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_recording_is_called_by_mode_symbol_and_local_time(tmp_path: Path) -> None:
    path = recording_path_for(tmp_path, "paper", "NIFTY25NOV2526000CE", NOW_NS, "Asia/Kolkata")
    assert path == tmp_path / "paper-NIFTY25NOV2526000CE-20261120-091455.mqr"
    assert recording_path_for(tmp_path, "live", "M&M/../ x", NOW_NS, "UTC").name == "live-M_M_x-20261120-034455.mqr"
    assert recording_path_for(tmp_path, "mock", "…", NOW_NS, "UTC").name == "mock-unnamed-20261120-034455.mqr"
    long = recording_path_for(tmp_path, "replay", "N" * 90, NOW_NS, "UTC").name
    assert long == f"replay-{'N' * 40}-20261120-034455.mqr"
    assert is_named_by_us(long)


def test_no_name_is_given_twice(tmp_path: Path) -> None:
    def next_path() -> Path:
        return recording_path_for(tmp_path, "mock", "NIFTY", NOW_NS, "UTC")

    first = next_path()
    first.write_bytes(b"")
    second = next_path()
    assert second.name == "mock-NIFTY-20261120-034455-2.mqr"
    second.symlink_to("nowhere")
    assert next_path().name.endswith("-3.mqr")
    for _ in range(97):
        assert is_named_by_us(next_path().name)
        next_path().write_bytes(b"")
    with pytest.raises(InputError, match="99 recordings of that second"):
        next_path()


@pytest.mark.parametrize(
    "name",
    [
        "nifty-synthetic.mqr",
        "mock-NIFTY.mqr",
        "my-paper-NIFTY-20261001-091500.mqr",
        "paper-NIFTY-20261001-091500.mqr.bak",
        "paper-NIFTY-20261001-091500-1.mqr",
        "paper-NIFTY-20261001-091500-123.mqr",
        "paper-NIFTY-20261001-091500.csv",
        "paper-NI FTY-20261001-091500.mqr",
        "paper-NIFTY-20261001-091500.mqr\n",
        "PAPER-NIFTY-20261001-091500.mqr",
    ],
)
def test_what_a_person_named_is_not_ours(name: str) -> None:
    assert not is_named_by_us(name)
    assert is_named_by_us("paper-NIFTY-20261001-091500.mqr")
    assert is_named_by_us("live-sim-NIFTY-20261001-091500.mqr")


# ── The plan. ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("days_old", "keep_days", "budget_mb", "doomed"),
    [
        ((40, 31, 30, 1), 30, 0, [1, 2]),
        ((1, 40, 31), 30, 0, [2, 3]),
        ((40, 41, 42), 30, 0, [3, 2]),  # the newest stays, however old
        ((40,), 30, 0, []),
        ((400, 300, 200), 0, 0, []),
        ((4, 3, 2, 1), 0, 40, []),
        ((4, 3, 2, 1), 0, 39, [1]),
        ((4, 3, 2, 1), 0, 20, [1, 2]),
        ((4, 3, 2, 1), 0, 1, [1, 2, 3]),
        ((40, 3, 2, 1), 30, 30, [1]),  # what goes for its age makes room as well
        ((40, 3, 2, 1), 30, 20, [1, 2]),
        ((-5, 40, 3), 30, 0, [2]),
    ],
)
def test_what_exceeds_is_warned_of_oldest_first(
    days_old: Sequence[float], keep_days: int, budget_mb: int, doomed: list[int]
) -> None:
    found = plan(aged(*days_old), {}, NOW_NS, keep_days=keep_days, budget_mb=budget_mb)
    assert names(found.warn) == [named(place) for place in doomed]
    assert found.delete == ()
    assert found.warned == {named(place): NOW_NS for place in doomed}


@pytest.mark.parametrize(
    ("ago_ns", "goes"),
    [(0, False), (WARNING_NS - 1, False), (WARNING_NS, True), (40 * DAY_NS, True), (-HOUR_NS, False)],
)
def test_it_goes_a_day_after_its_warning(ago_ns: int, goes: bool) -> None:
    found = plan(aged(40, 1), {named(1): NOW_NS - ago_ns}, NOW_NS, keep_days=30, budget_mb=0)
    assert names(found.delete) == ([named(1)] if goes else [])
    assert found.warn == ()
    assert found.warned == ({} if goes else {named(1): min(NOW_NS, NOW_NS - ago_ns)})


def test_a_warning_that_no_longer_holds_is_forgotten() -> None:
    warned = {named(1): NOW_NS - 2 * DAY_NS, "gone.mqr": NOW_NS - 2 * DAY_NS}
    assert plan(aged(40, 1), warned, NOW_NS, keep_days=60, budget_mb=0) == plan(
        [], {}, NOW_NS, keep_days=0, budget_mb=0
    )


FILES = st.lists(st.tuples(st.integers(-2, 60), st.integers(0, 50)), max_size=12).map(
    lambda ages: [
        KeptRecording(named(place), NOW_NS - days * DAY_NS, mb * 10**6) for place, (days, mb) in enumerate(ages, 1)
    ]
)


@given(
    FILES,
    st.dictionaries(st.integers(1, 14).map(named), st.integers(NOW_NS - 3 * DAY_NS, NOW_NS + DAY_NS)),
    st.integers(0, 40),
    st.integers(0, 200),
)
def test_nothing_goes_unwarned_nor_more_than_exceeds(
    files: list[KeptRecording], warned: dict[str, int], keep_days: int, budget_mb: int
) -> None:
    found = plan(files, warned, NOW_NS, keep_days=keep_days, budget_mb=budget_mb)
    gone, told = set(names(found.delete)), set(names(found.warn))
    assert all(warned[name] <= NOW_NS - DAY_NS for name in gone)
    assert not told & set(warned)
    assert set(found.warned) == (told | set(warned) & set(found.warned))
    assert not gone & set(found.warned)
    order = sorted(files, key=lambda file: (file.written_ns, file.name))
    doomed = gone | set(found.warned)
    if order:
        assert order[-1].name not in doomed
    kept = [file for file in order if file.name not in doomed]
    if keep_days:
        assert all(NOW_NS - file.written_ns <= keep_days * DAY_NS for file in kept[:-1])
    if budget_mb and doomed:
        young = [file for file in order if not keep_days or NOW_NS - file.written_ns <= keep_days * DAY_NS]
        by_room = [file for file in young if file.name in doomed]
        assert by_room == young[: len(by_room)], "for room the oldest go first"
        assert len(kept) <= 1 or sum(file.size_bytes for file in kept) <= budget_mb * 10**6


# ── On the disk. ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Folder:
    """A recordings folder and a state directory, and a clock that is moved by hand."""

    def __init__(self, root: Path, *, keep_days: int = 30, budget_mb: int = 0) -> None:
        self.path, self.state = root / "recordings", root / "state"
        self.path.mkdir()
        self.state.mkdir()
        self.now_ns = NOW_NS
        self.rules: RecordingConfig = replace(config().recording, keep_days=keep_days, budget_mb=budget_mb)

    def put(self, name: str, days_old: float, size_bytes: int = 1000) -> Path:
        path = self.path / name
        path.write_bytes(bytes(size_bytes))
        self.age(path, days_old)
        return path

    def age(self, path: Path, days_old: float) -> None:
        written_ns = NOW_NS - int(days_old * DAY_NS)
        os.utime(path, ns=(written_ns, written_ns))

    def tidy(self, hours_later: float = 0) -> tuple[str, ...]:
        self.now_ns += int(hours_later * HOUR_NS)
        return tidy(self.path, self.state, self.rules, self.now_ns)

    @property
    def left(self) -> set[str]:
        return set(os.listdir(self.path))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_warned_then_deleted(folder: Folder) -> None:
    old = folder.put(named(1), 40, 12_300_000)
    folder.put(named(2), 1)
    (line,) = folder.tidy()
    assert line == (
        f"recording {named(1)} (12.3 MB) is older than 30 days (recording.keep_days): "
        "a start after 2026-11-21 03:44 UTC deletes it"
    )
    assert (folder.state / WARNED_FILE).stat().st_mode & 0o777 == 0o600
    assert folder.tidy(23.9) == ()
    assert old.exists()
    assert folder.tidy(0.1) == (f"recording {named(1)} (12.3 MB) is older than 30 days (recording.keep_days): deleted",)
    assert folder.left == {named(2)}
    assert folder.tidy(100) == ()
    assert set(os.listdir(folder.state)) == {WARNED_FILE}


def test_room_for_recordings(tmp_path: Path) -> None:
    folder = Folder(tmp_path, keep_days=0, budget_mb=3)
    for day, days_old in ((1, 4), (2, 3), (3, 2), (4, 1)):
        folder.put(named(day), days_old, 1_400_000)
    assert [line.split()[1] for line in folder.tidy()] == [named(1), named(2)]
    assert "exceeds the 3 MB for recordings (recording.budget_mb): deleted" in folder.tidy(24)[0]
    assert folder.left == {named(3), named(4)}


def test_only_files_of_our_own_names_in_the_folder_itself(folder: Folder, tmp_path: Path) -> None:
    mine = folder.put("my-best-day.mqr", 400)
    elsewhere = tmp_path / "elsewhere.mqr"
    elsewhere.write_bytes(b"x")
    folder.age(elsewhere, 400)
    (folder.path / named(1)).symlink_to(elsewhere)
    os.link(elsewhere, folder.path / named(2))
    (folder.path / named(3)).mkdir()
    os.mkfifo(folder.path / named(4))
    below = folder.path / "kept"
    below.mkdir()
    (below / named(5)).write_bytes(b"x")
    folder.put(named(6), 1)
    before = folder.left
    assert folder.tidy() == folder.tidy(30) == ()
    assert folder.left == before
    assert mine.exists()
    assert elsewhere.exists()


def test_a_file_that_became_a_link_after_its_warning_stays(folder: Folder, tmp_path: Path) -> None:
    old = folder.put(named(1), 40)
    folder.put(named(2), 1)
    assert len(folder.tidy()) == 1
    old.unlink()
    target = tmp_path / "target"
    target.write_bytes(b"x")
    old.symlink_to(target)
    assert folder.tidy(30) == ()
    assert old.is_symlink()
    assert target.exists()


def test_a_recording_that_is_being_written_stays_however_old_it_looks(folder: Folder) -> None:
    path = folder.path / named(1)
    recorder = FileRecorder(path, header(), reserve_bytes=0)
    folder.age(path, 40)
    folder.put(named(2), 1)
    assert len(folder.tidy()) == 1
    (line,) = folder.tidy(25)
    assert line.endswith("is in use and stays")
    recorder.close()
    assert recorder.problem == ""
    folder.age(path, 40)
    (line,) = folder.tidy(0)
    assert line.endswith("deleted"), "the warning still stands"


def test_a_list_that_cannot_be_read_only_puts_it_off(folder: Folder) -> None:
    folder.put(named(1), 40)
    folder.put(named(2), 1)
    folder.tidy()
    for content in (b"", b"[1]", b'{"a": "b"}', b"[" * 100_000, b"\xff\xfe", b'{"%s": 1e400}' % named(1).encode()):
        (folder.state / WARNED_FILE).write_bytes(content)
        assert [line.split()[1] for line in folder.tidy(30)] == [named(1)]
        assert named(1) in folder.left
    assert "deleted" in folder.tidy(30)[0]


def test_without_a_note_there_is_no_warning_and_nothing_goes(folder: Folder) -> None:
    folder.put(named(1), 40)
    folder.put(named(2), 1)
    folder.state.rmdir()
    for _ in range(3):
        (line,) = folder.tidy(30)
        assert line.endswith(f"{WARNED_FILE}: cannot be written: No such file or directory")
    assert named(1) in folder.left


def test_no_folder_and_no_rules(folder: Folder, tmp_path: Path) -> None:
    assert tidy(tmp_path / "absent", folder.state, folder.rules, NOW_NS) == ()
    folder.put(named(1), 4000)
    folder.put(named(2), 1)
    free = replace(folder.rules, keep_days=0)
    assert tidy(folder.path, folder.state, free, NOW_NS) == ()
    assert os.listdir(folder.state) == []
    (tmp_path / "file").write_bytes(b"")
    (line,) = tidy(tmp_path / "file", folder.state, folder.rules, NOW_NS)
    assert line.endswith("cannot be looked for: Not a directory")
