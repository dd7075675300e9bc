"""`State` and `LastUpdateStatus`: what is under way, what it forbids, how it is shown.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html

A creation or an update ends by the clock (`quotas`), so that no process has to end it: whoever looks says when.
"""

from __future__ import annotations

import math
from typing import Any

from emulator.services.lambda_.errors import ResourceConflictException
from emulator.services.lambda_.state import Configuration

__all__ = ["BEGINNING", "check_invocable", "check_settled", "shown_state"]

BEGINNING = -math.inf
"""A moment at which every creation and update is still under way: the answer that announces it is made then."""


def shown_state(configuration: Configuration, now: float) -> dict[str, str]:
    """The members that tell the state."""
    transition = configuration.under_way(now)
    if transition is None:
        return {"State": "Active", "LastUpdateStatus": "Successful"}
    reason, code = "The function is being created.", "Creating"
    if transition.creates:
        return {"State": "Pending", "StateReason": reason, "StateReasonCode": code}
    return {
        "State": "Active",
        "LastUpdateStatus": "InProgress",
        "LastUpdateStatusReason": reason,
        "LastUpdateStatusReasonCode": code,
    }


def check_settled(configuration: Configuration, arn: str, now: float) -> None:
    """Refuse a change while another one, or the creation, is under way."""
    transition = configuration.under_way(now)
    if transition is None:
        return
    check_invocable(configuration, now)
    raise ResourceConflictException(
        f"The operation cannot be performed at this time. An update is in progress for resource: {arn}"
    )


def check_invocable(configuration: Configuration, now: float) -> None:
    """Refuse what needs an active function. An update in progress forbids no invocation."""
    transition: Any = configuration.under_way(now)
    if transition is not None and transition.creates:
        raise ResourceConflictException(
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        )
