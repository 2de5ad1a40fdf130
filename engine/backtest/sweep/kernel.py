"""Stage 2: one parameter set over one session, in whole numbers alone. One source: plain Python, compiled where numba is.

Prices are in minor units, money in 10⁻ᵏ of the currency (`rules.py` chooses k), times in UTC ms. Knows neither
configuration nor files. Plain it takes lists, compiled arrays.
"""

from typing import Any, Final

from engine.backtest.sweep.compiling import compiled

BLOCK: Final = 32  # ticks that are passed over at once
NEVER: Final = 1 << 61
LOW: Final = -NEVER
BOUND: Final = 1 << 61  # of all money, so that the sum of a few amounts is below 2⁶³
MOST_PARTS: Final = 1_000  # that a flat is cut into, see `largest_order`

# What became of a set: more rows are needed, the numbers are too large, or all is well.
DONE: Final = 0
MORE_ROWS: Final = 1
TOO_LARGE: Final = 2

# Why a position was closed; take-profit levels are counted from TAKE_PROFIT on.
SESSION_END: Final = 0
STOP_LOSS: Final = 1
TRAILING_STOP: Final = 2
MAX_DURATION: Final = 3
EMERGENCY: Final = 4
DAILY_LOSS: Final = 5
TAKE_PROFIT: Final = 6
STILL_OPEN: Final = -1

# Places of a set's `rules` (see `rules.py`).
(
    EXIT_FROM_MS, CLOSE_MS, STOP, USE_TRAIL, ACTIVATION, DISTANCE, AGE_MS, EMERGENCY_OVER, EMERGENCY_UNDER, WINDOW_MS, DAY_LOSS, SHARE_OVER,
    SHARE_UNDER, MOST_ENTRIES, CAPITAL, LOT, LARGEST_ORDER, SAFE_LOTS, UNIT, STEP, LEAST, COMMISSION, OTHER, AN_ORDER,
    BUY_TAX, SELL_TAX, AFTER_ALIKE,
) = range(27)  # fmt: skip
RULES: Final = 27

# Columns of an exit, and places of what a set comes to.
ENTRY, EXIT, EXIT_MS, ENTRY_PRICE, EXIT_PRICE, QUANTITY, NET, COSTS, REASON = range(9)
CASH, DAY, PEAK, DRAWDOWN, ROWS, ENTRIES, WON, GAINS, LOSSES, OPEN = range(10)
COLUMNS: Final = 9
TOTALS: Final = 10


@compiled
def cost(turnover: int, orders: int, tax: int, rules: Any) -> int:
    """What trading `turnover` costs in so many orders."""
    commission = turnover * rules[COMMISSION]
    if commission < rules[LEAST]:
        commission = rules[LEAST]
    whole: int = commission + turnover * (rules[OTHER] + tax) + orders * rules[AN_ORDER]
    return whole


@compiled
def shared_out(amount: int, part: int, whole: int, step: int) -> int:
    """The share of `part` in `amount` of `whole`, to whole steps, half to even; without a product that overflows."""
    over, under = part, whole * step
    rest = (amount % under) * over
    share = amount // under * over + rest // under
    rest = rest % under
    if 2 * rest > under or (2 * rest == under and share % 2 == 1):
        share += 1
    return share * step


