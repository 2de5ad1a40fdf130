"""Scripts of faults by chance, as text, so that whatever one of them brings to light can be written down and run again."""

from collections.abc import Sequence
from random import Random

from tests.simulator.exchange.script import BOOKS, CALLS, ENDED, FAULT_FORMS, TARGETS, FaultForm

_CODES = ("AB1004", "AB1010", "AB2001", "AB4036", "AB1007", "AB8888", "AG8001", "AG7002")

# An order arrives so late, a list is so far behind: together they are what is waited for before an order counts as lost.
_LATE_MS, _BEHIND_MS = 8_000, 4_000
_REFUSING = ("AB4036", "AG8001", "AG7002")


def drawn_script(rng: Random, until_s: float, count: int, lot: int, kinds: Sequence[str] = tuple(FAULT_FORMS)) -> str:
    """`count` lines with faults of `kinds` that begin before `until_s`, or befall a call by its turn or by chance."""
    return "\n".join(f"{_when(rng, until_s)}: {_fault(rng, rng.choice(kinds), lot)}" for _ in range(count))


def credible(script: str) -> str:
    """The lines of a script but those that no broker follows: a code that is known to refuse, and what was asked all the same."""
    lines = script.splitlines()
    refused = {line for line in lines if any(f"status_false {code}" in line for code in _REFUSING)}
    acts = ("taken", "untagged", *ENDED)
    return "\n".join(line for line in lines if line not in refused or not any(word in line for word in acts))


def incredible(rng: Random) -> str:
    """A fault that nobody can see through: what was refused is there all the same, or comes once it counts as lost.

    Of an entry alone: beside an exit that comes after all, the one that was sent in its place sells more than is held.
    """
    ended = rng.choice(("", *ENDED))
    if rng.random() < 0.5:
        return f"place status_false AB4036 taken {ended}"
    return f"place late {rng.randint(14_000, 30_000)} {rng.choice(('lost', 'reset'))} {ended}"


def _when(rng: Random, until_s: float) -> str:
    way = rng.random()
    if way < 0.6:
        return f"at {rng.uniform(0, until_s):.3f}s"
    if way < 0.8:
        return f"at {rng.choice(CALLS[:6])} {rng.randint(1, 20)}"
    return f"p {rng.uniform(0.01, 0.1):.3f} {rng.choice(CALLS[:6])}"


def _fault(rng: Random, kind: str, lot: int) -> str:
    form = FAULT_FORMS[kind]
    targets = [each for each in TARGETS if form.calls and set(TARGETS[each]) <= set(form.calls)]
    words = [rng.choice(targets)] if targets else []
    words += [kind, *_number(rng, form, lot)]
    if isinstance(form.word, tuple) and form.word and (form.needs_word or rng.random() < 0.5):
        words.append(rng.choice(form.word))
    elif form.needs_word:
        words.append(rng.choice(_CODES))
    words += [each for each in form.flags if rng.random() < (0.15 if each in ENDED else 0.4)]
    if form.calls and kind != "lag":
        words.append(rng.choice(["x1", "x2", "x3", f"for {rng.uniform(0.5, 10):.1f}s"]))
    elif form.lasts or kind == "lag":
        words.append(f"for {rng.uniform(0.5, 20):.1f}s")
    return " ".join(words)


def _number(rng: Random, form: FaultForm, lot: int) -> list[str]:
    if not form.number:
        return []
    if form.number == "units":
        return [str(rng.choice((-3, -2, -1, 1, 2)) * lot)]
    if form.number == "percent" and rng.random() < 0.3:
        return ["0"]  # it rests until its price is another
    most = {"percent": 100, "ms": _BEHIND_MS if form.calls == BOOKS else _LATE_MS}.get(form.number, 4)
    return [str(rng.randint(0, most))]
