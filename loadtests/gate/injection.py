"""Known changes to the pipeline, for proving that the gates see them: they go into a copy of the tree, never into the tree."""

from __future__ import annotations

from pathlib import Path

__all__ = ["EXTRA_CALL", "inject", "slow_down"]

_HANDLER = Path("system/audit_ingest/functions/ingest_message/app.py")

EXTRA_CALL = """

_without_the_call = lambda_handler


def lambda_handler(event, context):
    _ingest.states.list_executions(stateMachineArn=_ingest.state_machine_arn, maxResults=1)
    return _without_the_call(event, context)
"""

_SLOW_DOWN = """

from time import perf_counter as _perf_counter
from time import sleep as _sleep

_as_fast_as_it_was = lambda_handler


def lambda_handler(event, context):
    begun = _perf_counter()
    answer = _as_fast_as_it_was(event, context)
    until = begun + (_perf_counter() - begun) * {factor!r}
    while (left := until - _perf_counter()) > 0:
        {fill}
    return answer
"""


def slow_down(percent: float, *, waiting: bool = False) -> str:
    """Return code that makes the handler take this much longer than it did: by working, or by waiting as for another service."""
    return _SLOW_DOWN.format(factor=1 + percent / 100, fill="_sleep(left)" if waiting else "pass")


def inject(tree: Path, code: str) -> None:
    """Append code to the ingest handler of a copy."""
    path = tree / _HANDLER
    path.write_text(path.read_text() + code)
