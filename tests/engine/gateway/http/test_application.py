from collections.abc import Callable
from pathlib import Path

import pytest

from engine.gateway.http.api import Api
from engine.gateway.http.application import Application
from engine.gateway.http.guard import TokenGuard
from engine.gateway.http.operations import OPERATIONS
from engine.gateway.instruments import InstrumentFinder
from engine.gateway.log import RefusalLog
from engine.gateway.quotes.open_quotes import open_quotes
from engine.gateway.watched_engine import WatchedEngine
from engine.version import VERSION
from tests.support.builders import config
from tests.support.gateway.http_requests import ask

TOKEN = "sesame-sesame"
BEARER = ("authorization", f"Bearer {TOKEN}")


def told(private: bool) -> bytes:
    """What stands for the metrics."""
    return f"private {private}".encode()


def application(exposition: Callable[[bool], bytes] = told) -> Application:
    """The application of a service that has found no engine so far."""
    engine = WatchedEngine(lambda: Path("/nonexistent/engine.sock"))
    api = Api(engine, open_quotes(config(), {}, lambda: engine.snapshot), InstrumentFinder(config(), engine))
    return Application(api, TokenGuard(TOKEN), RefusalLog(), exposition, "text/plain")


def test_it_says_what_it_is() -> None:
    about = ask(application(), "/").json
    assert (about["name"], about["version"], about["mode"], about["docs"]) == (
        "myquant-tui",
        VERSION,
        "standalone",
        "/docs",
    )


def test_without_an_engine_it_is_degraded_and_answers() -> None:
    answered = ask(application(), "/health")
    health = answered.json
    assert (answered.status, health["status"], health["mock_active"]) == (200, "degraded", True)
    assert health["components"]["cache"] == {"status": "healthy", "redis_available": False, "hit_rate": 0.0}
    assert health["components"]["engine"]["snapshot_age_s"] is None


def test_status_says_everything_twice() -> None:
    status = ask(application(), "/api/v1/status").json
    again = status.pop("status")
    assert status == again
    assert status["success"] is True
    assert set(status["optimizations"]) == {
        "redis_fallback_active",
        "mock_routing_enabled",
        "async_logging",
        "single_worker_mode",
        "reduced_background_tasks",
    }


@pytest.mark.parametrize("path", [each.path for each in OPERATIONS if each.private])
def test_what_is_held_needs_the_token(path: str) -> None:
    app = application()
    assert ask(app, path).status == 401
    assert ask(app, path, ("authorization", "Bearer wrong")).status == 401
    assert ask(app, path, BEARER).status == 503  # and an engine


def test_a_quote_is_the_same_again_and_then_out_of_the_cache() -> None:
    app = application()
    first, second = (ask(app, "/api/v1/data/binance/BTCUSDT").json for _ in range(2))
    assert (first["success"], first["provider"], first["symbol"], first["error"]) == (True, "binance", "BTCUSDT", None)
    assert first["data"]["source"] == "mock"
    assert 1_000 < float(first["data"]["price"]) < 200_000
    assert second["data"]["price"] == first["data"]["price"]
    assert (first["cached"], second["cached"]) == (False, True)
    assert ask(app, "/api/v1/data/mock/NIFTY 50/X?at=2026-11-30T12:00Z").json["symbol"] == "NIFTY 50/X"


def test_instruments_are_found_without_a_list() -> None:
    found = ask(application(), "/api/v1/instruments?q=NIFTY%2025000%20CE").json
    assert found["instruments"] == []


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/nothing", 404),
        ("/health/", 404),
        ("//health", 404),
        ("/../health", 404),
        ("/health\x00", 404),
        ("/health?verbose=1", 422),
        ("/api/v1/data/nobody/BTCUSDT", 404),
        ("/api/v1/data/binance/", 422),
        ("/api/v1/data/binance", 404),
        ("/api/v1/data/../BTCUSDT", 422),
        ("/api/v1/data/mock/A\x1b[2J", 422),
        ("/api/v1/data/mock/A\u202eB", 422),
        ("/api/v1/data/mock/<script>", 422),
        ("/api/v1/data/mock/" + "A" * 81, 422),
        ("/api/v1/data/mock/AAPL?max_age=-1", 422),
        ("/api/v1/data/mock/AAPL?max_age=nan", 422),
        ("/api/v1/data/mock/AAPL?at=yesterday", 422),
        ("/api/v1/data/engine/BTCUSDT", 502),
        ("/docs/swagger-ui.js", 404),
        ("/docs/../../etc/passwd", 404),
        ("/docs/%2e%2e", 404),
        ("/api/v1/log?limit=0", 422),
        ("/api/v1/log?limit=ten", 422),
        ("/api/v1/log?limit=1&limit=1", 422),
        ("/api/v1/log?limi=1", 422),
        ("/api/v1/log?since=" + "9" * 400, 422),
        ("/api/v1/log?" + "&".join(f"a{n}=1" for n in range(100)), 422),
    ],
)
def test_problems_have_one_shape(target: str, status: int) -> None:
    answered = ask(application(), target, BEARER)
    assert answered.status == status
    assert answered.json["success"] is False
    assert answered.json["status"] == status
    assert answered.json["error"].isprintable()


@pytest.mark.parametrize("target", ["/", "/health", "/nothing", "/api/v1/positions"])
def test_every_answer_is_kept_by_nobody_and_shown_in_no_other_page(target: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        headers = ask(application(), target, method=method).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert not any(name.startswith("access-control") for name in headers)


def test_metrics_of_money_need_the_token_and_the_others_none() -> None:
    app = application()
    assert ask(app, "/metrics").body == b"private False"
    assert ask(app, "/metrics", BEARER).body == b"private True"
    assert ask(app, "/metrics", ("authorization", "Bearer wrong")).body == b"private False"


def test_a_failure_of_ours_tells_nothing_of_it() -> None:
    def fails(private: bool) -> bytes:
        raise ValueError("secret path")

    app = application(fails)
    with pytest.raises(ValueError, match="secret"):  # for the log; the answer has gone out before
        ask(app, "/metrics")
