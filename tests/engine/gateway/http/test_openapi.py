import re
from typing import Any

import msgspec
import openapi_spec_validator
import pytest

from engine.gateway.http.openapi import description
from engine.gateway.http.operations import OPERATIONS
from engine.version import VERSION

DESCRIBED: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(description(OPERATIONS)))


def test_it_is_what_the_standard_says() -> None:
    openapi_spec_validator.validate(DESCRIBED)
    assert (DESCRIBED["openapi"], DESCRIBED["info"]["version"]) == ("3.1.0", VERSION)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.path)
def test_every_operation_is_described_as_it_is_served(operation: Any) -> None:
    (described,) = DESCRIBED["paths"][operation.path.replace(":path", "")].values()
    said = operation.said.__struct_fields__ if operation.said else ()
    assert [each["name"] for each in described["parameters"]] == list(said)
    in_path = [each["name"] for each in described["parameters"] if each["in"] == "path"]
    assert in_path == re.findall(r"{(\w+)", operation.path)
    assert ("security" in described) is operation.private
    assert ("401" in described["responses"]) is operation.private
    answer = described["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert answer == f"#/components/schemas/{operation.answer.__name__}"


def test_every_schema_that_is_referred_to_is_there() -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", msgspec.json.encode(DESCRIBED).decode()))
    assert named <= set(DESCRIBED["components"]["schemas"])
    assert "Problem" in named


def test_each_operation_has_a_name_of_its_own_and_a_group() -> None:
    described = [each["get"] for each in DESCRIBED["paths"].values()]
    names = [each["operationId"] for each in described]
    assert len(set(names)) == len(names) == len(OPERATIONS) + 1
    assert all(each["tags"] for each in described)
