"""The description of what is served (OpenAPI 3.1), made from the table of operations and its records. Knows no server."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from engine.gateway.http.operations import Operation
from engine.gateway.http.problem import Problem
from engine.version import VERSION

_REFERENCE: Final = "#/components/schemas/{name}"
_JSON: Final = "application/json"
_SCHEME: Final = "token"
_OPEN: Final = "open"
_PRIVATE: Final = "with the token"
_MEANINGS: Final = {
    401: "The token is missing or another",
    404: "Nobody of that name",
    422: "What is asked for cannot be",
    502: "Whoever is asked does not answer",
    503: "Nothing to tell so far",
}
_WHAT = (
    "The engine of this machine, quotes and figures. Nothing can be changed here. "
    "Prices, quantities and money are exact texts in the currency and in units; times are UTC."
)


def description(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document."""
    schemas = _schemas([Problem, *(each.answer for each in operations)])
    paths = {each.path.replace(":path", ""): {"get": _operation(each)} for each in operations}
    paths["/metrics"] = {"get": _metrics()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "myquant-tui serve", "version": VERSION, "description": _WHAT},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                _SCHEME: {"type": "http", "scheme": "bearer", "description": "What is in the file serve.token"}
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    answers = {str(status): _response(operation.summary, operation.answer) for status in operation.statuses}
    problems = {*operation.errors, *((401,) if operation.private else ()), *((422,) if operation.said else ())}
    answers |= {str(status): _response(_MEANINGS[status], Problem) for status in sorted(problems)}
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", operation.path.replace(":path", "")).strip("_") or "about",
        "summary": operation.summary,
        "tags": [_PRIVATE if operation.private else _OPEN],
        "parameters": list(_parameters(operation)),
        "responses": answers | {"default": _response("Refused: no request for this server, or one too many", Problem)},
    }
    if operation.private:
        described["security"] = [{_SCHEME: []}]
    return described


def _parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    if operation.said is None:
        return
    (schema,) = _schemas([operation.said]).values()
    for name, kind in schema["properties"].items():
        is_place = f"{{{name}" in operation.path
        yield {
            "name": name,
            "in": "path" if is_place else "query",
            "required": is_place or name in schema.get("required", ()),
            "description": kind.pop("description", ""),
            "schema": kind,
        }


def _metrics() -> dict[str, Any]:
    return {
        "operationId": "metrics",
        "tags": [_OPEN],
        "summary": "Figures for Prometheus; those of money with the token alone",
        "security": [{}, {_SCHEME: []}],
        "responses": {
            "200": {
                "description": "In Prometheus's text format",
                "content": {"text/plain": {"schema": {"type": "string"}}},
            },
            "default": _response("Refused", Problem),
        },
    }


def _response(what: str, answer: type[Struct]) -> dict[str, Any]:
    reference = {"$ref": _REFERENCE.format(name=answer.__name__)}
    return {"description": what, "content": {_JSON: {"schema": reference}}}


def _schemas(kinds: Iterable[type[Struct]]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components(tuple(kinds), ref_template=_REFERENCE)
    return dict(components)
