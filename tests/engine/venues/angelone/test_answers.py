"""What the broker's answers mean, in all the shapes they come in."""

import pytest

from engine.venues.angelone.answers import judge


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, '{"status":true,"data":{}}', "well"),
        (200, '{"status":"true","data":null}', "well"),
        (200, '{"status":"false","message":"x","errorcode":"AB1050"}', "clock"),
        (200, '{"success":false,"message":"Invalid Token","errorCode":"AG8001","data":""}', "dead"),
        (400, '{"status":false,"message":"expired","errorcode":"AG8002"}', "dead"),
        (200, '{"status":false,"message":"x","errorcode":"AB1010"}', "dead"),
        (200, '{"status":false,"message":"x","errorcode":"AB1007"}', "hopeless"),
        (200, '{"status":false,"message":"x","errorcode":"AB2001"}', "unclear"),
        (200, '{"status":false,"message":null,"errorcode":null}', "refused"),
        (200, '{"status":false,"message":{"a":1},"errorcode":7}', "refused"),
        (403, "Access denied because of exceeding access rate", "busy"),
        (429, "Too Many Requests", "busy"),
        (429, "", "busy"),
        (403, "<html><title>Request Rejected</title></html>", "unclear"),
        (400, "", "unclear"),
        (500, b"\xff\xfe\x00", "unclear"),
        (200, "[]", "unclear"),
        (200, "{}", "unclear"),
        (200, '{"status":1}', "unclear"),
        (200, "[" * 100_000, "unclear"),
    ],
)
def test_answers_are_judged_by_their_body(status: int, body: str | bytes, kind: str) -> None:
    verdict = judge(status, body if isinstance(body, bytes) else body.encode())
    assert verdict.kind == kind
    assert "\n" not in verdict.text
    assert "<html>" not in verdict.text


def test_an_unknown_code_keeps_its_words() -> None:
    verdict = judge(200, b'{"status":false,"message":"Something\\u001b[31m new","errorcode":"AB9999"}')
    assert verdict.text == "AB9999 Something\N{REPLACEMENT CHARACTER}[31m new"
