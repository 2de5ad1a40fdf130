"""What is written for others: nothing of theirs is overwritten unsaid, followed through a link, or left half written."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.outside.files import create_private, open_appended, put_in_place, refuse_existing, replacing, rewrite


def write(path: Path, text: bytes, force: bool = False, *read: Path) -> None:
    with replacing(path, force, *read) as part, os.fdopen(create_private(part), "wb") as file:
        file.write(text)


def make_file(path: Path) -> None:
    path.write_bytes(b"theirs")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_link(path: Path) -> None:
    make_file(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


STANDING: dict[
    str, tuple[Callable[[Path], None], str, bool]
] = {  # what stands there, what is said, may --force take it
    "a file": (make_file, "exists already; allowed: a new name, or --force", True),
    "a folder": (make_folder, r"is not an ordinary file \(it is a directory\)", False),
    "a link": (make_link, r"is not an ordinary file \(it is a link\)", False),
    "a link to nothing": (make_dangling_link, r"is not an ordinary file \(it is a link\)", False),
    "a pipe": (make_pipe, "is not an ordinary file; allowed: the name of a file", False),
}


def look(folder: Path) -> dict[str, object]:
    return {
        path.name: path.readlink()
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else path.stat().st_mode
        for path in folder.iterdir()
    }


@pytest.mark.parametrize("kind", STANDING)
@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("force", [False, True])
def test_what_stands_there_is_kept(tmp_path: Path, kind: str, when: str, force: bool) -> None:
    make, said, may = STANDING[kind]
    target = tmp_path / "out.csv"
    if when == "before":
        make(target)
    begun = []

    def attempt() -> None:
        with replacing(target, force) as part, os.fdopen(create_private(part), "wb") as file:
            begun.append(part)
            file.write(b"ours")
            if when == "meanwhile":
                make(target)

    if may and force:
        attempt()
        assert look(tmp_path) == {"out.csv": b"ours"}
        return
    with pytest.raises(InputError, match=f"out.csv: {said}"):
        attempt()
    assert bool(begun) is (when == "meanwhile")
    other = tmp_path / "expected"
    other.mkdir()
    make(other / "out.csv")
    expected = look(other)
    found = look(tmp_path)
    del found["expected"]
    assert found == expected


def test_what_is_read_is_never_written(tmp_path: Path) -> None:
    source, twin = tmp_path / "in.csv", tmp_path / "twin.csv"
    source.write_bytes(b"rows")
    twin.hardlink_to(source)
    for name in ("in.csv", "twin.csv", "../" + tmp_path.name + "/in.csv"):
        with pytest.raises(InputError, match="is what is being read; allowed: another file"):
            write(tmp_path / name, b"ours", True, source)
    assert source.read_bytes() == b"rows"


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_bytes(b"whole")

    def fail() -> None:
        with replacing(target, force=True) as part:
            part.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert look(tmp_path) == {"out.csv": b"whole"}


def test_of_many_who_write_at_once_one_wins_and_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    refused = []
    ready = threading.Barrier(8)

    def one(number: int) -> None:
        try:
            with replacing(target, force=False) as part, os.fdopen(create_private(part), "wb") as file:
                file.write(b"%d" % number * 10_000)
                file.flush()
                ready.wait()
        except InputError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    assert all("exists already" in line for line in refused)
    text = target.read_bytes()
    assert len(text) == 10_000
    assert len(set(text)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_disk_without_second_names_is_no_way_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)  # as FAT does
    write(tmp_path / "new.csv", b"ours")
    assert look(tmp_path) == {"new.csv": b"ours"}
    part = tmp_path / "part"
    part.write_bytes(b"late")
    with pytest.raises(InputError, match="exists already"):
        put_in_place(part, tmp_path / "new.csv", force=False)
    assert look(tmp_path) == {"new.csv": b"ours", "part": b"late"}


def test_what_is_no_file_is_put_aside_and_a_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "stacks.txt"
    for place in (os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/full")):
        place(path)
        os.close(open_appended(path, 10))
        assert stat.S_ISREG(path.lstat().st_mode)
        path.write_text("kept")
        os.close(open_appended(path, 10))
        assert path.read_text() == "kept"
        path.unlink()
    assert len(list(tmp_path.glob("stacks.txt.aside-*"))) == 3


def test_files_are_their_owners_only(tmp_path: Path) -> None:
    write(tmp_path / "below" / "new.csv", b"ours")
    assert stat.S_IMODE((tmp_path / "below" / "new.csv").stat().st_mode) == 0o600


def test_a_long_name_needs_no_longer_one(tmp_path: Path) -> None:
    name = "x" * 251 + ".csv"
    write(tmp_path / name, b"ours")
    assert look(tmp_path) == {name: b"ours"}


def test_a_name_no_disk_takes_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        refuse_existing(tmp_path / ("x" * 300), force=False)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o644])
def test_a_file_that_is_rewritten_keeps_its_mode_and_its_place(tmp_path: Path, mode: int) -> None:
    path, link = tmp_path / "real.toml", tmp_path / "link.toml"
    path.write_bytes(b"old")
    path.chmod(mode)
    link.symlink_to(path)
    rewrite(link, b"new", b"old")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)
    assert link.is_symlink()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.toml", "real.toml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_that_root_rewrites_stays_its_owner_s(tmp_path: Path) -> None:
    path = tmp_path / "of_another.toml"
    path.write_bytes(b"old")
    os.chown(path, 65_534, 65_533)
    rewrite(path, b"new", b"old")
    assert (path.stat().st_uid, path.stat().st_gid, path.read_bytes()) == (65_534, 65_533, b"new")


def test_a_new_file_is_private_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "new.toml"
    rewrite(path, b"new", None)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert (path.read_bytes(), modes) == (b"new", [0o600, 0o700, 0o700])


@pytest.mark.parametrize("before", [None, b"old"])
def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "file.toml"
    path.write_bytes(b"theirs")
    with pytest.raises(InputError, match=r"was changed meanwhile by somebody else|exists already"):
        rewrite(path, b"ours", before)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file.toml", b"theirs")]
