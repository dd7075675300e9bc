"""An SDK says which attempt a call is; the journal keeps it, because a retry is a cost that the caller does not see."""

import pytest

from emulator.engine.calls import call
from emulator.engine.tests.shop import shop_engine
from emulator.http import HttpRequest
from emulator.operation import CallContext


@pytest.mark.parametrize(
    ("header", "attempt"),
    [("attempt=1", None), ("attempt=1; max=3", None), ("attempt=2; max=3", 2), ("attempt=10", 10), ("attempt=x", None)],
)
def test_journal_says_which_attempt_a_retry_is(header: str, attempt: int | None) -> None:
    engine = shop_engine()
    request = HttpRequest("POST", "/", "", (("Amz-Sdk-Request", header),))
    call(engine, "shop", "Sell", {"Name": "a"}, CallContext(0.0, "r", request=request), lambda result, error: None)
    (entry,) = engine.journal
    assert (entry.detail or {}).get("attempt") == attempt
