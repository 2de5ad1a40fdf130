"""Minutes of a session that were watched: equal to a count second by second, over losses, kills, midnights and wrong clocks."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.markets.calendar import Calendar, CalendarDay
from engine.model.clock import MarketClock, VirtualClock
from engine.runtime.uptime import MOST_DAYS, Uptime, UptimeWatch, WatchedDay
from engine.trading.session import TradingHours
from tests.support.builders import DAY, config, ms
from tests.support.thorough import examples

SECOND_NS: Final = 1_000_000_000
IST: Final = timedelta(hours=5, minutes=30)
NEXT: Final = "2025-10-02"
USUAL: Final[tuple[str, ...]] = ()
NIGHT: Final = ("session.start=22:00", "session.end=02:00")
ENDLESS: Final = ("session.daily=false",)


def hours(*overrides: str, calendar: Calendar | None = None) -> TradingHours:
    return TradingHours(config(*overrides).session, calendar)


class Looks:
    """A run that looks once a second by its own clock, killed and begun again as a test likes."""

    def __init__(self, at: str, *markets: TradingHours, day: str = DAY, **how: bool) -> None:
        self.markets, self.how = markets or (hours(),), how
        self.at_ms, self.now_ns = ms(at, day), 0
        self.uptime = Uptime(self.markets, **self.how)
        self.look()

    def look(self, *, fresh: bool = True) -> None:
        self.uptime.look(self.at_ms, self.now_ns, fresh=fresh)

    def passes(self, seconds: int, *, fresh: bool = True) -> "Looks":
        for _ in range(seconds):
            self.stands(1, fresh=fresh)
        return self

    def stands(self, seconds: int, *, fresh: bool = True) -> "Looks":
        """Nobody looks for so long."""
        self.at_ms += 1000 * seconds
        self.now_ns += SECOND_NS * seconds
        self.look(fresh=fresh)
        return self

    def killed(self, seconds: int = 0) -> "Looks":
        """Another run begins so much later, with what was kept."""
        self.at_ms += 1000 * seconds
        self.uptime, self.now_ns = Uptime(self.markets, self.uptime.kept, **self.how), 0
        self.look()
        return self

    @property
    def today(self) -> tuple[int, int]:
        view = self.uptime.view
        return view.watched, view.minutes


# ── One minute ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("lived", "expected"),
    [
        (lambda run: run.passes(120), (2, 2)),
        (lambda run: run.passes(59), (0, 0)),
        (lambda run: run.passes(30).passes(5, fresh=False).passes(85), (2, 2)),
        (lambda run: run.passes(30).passes(6, fresh=False).passes(84), (1, 2)),
        (lambda run: run.passes(30).stands(3).passes(87), (2, 2)),
        (lambda run: run.passes(30).stands(6).passes(84), (1, 2)),
        (lambda run: run.passes(30).stands(600).passes(90), (1, 12)),  # the rest of its minute is not watched whole
        (lambda run: run.passes(90).killed(2).passes(88), (2, 3)),  # the newest minute is lost with the run
        (lambda run: run.passes(120).killed(180).passes(120), (4, 7)),
        (lambda run: run.passes(120, fresh=False), (0, 2)),
        (lambda run: run.passes(375 * 60), (375, 375)),
        (lambda run: run.passes(400 * 60), (375, 375)),  # behind its end nothing counts
    ],
)
def test_a_minute_counts_that_was_seen_but_for_a_few_seconds(
    lived: Callable[[Looks], Looks], expected: tuple[int, int]
) -> None:
    assert lived(Looks("09:15:00")).today == expected


def test_a_session_counts_from_its_start_whenever_the_engine_came() -> None:
    assert Looks("09:25:04").passes(120).today == (2, 12)
    assert Looks("09:25:06").passes(120).today == (1, 12)
    assert Looks("08:00:00").passes(60).today == (0, 0)


def test_a_clock_that_was_set_right_counts_no_minute_twice_and_none_that_is_yet_to_come() -> None:
    run = Looks("10:00:00").passes(600)
    run.at_ms += 3_600_000  # it was an hour slow: what lay between was not seen under these stamps
    assert run.passes(120).today == (12, 45 + 10 + 60 + 2)
    run.at_ms -= 115 * 60_000  # and now it is before all that
    assert run.passes(120).today == (2, 4)
    assert sum(each.watched for each in run.uptime.kept) == 2


def test_another_zone_that_was_said_moves_no_minute() -> None:
    run = Looks("09:15:00").passes(600)
    elsewhere = hours("session.zone=Asia/Dubai", "session.start=07:45", "session.end=14:00")
    later = Uptime((elsewhere,), run.uptime.kept)
    later.look(run.at_ms, 0, fresh=True)
    assert (later.view.watched, later.view.minutes) == (10, 10)


def test_a_session_over_midnight_is_one_day_and_one_round_the_clock_ends_at_midnight() -> None:
    night = Looks("23:30:00", hours(*NIGHT)).passes(60 * 60)
    assert (night.today, night.uptime.view.date) == ((60, 150), DAY)
    endless = Looks("23:30:00", hours(*ENDLESS)).passes(60 * 60)
    assert (endless.today, endless.uptime.of(DAY)) == ((30, 30), (30, 1440))


def test_of_several_markets_a_minute_counts_in_which_any_is_in_session() -> None:
    both = (hours(), hours("session.start=15:00", "session.end=23:30"))
    assert Looks("15:00:00", *both).passes(60 * 60).today == (60, 405)
    late = hours(
        "session.start=23:00", "session.end=01:00"
    )  # its hour behind midnight is of the first market's next date
    assert Looks("15:00:00", *both, late).passes(60).today == (1, 346 + 60)
    assert Looks("15:00:00", *both[::-1]).passes(60).today == (1, 346)


def test_a_run_at_a_pace_of_its_own_may_pass_minutes_between_two_looks() -> None:
    for of_its_own, watched in ((True, 375), (False, 0)):
        run = Looks("09:10:00", of_its_own=of_its_own)
        for _ in range(40):
            run.at_ms += 599_000
            run.passes(1)
        assert run.today == (watched, 375)
    later = Looks("23:50:00", hours(*ENDLESS), of_its_own=True)
    later.at_ms += 20 * 60_000
    assert later.passes(1).today == (10, 10)
    assert later.uptime.of(DAY) == (10, 1440)


# ── Days ────────────────────────────────────────────────────────────────────────────────────────────────────────────


CALENDAR = Calendar("NSE", "a test", datetime(2025, 1, 1).date(), datetime(2026, 1, 1).date(), {}, weekends=True)  # noqa: DTZ001


def days_of(run: Looks) -> list[tuple[str, int, int]]:
    return [(each.date, each.watched, each.minutes) for each in run.uptime.kept]


def test_days_without_an_engine_count_where_they_lie_between_two_that_were_watched() -> None:
    market = hours(calendar=CALENDAR)
    run = Looks("09:15:00", market).passes(60)  # a Wednesday
    run.at_ms = ms("09:15:00", "2025-10-07")  # a Tuesday; a weekend is no loss
    run.killed().passes(60, fresh=False)
    assert days_of(run) == [(DAY, 1, 375)]  # nothing of this day was seen so far
    run.passes(60)
    weekdays = [("2025-10-02", 0, 375), ("2025-10-03", 0, 375), ("2025-10-06", 0, 375)]
    assert days_of(run) == [(DAY, 1, 375), *weekdays, ("2025-10-07", 1, 375)]
    view = run.uptime.view
    assert (view.days, view.days_minutes, view.days_watched, view.days_unwatched) == (5, 4 * 375 + 2, 2, 3)
    generated = Looks("09:15:00", market, whole_days=False).passes(60)
    generated.at_ms = ms("09:15:00", "2025-10-07")
    assert days_of(generated.killed().passes(60)) == [(DAY, 1, 375), ("2025-10-07", 1, 375)]


def test_a_clock_of_another_year_takes_no_day_away_and_adds_none() -> None:
    run = Looks("09:15:00").passes(600)
    before = run.uptime.kept
    for year in (1970, 2099):
        run.at_ms = ms("09:15:00", f"{year}-06-01")
        run.killed().passes(60, fresh=False)  # by such a clock no link comes up
        assert run.uptime.kept == before
    run.at_ms = ms("09:15:00", "2099-06-01")
    run.killed().passes(120)
    run.at_ms = ms("09:26:00")
    run.killed().passes(120)
    assert (run.today, run.uptime.view.days) == ((12, 13), 1)  # what is later than today is not told of


def test_no_more_days_are_kept_than_so_many() -> None:
    run = Looks("09:15:00").passes(60)
    for _ in range(MOST_DAYS + 10):
        run.at_ms += 86_400_000 - 60_000
        run.passes(61)
        run.at_ms -= 1000
    assert (len(run.uptime.kept), run.uptime.view.days) == (MOST_DAYS, MOST_DAYS)
    run.at_ms += 400 * 86_400_000
    run.killed().passes(90)
    assert len(run.uptime.kept) == MOST_DAYS
    assert run.uptime.view.days_unwatched == 0  # a year without an engine is no outage
    run.at_ms += (MOST_DAYS // 2) * 86_400_000
    run.killed().passes(90)
    assert (len(run.uptime.kept), run.uptime.view.days_unwatched) == (MOST_DAYS, MOST_DAYS // 2 - 1)


def test_a_day_without_a_session_is_none() -> None:
    calendar = Calendar(
        "NSE", "a test", CALENDAR.known_from, CALENDAR.known_until, {ms_day(DAY): CalendarDay("closed")}, weekends=True
    )
    assert days_of(Looks("09:15:00", hours(calendar=calendar)).passes(120)) == []


def ms_day(day: str):
    return datetime.fromisoformat(day).date()


# ── Against a count second by second ────────────────────────────────────────────────────────────────────────────────


class BySeconds:
    """The same, naively: a set of minutes, and how many seconds of the minute under way were seen."""

    def __init__(self, in_session: Callable[[datetime], str]) -> None:
        self.in_session = (
            in_session  # the date of the session that a minute belongs to; "-" and the date outside of one
        )
        self.watched: set[int] = set()
        self.seen: list[int] = []

    def passes(self, from_s: int, to_s: int, *, good: bool) -> None:
        for second in range(from_s, to_s) if good else ():
            if second // 60 != from_s // 60 and self.seen and self.seen[-1] // 60 != second // 60:
                self.minute_over(from_s // 60)
            self.seen.append(second)
        if from_s // 60 != to_s // 60:
            self.minute_over(from_s // 60)
            if not good:
                self.seen = []
        here = self.date_of(to_s // 60)
        self.watched = {each for each in self.watched if each < to_s // 60 or self.date_of(each) != here}

    def minute_over(self, minute: int) -> None:
        if len([each for each in self.seen if each // 60 == minute]) >= 55:
            self.watched.add(minute)
        self.seen = [each for each in self.seen if each // 60 != minute]

    def date_of(self, minute: int) -> str:
        return self.in_session(datetime.fromtimestamp(minute * 60, UTC) + IST).strip("-")

    def of(self, date: str) -> int:
        found = [self.in_session(datetime.fromtimestamp(each * 60, UTC) + IST) for each in self.watched]
        return found.count(date)


def usual(at: datetime) -> str:
    return f"{'' if (9, 15) <= (at.hour, at.minute) < (15, 30) else '-'}{at.date()}"


def night(at: datetime) -> str:
    return f"{'' if at.hour >= 22 or at.hour < 2 else '-'}{(at - timedelta(hours=12)).date()}"


def endless(at: datetime) -> str:
    return f"{at.date()}"


LIVED = st.lists(
    st.one_of(
        st.tuples(st.just("runs"), st.integers(1, 200)),
        st.tuples(st.just("loses"), st.integers(1, 90)),
        st.tuples(st.just("stands"), st.integers(1, 90)),
        st.tuples(st.just("killed"), st.integers(0, 4000)),
        st.tuples(st.just("set"), st.one_of(st.integers(5, 4000), st.integers(-4000, -65))),
    ),
    max_size=25,
)
KINDS = {"usual": (USUAL, usual), "night": (NIGHT, night), "endless": (ENDLESS, endless)}


@settings(max_examples=examples(60), deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), begins_s=st.integers(0, 2 * 86_400), lived=LIVED)
def test_it_is_what_a_count_second_by_second_finds(kind: str, begins_s: int, lived: list[tuple[str, int]]) -> None:
    overrides, in_session = KINDS[kind]
    run, naive = Looks("00:00:00", hours(*overrides), whole_days=False), BySeconds(in_session)
    run.at_ms += 1000 * begins_s
    run.killed()
    at_s = run.at_ms // 1000
    for what, seconds in lived:
        if what in {"killed", "set"}:
            run.at_ms += 1000 * seconds
            if what == "killed":
                run.killed()
                naive.seen = []  # they die with the run
            else:
                run.look()
            naive.passes(at_s, at_s + seconds, good=False)
            at_s += seconds
            continue
        steps = [seconds] if what == "stands" else [1] * seconds
        for step in steps:
            run.stands(step, fresh=what != "loses")
            naive.passes(at_s, at_s + step, good=what != "loses" and step <= 3)
            at_s += step
    for each in run.uptime.kept:
        assert each.watched == naive.of(each.date), each
    dates = {naive.date_of(each) for each in naive.watched if naive.in_session(minute_at(each))[0] != "-"}
    assert dates == {each.date for each in run.uptime.kept if each.watched}
    now = naive.date_of(at_s // 60)
    passed = [each for each in range(at_s // 60 - 2880, at_s // 60) if naive.in_session(minute_at(each)) == now]
    view = run.uptime.view
    assert (view.date, view.watched, view.minutes) == (now, naive.of(now), len(passed))
    assert view.days_watched == sum(each.watched for each in run.uptime.kept if each.date <= now) <= view.days_minutes


def minute_at(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC) + IST


def test_it_is_asked_once_a_second_and_not_before_a_first_tick() -> None:
    clock = VirtualClock()
    asked: list[int] = []

    def fresh(now_ns: int) -> bool:
        asked.append(now_ns)
        return True

    watch = UptimeWatch(Uptime((hours(),)), MarketClock(clock), fresh)
    watch.look(SECOND_NS)
    assert (asked, watch.uptime.view.date) == ([], "")
    clock.set(ms("09:15:00") * 1_000_000)
    for tenth in range(20, 620):
        watch.look(tenth * SECOND_NS // 10)
        clock.advance(SECOND_NS // 10)
    assert asked == [each * SECOND_NS for each in range(2, 62)]
    assert watch.uptime.view.minutes == 0
    watch.look(62 * SECOND_NS)
    assert (watch.uptime.view.watched, watch.uptime.view.minutes) == (1, 1)


def test_a_day_is_never_said_to_be_watched_more_than_it_has_minutes() -> None:
    assert WatchedDay(DAY, 0, 3, "ff").watched == 3
