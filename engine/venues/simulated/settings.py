"""What stands in [mock]. Holds no default."""

import datetime as dt
from typing import Annotated

from msgspec import Struct

from engine.config.rules import Speed, Whole
from engine.config.time_rules import Day, TimeOfDay


class MockConfig(Struct, frozen=True):
    """The generated session, seen from `begin` on; `speed` 0.0 is as fast as it goes."""

    seed: Annotated[int, Whole(0, 2**63 - 1)]
    date: Annotated[dt.date, Day()]
    begin: Annotated[dt.time, TimeOfDay()]
    speed: Annotated[float, Speed()]
