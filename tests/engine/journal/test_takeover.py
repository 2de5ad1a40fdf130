"""That it is not known what was held is read in the words with which a run began: each way to begin so says them."""

import sqlite3
from pathlib import Path

import pytest

from engine.journal.opening import DAMAGED, MISSING
from engine.journal.renewal import Renewal
from engine.journal.reserve import Reserve
from engine.journal.rows import RunStarted
from engine.journal.takeover import BLIND, LACKING, UNKNOWN, Opened, is_blind
from engine.text.sanitize import CleanText

OPENED = {
    "damaged": Opened(run=1, damage=CleanText("no database"), kept_as="journal.db.damaged", unknown=DAMAGED),
    "missing": Opened(run=1, missing=f"journal.db {LACKING}", unknown=MISSING),
    "its log cut off": Opened(run=2, unclean=CleanText("cut off"), unknown=CleanText(f"cut off: {UNKNOWN}")),
    "begun over such a one": Opened(run=2, unknown=BLIND),
}


@pytest.mark.parametrize("how", OPENED)
def test_each_way_to_begin_blind_is_known_by_its_words(how: str) -> None:
    assert is_blind("; ".join(OPENED[how].lines()))


def test_one_that_found_all_well_or_ended_badly_is_not_blind() -> None:
    for opened in (Opened(run=1), Opened(run=2, unclean=CleanText("run 1 did not end in good order"))):
        assert not is_blind("; ".join(opened.lines()))


@pytest.mark.parametrize("found", ["", "; ".join(OPENED["missing"].lines())])
def test_a_file_that_is_begun_anew_still_says_what_the_run_did_not_know(tmp_path: Path, found: str) -> None:
    begun = RunStarted(1, "paper", "", 1, found)
    started = Renewal(tmp_path / "journal.db", begun, Reserve(tmp_path / "r", 0), sqlite3.Connection).started(
        "the file is gone"
    )
    assert is_blind(started.found) == bool(found)
    assert "the file is gone: begun anew" in started.found
