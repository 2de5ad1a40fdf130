"""A replay that dies, hangs or says nonsense has come to no verdict, and says why."""

from pathlib import Path

import pytest

from engine.backtest.verification import Verification
from engine.backtest.verify_child import Unverified, verified_in_child

PATH = Path("x.mqr")
SAME = '{"file":"x.mqr","outcome":"same","reason":""}'


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("kill -9 $$", "its replay was ended by SIGKILL"),
        (f"echo '{SAME}'; kill -11 $$", "its replay was ended by SIGSEGV"),
        ("echo Traceback >&2; echo MemoryError >&2; exit 70", "its replay ended with status 70: MemoryError"),
        (f"echo '{SAME}'; exit 70", "its replay ended with status 70: "),
        (r"printf '\377{'", "its replay ended with status 0: "),
        ("echo no such option >&2; exit 2", "its replay ended with status 2: no such option"),
    ],
)
def test_a_child_that_comes_to_no_verdict_says_why(script: str, why: str) -> None:
    assert verified_in_child(["sh", "-c", script], PATH) == Unverified("x.mqr", why)  # type: ignore[arg-type]


def test_a_child_that_does_not_end_is_killed() -> None:
    found = verified_in_child(["sh", "-c", "exec tail -f /dev/null"], PATH, within_s=0.06)
    assert found == Unverified("x.mqr", "its replay did not end within 0.001 min")  # type: ignore[arg-type]


def test_a_child_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    found = verified_in_child([str(tmp_path / "nothing")], PATH)
    assert found == Unverified("x.mqr", "its replay cannot be started: No such file or directory")  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_verdict_is_one_whatever_it_is(status: int) -> None:
    found = verified_in_child(["sh", "-c", f"echo '{SAME}'; exit {status}"], PATH)
    assert isinstance(found, Verification)
