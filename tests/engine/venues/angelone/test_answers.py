"""What the broker's answers mean, in all the shapes they come in."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.execution.told_fields import MisfitError
from engine.execution.told_rows import told_in
from engine.venues.angelone.answers import AnswerVerdict, judge, judge_unread


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
        (200, '{"status":false,"message":null,"errorcode":null}', "unknown"),
        (200, '{"status":false,"message":{"a":1},"errorcode":7}', "unknown"),
        (403, "Access denied because of exceeding access rate", "busy"),
        (429, "Too Many Requests", "busy"),
        (429, "", "busy"),
        (429, '{"status":false,"message":"slow down","errorcode":"XX1"}', "busy"),
        (403, '{"status":false,"message":"Access denied because of exceeding access rate","errorcode":"AB9"}', "busy"),
        (200, '{"status":true,"message":"Invalid Token","errorcode":"AB9999","data":{}}', "unknown"),
        (200, '{"success":true,"message":"","errorCode":"AG8001","data":null}', "unknown"),
        (200, '{"status":true,"message":"SUCCESS","errorcode":"","data":{}}', "well"),
        (502, '{"status":true,"data":{}}', "unknown"),
        (302, "", "unclear"),
        (200, b"\x1f\x8b" + bytes(50), "unclear"),
        (200, '{"status":true,"data":' + "9" * 100_000 + "}", "unclear"),
        (403, "<html><title>Request Rejected</title></html>", "unclear"),
        (400, "", "unclear"),
        (500, b"\xff\xfe\x00", "unclear"),
        (200, "[]", "unclear"),
        (200, "{}", "unclear"),
        (200, '{"status":1}', "unclear"),
        (200, "[" * 100_000, "unclear"),
        (200, b'{"status":true,"data":"\xff"}', "unclear"),
        (200, b'{"status":false,"data":"\xff","message":"x","errorcode":"AB1006"}', "unclear"),
    ],
)
def test_answers_are_judged_by_their_body(status: int, body: str | bytes, kind: str) -> None:
    said = body if isinstance(body, bytes) else body.encode()
    verdict = judge(status, said)
    unread = read(judge_unread(status, said))
    assert unread == verdict or (unread is None and verdict.kind == "unclear")
    assert verdict.kind == kind
    assert "\n" not in verdict.text
    assert "<html>" not in verdict.text


def read(verdict: AnswerVerdict) -> AnswerVerdict | None:
    """What was judged without its data, with them; None where they cannot be read, which is no yes to anybody."""
    if not isinstance(verdict.data, msgspec.Raw):
        return verdict
    try:
        return replace(verdict, data=told_in(verdict.data, object))
    except MisfitError:
        return None


def test_an_unknown_code_keeps_its_words() -> None:
    verdict = judge(200, b'{"status":false,"message":"Something\\u001b[31m new","errorcode":"AB9999"}')
    assert verdict.text == "AB9999 Something\N{REPLACEMENT CHARACTER}[31m new"


FINAL = {"AB1000", "AB1001", "AB1002", "AB1005", "AB1006", "AB1007", "AB1031", "AB1032"}


@given(st.from_regex("[A-Z]{2}[0-9]{3,6}", fullmatch=True) | st.sampled_from(sorted(FINAL)), st.text(max_size=30))
def test_only_what_is_known_to_be_final_is(code: str, message: str) -> None:
    said = json.dumps({"status": False, "message": message, "errorcode": code}).encode()
    assert (judge(200, said).kind == "hopeless") == (code in FINAL)


@given(st.integers(100, 599), st.binary(max_size=200))
def test_bytes_that_are_no_answer_are_never_final(status: int, body: bytes) -> None:
    assert judge(status, body).kind in {"unclear", "busy"}
