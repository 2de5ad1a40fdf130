"""Words of a refusal are read into a family and a bound; what follows from a family is a table; tries do not run away."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.order_reports import RefusalFamily
from engine.text.sanitize import CleanText
from engine.trading.orders.refusals import (
    ALARM_AT,
    CONSEQUENCES,
    REMEDIES,
    Consequence,
    RefusalCount,
    RefusalWords,
    Step,
    consequence,
    insists_ms,
    read_refusal,
)

FAMILIES: tuple[RefusalFamily, ...] = get_args(RefusalFamily)
BEYOND = "Order price is beyond the Limit Price Protection range defined by the exchange."
STOP = (
    "Difference between limit price and trigger price for SL Limit Order is beyond the exchange’s Permissible range of "
)
NOW = 1_770_000_000_000

# ── Words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "bound", "above"),
    [
        (f"{BEYOND} Please increase the stop loss limit price above <71.40>", 7140, True),
        (f"{BEYOND} Please increase the stop loss limit price above < 71.4 >", 7140, True),
        (f"{BEYOND} Please reduce the limit price below <$1,03,071>", 0, False),
        (f"{BEYOND} Please reduce the limit price below <1,03,071>", 10_307_100, False),
        (f"{STOP}< 3 >. Consider reducing the limit price below < 103.05 >", 10_305, False),
        (f"{STOP}Rs 3. Consider reducing the limit price below Rs. 103.", 10_300, False),
        (f"{STOP}<10>", 0, False),  # a distance, no price
        ("16283 : LPP check: price should be ABOVE ₹ 21", 2100, True),
        (f"{BEYOND} It is above the range; go below 64.5", 6450, False),
        (f"{BEYOND} above 71.401", 7141, True),  # finer than a paisa: to where it is allowed
        (f"{BEYOND} below 71.409", 7140, False),
        (f"{BEYOND} below 0.00", 0, False),
        (f"{BEYOND} above {'9' * 60}", 0, False),
        ("Price exceeds circuit limits for the instrument. Place an order within the daily range.", 0, False),
        ("Order price is out of the price band 35.00 to 785.00", 0, False),
        ("Order price is out of Day's price range", 0, False),
    ],
)
def test_words_about_a_price(words: str, bound: int, above: bool) -> None:
    assert read_refusal(CleanText(words), 100) == RefusalWords("price", bound, above)


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("RMS:Rule: Order quantity is above the freeze quantity 1800", "freeze"),
        ("QUANTITY FREEZE", "freeze"),
        ("Quantity should be in multiples of lot size 65", "lot"),
        ("Lot size is wrong", "lot"),
        ("Invalid LOT_SIZE", "lot"),
        ("Insufficient Funds. Available funds - Rs. 1000.00 . You require Rs. 2500.00", "funds"),
        ("RMS:Margin Exceeds, Required:1200, Available:100", "funds"),
        ("RMS:Blocked for this scrip: product MIS is not allowed", "product"),
        ("RMS:Auto Square Off Block: product MIS is not allowed in this session", "product"),
        ("RMS:Auto Square Off Block", "product"),
        ("Order rejected by the exchange to prevent a Self Trade", "self_trade"),
        ("SELF-TRADE prevention", "self_trade"),
        ("Session has expired, login again", "session"),
        ("Invalid token", "session"),
        ("Invalid symboltoken", "other"),
        ("Order cannot be placed as the market is closed", "closed"),
        ("Markets are closed now", "closed"),
        ("Order entry is not allowed during the pre-open session", "closed"),
        ("Unregistered IP address", "ip"),
        ("IP (203.0.113.7) is not allowed to place orders for this app", "ip"),
        ("LIMIT orders that are far away from the LTP are restricted as per exchange guidelines", "price"),
        ("Couldn't find that `order_id`.", "not_found"),
        ("Insufficient funds. Required margin is 95417.84 but available margin is 74251.80", "funds"),
        ("Client is BLOCKED for trading", "blocked"),
        ("Order not found", "not_found"),
        ("Slot size exceeded", "other"),
        ("RATE NOT MULTIPLE OF TICK [0.05000000]", "other"),
        ("The MISTAKE was not allowed", "other"),
        ("", "other"),
        ("above 71.40", "other"),
    ],
)
def test_words_about_something_else(words: str, family: RefusalFamily) -> None:
    assert read_refusal(CleanText(words), 100) == RefusalWords(family)


@given(st.sampled_from([1, 100, 10_000]), st.decimals("0.0001", "1000000", places=4), st.booleans())
def test_numbers_are_exact_in_minor_units(scale: int, rupees: Decimal, above: bool) -> None:
    words = CleanText(f"{BEYOND} Please go {'above' if above else 'below'} <{rupees}>")
    bound = int((rupees * scale).to_integral_value(ROUND_CEILING if above else ROUND_FLOOR))
    assert read_refusal(words, scale) == RefusalWords("price", bound, above and bound > 0)


@given(st.text(max_size=500))
def test_any_words_are_read(words: str) -> None:
    read = read_refusal(CleanText(words), 100)
    assert read.family in FAMILIES
    assert read.bound >= 0
    assert read.family == "price" or not read.bound


# ── What follows ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_something_follows_from_every_family_and_every_step_is_taken_by_one() -> None:
    assert set(CONSEQUENCES) == set(FAMILIES)
    steps = {each.step for pair in CONSEQUENCES.values() for each in pair}
    assert steps == set(get_args(Step))


def test_entries_halt_where_the_next_one_would_be_refused_alike() -> None:
    assert {family for family in FAMILIES if consequence(family, entry=True).halt} == {
        "lot", "funds", "product", "ip", "blocked",
    }  # fmt: skip


def test_an_exit_is_never_given_up_and_where_a_person_has_to_act_that_is_told_with_what_to_do() -> None:
    assert not any(consequence(family, entry=False).step == "drop" for family in FAMILIES)
    insists = {family for family in FAMILIES if consequence(family, entry=False).step == "insist"}
    assert insists == {"ip", "blocked"}
    told = {family for family in FAMILIES if consequence(family, entry=False).escalate}
    assert insists <= told <= set(REMEDIES)


def test_an_entry_waits_for_nothing() -> None:
    steps = {consequence(family, entry=True).step for family in FAMILIES}
    assert steps == {"drop", "reprice", "reslice", "login", "read"}


@pytest.mark.parametrize(
    ("family", "entry", "follows"),
    [
        ("price", False, Consequence("reprice")),
        ("freeze", False, Consequence("reslice", reread=True)),
        ("funds", False, Consequence("free_margin")),
        ("product", False, Consequence("held_product", halt=True, escalate=True)),
        ("self_trade", False, Consequence("cancel_opposite")),
        ("self_trade", True, Consequence("drop")),
        ("closed", False, Consequence("hold")),
        ("session", False, Consequence("login")),
        ("other", False, Consequence("resend")),
    ],
)
def test_what_follows(family: RefusalFamily, entry: bool, follows: Consequence) -> None:
    assert consequence(family, entry=entry) == follows


# ── How often ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_third_refusal_of_a_family_raises_the_alarm_once_and_tries_are_five_seconds_apart() -> None:
    count = RefusalCount()
    assert [count.refused("price", NOW), count.refused("freeze", NOW), count.refused("price", NOW)] == [False] * 3
    assert count.may_try(NOW)
    assert count.refused("price", NOW)
    assert not count.may_try(NOW + 4_999)
    assert count.may_try(NOW + 5_000)
    assert not count.refused("price", NOW + 5_000)
    assert not count.may_try(NOW + 9_999)


def test_another_family_makes_it_no_faster() -> None:
    count = RefusalCount()
    for _ in range(ALARM_AT):
        count.refused("price", NOW)
    assert not count.refused("other", NOW + 5_000)
    assert not count.may_try(NOW + 9_999)


def test_who_waits_for_a_person_tries_each_five_seconds_for_a_minute_and_each_thirty_then() -> None:
    assert [insists_ms(times) for times in (1, 11, 12, 1_000)] == [5_000, 5_000, 30_000, 30_000]


def test_what_is_filled_ends_the_count() -> None:
    count = RefusalCount()
    for _ in range(ALARM_AT):
        count.refused("price", NOW)
    count.filled()
    assert count.may_try(NOW)
    assert [count.refused("price", NOW) for _ in range(ALARM_AT)] == [False, False, True]


@given(st.lists(st.sampled_from(FAMILIES), min_size=1, max_size=200))
def test_a_leg_never_runs_away(families: list[RefusalFamily]) -> None:
    """However an exchange says no: tries at once are few, all others wait."""
    count, now_ms, at_once = RefusalCount(), NOW, 0
    for family in families:
        count.refused(family, now_ms)
        at_once += count.may_try(now_ms)
        now_ms = max(now_ms, count.due_ms)
    assert at_once <= (ALARM_AT - 1) * len(FAMILIES)
    assert len(count.times) <= len(FAMILIES)
