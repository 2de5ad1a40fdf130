"""Minutes watched in words: `374 of 375 minutes of the session (99.73 %)`. Pure."""

from engine.model.run_views import UptimeView


def share(watched: int, minutes: int) -> float | None:
    """How much of it was watched, rounded down to a hundredth of a percent: only all of it is 1; None where there is nothing."""
    return watched * 10_000 // minutes / 10_000 if minutes else None


def minutes(watched: int, of: int) -> str:
    """`374 of 375 minutes (99.73 %)`."""
    part = share(watched, of)
    return f"{watched:,} of {of:,} minute{'' if of == 1 else 's'}" + ("" if part is None else f" ({_percent(part)})")


def words(seen: UptimeView) -> str:
    """Today's session so far, and all days that are known."""
    today = minutes(seen.watched, seen.minutes) if seen.minutes else "no minute of a session so far today"
    part = share(seen.days_watched, seen.days_minutes)
    if part is None or seen.days < 2:
        return today
    missed = f", {seen.days_unwatched:,} of them not at all" if seen.days_unwatched else ""
    return f"{today}; {_percent(part)} of {seen.days:,} days{missed}"


def _percent(part: float) -> str:
    return f"{part * 100:.2f} %" if part < 1 else "100 %"
