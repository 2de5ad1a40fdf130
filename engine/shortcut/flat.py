"""The emergency flat in the time that an interpreter takes to start: found, sent, followed, told. Everything unusual is for the whole program."""

from __future__ import annotations

import os
import sys
import time

from engine.shortcut.call import Call, hello
from engine.shortcut.engines import STAMP, UnusualError, read, the_one_engine
from engine.shortcut.receipt import leaves_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ANSWER_S = 1.0  # an engine that says nothing for so long does not answer: it tells once a second that it is there
_WITHIN_S = 60.0
_WELL, _NOT_VERIFIED, _REFUSED, _HELD, _INTERRUPTED = 0, 1, 2, 75, 130


def flatten(state_dir: str) -> int:
    """Have the one engine that is meant go flat; the exit status. Raises UnusualError where the whole program must go on."""
    folder, call = the_one_engine(state_dir, _ANSWER_S)
    try:
        return _flatten(folder, call)
    except (
        OSError,
        ValueError,
        LookupError,
    ) as error:  # lost, too slow, or another version: asking again joins the job
        raise UnusualError from error
    except KeyboardInterrupt:
        tell("interrupted: an engine that has taken the flat goes on with it; `myquant-tui flat` joins it", sys.stderr)
        return _INTERRUPTED
    finally:
        call.close()


def _flatten(folder: str, call: Call) -> int:
    ticket = int.from_bytes(os.urandom(8), "little") >> 1 | 1
    flat = {"type": "Flat", "reason": "flat command"}
    follow = {"type": "FollowFlat", "ticket": ticket, "seen": 0}
    call.say(hello("flat"), {"type": "Send", "ticket": ticket, "command": flat}, follow)
    welcome, taken = call.hear(), call.hear()
    if welcome["type"] != "Welcome" or taken["type"] != "Taken":
        raise UnusualError
    if taken["state"] != "ACCEPTED":
        return _ended(_REFUSED, f"myquant-tui: flat refused: {taken['reason']}")
    tell(f"flat accepted by {_mode(folder)} engine {welcome['pid']}")
    return _followed(call, follow)


def _followed(call: Call, follow: dict[str, Any]) -> int:
    """Tell how the flat goes until it is over one way or the other."""
    told: set[str] = set()
    until_s = time.monotonic() + _WITHIN_S
    while True:
        news = call.hear()
        for line in (f"flat {news['state']}", *news["legs"]):
            if line not in told and news["outcome"] != "WAITING":
                told.add(line)
                tell(line)
        match news["outcome"]:
            case "DONE":
                status = _WELL if leaves_nothing(news["receipt"]) else _NOT_VERIFIED
                return _ended(status, *news["receipt"], stream=sys.stdout)
            case "REFUSED" | "FAILED" as word:
                return _ended(_REFUSED, f"myquant-tui: flat {word}: {news['reason']}")
        if news["state"] == "HELD" and news["outcome"] == "ACCEPTED":
            return _ended(_HELD, *filter(None, [news["reason"]]), stream=sys.stdout)
        if time.monotonic() > until_s:
            return _ended(
                _NOT_VERIFIED, f"myquant-tui: NOT verified flat within {_WITHIN_S:.0f} s; the engine keeps trying"
            )
        call.say(follow | {"seen": news["number"]})


def _mode(folder: str) -> str:
    """In which mode the engine in `folder` trades, as its directory is stamped."""
    try:
        word = read(folder, STAMP)[:20].decode("ascii").strip()
    except (OSError, ValueError):
        return "an"
    return f"the {word.upper()}" if word.isalpha() else "an"


def _ended(status: int, *lines: str, stream: Any = None) -> int:
    for line in lines:
        tell(line, stream or sys.stderr)
    return status


def tell(line: str, stream: Any = None) -> None:
    """Put a line out; that nobody reads it must neither keep anybody from following the flat nor change the exit status."""
    stream = stream or sys.stdout
    try:
        print(line, file=stream, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # else the interpreter tries again at its end
    except ValueError:  # it was closed
        return
