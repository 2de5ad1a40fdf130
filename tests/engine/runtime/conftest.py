"""What the bundled day comes to."""

import pytest

from engine.assembly import build
from tests.support.builders import config
from tests.support.day_replays import result, whole_day
from tests.support.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def day_result(tmp_path_factory) -> tuple[int, int, str]:
    """What the bundled day comes to in the default delivery."""
    with build(config(), whole_day(), "replay", speed=0.0, state_root=tmp_path_factory.mktemp("state")) as run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert len(run.engine.exits.newest) > 50
        return result(run)
