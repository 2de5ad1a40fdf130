"""From a request to its answer: the guard, the table of operations, and what is no record (docs, metrics). One shape for errors."""

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from time import perf_counter
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from engine.gateway.http import docs, guard
from engine.gateway.http.api import Api
from engine.gateway.http.guard import Headers
from engine.gateway.http.operations import OPERATIONS, Operation, read
from engine.gateway.http.problem import HEADERS, Problem, ProblemError, Send, encoded, send_problem
from engine.gateway.log import RefusalLog
from engine.text.sanitize import CleanText

_JSON = "application/json"
_MOST_PARAMETERS = 20
_ENCODER: Final = msgspec.json.Encoder()
_NOT_FOUND = ProblemError(404, "path", CleanText("there is no such path; /docs lists them"))
_BROKEN = Problem(500, CleanText("an error of ours; the service's log says more"))


Exposition = Callable[[bool], bytes]
Took = Callable[[str, int, float], None]


class Application:
    """The ASGI application; `exposition(private)` gives the metrics, `took` is told how long each answer did: path, status, seconds."""

    def __init__(
        self,
        api: Api,
        token: guard.TokenGuard,
        refusals: RefusalLog,
        exposition: Exposition,
        metrics_type: str,
        took: Took = lambda *_: None,
    ) -> None:
        self._api = api
        self._token = token
        self._refusals = refusals
        self._exposition = exposition
        self._metrics_type = metrics_type
        self._took = took
        self._description: bytes | None = None
        routes = [Route(each.path, self._served(each)) for each in OPERATIONS]
        self._app = Starlette(
            routes=[
                *routes,
                Route("/metrics", self._metrics),
                Route("/openapi.json", self._described),
                Route("/docs", self._docs),
                Route("/docs/{name}", self._docs_file),
            ],
            exception_handlers={ProblemError: self._refused, HTTPException: self._unknown, Exception: self._broken},
        )
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Answer one request."""
        try:
            guard.check(scope["method"], scope["headers"])
        except ProblemError as refused:
            self._tell(refused)
            await send_problem(send, refused.problem, refused.extra)
            return
        await self._app(scope, receive, send)

    def _served(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def served(request: Request) -> Response:
            if operation.private:
                self._token.require(request.scope["headers"])
            words = guard.words_of([*request.path_params.items(), *_parameters(request)])
            answer = operation.call(self._api, read(operation.said, words))
            found = await answer if isawaitable(answer) else answer
            return _response(_ENCODER.encode(found), _JSON, operation.status_of(found))

        async def timed(request: Request) -> Response:
            begun_s = perf_counter()
            code = 500
            try:
                response = await served(request)
                code = response.status_code
                return response
            except ProblemError as refused:
                code = refused.problem.status
                raise
            finally:
                self._took(operation.path, code, perf_counter() - begun_s)

        return timed

    async def _metrics(self, request: Request) -> Response:
        private = self._token.allows(request.scope["headers"])
        return _response(self._exposition(private), self._metrics_type)

    async def _described(self, _: Request) -> Response:
        if self._description is None:  # made when it is first asked for
            from engine.gateway.http.openapi import description  # noqa: PLC0415

            self._description = _ENCODER.encode(description(OPERATIONS))
        return _response(self._description, _JSON)

    async def _docs(self, _: Request) -> Response:
        return _response(docs.PAGE, "text/html", headers=docs.HEADERS)

    async def _docs_file(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name == "start.js":
            return _response(docs.START, "text/javascript")
        path = docs.file_of(name)
        if path is None:
            raise _NOT_FOUND
        size = str(path.stat().st_size)
        response = StreamingResponse(docs.parts_of(path), headers={"content-length": size}, media_type=docs.FILES[name])
        response.raw_headers.extend(HEADERS)
        return response

    # ── What goes wrong ──────────────────────────────────────────────────────────────────────────────────────────

    async def _refused(self, _: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        self._tell(error)
        return _response(encoded(error.problem), _JSON, error.problem.status, error.extra)

    async def _unknown(self, request: Request, _: Exception) -> Response:
        return await self._refused(request, _NOT_FOUND)

    async def _broken(self, _: Request, __: Exception) -> Response:
        return _response(encoded(_BROKEN), _JSON, _BROKEN.status)  # the server logs it

    def _tell(self, refused: ProblemError) -> None:
        self._refusals.tell(refused.kind, f"{refused.problem.status}: {refused.problem.error}")


def _parameters(request: Request) -> list[tuple[str, str]]:
    query = request.scope["query_string"]
    if not query:
        return []
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:  # too many, or no ASCII
        raise ProblemError(422, "parameter", CleanText("the parameters cannot be read")) from None


def _response(
    body: bytes,
    media_type: str,
    status: int = 200,
    extra: tuple[tuple[bytes, bytes], ...] = (),
    *,
    headers: Headers = HEADERS,
) -> Response:
    response = Response(body, status, media_type=media_type)
    response.raw_headers.extend((*headers, *extra))
    return response
