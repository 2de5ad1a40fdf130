"""A simulated broker that repeats all that it was told, credentials too, in every text it says: `python -m tests.support.processes.echoing_broker_process …`."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tests.simulator import __main__ as program
from tests.simulator import order_face, order_updates, simulator
from tests.simulator.connection import Connection
from tests.simulator.http import Request
from tests.support.processes.live_processes import CANARIES, LongTokens

_TEXTS = ("text", "message", "rejreason", "error-message")  # where a broker says something to a person
_heard = [""]  # what it was told last


def _told(data: Any) -> Any:
    """The same with what was heard behind each text."""
    if isinstance(data, list):
        return [_told(each) for each in data]
    if not isinstance(data, dict):
        return data
    return {name: f"{value} {_heard[0]}" if name in _TEXTS else _told(value) for name, value in data.items()}


def _echoed(message: bytes) -> bytes:
    try:
        return json.dumps(_told(json.loads(message))).encode()
    except ValueError:  # a page
        return message + b" " + _heard[0].encode() if message.strip(b"\0") else message


def main() -> int:
    """Run the simulated broker, its account and its answers changed."""
    answer, response, frame = order_face.OrderFace.answer, order_face.response, order_updates.frame

    def hears(
        face: order_face.OrderFace, connection: Connection, request: Request, answered: Callable[[], object]
    ) -> None:
        sent = " ".join(request.headers.get(name, "") for name in ("authorization", "x-privatekey"))
        tokens = " ".join(f"{each.jwt} {each.feed} {each.refresh}" for each in account._good.values())
        _heard[0] = f"{sent} {' '.join(CANARIES.values())} {tokens} {request.body.decode()}".replace("\n", " ")
        answer(face, connection, request, answered)

    def responds(status: int, body: bytes, headers: Mapping[str, str], *, kind: str) -> bytes:
        told = {"X-Echo": _heard[0]} | ({} if "Content-Length" in headers else dict(headers))
        return response(status, _echoed(body), told, kind=kind)

    account = LongTokens(*CANARIES.values())
    simulator.Account = lambda: account  # type: ignore[assignment, misc]
    order_face.OrderFace.answer = hears  # type: ignore[method-assign]
    order_face.response = responds  # type: ignore[attr-defined]
    order_updates.frame = lambda opcode, message: frame(opcode, _echoed(message))  # type: ignore[attr-defined]
    return program.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