@compiled
def affordable(cash: int, price: int, rules: Any) -> int:
    """How many lots `cash` buys at `price`, costs included; as `Sizing` has it. −1: more than is safe to reckon with."""
    lot_turnover = price * rules[LOT]
    spendable = cash // rules[SHARE_UNDER] * rules[SHARE_OVER]
    spendable += cash % rules[SHARE_UNDER] * rules[SHARE_OVER] // rules[SHARE_UNDER]
    if cash < spendable:
        spendable = cash
    if spendable <= 0:
        return 0
    high = spendable // (lot_turnover * rules[UNIT])
    if high > rules[SAFE_LOTS]:
        return -1
    low = 0
    tried = high  # nearly always all of them fit
    while low < high:
        turnover = tried * lot_turnover
        orders = -(-tried * rules[LOT] // rules[LARGEST_ORDER])
        if turnover * rules[UNIT] + cost(turnover, orders, rules[BUY_TAX], rules) <= cash:
            low = tried
        else:
            high = tried - 1
        tried = (low + high + 1) // 2
    return low


@compiled
def next_of(candidates: Any, place: int, at: int) -> int:
    """The place of the first candidate from `at` on, looked for from `place` on."""
    most = len(candidates)
    while place < most and candidates[place] < at:
        place += 1
    return place


@compiled
def passed_over(at: int, floor: int, ceiling: int, high: int, due_ms: int, lows: Any, highs: Any, clocks: Any) -> int:
    """The first tick from `at` on, the first of a block, that is not in a block in which nothing can happen."""
    block = at // BLOCK
    most = len(lows)
    while (
        block < most
        and lows[block] > floor
        and highs[block] < ceiling
        and highs[block] <= high
        and clocks[block] < due_ms
    ):
        block += 1
    return block * BLOCK


@compiled
def sell(
    at: int, exit_at: int, exit_ms: int, quantity: int, left: int, costs: int, price: int, entry_price: int,
    reason: int, rules: Any, totals: Any, out: Any,
) -> int:  # fmt: skip
    """Book an exit of `quantity` of the `left`; what is left of the entry's `costs`."""
    share = costs if quantity == left else shared_out(costs, quantity, left, rules[STEP])
    turnover = price * quantity
    orders = -(-quantity // rules[LARGEST_ORDER])
    paid = cost(turnover, orders, rules[SELL_TAX], rules)
    net = (price - entry_price) * quantity * rules[UNIT] - share - paid
    totals[CASH] += turnover * rules[UNIT] - paid
    totals[DAY] += net
    if totals[DAY] > totals[PEAK]:
        totals[PEAK] = totals[DAY]
    if totals[PEAK] - totals[DAY] > totals[DRAWDOWN]:
        totals[DRAWDOWN] = totals[PEAK] - totals[DAY]
    row = totals[ROWS]
    out[row, ENTRY] = at
    out[row, EXIT] = exit_at
    out[row, EXIT_MS] = exit_ms
    out[row, ENTRY_PRICE] = entry_price
    out[row, EXIT_PRICE] = price
    out[row, QUANTITY] = quantity
    out[row, NET] = net
    out[row, COSTS] = share + paid
    out[row, REASON] = reason
    totals[ROWS] = row + 1
    return costs - share


@compiled
def hold(  # noqa: C901, PLR0912, PLR0915 - one function is what makes it fast
    at: int, lots: int, price: Any, buy: Any, sell_at: Any, ms: Any, clock: Any, lows: Any, highs: Any, clocks: Any,
    rules: Any, targets: Any, over: Any, under: Any, totals: Any, out: Any,
) -> tuple[int, int]:  # fmt: skip
    """A position of `lots` entered at tick `at`, to its end: the tick from which on the next may be, and why it ended."""
    last = len(price)
    entry = buy[at]
    quantity = lots * rules[LOT]
    turnover = entry * quantity
    costs = cost(turnover, -(-quantity // rules[LARGEST_ORDER]), rules[BUY_TAX], rules)
    totals[CASH] -= turnover * rules[UNIT] + costs
    high = price[at]
    stop = entry - rules[STOP]
    trail = LOW
    emergency = LOW
    if rules[EMERGENCY_OVER] > 0:
        emergency = entry + -entry * rules[EMERGENCY_OVER] // rules[EMERGENCY_UNDER]
    deadline_ms = ms[at] + rules[AGE_MS] if rules[AGE_MS] > 0 else NEVER
    timed_ms = min(deadline_ms, rules[CLOSE_MS])  # when the clock ends it, tick or no tick
    due_ms = min(deadline_ms, rules[EXIT_FROM_MS])
    arming = entry + rules[ACTIVATION] if rules[USE_TRAIL] else NEVER
    taken = 0
    levels = len(targets)
    ceiling = entry + targets[0]
    floor = max(stop, emergency)
    loss_floor = LOW
    if rules[DAY_LOSS] > 0:
        loss_floor = (costs - rules[DAY_LOSS] - totals[DAY]) // (quantity * rules[UNIT]) + entry
    tick = at
    while True:
        if tick > at:
            # Pass over what changes nothing; a new high moves a trail, so it is looked at.
            while tick < last:
                if tick % BLOCK == 0:
                    most = high if trail > LOW else arming - 1
                    tick = min(
                        passed_over(tick, max(floor, loss_floor), ceiling, most, due_ms, lows, highs, clocks), last
                    )
                    if tick == last:
                        break
                now = price[tick]
                if now <= floor or now >= ceiling or now <= loss_floor or clock[tick] >= due_ms:
                    break
                if trail > LOW:
                    if now > high:
                        high = now
                        trail = high - rules[DISTANCE]
                        if trail > floor:
                            floor = trail
                            if now <= floor:
                                break
                elif now >= arming:
                    break
                tick += 1
            if clock[tick] > timed_ms:
                reason = MAX_DURATION if deadline_ms <= rules[CLOSE_MS] else SESSION_END
                sell(
                    at, tick - 1, timed_ms, quantity, quantity, costs, sell_at[tick - 1], entry, reason, rules, totals, out
                )  # fmt: skip
                return tick, reason
            if tick == last:
                return last, STILL_OPEN
        now = price[tick]
        now_ms = ms[tick]
        lost = now <= loss_floor
        held = quantity
        reason = STILL_OPEN
        if now_ms >= rules[EXIT_FROM_MS] and tick > at:
            reason = SESSION_END
        else:
            high = max(high, now)
            if trail > LOW:
                trail = max(trail, high - rules[DISTANCE])
            elif now >= arming:
                trail = high - rules[DISTANCE]
            floor = max(floor, trail)
            if now <= stop:
                reason = STOP_LOSS
            elif trail > LOW and now <= trail:
                reason = TRAILING_STOP
        if reason != STILL_OPEN:
            sell(at, tick, now_ms, quantity, quantity, costs, sell_at[tick], entry, reason, rules, totals, out)
            quantity = 0
        elif now >= ceiling:
            level = taken
            while level < levels and quantity > 0 and now >= entry + targets[level]:
                part = max(1, lots * over[level] // under[level]) * rules[LOT]
                if level == levels - 1 or part > quantity:
                    part = quantity
                reason = TAKE_PROFIT + level
                costs = sell(
                    at, tick, now_ms, part, quantity, costs, sell_at[tick], entry, reason, rules, totals, out
                )  # fmt: skip
                quantity -= part
                level += 1
            taken = level
            ceiling = entry + targets[taken] if taken < levels else NEVER
        if quantity > 0:
            late = STILL_OPEN
            if now_ms >= deadline_ms:
                late = MAX_DURATION
            elif now <= emergency and now_ms - ms[at] <= rules[WINDOW_MS]:
                late = EMERGENCY
            if late != STILL_OPEN:
                sell(at, tick, now_ms, quantity, quantity, costs, sell_at[tick], entry, late, rules, totals, out)
                quantity = 0
                reason = late
        if lost:
            most = max(rules[LARGEST_ORDER], -(-held // MOST_PARTS))
            while quantity > 0:
                part = min(most, quantity)
                costs = sell(
                    at, tick, now_ms, part, quantity, costs, sell_at[tick], entry, DAILY_LOSS, rules, totals, out
                )  # fmt: skip
                quantity -= part
            return last, DAILY_LOSS
        if quantity == 0:
            return tick + 1, reason
        if rules[DAY_LOSS] > 0:
            loss_floor = (costs - rules[DAY_LOSS] - totals[DAY]) // (quantity * rules[UNIT]) + entry
        tick += 1


@compiled
def walk(
    price: Any, buy: Any, sell_at: Any, ms: Any, clock: Any, lows: Any, highs: Any, clocks: Any, first: Any,
    after_stop: Any, rules: Any, targets: Any, over: Any, under: Any, totals: Any, out: Any, dearest: int,
) -> int:  # fmt: skip
    """Trade the session by one set; what came of it is in `totals` and `out`, whether it did in the answer.

    Ticks of `first` may enter, those of `after_stop` when the last exit was a stop loss; `clock` is how far the clock has come ahead of
    each tick, and behind the last; no price or fill is above `dearest`.
    """
    totals[CASH] = rules[CAPITAL]
    at = place = place_after = 0
    stopped = False
    while totals[ENTRIES] < rules[MOST_ENTRIES]:
        if rules[DAY_LOSS] > 0 and totals[DAY] <= -rules[DAY_LOSS]:
            break
        if stopped and not rules[AFTER_ALIKE]:
            place_after = next_of(after_stop, place_after, at)
            if place_after == len(after_stop):
                break
            at = after_stop[place_after]
        else:
            place = next_of(first, place, at)
            if place == len(first):
                break
            at = first[place]
        lots = affordable(totals[CASH], buy[at], rules)
        if lots == 0:
            at += 1
            continue
        if totals[ROWS] + MOST_PARTS + len(targets) + 2 > len(out):
            return MORE_ROWS
        # Nothing of it may grow beyond the bound: what is held at the dearest price, twice for its costs.
        if lots < 0 or (BOUND - totals[CASH]) // (2 * rules[UNIT] * rules[LOT]) // lots < dearest:
            return TOO_LARGE
        before = totals[DAY]
        totals[ENTRIES] += 1
        at, reason = hold(
            at, lots, price, buy, sell_at, ms, clock, lows, highs, clocks, rules, targets, over, under, totals, out
        )  # fmt: skip
        stopped = reason == STOP_LOSS
        won = totals[DAY] - before
        if reason == STILL_OPEN:
            totals[OPEN] = 1
            totals[GAINS if won > 0 else LOSSES] += won
            break
        if won > 0:
            totals[WON] += 1
        totals[GAINS if won > 0 else LOSSES] += won
        if max(totals[GAINS], -totals[LOSSES]) > BOUND:
            return TOO_LARGE
    return DONE
