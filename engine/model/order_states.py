"""What an order at a real broker may be at, and when it is over. Plain data; how one comes from one to another is the trader's."""

from typing import Final, Literal

OrderState = Literal[
    "INTENT",  # decided; the row that says so may not be on the disk yet
    "SENDING",  # bytes may have left
    "UNKNOWN",  # nobody knows whether the broker has it: never sent again, its quantity may still fill
    "WORKING",  # the broker has it
    "AMENDING",  # another price is asked for; which one holds is what the broker's book says
    "CANCELLING",  # to be taken back; a fill wins
    "SETTLING",  # over, but not all of its fills have been read
    "FILLED",
    "CANCELLED",
    "REJECTED",  # the broker's book says so
    "REFUSED",  # the broker's answer says so; no book has ever had it
    "NOT_PLACED",  # it never left, or enough trusted rounds have not seen it
]
OVER: Final[frozenset[OrderState]] = frozenset({"FILLED", "CANCELLED", "REJECTED", "REFUSED", "NOT_PLACED"})
