"""What must hold of a history once all its faults are over for long enough, and of its recording."""

from tests.simulation.money import due_cash
from tests.simulation.world import SECURITIES, World


def judge_rest(world: World) -> None:
    """Look at what must hold once all faults are over for long enough."""
    truth = world.exchange
    world.require(not world.trader.orders.parts, f"not all orders are told: {world.trader.orders.parts}")
    world.require(not world.blotter.open, f"not at rest: {[*world.blotter.open.values()]}")
    world.require(not world.pursuit.wishes, f"not at rest: {world.pursuit.wishes}")
    world.require(not world.blotter.doubt, f"the books are not believed: {world.blotter.doubt}")
    for at, security in enumerate(SECURITIES):
        ours = world.blotter.net[at] + world.blotter.others.foreign.get(security.symbol, 0)
        world.require(ours == truth.net[security.symbol], f"{security.symbol}: {ours} of ours, {truth.net} in truth")
    cash, due = (
        world.trader.state.portfolio.cash,
        due_cash(world.config.capital.initial_capital, world.trader, truth, world.journal),
    )
    world.require(cash == due, f"{cash} is in the account, {due} by the exchange's own trades and the table of charges")
    filled = {order.tag: order.filled for order in world.blotter.orders.values() if order.filled}
    real: dict[str, int] = {}
    for fill in truth.fills:
        real[fill.tag] = real.get(fill.tag, 0) + fill.quantity
    lost = {order.tag for order in truth.orders if order.tag} - {order.tag for order in world.blotter.orders.values()}
    world.require(not lost, f"{lost} are at the exchange, and nobody knows them")
    for tag, quantity in filled.items():
        world.require(real.get(tag) == quantity or "" in real, f"{tag}: {quantity} of ours, {real.get(tag)} in truth")


def judge_replay(world: World) -> None:
    """Look whether the recording of the present run gives it again."""
    now, again = world.trader.state.dump(), world.replayed()
    names = [name for name in now if now[name] != again.get(name)]
    world.require(not names, f"replayed it is another: {[(name, now[name], again.get(name)) for name in names]}")
