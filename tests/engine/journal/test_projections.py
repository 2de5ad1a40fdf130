"""Orders, fills, positions and runs of the journal are its events folded, also after a replay went back."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.journal import JOURNAL_FILE, SqliteJournal, read_events, verify
from engine.journal.rows import Rewound, RunEnded
from engine.model.clock import VirtualClock
from engine.model.events import EntriesChanged, FillBooked, OrderRejected, Submit
from tests.support.journal_faults import booked, rejected, rows, submit
from tests.support.thorough import examples

SECOND = 10**9


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(1_759_290_649 * SECOND)


_orders = st.integers(1, 6)
_quantities = st.integers(1, 5).map(lambda lots: lots * 75)
_sides = st.sampled_from(["BUY", "SELL"])
_operations = st.one_of(
    st.builds(lambda n, t, q: submit(n, tick=t, quantity=q), _orders, st.integers(1, 8), _quantities),
    st.builds(
        lambda n, s, q, i: booked(n, side=s, quantity=q, instrument=i), _orders, _sides, _quantities, st.integers(0, 2)
    ),
    st.builds(rejected, _orders),
    st.builds(lambda at: EntriesChanged("paused", "operator", at), st.integers(0, 10)),
    st.builds(Rewound, st.integers(0, 8)),
    st.just("another run"),
)


class Folded:
    """What the tables must hold, worked out from the events alone and by other means."""

    def __init__(self) -> None:
        self.orders: dict[tuple[int, int], dict[str, object]] = {}
        self.fills: list[tuple[int, int, int, str, int, int]] = []  # run, event, instrument, side, quantity, tick

    def add(self, run: int, number: int, entry: object) -> None:
        ticks = [order["tick"] for (of, _), order in self.orders.items() if of == run]
        match entry:
            case Submit(order=o):
                self.orders[run, o.number] = {
                    "tick": o.tick_seq,
                    "quantity": o.quantity,
                    "filled": 0,
                    "state": "submitted",
                }
            case FillBooked(fill=f):
                order = self.orders.get((run, f.order), {"tick": max(ticks, default=0), "quantity": 0, "filled": 0})
                order["filled"] += f.quantity
                order["state"] = "filled" if order["filled"] >= order["quantity"] else "part filled"
                self.fills.append((run, number, f.instrument, f.side, f.quantity, order["tick"]))
            case OrderRejected(order=o):
                self.orders.get((run, o), {})["state"] = "rejected"
            case Rewound(ticks=t):
                self.orders = {key: o for key, o in self.orders.items() if key[0] != run or o["tick"] <= t}
                self.fills = [fill for fill in self.fills if fill[0] != run or fill[5] <= t]

    def order_rows(self) -> list[tuple[object, ...]]:
        return sorted((*key, o["tick"], o["quantity"], o["filled"], o["state"]) for key, o in self.orders.items())

    def position_rows(self) -> list[tuple[int, ...]]:
        held: dict[tuple[int, int], tuple[int, int]] = {}
        for run, number, instrument, side, quantity, _ in self.fills:
            before, _ = held.get((run, instrument), (0, 0))
            held[run, instrument] = (before + (quantity if side == "BUY" else -quantity), number)
        return sorted((*key, *value) for key, value in held.items())


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(operations=st.lists(_operations, max_size=25))
def test_projections_are_the_events_folded(tmp_path_factory: pytest.TempPathFactory, operations: list[object]) -> None:
    directory = tmp_path_factory.mktemp("folded")
    clock = VirtualClock(SECOND)
    journal = SqliteJournal.open(directory, "replay", clock)
    for operation in operations:
        if operation == "another run":
            journal.close("well")
            journal = SqliteJournal.open(directory, "replay", clock)
        elif isinstance(operation, Rewound):
            journal.rewind(operation.ticks)
        else:
            journal.write(operation)
    journal.close("well")

    path = directory / JOURNAL_FILE
    folded = Folded()
    for event in read_events(path):
        folded.add(event.run, event.number, event.entry())
    assert (
        rows(path, "SELECT run, number, tick, quantity, filled, state FROM orders ORDER BY 1, 2") == folded.order_rows()
    )
    assert rows(path, "SELECT run, event, instrument, side, quantity, tick FROM fills ORDER BY event") == folded.fills
    assert rows(path, "SELECT run, instrument, quantity, event FROM positions ORDER BY 1, 2") == folded.position_rows()
    assert journal.problem == ""
    assert verify(path) is None


def test_going_back_keeps_the_tick_that_is_gone_back_to(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "replay", clock)
    for tick in (10, 20, 30):
        journal.write(submit(tick, tick=tick))
        journal.write(booked(tick, held=75))
    journal.rewind(20)
    journal.close("well")
    path = tmp_path / JOURNAL_FILE
    assert rows(path, "SELECT number FROM orders ORDER BY number") == [(10,), (20,)]
    assert rows(path, "SELECT quantity, tick, event FROM positions") == [(150, 20, 5)]
    assert [event.entry() for event in read_events(path, after=7)] == [Rewound(20), RunEnded("well")]


def test_verify_sees_a_position_that_is_not_the_sum_of_its_fills(tmp_path: Path, clock: VirtualClock) -> None:
    journal = SqliteJournal.open(tmp_path, "replay", clock)
    journal.write(submit(1))
    journal.write(booked(1))
    journal.close("well")
    with closing(sqlite3.connect(tmp_path / JOURNAL_FILE, isolation_level=None)) as connection:
        connection.execute("UPDATE positions SET quantity = 150")
    assert verify(tmp_path / JOURNAL_FILE) == "the position in instrument 0 of run 1 is not the sum of its fills"
