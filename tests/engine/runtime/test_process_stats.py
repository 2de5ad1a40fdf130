"""What a process says of itself, and what it tells its garbage collector to leave alone."""

import gc
from pathlib import Path

from engine.runtime import ProcessStats, settle


def test_a_state_directory_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    process_stats = ProcessStats(tmp_path / "gone")
    process_stats.look(1)
    assert process_stats.view.disk_free_mb == 0
    assert process_stats.view.rss_mb > 0
    process_stats = ProcessStats(tmp_path)
    process_stats.look(1)
    assert process_stats.view.disk_free_mb > 0


def test_what_stays_is_left_out_of_collections() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
