"""The paths that answer records: one row each, from which they are served and described. Knows no server."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.gateway.http import answers
from engine.gateway.http.api import Api, DataQuery, InstrumentsQuery, LogQuery
from engine.gateway.http.problem import ProblemError
from engine.gateway.instruments import InstrumentsAnswer
from engine.text.sanitize import clean


class Operation(Struct, frozen=True):
    """A path, what it answers, and what may be `said`: fields named in the path, and parameters behind it.

    `private`: with the token alone. `errors` are the statuses of its problems beside those that any request may have;
    `status_of` tells the status of an answer, one of `statuses`.
    """

    path: str
    summary: str
    answer: type[Struct]
    call: Callable[[Api, Any], Struct | Awaitable[Struct]]
    said: type[Struct] | None = None
    private: bool = False
    errors: tuple[int, ...] = ()
    status_of: Callable[[Any], int] = lambda _: 200
    statuses: tuple[int, ...] = (200,)


def _private(
    path: str, summary: str, answer: type[Struct], call: Callable[[Api, Any], Struct], **more: Any
) -> Operation:
    return Operation(f"/api/v1/{path}", summary, answer, call, private=True, errors=(503,), **more)


OPERATIONS: Final = (
    Operation("/", "What this is", answers.About, lambda api, _: api.about()),
    Operation(
        "/health",
        "How the service and its engine are; 503 where the engine has died or stands still",
        answers.HealthAnswer,
        lambda api, _: api.health(),
        status_of=lambda health: 503 if health.status == "unhealthy" else 200,
        statuses=(200, 503),
    ),
    Operation("/api/v1/status", "How the service works", answers.StatusAnswer, lambda api, _: api.status()),
    Operation(
        "/api/v1/data/{provider}/{symbol:path}",
        "A quote: the engine's, or a provider's through the cache",
        answers.DataAnswer,
        lambda api, said: api.data(said),
        said=DataQuery,
        errors=(404, 422, 502),
    ),
    Operation(
        "/api/v1/instruments",
        "Instruments by what a person calls them; nothing is fetched for it",
        InstrumentsAnswer,
        lambda api, said: api.instruments(said),
        said=InstrumentsQuery,
    ),
    _private("positions", "What the engine holds", answers.PositionsAnswer, lambda api, _: api.positions()),
    _private("trades", "The newest exits", answers.TradesAnswer, lambda api, _: api.trades()),
    _private("account", "The account", answers.AccountAnswer, lambda api, _: api.account()),
    _private("log", "The engine's log", answers.LogAnswer, lambda api, said: api.log(said), said=LogQuery),
)


def read(kind: type[Struct] | None, words: Mapping[str, str]) -> Struct | None:
    """What a request says, as a record of `kind`; raises ProblemError (422) for what may not be said."""
    known = kind.__struct_fields__ if kind is not None else ()
    for name, text in words.items():
        if name not in known:
            raise _bad(f"{name:.40}: no such parameter; allowed: {', '.join(known) or 'none'}")
        if not text.isprintable():
            raise _bad(f"{name}: has control or invisible characters in it")
    if kind is None:
        return None
    try:
        return msgspec.convert(dict(words), kind, strict=False)
    except msgspec.ValidationError as error:
        text, _, name = str(error).partition(" - at `$.")
        raise _bad(f"{name.rstrip('`') or 'parameters'}: {text}") from None


def _bad(why: str) -> ProblemError:
    return ProblemError(422, "parameter", clean(why))
