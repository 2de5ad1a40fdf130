"""Whose a file is. What others could have written is not believed where credentials, money or code are in reach. Reads no content.

Others are neither we, nor root, nor our own private group. A file is judged with every folder on the way to it, through
every link: whoever may write to one of them could have put another file in its place.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from struct import error as struct_error
from struct import iter_unpack

from engine.model.errors import ConfigError, reason
from engine.text.sanitize import clean

_MOST_LINKS = 40
_ACL = "system.posix_acl_access"
_ACL_NAMED = (0x02, 0x08)  # an entry for one user, for one group
PROGRAM = Path(__file__).resolve().parent


def doubt_of_file(path: Path, owners: frozenset[int] | None = None) -> str:
    """Why the file at `path` is not believed, in words; "" where it is, or where nothing is.

    `owners` are the users who may have written it (default: we, and root). A folder like /tmp, in which everybody may
    put files, is borne above a folder of our own; a file in it is not.
    """
    return _doubt(path, owners or _trusted(path), folder=False)


def doubt_of_folder(path: Path, owners: frozenset[int] | None = None) -> str:
    """Why files in the folder `path` are not believed, in words; "" where they are, or where it is yet to be made."""
    return _doubt(path, owners or _trusted(path), folder=True)


def require(path: Path, what: str) -> None:
    """Raises ConfigError where the file at `path` or the program itself could have been written by others: `what` says what it is."""
    doubts = [f"{what} {path}: {doubt}" for doubt in (doubt_of_file(path),) if doubt]
    if doubt := doubt_of_folder(PROGRAM):
        doubts.append(f"the program in {PROGRAM}: {doubt}")
    if doubts:
        raise ConfigError(
            *doubts,
            "where credentials are in reach, allowed: files of your own or root's, in folders nobody else may write to",
        )


def of_another() -> str:
    """The user whose checkout root is running, "" where it is root's own or we are not root."""
    uid = PROGRAM.stat().st_uid
    return _name_of(uid) if os.geteuid() == 0 and uid else ""


def _trusted(path: Path) -> frozenset[int]:
    """Root and we; for root within a checkout of another user's that one as well: its code runs already."""
    uids = {0, os.geteuid()}
    root = PROGRAM.parent
    if os.geteuid() == 0 and path.absolute().is_relative_to(root):
        uids.add(root.stat().st_uid)
    return frozenset(uids)


def _doubt(path: Path, owners: frozenset[int], *, folder: bool) -> str:
    try:
        steps = list(_steps(path))
        end = steps[-1][0]
        strict = end if folder else end.parent
    except (
        FileNotFoundError,
        NotADirectoryError,
    ):  # it is yet to be made: whoever may make it instead is seen when it is there
        steps = list(_steps(next((each for each in path.absolute().parents if each.exists()), Path("/"))))
        strict = None
    except OSError as error:
        return f"cannot be judged: {reason(error)}"
    if not folder and (odd := _opened_elsewhere(path, steps[-1][1])):
        steps.append((path, odd))
    for here, info in steps:
        if info.st_uid not in owners:
            return clean(f"{here} belongs to {_name_of(info.st_uid)}")
        # Nobody can put another entry in place of ours in a sticky folder; but what lies in it may be anybody's.
        is_borne = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX and here != strict
        if not stat.S_ISLNK(info.st_mode) and not is_borne and _others_may_write(here, info, owners):
            return clean(f"others may write to {here}")
    return ""


def _opened_elsewhere(path: Path, last: os.stat_result) -> os.stat_result | None:
    """What opening `path` leads to where its names do not: a descriptor (`/dev/fd/3`) whose file has another name by now, or none."""
    try:
        opened = os.stat(path)
    except OSError:
        return None
    return None if os.path.samestat(opened, last) else opened


def _steps(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Every folder and link on the way from the root to `path`, and what it leads to last; raises OSError."""
    place = Path("/")
    yield place, os.lstat(place)
    todo = list(reversed(path.absolute().parts[1:]))
    links = 0
    while todo:
        part = todo.pop()
        if part == "..":
            place = place.parent
            continue
        here = place / part
        info = os.lstat(here)
        yield here, info
        if not stat.S_ISLNK(info.st_mode):
            place = here
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(40, "too many links lead to each other")
        target = Path(os.readlink(here))
        if target.is_absolute():
            place = Path("/")
        todo.extend(reversed([each for each in target.parts if each != "/"]))


def _others_may_write(path: Path, info: os.stat_result, owners: frozenset[int]) -> bool:
    if info.st_mode & stat.S_IWOTH:
        return True
    # With an access list the group's bits are the most that any of its entries may do.
    return bool(info.st_mode & stat.S_IWGRP) and (not _is_private(info.st_gid, owners) or _is_shared_by_list(path))


def _is_private(gid: int, owners: frozenset[int]) -> bool:
    """Whether the group is one user's own, and that user one of `owners`: of its name, or with no other member."""
    import grp  # noqa: PLC0415 - only what a group may write to is asked this
    import pwd  # noqa: PLC0415

    try:
        group = grp.getgrgid(gid)
    except KeyError:  # nobody has heard of it: it is ours if we are in nobody's book either
        return gid in owners
    names = {_name_of(uid) for uid in owners}
    members = {*group.gr_mem, *(each.pw_name for each in pwd.getpwall() if each.pw_gid == gid)}
    return members <= names and (group.gr_name in names or bool(group.gr_mem))


def _is_shared_by_list(path: Path) -> bool:
    """Whether an access list of the file lets a named user or group write; where there are none, nobody is named."""
    try:
        entries = os.getxattr(path, _ACL)[4:]
        return any(tag in _ACL_NAMED and rights & 2 for tag, rights, _ in iter_unpack("<HHI", entries))
    except (OSError, AttributeError, struct_error):  # the system or the disk has no such lists
        return False


def _name_of(uid: int) -> str:
    import pwd  # noqa: PLC0415

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
