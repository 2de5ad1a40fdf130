"""Whose a file is: by owner, mode, folder, link and list; a table, and trees drawn at random against a slower rule."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from struct import pack
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.model.errors import ConfigError
from engine.outside import trust
from engine.outside.trust import doubt_of_file, doubt_of_folder
from tests.support.thorough import examples

US, THEM, ROOT = 4_001, 4_002, 0
OURS = frozenset({ROOT, US})
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


def put(path: Path, *, uid: int = US, gid: int = US, mode: int = 0o600, folder: bool = False) -> Path:
    if folder:
        path.mkdir()
    else:
        path.write_text("x")
    os.chown(path, uid, gid)
    path.chmod(mode)
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return put(tmp_path / "home", mode=0o755, folder=True)


@needs_root
@pytest.mark.parametrize(
    ("uid", "gid", "mode", "well"),
    [
        (US, US, 0o600, True),
        (US, US, 0o644, True),
        (US, US, 0o664, True),  # a clone under umask 002: our private group
        (ROOT, ROOT, 0o644, True),
        (ROOT, ROOT, 0o664, True),
        (US, THEM, 0o664, False),
        (US, THEM, 0o644, True),  # they may read it
        (US, US, 0o666, False),
        (US, US, 0o602, False),
        (ROOT, ROOT, 0o666, False),
        (THEM, US, 0o600, False),
        (THEM, THEM, 0o444, False),  # its owner may change the mode
    ],
)
def test_a_file_by_owner_and_mode_and_so_a_folder_on_the_way(
    home: Path, uid: int, gid: int, mode: int, well: bool
) -> None:
    file = put(home / "config.toml", uid=uid, gid=gid, mode=mode)
    assert bool(doubt_of_file(file, OURS)) is not well
    folder = put(home / "folder", uid=uid, gid=gid, mode=mode | 0o111, folder=True)
    for inner in (folder, put(folder / "inner", mode=0o700, folder=True)):
        within = put(inner / "config.toml")
        assert bool(doubt_of_file(within, OURS)) is not well
        assert bool(doubt_of_folder(inner, OURS)) is not well
        if not well:
            assert str(folder) in doubt_of_file(within, OURS)


@needs_root
def test_a_folder_like_tmp_is_borne_above_a_folder_of_ours_and_nowhere_else(home: Path) -> None:
    public = put(home / "public", uid=ROOT, gid=ROOT, mode=0o1777, folder=True)
    own = put(public / "own", mode=0o700, folder=True)
    theirs = put(public / "theirs", uid=THEM, mode=0o755, folder=True)
    assert doubt_of_file(put(own / "config.toml"), OURS) == ""
    assert doubt_of_folder(own, OURS) == ""
    assert doubt_of_folder(public / "not there yet", OURS) == ""
    assert doubt_of_folder(public, OURS) == f"others may write to {public}"
    assert doubt_of_file(put(public / "config.toml"), OURS) == f"others may write to {public}"
    assert "belongs to" in doubt_of_file(put(theirs / "config.toml"), OURS)


@needs_root
def test_a_link_is_judged_with_all_that_it_leads_through(home: Path) -> None:
    public = put(home / "public", mode=0o1777, folder=True)
    file = put(home / "config.toml")
    open_to_all = put(public / "config.toml")
    table = {
        "ours to ours": (US, file, ""),
        "theirs to ours": (THEM, file, "belongs to"),
        "ours to a public folder": (US, open_to_all, f"others may write to {public}"),
        "ours, relative": (US, Path("..") / home.name / "config.toml", ""),
        "to itself": (US, home / "to itself", "cannot be judged"),
    }
    for name, (uid, target, says) in table.items():
        link = home / name
        link.symlink_to(target)
        os.chown(link, uid, uid, follow_symlinks=False)
        doubt = doubt_of_file(link, OURS)
        assert (says in doubt) if says else doubt == "", name
    by_link = home / "folder"
    by_link.symlink_to(public)
    assert doubt_of_file(by_link / "config.toml", OURS)


@needs_root
def test_a_descriptor_is_judged_by_the_file_that_it_opens(home: Path) -> None:
    for uid, mode, well in ((US, 0o600, True), (THEM, 0o644, False), (US, 0o666, False)):
        file = put(home / "config.toml", uid=uid, mode=mode)
        descriptor = os.open(file, os.O_RDONLY)
        named = Path(f"/dev/fd/{descriptor}")
        assert (doubt_of_file(named, OURS) == "") is well
        file.unlink()  # its name leads nowhere now, or to another file
        assert (doubt_of_file(named, OURS) == "") is well
        put(home / "config.toml (deleted)")
        assert (doubt_of_file(named, OURS) == "") is well
        (home / "config.toml (deleted)").unlink()
        os.close(descriptor)


@needs_root
def test_an_access_list_that_lets_another_user_write_is_seen(home: Path) -> None:
    file = put(home / "config.toml", mode=0o660)
    entries = [(0x01, 6, 2**32 - 1), (0x02, 6, THEM), (0x04, 6, 2**32 - 1), (0x10, 6, 2**32 - 1), (0x20, 0, 2**32 - 1)]
    try:
        os.setxattr(file, "system.posix_acl_access", pack("<I", 2) + b"".join(pack("<HHI", *each) for each in entries))
    except OSError as error:
        pytest.skip(f"this disk has no access lists: {error.strerror}")
    assert doubt_of_file(file, OURS) == f"others may write to {file}"


def test_our_own_files_are_ours(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("x")
    file.chmod(0o644)
    assert doubt_of_file(file) == ""
    file.chmod(0o666)
    assert doubt_of_file(file) == f"others may write to {file}"
    assert doubt_of_folder(tmp_path) == ""
    with pytest.raises(ConfigError, match=r"configuration .* others may write to"):
        trust.require(file, "configuration")


def test_nothing_is_no_reason_for_doubt(tmp_path: Path) -> None:
    assert doubt_of_file(tmp_path / "a" / "b" / "config.toml") == ""


@needs_root
def test_root_may_run_the_checkout_of_another_and_is_told_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = put(home / "checkout", uid=US, gid=US, mode=0o775, folder=True)
    program = put(checkout / "engine", uid=US, gid=US, mode=0o775, folder=True)
    inside, outside = put(checkout / "config.toml", mode=0o664), put(home / "config.toml")
    assert doubt_of_file(inside)
    monkeypatch.setattr(trust, "PROGRAM", program)
    os.chown(home, 0, 0)
    assert doubt_of_file(inside) == ""
    assert trust.of_another() == f"user {US}"
    assert "belongs to" in doubt_of_file(outside)
    inside.chmod(0o666)
    assert "others may write" in doubt_of_file(inside)
    os.chown(inside, THEM, THEM)
    assert "belongs to" in doubt_of_file(inside)


# ── Trees drawn at random ───────────────────────────────────────────────────────────────────────────────────────────

ENTRY = st.tuples(
    st.sampled_from([ROOT, US, US, US, THEM]),
    st.sampled_from([ROOT, US, THEM]),
    st.sampled_from([0o700, 0o755, 0o775, 0o777, 0o1777, 0o1775]),
)


@needs_root
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRY, min_size=1, max_size=4))
def test_whoever_can_put_another_file_in_place_is_doubted(tree: list[tuple[int, int, int]]) -> None:
    with TemporaryDirectory() as name:
        place = put(Path(name) / "root", mode=0o755, folder=True)
        *folders, (uid, gid, mode) = tree
        for number, (owner, group, bits) in enumerate(folders):
            place = put(place / str(number), uid=owner, gid=group, mode=bits, folder=True)
        file = put(place / "file", uid=uid, gid=gid, mode=mode & 0o777)
        believed = doubt_of_file(file, OURS) == ""
        could = any(_could_change(path, path.lstat(), last=path == file) for path in _on_the_way(file, Path(name)))
        if could:
            assert not believed
        if not believed and not could:  # the one stricter rule: nothing lies in a folder of everybody's
            assert file.parent.lstat().st_mode & stat.S_ISVTX


def _on_the_way(file: Path, end: Path) -> Iterator[Path]:
    yield file
    yield from (path for path in file.parents if path != end and end in path.parents)


def _could_change(path: Path, info: os.stat_result, *, last: bool) -> bool:
    """Whether THEM could change the file, or put another entry for the one that the way goes through."""
    if info.st_uid == THEM:
        return True
    writes = bool(info.st_mode & 0o002) or (info.st_gid == THEM and bool(info.st_mode & 0o020))
    return writes and (last or not info.st_mode & stat.S_ISVTX)
