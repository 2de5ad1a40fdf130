"""The comparison with another revision: what cannot be measured is said and fails nothing; what can is measured alike."""

from pathlib import Path

import pytest

from tests.bench.gate import NotComparableError, compare, lay_out, lay_out_present, passes
from tests.support.paths import ROOT
from tests.support.thorough import LONG

in_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this tree has no history")


@in_git
def test_a_revision_that_is_not_there_is_not_comparable(tmp_path: Path) -> None:
    with pytest.raises(NotComparableError, match=r"git archive: .*nowhere"):
        lay_out("nowhere", tmp_path)


def test_a_tree_that_cannot_be_measured_is_not_comparable(tmp_path: Path) -> None:
    tree = lay_out_present(tmp_path)
    (tree / "engine" / "assembly" / "__init__.py").write_text("raise ImportError('an older one')\n")
    with pytest.raises(NotComparableError, match="cannot be measured: ImportError: an older one"):
        passes(tree)


@in_git
@pytest.mark.slow
def test_another_revision_is_measured_by_what_measures_this_one(tmp_path: Path) -> None:
    tree = lay_out("HEAD", tmp_path)
    assert (tree / "engine" / "bench" / "baseline" / "reference.py").read_bytes() == (
        ROOT / "engine" / "bench" / "baseline" / "reference.py"
    ).read_bytes()
    assert passes(tree)[0].ticks == passes(ROOT)[0].ticks > 30_000


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="takes minutes beside other tests; `make thorough` and `make gate-proof` try it")
def test_a_multiple_of_the_work_fails(tmp_path: Path) -> None:
    verdict = compare(lay_out_present(tmp_path), 1, 10, further=6.0, within_s=1e3)
    assert verdict.outcome == "fails"
    assert "by 1 pairs" in verdict.text


def test_a_machine_that_is_too_busy_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotComparableError, match="0 pairs within 0 s are too few: the machine is too busy"):
        compare(lay_out_present(tmp_path), 15, 10, within_s=0.0)
