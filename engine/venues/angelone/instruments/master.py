"""Gets the exchange's list once a day and keeps it in the user's cache; yesterday's stands in where today's cannot be had."""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.config import Config, user_folder
from engine.model.clock import Clock, SystemClock
from engine.model.errors import DiskError, InputError, UserError, reason
from engine.outside.http_reader import HttpAnswer
from engine.outside.https import Caller, CallError, Request, SinkError
from engine.outside.lists import implausible, in_a_line, noted, unusable
from engine.outside.trust import doubt_of_folder
from engine.venues.angelone.instruments.lookup import Instruments
from engine.venues.angelone.instruments.parse import ParseCounts, read_list
from engine.venues.angelone.instruments.store import write_store
from engine.venues.angelone.instruments.survey import BOUNDS, compared, counted
from engine.venues.angelone.settings import SmartApiConfig
from engine.version import VERSION

LEAST_ROWS = 50_000  # the list has some 145,000; a stump must not replace a good copy
LIMIT_BYTES = 128 << 20
FIRST_TOTAL_S = 300.0  # for the first copy ever
RENEWAL_TOTAL_S = 60.0  # while an older copy could be used
SILENCE_S = 15.0
_RENEWED = timedelta(hours=8, minutes=30)  # of the day in India: the exchange's list is then today's
_IST = timedelta(hours=5, minutes=30)
_STORE, _PART, _LOCK = "instruments.sqlite", "instruments.json.part", "instruments.lock"
_SYSTEM_CLOCK = SystemClock()
_TAG = re.compile(r'(W/)?"[!#-~]{0,200}"')


class Update(Struct, frozen=True):
    """What fetching the list did: `rows` read, `kept` of them; `bad` ones passed over. Not `changed`: ours is the newest.

    `notes` say what a person should know of a list that was taken all the same.
    """

    changed: bool
    rows: int = 0
    kept: int = 0
    bad: int = 0
    notes: tuple[str, ...] = ()


