"""Where the trades of a report come from, in words and as records: SAME AS RECORDED, replayed, out of a journal. Reads nothing."""

from collections.abc import Iterator

from msgspec import Struct

from engine.backtest.recorded_days import Worked
from engine.backtest.report_inputs import Collected
from engine.config import describe
from engine.text.sanitize import clean

_MOST_NAMED = 10  # files whose verdict is the same


class SourceRecord(Struct, frozen=True):
    """A file as `report --json` has it; `outcome` is that of its verification, "" where its ticks were traded anew."""

    file: str
    mode: str
    replay: bool
    outcome: str = ""
    reason: str = ""
    same: int = 0
    checkpoints: int = 0
    exits_same: int = 0
    exits_recorded: int = 0


def source_records(found: Collected) -> list[SourceRecord]:
    """A record for each file."""
    return [_record(each) for each in found.worked]


def _record(worked: Worked) -> SourceRecord:
    judged = worked.verdict
    if judged is None:
        return SourceRecord(_named(worked), worked.mode, replay=True)
    return SourceRecord(
        _named(worked), worked.mode, False, judged.outcome, judged.reason, judged.same, judged.checkpoints, judged.exits_same, judged.exits_recorded
    )  # fmt: skip


def agreement(found: Collected) -> dict[str, object]:
    """Whether journal and recordings have the same exits, for `--json`."""
    return {
        "agreed": found.compared,
        "difference": found.difference,
        "twice": found.twice,
        "problems": [*found.unreadable, *found.problems],
    }


def heads(found: Collected) -> Iterator[str]:
    """What heads the report."""
    same = [each for each in found.worked if each.verdict is not None and each.verdict.outcome == "same"]
    if len(same) > _MOST_NAMED:
        yield f"{len(same)} recordings: SAME AS RECORDED {_counted(same)}"
    else:
        yield from (f"{_named(each)}: SAME AS RECORDED {_counted([each])}" for each in same)
    anew = [each for each in found.worked if each.verdict is None]
    if len(anew) > _MOST_NAMED:
        yield f"{len(anew)} files: REPLAY of their ticks"
    else:
        yield from (f"{_named(each)}: REPLAY of its ticks" for each in anew)
    for each in found.worked:
        if each.verdict is not None and each.verdict.outcome != "same":
            said = each.verdict.reason or each.verdict.outcome
            yield f"{_named(each)}: {each.verdict.outcome.upper()}: {said} (the same: {_counted([each])}); all figures are of the replay"
    if found.difference:
        yield f"JOURNAL AND RECORDING DIFFER: {found.difference}"
    elif found.compared:
        yield f"journal and recording agree: {found.compared:,} exits"
    yield from (f"NOT READ: {line}" for line in found.unreadable)


def _named(worked: Worked) -> str:
    return clean(str(worked.path), 400)


def _counted(same: list[Worked]) -> str:
    verdicts = [each.verdict for each in same if each.verdict is not None]
    points = f"{sum(each.same for each in verdicts):,}/{sum(each.checkpoints for each in verdicts):,}"
    return f"{points}, exits {sum(each.exits_same for each in verdicts):,}/{sum(each.exits_recorded for each in verdicts):,}"


def remarks(found: Collected) -> Iterator[str]:
    """What else must be known."""
    if not found.worked:
        yield "out of a journal: without ticks nobody knows how far positions went (MAE, MFE), nor the account between exits"
    if found.twice:
        yield f"{found.twice:,} session{'s were' if found.twice > 1 else ' was'} there twice and count{'' if found.twice > 1 else 's'} once"
    yield from (f"{clean(each.path.name)}: {line}" for each in found.worked for line in each.remarks)
    yield from (f"not all of the journal can be read: {line}" for line in found.problems)


def settings(found: Collected) -> dict[str, str]:
    """The configuration that the first file was worked under, key by key; what others had otherwise, with their names."""
    told: dict[str, str] = {}
    first: dict[str, str] = {}
    for each in found.worked:
        if each.config is None:
            continue
        keys = describe(each.config)
        first = first or keys
        named = {key: text for key, text in keys.items() if first.get(key) != text}
        told |= keys if keys is first else {f"{clean(each.path.name)}: {key}": text for key, text in named.items()}
    return told
