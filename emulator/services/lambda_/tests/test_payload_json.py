"""What is said of an event that is no JSON. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.services.lambda_.errors import InvalidRequestContentException
from emulator.services.lambda_.payload_json import check_json

VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
VALUE = f"expected a valid value {VALUES}"

REASONS = [
    (b"n\x87r", "Invalid UTF-8 start byte 0x87", 1, 3),
    (b'"a\x87"', "Invalid UTF-8 start byte 0x87", 1, 4),
    (b"\x99\xeb,j", f"Unexpected character ((CTRL-CHAR, code 153)): {VALUE}", 1, 1),
    (b"{a", "Unexpected character ('a' (code 97)): was expecting double-quote to start field name", 1, 2),
    (b'{"a":}', f"Unexpected character ('}}' (code 125)): {VALUE}", 1, 6),
    (
        b'{"a"\n 1}',
        "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value",
        2,
        2,
    ),
    (b"[1 2]", "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries", 1, 4),
    (b"[1,]", f"Unexpected character (']' (code 93)): {VALUE}", 1, 4),
    (b'{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name", 1, 8),
    (b"nul", f"Unrecognized token 'nul': was expecting {VALUES}", 1, 4),
    (b'"a', "Unexpected end-of-input: was expecting closing quote for a string value", 1, 3),
]


@pytest.mark.parametrize(("payload", "words", "line", "column"), REASONS)
def test_reason_and_place(payload: bytes, words: str, line: int, column: int) -> None:
    with pytest.raises(InvalidRequestContentException) as caught:
        check_json(payload)
    source = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
    assert caught.value.message == (
        f"Could not parse request body into json: Could not parse payload into json: {words}\n"
        f" at {source}; line: {line}, column: {column}]"
    )


def test_what_is_open_at_the_end_is_named_with_its_place() -> None:
    with pytest.raises(
        InvalidRequestContentException, match=r"close marker for Array \(start marker at .*column: 6\]\)"
    ):
        check_json(b'{"[":[')


@given(st.binary(max_size=12) | st.text(alphabet='{}[]",:1na\\ ', max_size=8).map(str.encode))
def test_any_bytes_are_json_or_are_refused(payload: bytes) -> None:
    try:
        check_json(payload)
    except InvalidRequestContentException as error:
        assert "Could not parse payload into json: " in error.message
    else:
        json.loads(payload)


@given(
    st.binary(max_size=6)
    | st.lists(st.sampled_from([*'{}[]",:\\-.0e1', "null", '"k":', "\x01", "\ud800", "é", "\\ud8"]), max_size=8).map(
        lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
    )
)
def test_json_is_what_a_parser_takes(payload: bytes) -> None:
    """However fast it is found out."""
    try:
        json.loads(payload.decode())
    except ValueError:
        with pytest.raises(InvalidRequestContentException):
            check_json(payload)
    else:
        check_json(payload)


def test_deep_json_is_judged_without_a_defect() -> None:
    check_json(b"[" * 900 + b"]" * 900)
    check_json(b'{"a":"' + "é".encode() * 100_000 + b'"}')
