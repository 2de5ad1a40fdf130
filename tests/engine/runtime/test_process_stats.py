"""What a process says of itself, and what it tells its garbage collector to leave alone."""

import gc
from pathlib import Path

from engine.runtime.process_stats import ProcessStats, settle


def test_a_state_directory_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    found = ProcessStats(tmp_path / "gone").look(1 << 60)
    assert found.disk_free_mb == 0
    assert found.rss_mb > 0
    assert ProcessStats(tmp_path).look(1 << 60).disk_free_mb > 0


def test_what_stays_is_left_out_of_collections() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
