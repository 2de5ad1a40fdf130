"""Orders, trades, positions and quotes in the broker's own fields. Knows no lag and no fault."""

from datetime import datetime, timedelta, timezone
from functools import lru_cache

from tests.simulator.exchange.depth import Depth
from tests.simulator.exchange.matching import Matcher
from tests.simulator.exchange.orders import BrokerOrder, ExchangeFill
from tests.simulator.exchange.positions import Holding
from tests.simulator.exchange.securities import Security

Row = dict[str, object]

_IST = timezone(timedelta(hours=5, minutes=30))
_LEVELS = 5


@lru_cache(maxsize=4096)
def _stamp(second: int) -> str:
    return datetime.fromtimestamp(second, _IST).strftime("%d-%b-%Y %H:%M:%S")


def stamp(at_ms: int) -> str:
    """A time as the broker writes it, in India's: `20-Oct-2020 13:10:59`; "" before there was one."""
    return _stamp(at_ms // 1000) if at_ms else ""


@lru_cache(maxsize=64)
def _day_code(half_hour: int) -> str:
    return datetime.fromtimestamp(half_hour * 1_800, _IST).strftime("%y%m%d")


def day_code(at_ms: int) -> str:
    """The day in India as an order id begins with it: YYMMDD."""
    return _day_code(at_ms // 1_800_000)


@lru_cache(maxsize=4096)
def _fixed(security: Security, *, text: bool) -> Row:
    """What all orders of a security have alike."""
    _, expiry, strike, kind = security.parts
    nought, strike_price = ("0.0", str(strike)) if text else (0.0, strike)
    return {
        "disclosedquantity": "0",
        "duration": "DAY",
        "squareoff": nought,
        "stoploss": nought,
        "trailingstoploss": nought,
        "tradingsymbol": security.symbol,
        "exchange": security.exchange,
        "symboltoken": security.token,
        "instrumenttype": "OPTIDX" if kind else "",
        "strikeprice": strike_price,
        "optiontype": kind,
        "expirydate": expiry,
        "lotsize": str(security.lot),
        "parentorderid": "",
    }


def order_row(order: BrokerOrder, decimals: int, *, text: bool) -> Row:
    """An order; prices as text (order book) or as numbers (details, updates), the average price rounded."""
    average = round(order.value / order.filled / 100, decimals) if order.filled else 0.0
    price, trigger = order.price / 100, order.trigger / 100
    exchange_time = stamp(order.exchange_ms)
    return {
        **_fixed(order.security, text=text),
        "variety": order.variety,
        "ordertype": order.order_type,
        "ordertag": order.tag,
        "producttype": order.product,
        "price": str(price) if text else price,
        "triggerprice": str(trigger) if text else trigger,
        "quantity": str(order.quantity),
        "transactiontype": order.side,
        "cancelsize": str(order.cancelled),
        "averageprice": str(average) if text else average,
        "filledshares": str(order.filled),
        "unfilledshares": str(order.quantity - order.filled),
        "orderid": order.orderid,
        "text": order.text,
        "status": order.second,
        "orderstatus": order.state,
        "updatetime": stamp(order.updated_ms),
        "exchtime": exchange_time,
        "exchorderupdatetime": exchange_time,
        "fillid": order.fill_id,
        "filltime": stamp(order.fill_ms)[12:],
        "uniqueorderid": order.unique,
        "exchangeorderid": order.exchange_id,
    }


def no_order() -> Row:
    """The order of a message that is about none: prices are nought, all else is empty."""
    nothing = BrokerOrder(0, "", "", "", Security("", ""), "BUY", "", "", "", 0, 0, 0, 0)
    row = order_row(nothing, 2, text=False)
    return {name: 0.0 if isinstance(value, float) else "" for name, value in row.items()}


def trade_row(fill: ExchangeFill) -> Row:
    """A fill: no tag, no token, no date."""
    return {
        "exchange": fill.security.exchange,
        "producttype": fill.product,
        **_option(fill.security),
        "marketlot": str(fill.security.lot),
        "precision": "2",
        "multiplier": "-1",
        "tradevalue": f"{fill.price * fill.quantity / 100:.2f}",
        "transactiontype": fill.side,
        "fillprice": f"{fill.price / 100:.2f}",
        "fillsize": str(fill.quantity),
        "orderid": fill.orderid,
        "fillid": fill.id,
        "filltime": stamp(fill.at_ms)[12:],
    }


def position_row(holding: Holding, wrong: int = 0) -> Row:
    """A security in one product, and what it was worth when it changed; `wrong` is added to the quantity alone."""
    security, net = holding.security, holding.net
    carried_amount = holding.carried * holding.carried_price
    carried_bought, carried_sold = max(0, holding.carried), max(0, -holding.carried)
    bought = holding.buy_amount + max(0, carried_amount)
    sold = holding.sell_amount + max(0, -carried_amount)
    net_price = _money(_mean(abs(sold - bought), abs(net)))
    total = sold - bought + net * holding.last
    return {
        "exchange": security.exchange,
        "symboltoken": security.token,
        "producttype": holding.product,
        "symbolname": security.parts[0],
        **_option(security),
        "priceden": "1",
        "pricenum": "1",
        "genden": "1",
        "gennum": "1",
        "precision": "2",
        "multiplier": "-1",
        "boardlotsize": "1",
        "lotsize": str(security.lot),
        "buyqty": str(holding.bought),
        "sellqty": str(holding.sold),
        "buyamount": _money(holding.buy_amount),
        "sellamount": _money(holding.sell_amount),
        "cfbuyqty": str(carried_bought),
        "cfsellqty": str(carried_sold),
        "cfbuyamount": _money(max(0, carried_amount)),
        "cfsellamount": _money(max(0, -carried_amount)),
        "cfbuyavgprice": _money(holding.carried_price if carried_bought else 0),
        "cfsellavgprice": _money(holding.carried_price if carried_sold else 0),
        "buyavgprice": _money(_mean(holding.buy_amount, holding.bought)),
        "sellavgprice": _money(_mean(holding.sell_amount, holding.sold)),
        "totalbuyvalue": _money(bought),
        "totalsellvalue": _money(sold),
        "totalbuyavgprice": _money(_mean(bought, holding.bought + carried_bought)),
        "totalsellavgprice": _money(_mean(sold, holding.sold + carried_sold)),
        "avgnetprice": net_price,
        "netprice": net_price,
        "netqty": str(net + wrong),
        "netvalue": _signed(sold - bought),
        "ltp": _money(holding.last),
        "pnl": _money(total),
        "realised": _money(holding.realised),
        "unrealised": _money(total - holding.realised),
    }


def quote_row(matcher: Matcher) -> Row:
    """Prices, limits and the depth with the client's own orders in it, in rupees."""
    depth, security = matcher.depth, matcher.depth.security
    change = depth.last - depth.close
    return {
        "exchange": security.exchange,
        "tradingSymbol": security.symbol,
        "symbolToken": security.token,
        "ltp": depth.last / 100,
        "open": depth.open / 100,
        "high": depth.high / 100,
        "low": depth.low / 100,
        "close": depth.close / 100,
        "lastTradeQty": depth.last_quantity,
        "exchFeedTime": stamp(depth.last_ms),
        "exchTradeTime": stamp(depth.last_ms),
        "netChange": round(change / 100, 2),
        "percentChange": round(100 * change / depth.close, 2),
        "avgPrice": depth.last / 100,
        "tradeVolume": depth.volume,
        "opnInterest": 1_000 * security.lot,
        "lowerCircuit": security.lower / 100,
        "upperCircuit": security.upper / 100,
        "totBuyQuan": sum(quantity for _, quantity in depth.bids),
        "totSellQuan": sum(quantity for _, quantity in depth.asks),
        "52WeekLow": depth.low / 100,
        "52WeekHigh": depth.high / 100,
        "depth": {"buy": _levels(matcher, "BUY"), "sell": _levels(matcher, "SELL")},
    }


def ltp_row(depth: Depth) -> Row:
    """The last price and those of the day, in rupees."""
    return {
        "exchange": depth.security.exchange,
        "tradingsymbol": depth.security.symbol,
        "symboltoken": depth.security.token,
        "open": depth.open / 100,
        "high": depth.high / 100,
        "low": depth.low / 100,
        "close": depth.close / 100,
        "ltp": depth.last / 100,
    }


def _option(security: Security) -> Row:
    _, expiry, strike, kind = security.parts
    return {
        "tradingsymbol": security.symbol,
        "instrumenttype": "OPTIDX" if kind else "",
        "symbolgroup": "",
        "strikeprice": str(strike),
        "optiontype": kind,
        "expirydate": expiry,
    }


def _levels(matcher: Matcher, side: str) -> list[Row]:
    """Five levels of a side, others' and the client's together; what is missing is nought."""
    levels = matcher.depth.bids if side == "BUY" else matcher.depth.asks
    merged = {price: [quantity, 1] for price, quantity in levels}
    for order in matcher.resting(side):
        level = merged.setdefault(order.price, [0, 0])
        level[0] += order.rest
        level[1] += 1
    best = sorted(merged, reverse=side == "BUY")[:_LEVELS]
    rows: list[Row] = [{"price": each / 100, "quantity": merged[each][0], "orders": merged[each][1]} for each in best]
    return rows + [{"price": 0.0, "quantity": 0, "orders": 0}] * (_LEVELS - len(rows))


def _mean(amount: int, quantity: int) -> float:
    return amount / quantity if quantity else 0.0


def _money(paise: float) -> str:
    return f"{paise / 100:.2f}"


def _signed(paise: int) -> str:
    """As the broker writes a negative value: a blank stands behind the sign."""
    return f"- {-paise / 100:.2f}" if paise < 0 else _money(paise)