def ready(config: Config, clock: Clock = _SYSTEM_CLOCK, *, least_rows: int = LEAST_ROWS) -> tuple[Instruments, str]:
    """Return today's list, fetched where it must be, and a warning: "", why an older copy stands in, what is odd in the new.

    Raises UserError where there is no list at all.
    """
    folder = cache_folder(os.environ)
    url = config.venue(SmartApiConfig).master_url
    held = _held(folder, url)
    if held is not None and is_fresh(_checked_ns(folder), clock.wall_ns()):
        return held, ""
    if held is not None:
        held.close()
    try:
        done = update(folder, url, clock, least_rows=least_rows)
    except UserError as problem:
        held = _held(folder, url)
        if held is None:
            raise
        when = datetime.fromtimestamp(_checked_ns(folder) // 10**9, UTC) + _IST
        return held, f"instrument list of {when:%Y-%m-%d %H:%M} IST is used: {problem.lines[0]}"
    held = _held(folder, url)
    if held is None:
        raise DiskError(f"{folder}: the instrument list just written is not there")
    return held, f"instrument list: {in_a_line(done.notes)}" if done.notes else ""


def on_hand(config: Config, environ: Mapping[str, str]) -> Instruments:
    """The list as it lies on the disk, however old: nothing is fetched. Raises InputError where there is none that can be used."""
    held = _held(cache_folder(environ), config.venue(SmartApiConfig).master_url)
    if held is None:
        raise InputError("instrument list: there is none yet; myquant-tui instruments update fetches it")
    return held


def is_of_today(environ: Mapping[str, str], now_ns: int) -> bool:
    """Whether the copy on the disk is known to be the newest there can be now (UTC)."""
    return is_fresh(_checked_ns(cache_folder(environ)), now_ns)


def is_fresh(checked_ns: int, now_ns: int) -> bool:
    """Whether no newer list can be expected: none has been made (08:30 IST) between the two UTC times."""
    turn = int((_IST - _RENEWED).total_seconds()) * 10**9
    day = 86_400 * 10**9
    return (checked_ns + turn) // day >= (now_ns + turn) // day


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's cache directory of this program."""
    return user_folder(environ, "XDG_CACHE_HOME", "~/.cache")


def update(folder: Path, url: str, clock: Clock, *, least_rows: int = LEAST_ROWS, differing: bool = False) -> Update:
    """Fetch the list at `url` into `folder` unless it is what we have; raises InputError, DiskError, ConfigError.

    The copy before stays until the new one is complete and can be what became of it; with `differing` a usable one is
    taken however it differs.
    """
    with _alone(folder):
        held = _held(folder, url)
        tag, before = "", None
        if held is not None:
            before = folder / _STORE
            tag = held.told.get("etag", "")
            held.close()
        part = folder / _PART
        stamp = clock.wall_ns()
        try:
            answer = _download(url, part, tag, RENEWAL_TOTAL_S if held is not None else FIRST_TOTAL_S)
            done = Update(changed=False)
            if answer.status != 304:
                judge = _Judge(before, least_rows, (datetime.fromtimestamp(stamp / 1e9, UTC) + _IST).date(), differing)
                done = _rebuild(folder, part, url, answer, judge)
            os.utime(folder / _STORE, ns=(stamp, stamp))
        except OSError as error:
            raise DiskError(f"{folder}: {reason(error)}") from None
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return done


def _download(url: str, part: Path, tag: str, total_s: float) -> HttpAnswer:
    """Bring the list into the file `part`, or learn that `tag` still names it; raises InputError, OSError."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"myquant-tui/{VERSION}"}
    if tag:
        headers["If-None-Match"] = tag
    flags = os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    with closing(Caller(url)) as caller, open(os.open(part, flags, 0o600), "wb") as file:
        request = Request(
            "GET", "", headers, limit_bytes=LIMIT_BYTES, total_s=total_s, silence_s=SILENCE_S, sink=file.write
        )
        try:
            answer = caller.call(request)
        except CallError as error:
            raise InputError(f"instrument list: {error}") from None
        except SinkError as error:
            raise DiskError(f"{part}: {error}") from None
    if answer.status != 200 and not (answer.status == 304 and tag):
        raise InputError(f"instrument list: {url:.200} answers HTTP {answer.status}")
    return answer


class _Judge(Struct, frozen=True):
    """Says whether a new list may take the place of the copy `before`, today."""

    before: Path | None
    least_rows: int
    today: date
    differing: bool

    def notes(self, fresh: Path, done: Update, tally: ParseCounts) -> tuple[str, ...]:
        """What should be known of the list in the file `fresh`; raises InputError where it may not be taken."""
        if tally.rows < self.least_rows or not done.kept:
            raise InputError(
                f"instrument list: {tally.rows:,} rows, {done.kept:,} of them of use; "
                f"one of fewer than {self.least_rows:,} rows, or with none of use, is not taken"
            )
        groups = counted(fresh, self.today)
        if reasons := unusable(groups, done.kept + done.bad, done.bad, BOUNDS):
            raise InputError(f"instrument list: cannot be used: {in_a_line(reasons)}")
        before, known = compared(fresh, self.before, self.today) if self.before else ({}, {})
        reasons = implausible(groups, before, known, BOUNDS)
        if reasons and not self.differing:
            raise InputError(
                f"instrument list: not taken, it differs too much from our copy: {in_a_line(reasons)}; "
                "if it really changed so: myquant-tui instruments update --force"
            )
        return (*reasons, *noted(groups, known, BOUNDS))


def _rebuild(folder: Path, part: Path, url: str, answer: HttpAnswer, judge: _Judge) -> Update:
    """Turn the downloaded file into the store; raises InputError, DiskError, OSError."""
    tag = answer.headers.get("etag", "")
    told = {"url": url, "etag": tag if _TAG.fullmatch(tag) else ""}
    tally = ParseCounts()
    fresh = folder / f"{_STORE}.part"
    try:
        with part.open("rb") as file:
            kept = write_store(fresh, read_list(file, tally), told)
        done = Update(changed=True, rows=tally.rows, kept=kept, bad=tally.bad)
        done = replace(done, notes=judge.notes(fresh, done, tally))
        os.replace(fresh, folder / _STORE)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return done


def _held(folder: Path, url: str) -> Instruments | None:
    """The copy we have of the list at `url`, opened; None where there is none that can be used.

    Raises InputError where others could have put it there: it decides what is bought.
    """
    if doubt := doubt_of_folder(folder):
        raise InputError(f"instrument list in {folder}: {doubt}")
    try:
        store = Instruments(folder / _STORE)
    except OSError:
        return None
    if store.told.get("url") != url:
        store.close()
        return None
    return store


def _checked_ns(folder: Path) -> int:
    """When the copy was last known to be the newest, UTC ns."""
    try:
        return os.stat(folder / _STORE).st_mtime_ns
    except OSError:
        return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Within: no other process fetches into the private directory `folder`; raises DiskError, InputError."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        os.chmod(folder, 0o700)
        fd = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DiskError(f"{folder}: {reason(error)}") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError("instrument list: another myquant-tui is fetching it just now") from None
    finally:
        os.close(fd)
