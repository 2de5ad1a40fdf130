"""What may go wrong with a broker in the midst of a session, as the simulated exchange is told it: with orders, lists, sockets, the account."""

FAULTS = [
    # The next order, an entry or an exit
    *(f"place {each}" for each in ("after", "late 4000", "late 4000 reset", "lost", "reset", "reset taken", "cut")),
    *(f"place {each} taken" for each in ("html", "empty", "null", "5xx", "429", "rate", "status_false AB9999")),
    *(f"place {each}" for each in ("5xx", "rate", "status_false AB1010", "status_false AB4036", "untagged")),
    *(f"reject {each}" for each in ("price", "price at_once", "freeze", "lot", "funds", "product", "self_trade", "other")),
    *("partial 0", "partial 0 cancelled", "partial 0 rejected", "after untagged"),
    # The lists
    *("order_book short x3", "book stale 5000 x3", "book lag 3000", "orders book empty x3", "positions wrong 75 x3"),
    *("any 5xx for 3s", "any reset for 3s", "read html for 3s", "any slow 900 for 4s"),
    # The sockets
    *("updates lost 9", "updates dup 9", "updates reorder 3", "updates late 3000 for 5s", "updates down 5000"),
    *("updates close 1001", "updates half_open", "hang_up", "down 3", "reset", "silence 5"),
    # The broker
    *("ip for 3s", "blocked for 3s", "session", "external 75", "external -75", "square_off"),
]  # fmt: skip
