"""Messages of Binance as a capture holds them: when each came, and the bytes that came."""

BOOK = (
    "1723161254087891268 "
    '{"stream":"btcusdt@bookTicker","data":{"u":5,"s":"BTCUSDT","b":"61837.63","B":"1.0","a":"61837.64","A":"1.0"}}'
)
TRADE = (
    "1723161254087896568 "
    '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":77,"p":"61837.63000000",'
    '"q":"0.02000000","T":1723161255342,"m":true,"M":true}}'
)
REPLY = '1723161254187896568 {"lastUpdateId":160,"bids":[],"asks":[]}'
AGGREGATE = (
    "1723161256087896568 "
    '{"stream":"ethusdt@aggTrade","data":{"e":"aggTrade","E":1723161257343,"s":"ETHUSDT","a":9,"p":"2600.5",'
    '"q":"1.5","f":9,"l":9,"T":1723161257342,"m":true,"M":true}}'
)
LINES = (BOOK, TRADE, REPLY, AGGREGATE)


def recorded(tmp_path, lines=LINES):
    path = tmp_path / "raw.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path
