from __future__ import annotations

from typing import Any

import pytest

from emulator.gateway.moto_secure_transport import holds

CASES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"Bool": {"aws:SecureTransport": "false"}}, False),
    ({"Bool": {"aws:SecureTransport": False}}, False),
    ({"Bool": {"aws:securetransport": ["false"]}}, False),
    ({"BoolIfExists": {"aws:SecureTransport": "false"}}, False),
    ({"Bool": {"aws:SecureTransport": "true"}}, True),
    ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, True),
    ({"StringEquals": {"aws:SourceAccount": "1"}}, True),
]


@pytest.mark.parametrize(("condition", "expected"), CASES)
def test_a_local_client_counts_as_one_that_talks_tls(condition: dict[str, Any], expected: bool) -> None:
    assert holds(condition) is expected
