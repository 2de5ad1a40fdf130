"""A tag says which order of which run of which journal it is, and no two of them are alike."""

from datetime import date, timedelta
from string import ascii_uppercase, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.order_requests import Purpose
from engine.trading.orders.tags import MAX_NUMBER, MAX_RUN, Tag, Tags, parse, salt_of

DAY = date(2026, 2, 3)
PURPOSES: tuple[Purpose, ...] = ("ENTRY", "EXIT", "FLAT", "NET")

salts = st.text(digits + ascii_uppercase, min_size=2, max_size=2)
tags = st.builds(
    Tag, st.integers(1, 366), salts, st.integers(0, MAX_RUN), st.integers(0, MAX_NUMBER), st.sampled_from(PURPOSES)
)


def made(tag: Tag) -> str:
    day = date(2024, 1, 1) + timedelta(tag.day - 1)  # a leap year has all days that a tag knows
    return Tags(day, tag.salt, tag.run).make(tag.number, tag.purpose)


def test_a_tag() -> None:
    assert Tags(DAY, "7Q", 37).make(1_000, "EXIT") == "L0Y7Q01100RSX"


@given(tags)
def test_what_was_put_in_comes_out(tag: Tag) -> None:
    text = made(tag)
    assert len(text) == 13
    assert set(text) <= set(digits + ascii_uppercase)
    assert parse(text) == tag


@given(tags, tags, st.sets(st.sampled_from(Tag._fields)))
def test_orders_that_differ_in_anything_have_other_tags(first: Tag, second: Tag, alike: set[str]) -> None:
    second = second._replace(**{name: getattr(first, name) for name in alike})
    assert (made(first) == made(second)) is (first == second)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="none at all"),
        pytest.param("L0Y7Q01100RS", id="too short"),
        pytest.param("L0Y7Q01100RSXX", id="too long"),
        pytest.param("L0Y7Q01100RSX\n", id="a line behind it"),
        pytest.param("K0Y7Q01100RSX", id="another first letter"),
        pytest.param("L0Y7Q01100RSQ", id="no purpose"),
        pytest.param("l0y7q01100rsx", id="small letters"),
        pytest.param("L0Y7Q01100R٣X", id="a digit of another script"),
        pytest.param("L007Q01100RSX", id="day 0"),
        pytest.param("LA77Q01100RSX", id="day 367"),
        pytest.param("MYAPP-12345-X", id="somebody else's"),
    ],
)
def test_what_is_no_tag_of_ours(text: str) -> None:
    assert parse(text) is None
    assert not Tags(DAY, "7Q", 1).is_ours(text)


@given(st.text(max_size=16) | st.text(digits + ascii_uppercase, min_size=13, max_size=13))
def test_any_text_is_a_tag_only_if_it_can_be_made(text: str) -> None:
    tag = parse(text)
    assert tag is None or made(tag) == text


def test_ours_today_is_the_same_day_and_journal_whichever_the_run() -> None:
    tags = Tags(DAY, "7Q", 5)
    assert tags.is_ours(tags.make(1, "ENTRY"))
    assert tags.is_ours(Tags(DAY, "7Q", 4).make(9, "NET"))
    assert not tags.is_ours(Tags(DAY, "7R", 5).make(1, "ENTRY"))
    assert not tags.is_ours(Tags(date(2026, 2, 2), "7Q", 5).make(1, "ENTRY"))


def test_what_has_no_place_is_told() -> None:
    with pytest.raises(
        ValueError, match=r"run 46656 does not fit into three places \(0 to 46655\): begin a new journal"
    ):
        Tags(DAY, "7Q", MAX_RUN + 1)
    with pytest.raises(ValueError, match=r"order 1679616 does not fit into four places \(0 to 1679615\)"):
        Tags(DAY, "7Q", MAX_RUN).make(MAX_NUMBER + 1, "EXIT")
    with pytest.raises(ValueError, match="order -1 does not fit"):
        Tags(DAY, "7Q", 0).make(-1, "EXIT")


@pytest.mark.parametrize("salt", ["", "7", "7QQ", "7q", "7-", "٣٣", "7\n"])
def test_a_salt_is_two_of_a_tags_characters(salt: str) -> None:
    with pytest.raises(ValueError, match="a salt of two"):
        Tags(DAY, salt, 1)


def test_salts_are_numbered_and_come_round_again() -> None:
    assert [salt_of(number) for number in (0, 1, 35, 36, 1295, 1296)] == ["00", "01", "0Z", "10", "ZZ", "00"]
    assert len({salt_of(number) for number in range(1296)}) == 1296
    Tags(DAY, salt_of(7), 1)
