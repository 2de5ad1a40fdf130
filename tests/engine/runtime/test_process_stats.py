"""What a process says of itself, and what it tells its garbage collector to leave alone."""

import gc

from engine.runtime.process_stats import ProcessStats, settle


def test_the_figures_are_those_of_this_process_and_no_disk_is_asked() -> None:
    found = ProcessStats(lambda: 7).look(1 << 60)
    assert found.disk_free_mb == 7
    assert found.rss_mb > 0
    assert found.descriptors > 2


def test_what_stays_is_left_out_of_collections() -> None:
    try:
        settle()
        assert gc.get_freeze_count() > 1000
    finally:
        gc.unfreeze()
