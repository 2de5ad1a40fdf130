"""The short form of `make fuzz-http`."""

from pathlib import Path

import pytest

from tests.fuzz.http import fuzzed
from tests.support.gateway.service import served
from tests.support.processes.command_home import Home


@pytest.mark.slow
def test_no_request_from_the_description_fails_or_is_answered_otherwise(tmp_path: Path) -> None:
    with served(Home(tmp_path), engine=True) as service:
        made, wrong = fuzzed(service, 12, seed=1)
    assert wrong == ""
    assert made >= 100
