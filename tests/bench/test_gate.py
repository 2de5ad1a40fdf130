"""The comparison with another revision: what cannot be measured is said and fails nothing; what can is measured alike."""

from pathlib import Path

import pytest

from tests.bench.gate import NotComparableError, compare, lay_out, lay_out_present, one_pass
from tests.support.paths import ROOT

in_git = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this tree has no history")


@in_git
def test_a_revision_that_is_not_there_is_not_comparable(tmp_path: Path) -> None:
    with pytest.raises(NotComparableError, match=r"git archive: .*nowhere"):
        lay_out("nowhere", tmp_path)


def test_a_tree_that_cannot_be_measured_is_not_comparable(tmp_path: Path) -> None:
    tree = lay_out_present(tmp_path)
    (tree / "engine" / "assembly" / "__init__.py").write_text("raise ImportError('an older one')\n")
    with pytest.raises(NotComparableError, match="cannot be measured: ImportError: an older one"):
        one_pass(tree)


@in_git
@pytest.mark.slow
def test_another_revision_is_measured_by_what_measures_this_one(tmp_path: Path) -> None:
    tree = lay_out("HEAD", tmp_path)
    assert (tree / "engine" / "bench" / "baseline" / "reference.py").read_bytes() == (
        ROOT / "engine" / "bench" / "baseline" / "reference.py"
    ).read_bytes()
    assert one_pass(tree).ticks == one_pass(ROOT).ticks > 30_000


@pytest.mark.slow
def test_twice_the_work_fails_and_time_is_kept(tmp_path: Path) -> None:
    moments = iter([0.0, *[100.0] * 99])
    verdict = compare(lay_out_present(tmp_path), 15, 10, further=20.0, now=lambda: next(moments))
    assert verdict.outcome == "fails"
    assert "by 5 pairs" in verdict.text
