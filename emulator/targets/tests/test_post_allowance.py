"""Single messages of a test are under the caps of a deployed stack, and are found again by its run."""

from __future__ import annotations

import re

import pytest

from emulator.errors import EmulatorError
from emulator.targets import Pipeline, Target
from emulator.targets.caps import Caps
from emulator.targets.pipeline import default_meta_data
from emulator.targets.post_allowance import PostAllowance

CAPPED = Target(
    name="aws",
    endpoint_url=None,
    region="eu-west-1",
    access_key_id="a",
    secret_access_key="b",
    stack_name="s",
    outputs={},
    api_url="https://127.0.0.1:9/Prod",
    caps=Caps(max_bytes=100),
)


def test_bytes_are_counted_in_all() -> None:
    allowance = PostAllowance(Caps(max_bytes=100, max_rate=1e9))
    allowance.admit(60)
    with pytest.raises(
        EmulatorError, match="not sent: 60 bytes more than the 60 of before would cross max_bytes = 100"
    ):
        allowance.admit(60)
    allowance.admit(40)


def test_duration_counts_from_the_first_message() -> None:
    allowance = PostAllowance(Caps(max_duration=1e-9, max_rate=1e9))
    allowance.admit(1)
    with pytest.raises(EmulatorError, match="max_duration"):
        allowance.admit(1)


def test_nothing_is_posted_beyond_a_cap() -> None:
    with pytest.raises(EmulatorError, match="max_bytes"):
        Pipeline(CAPPED).post(b"x" * 101)


def test_run_names_its_messages() -> None:
    run_id = Pipeline(CAPPED).run_id or ""
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", run_id)
    assert default_meta_data(run_id)["sourceTransactionID"].startswith(f"windtunnel/{run_id}/")
    assert "/" not in default_meta_data()["sourceTransactionID"]
