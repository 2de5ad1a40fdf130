"""Whether a new copy of somebody else's list may take the place of ours: judged by what of it can be used.

Knows no list: groups of entries and properties are the caller's own words. Pure.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

_SLACK = 3  # so many entries of a group may be missing or changed whatever their share
_MOST_TOLD = 4
_MOST_NAMED = 3


class Group(Struct, frozen=True):
    """Entries of one kind that can be used: how many, how many are not over yet, how many are insane by property.

    `shared`: how many go by a number that another one has as well.
    """

    count: int
    alive: int
    shared: int = 0
    odd: Mapping[str, int] = {}


class Known(Struct, frozen=True):
    """Entries of one kind that the copy before had and that cannot be over: how many, how many are missing, changed by property.

    `gone` are the first of those missing by name; `lost` is what has lost most of its entries, each a reason by itself.
    """

    count: int
    missing: int = 0
    changed: Mapping[str, int] = {}
    gone: Sequence[str] = ()
    lost: Sequence[str] = ()


class Bounds(Struct, frozen=True):
    """What is plausible: `least` entries by the last word of a group's name, and shares.

    `shared` is what no list exceeds, `more_shared` how much that may grow at once. `changed` by property: how large a share of the known entries may have another value at once. `most`: how many
    times as many entries as before a group may have.
    """

    least: Mapping[str, int]
    changed: Mapping[str, float]
    unreadable: float = 0.1
    odd: float = 0.1
    shared: float = 0.75
    more_shared: float = 0.01
    missing: float = 0.1
    most: float = 3.0


def unusable(groups: Mapping[str, Group], read: int, unreadable: int, bounds: Bounds) -> tuple[str, ...]:
    """Why a list cannot be used at all, whatever was before: none where it can.

    `unreadable` of `read` entries that concern us could not be used.
    """
    reasons = []
    for kind, least in bounds.least.items():
        usable = sum(group.count for name, group in groups.items() if _is(name, kind))
        if usable < least:
            reasons.append(f"{kind}: {usable:,} of use, at least {least:,} expected")
    if unreadable > max(_SLACK, bounds.unreadable * read):
        reasons.append(f"{unreadable:,} of {read:,} entries cannot be read")
    for name, group in groups.items():
        if group.shared > max(_SLACK, bounds.shared * group.count):
            reasons.append(f"{name}: {group.shared:,} of {group.count:,} go by another one's number")
        for what, count in group.odd.items():
            if count > max(_SLACK, bounds.odd * group.count):
                reasons.append(f"{name}: {what} of {count:,} of {group.count:,} cannot be")
    return tuple(reasons)


def implausible(
    groups: Mapping[str, Group], before: Mapping[str, Group], known: Mapping[str, Known], bounds: Bounds
) -> tuple[str, ...]:
    """Why a usable list cannot be what became of the one `before`: none where it can. `known` are that one's entries."""
    reasons = []
    for name, kept in known.items():
        count = groups[name].count if name in groups else 0
        if kept.count and (not count or kept.missing > max(_SLACK, bounds.missing * kept.count)):
            reasons.append(f"{name}: {kept.missing:,} of {kept.count:,} known ones are gone")
            continue
        if kept.lost:
            reasons.append(f"{name}: most or all of {_first(kept.lost)} is gone")
        for what, changed in kept.changed.items():
            if changed > max(_SLACK, bounds.changed[what] * kept.count):
                reasons.append(f"{name}: {what} of {changed:,} of {kept.count:,} known ones changed")
    for name, group in groups.items():
        old = before.get(name)
        if old is not None and group.count > bounds.most * old.count + 1_000:
            reasons.append(f"{name}: {group.count:,} of use, {old.count:,} before")
        if old is not None and group.shared > old.shared + max(_SLACK, bounds.more_shared * group.count):
            reasons.append(f"{name}: {group.shared:,} go by another one's number, {old.shared:,} before")
    return tuple(reasons)


def noted(groups: Mapping[str, Group], known: Mapping[str, Known], bounds: Bounds) -> tuple[str, ...]:
    """What a person should know of a list that is taken: all that is over in it, what is missing and what changed within bounds."""
    over = [kind for kind in bounds.least if not any(each.alive for name, each in groups.items() if _is(name, kind))]
    changes = [(name, what, count) for name, kept in known.items() for what, count in kept.changed.items() if count]
    return (
        *(f"all {kind} have expired" for kind in over),
        *(
            f"{name}: {kept.missing:,} known ones are gone{', such as ' if kept.gone else ''}{_first(kept.gone)}"
            for name, kept in known.items()
            if kept.missing
        ),
        *(f"{name}: {what} of {count:,} known ones changed" for name, what, count in changes),
    )


def in_a_line(reasons: Sequence[str]) -> str:
    """The first few `reasons`, and how many more there are."""
    more = f" and {len(reasons) - _MOST_TOLD} more" if len(reasons) > _MOST_TOLD else ""
    return "; ".join(reasons[:_MOST_TOLD]) + more


def _first(names: Sequence[str]) -> str:
    """The first few `names`, and how many more there are."""
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _is(name: str, kind: str) -> bool:
    return name.rpartition(" ")[2] == kind
