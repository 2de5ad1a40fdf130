"""What the broker's own estimate of charges says; written from its price list, shares nothing with the product. Knows no order."""

from typing import Any

from tests.simulator.exchange.answers import WireAnswer, good, no

_BROKERAGE = 20.0
_STT = 0.15  # percent of premium sold
_EXCHANGE = {"NFO": 0.03503, "BFO": 0.0325}
_IPFT = {"NFO": 0.0005, "BFO": 0.0}
_SEBI = 0.0001
_STAMP = 0.003  # percent of premium bought
_GST = 18.0


def estimate(fields: Any) -> WireAnswer:
    """The charges of orders that are told with price and quantity, all together."""
    orders = fields.get("orders") if isinstance(fields, dict) else None
    if not isinstance(orders, list) or not orders:
        return no("AB2000")
    bought = sold = exchange = ipft = 0.0
    for order in orders:
        worth = float(order["price"]) * float(order["quantity"])
        bought, sold = (bought + worth, sold) if order["transaction_type"] == "BUY" else (bought, sold + worth)
        exchange += worth * _EXCHANGE[order["exchange"]] / 100
        ipft += worth * _IPFT[order["exchange"]] / 100
    brokerage, sebi = _BROKERAGE * len(orders), (bought + sold) * _SEBI / 100
    stt, stamp = sold * _STT / 100, bought * _STAMP / 100
    gst = (brokerage + exchange + ipft + sebi) * _GST / 100
    external = [_item("Exchange Transaction Charges", exchange), _item("Stamp Duty", stamp)]
    external += [_item("SEBI Fees", sebi), _item("IPFT", ipft)]
    breakup = [
        _item("Angel One Brokerage", brokerage),
        _item("External Charges", exchange + stamp + sebi + ipft, external),
        _item("Taxes", stt + gst, [_item("Security Transaction Tax", stt), _item("GST", gst)]),
    ]
    total = brokerage + exchange + ipft + sebi + stt + stamp + gst
    summary = {"total_charges": round(total, 4), "trade_value": round(bought + sold, 2), "breakup": breakup}
    return good({"summary": summary, "charges": [summary]})


def _item(name: str, amount: float, parts: list[dict[str, object]] | None = None) -> dict[str, object]:
    return {"name": name, "amount": round(amount, 4), "msg": "", "breakup": parts or []}
