"""One list of ticks in every layout that files have: read back equal, or refused with a question; never silently different."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from tests.support.recordings.layouts import (
    ARCHIVES,
    DELIMITERS,
    ENCODINGS,
    ENDS,
    NUMBERS,
    QUOTES,
    STAMPS,
    WHOLE_SECONDS,
    Style,
    Written,
    ticks,
)
from tests.support.thorough import examples

PLAIN = Style()
COMMAS_INSIDE = {"decimal comma", "thousands", "lakhs", "continental", "blanks"}


def read(path: Path, **layout: object) -> list[tuple[int, int, int]]:
    reader = ForeignReader(path, CsvLayout(**layout), Instrument)  # type: ignore[arg-type]
    found = list(reader.rows())
    assert all(isinstance(each, Tick) for each in found), found
    return [(each.recv_wall_ns, each.price, each.quantity) for each in found if isinstance(each, Tick)]


def read_or_question(path: Path) -> tuple[list[tuple[int, int, int]], str]:
    try:
        return read(path), ""
    except InputError as question:
        return [], str(question)


ONE_BY_ONE = [
    *(PLAIN.but(delimiter=each) for each in DELIMITERS),
    *(PLAIN.but(quotes=each) for each in QUOTES),
    *(PLAIN.but(encoding=each) for each in ENCODINGS),
    *(PLAIN.but(stamps=each) for each in STAMPS),
    *(PLAIN.but(stamps=each, delimiter="semicolon", quotes="all", numbers="decimal comma") for each in STAMPS),
    *(PLAIN.but(numbers=each, delimiter="semicolon") for each in NUMBERS),
    *(PLAIN.but(numbers=each, quotes="where needed") for each in NUMBERS),
    *(PLAIN.but(archive=each) for each in ARCHIVES),
    *(PLAIN.but(archive=each, encoding="utf-16") for each in ARCHIVES),
    *(PLAIN.but(end=each) for each in ENDS),
    *(PLAIN.but(end=each, encoding="utf-16-le", quotes="all") for each in ENDS),
    *(PLAIN.but(header=False, stamps=each) for each in STAMPS if each != "numbers apart"),
    PLAIN.but(unended=True),
    PLAIN.but(quotes="all", comment="two\nlines, and a comma"),
    PLAIN.but(quotes="all", comment="a\nb", end="CRLF", archive="gz"),
    PLAIN.but(encoding="latin-1", comment="größe"),
]


@pytest.mark.parametrize("style", ONE_BY_ONE, ids=str)
def test_each_way_of_writing_is_read(tmp_path: Path, style: Style) -> None:
    rows = ticks(step_ms=1000 if style.stamps in WHOLE_SECONDS else 250)
    if style.numbers != "plain":
        rows = [Written(each.at, each.paise * 100, each.quantity) for each in rows]
    assert read(style.write(tmp_path / "ticks.csv", rows)) == [each.told for each in rows]


styles = st.builds(
    Style,
    delimiter=st.sampled_from(sorted(DELIMITERS)),
    quotes=st.sampled_from(sorted(QUOTES)),
    encoding=st.sampled_from(ENCODINGS),
    stamps=st.sampled_from(sorted(STAMPS)),
    numbers=st.sampled_from(sorted(NUMBERS)),
    archive=st.sampled_from(sorted(ARCHIVES)),
    end=st.sampled_from(sorted(ENDS)),
    header=st.booleans(),
    unended=st.booleans(),
)


@settings(max_examples=examples(150), deadline=None)
@given(styles, st.integers(1, 60), st.integers(0, 10**6), st.sampled_from([1, 100, 10_000]))
def test_any_list_in_any_layout_is_read_back_or_asked_about(
    tmp_path_factory: pytest.TempPathFactory, style: Style, count: int, seed: int, factor: int
) -> None:
    if style.quotes in {"none", "blanks"} and style.delimiter == "comma" and style.numbers in COMMAS_INSIDE:
        style = style.but(quotes="where needed")
    rows = ticks(count, seed, 1000 if style.stamps in WHOLE_SECONDS else 250)
    rows = [Written(each.at, each.paise * factor, each.quantity) for each in rows]
    path = style.write(tmp_path_factory.mktemp("any") / "ticks.csv", rows)
    found, question = read_or_question(path)
    assert found == [each.told for each in rows] if not question else "--" in question
    assert "\n" not in question
