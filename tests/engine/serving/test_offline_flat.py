"""What is done for a dead engine is not held up by its disk."""

from pathlib import Path
from threading import Event

import pytest

from engine.model.errors import DiskError, InputError
from engine.serving.offline_flat import check_simulated, in_time
from engine.serving.state_dirs import EngineDir, place_of
from engine.text.sanitize import clean


def test_work_that_a_disk_holds_up_is_left_and_told(tmp_path: Path) -> None:
    answers = Event()
    with pytest.raises(DiskError, match="does not answer: nothing is verified"):
        in_time(place_of(tmp_path), 0.01, lambda: answers.wait(60))
    answers.set()


def test_what_came_of_it_is_passed_on(tmp_path: Path) -> None:
    def refuses() -> int:
        raise InputError("no")

    assert in_time(place_of(tmp_path), 60, lambda: 0) == 0
    with pytest.raises(InputError, match="no"):
        in_time(place_of(tmp_path), 60, refuses)


@pytest.mark.parametrize("mode", ["live", "", "of another time"])
def test_what_may_be_held_at_a_real_broker_is_not_closed_from_here(tmp_path: Path, mode: str) -> None:
    with pytest.raises(InputError, match="not closed from here"):
        check_simulated(EngineDir(tmp_path, clean(mode), 0))
    for simulated in ("paper", "mock"):
        check_simulated(EngineDir(tmp_path, clean(simulated), 0))
