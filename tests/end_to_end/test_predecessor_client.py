"""What a client of the predecessor's service expects of this one: its eight checks, against a service with nothing else running."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway.service import Service, served
from tests.support.processes.command_home import Home

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with served(Home(tmp_path_factory.mktemp("predecessor"))) as service:
        yield service


def quote(service: Service, symbol: str) -> dict[str, Any]:
    status, answer = service.get(f"/api/v1/data/binance/{symbol}")
    assert (status, answer["success"], answer["error"]) == (200, True, None)
    return answer


def price_and_hour(service: Service, symbol: str) -> tuple[str, str]:
    data = quote(service, symbol)["data"]
    return data["price"], data["as_of"][:13]


def test_1_the_server_answers(service: Service) -> None:
    assert service.get("/")[0] == 200


def test_2_health_tells_of_the_cache(service: Service) -> None:
    status, health = service.get("/health")
    assert (status, health["status"]) == (200, "degraded")  # there is no engine
    assert health["components"]["cache"]["redis_available"] is False
    assert health["redis_available"] is False


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_3_coins_are_quoted_and_said_to_be_invented(service: Service, symbol: str) -> None:
    answer = quote(service, symbol)
    assert answer["symbol"] == answer["data"]["symbol"] == symbol
    assert answer["data"]["source"] == "mock"
    assert answer["mock"] is True
    assert float(answer["data"]["price"]) > 0


def test_4_a_price_is_the_same_within_the_hour_and_after_a_restart(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with served(home) as service:
        before = [price_and_hour(service, symbol) for symbol in SYMBOLS]
        assert before == [price_and_hour(service, symbol) for symbol in SYMBOLS] or not same_hour(before, service)
    with served(home) as again:
        after = [price_and_hour(again, symbol) for symbol in SYMBOLS]
    assert after == before or after[0][1] != before[0][1]


def same_hour(before: list[tuple[str, str]], service: Service) -> bool:
    return price_and_hour(service, SYMBOLS[0])[1] == before[0][1]


def test_5_the_second_call_comes_out_of_the_cache(service: Service) -> None:
    quote(service, "SOLUSDT")
    answer = quote(service, "SOLUSDT")
    assert (answer["cached"], answer["cache"]) == (True, "l1")
    assert answer["response_time"] >= 0


def test_6_status_tells_its_mode_and_how_it_is_kept_small(service: Service) -> None:
    _, status = service.get("/api/v1/status")
    for told in (status, status["status"]):
        assert told["mode"] == "standalone"
        assert told["optimizations"]["single_worker_mode"] is True
        assert told["optimizations"]["mock_routing_enabled"] is True
        assert told["optimizations"]["redis_fallback_active"] is True
        assert told["cache"]["hit_rate"] >= 0


def test_7_ten_requests_at_once_are_all_answered(service: Service) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda n: service.get(f"/api/v1/data/binance/{SYMBOLS[n % 3]}")[0], range(10)))
    assert answers == [200] * 10


def test_8_it_is_small(service: Service, record_property) -> None:  # type: ignore[no-untyped-def]
    assert service.peak_mb() <= 40
    record_property("cpu_s", service.cpu_s())
