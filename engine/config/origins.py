"""Who said what a key is: kept beside the values, also where one equals the default. Decides nothing once a run has begun.

Of several who say one key the one of greater force holds: an option over `--set`, over the file, over what a recording or
a market states of itself (a fact), over the default.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from msgspec import Struct

Force = Literal["default", "fact", "file", "--set", "option"]
FORCES: Final[tuple[Force, ...]] = ("default", "fact", "file", "--set", "option")  # weakest first
_PERSON: Final = ("file", "--set", "option")
_OWN, _GENERAL = "instruments.", "instrument."


class Claim(Struct, frozen=True):
    """Somebody (`by`, as a line names him) says that a key is `text`, in the spelling of an override."""

    force: Force
    by: str
    text: str


class Origins:
    """Who said which key; immutable. Two are always equal, because configurations are compared by what holds."""

    __slots__ = ("_claims", "_defaults")

    def __init__(self, defaults: Mapping[str, str], claims: Mapping[str, tuple[Claim, ...]] | None = None) -> None:
        """`defaults` are texts by "section.key", `claims` what was said beside them, of greatest force first."""
        self._defaults = defaults
        self._claims = claims or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origins)

    def __hash__(self) -> int:
        return 0

    def claiming(self, claims: Mapping[str, Claim]) -> "Origins":
        """These and `claims` by key; of two of the same force and name for one key the new one stays."""
        merged = dict(self._claims)
        for key, claim in claims.items():
            kept = [each for each in merged.get(key, ()) if (each.force, each.by) != (claim.force, claim.by)]
            merged[key] = tuple(sorted((claim, *kept), key=lambda each: -FORCES.index(each.force)))
        return Origins(self._defaults, merged)

    def of(self, key: str) -> tuple[Claim, ...]:
        """All who say `key`, the one that holds first; an instrument's own table goes before [instrument]."""
        own, general = self._claims.get(key, ()), _general(key)
        persons = [each for each in own if each.force in _PERSON]
        persons += [each for each in self._claims.get(general, ()) if each.force in _PERSON and general != key]
        default = self._defaults.get(general)
        known = () if default is None else (Claim("default", "the default", default),)
        return (*persons, *(each for each in own if each.force not in _PERSON), *known)

    def said(self, key: str) -> bool:
        """Whether a person said `key`: in a file, by `--set` or by an option."""
        first = next(iter(self.of(key)), None)
        return first is not None and first.force in _PERSON

    def said_of(self, key: str) -> bool:
        """Whether a person said this very key, and not only the one of [instrument] behind it."""
        return any(claim.force in _PERSON for claim in self._claims.get(key, ()))

    def said_now(self, key: str) -> bool:
        """Whether a person said `key` for this very run: by `--set` or by an option."""
        first = next(iter(self.of(key)), None)
        return first is not None and first.force in {"--set", "option"}

    def overruled(self) -> Iterator[str]:
        """A line for everything that was said and does not hold, in the order in which it was said."""
        for key in self._claims:
            holds, *others = self.of(key)
            for lost in others:
                if lost.force != "default" and lost.text != holds.text:
                    yield f"{key} is {holds.text} by {holds.by}, not {lost.text} by {lost.by}"


def _general(key: str) -> str:
    """The key of [instrument] that stands behind one of [instruments.X]; any other as it is."""
    return _GENERAL + key.rpartition(".")[2] if key.startswith(_OWN) else key
